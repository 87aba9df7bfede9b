package bridge_test

import (
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
)

func TestMain(m *testing.M) { os.Exit(brokertest.Main(m)) }

func TestBridge(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The bridge on a broker")
}
