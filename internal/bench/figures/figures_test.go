package figures_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
)

func TestMedianIsTheMiddleOfAFigure(t *testing.T) {
	g := NewWithT(t)
	same := func(v float64) float64 { return v }
	g.Expect(figures.Median([]float64{9, 1, 5}, same)).To(BeNumerically("==", 5))
	g.Expect(figures.Median([]float64{3}, same)).To(BeNumerically("==", 3))
}

func TestOpenFilesAreCounted(t *testing.T) {
	g := NewWithT(t)
	files, sockets := figures.Files(os.Getpid())
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = listener.Close() }()
	file, err := os.Open(os.DevNull)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	moreFiles, moreSockets := figures.Files(os.Getpid())
	g.Expect(moreSockets).To(Equal(sockets + 1))
	g.Expect(moreFiles).To(BeNumerically(">=", files+2), "the runtime may have opened its own")
}

func TestATreeHasWhatItsChildrenUse(t *testing.T) {
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	// The shell waits for a shell of its own, which is the one that works, as long as the first lives.
	busy := exec.CommandContext(ctx, "sh", "-c", "sh -c 'while kill -0 $PPID 2>&-; do :; done'; true")
	g.Expect(busy.Start()).To(Succeed())
	defer func() { _ = busy.Wait() }()
	defer cancel()
	before := figures.Busy()
	tree := func() float64 { return figures.Tree(busy.Process.Pid).CPU }
	g.Eventually(tree).WithTimeout(20 * time.Second).Should(BeNumerically(">=", 0.1))
	g.Expect(figures.Process(busy.Process.Pid).CPU).To(BeNumerically("<", 0.1))
	g.Expect(figures.Busy()).To(BeNumerically(">=", before+0.1), "the machine was as busy")
	g.Expect(figures.Process(os.Getpid()).Peak).To(BeNumerically(">", 1))
}
