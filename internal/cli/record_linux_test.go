package cli_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// Linux has a device that is always full.
func TestARecordSaysThatTheDiskIsFull(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	tapped(t, broker)
	run(t, "record", "/dev/full", "--from", broker.URL).expect(cli.ExitUsage, "is there already")
	run(t, "record", "/dev/full", "--from", broker.URL, "--overwrite").expect(cli.ExitFailed, "cannot write /dev/full: no space left on device")
	g.Expect("/dev/full").To(BeAnExistingFile(), "which is no file of ours")
}
