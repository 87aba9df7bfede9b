package rabbitmq

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestMissingInstallationSaysWhatToDo(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := findIn(t.TempDir(), "/usr/bin")
	g.Expect(err).To(MatchError(ErrNotInstalled))
	g.Expect(err).To(MatchError(ContainSubstring("apt-get install")))
}

func TestLogTail(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	f := folder{t.TempDir()}
	g.Expect(os.WriteFile(f.log(), []byte(strings.Repeat("line\n", 100)+"last\n"), 0o600)).To(Succeed())
	g.Expect(strings.Split(f.logTail(), "\n")).To(And(HaveLen(12), ContainElement("last")))
}

func TestLogTailOfAFailedBootEndsWithItsReason(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	f := folder{t.TempDir()}
	log := "starting\nBOOT FAILED\n===========\nERROR: no_such_setting\n\n" + strings.Repeat("a stack trace\n", 100)
	g.Expect(os.WriteFile(f.log(), []byte(log), 0o600)).To(Succeed())
	g.Expect(strings.Split(f.logTail(), "\n")).To(HaveExactElements("starting", "BOOT FAILED", "ERROR: no_such_setting"))
}
