//go:build real && postgresql

package postgres

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/daemon"
)

// roleVariable makes the test binary a program that starts a server and waits to be killed.
const roleVariable = "KAZOOLAB_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "parent" {
		server, err := startHere(context.Background(), Options{})
		if err != nil {
			fmt.Fprintln(os.Stdout, "failed:", err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, server.port, server.folder)
		select {}
	}
	os.Exit(m.Run())
}

func startHere(ctx context.Context, options Options) (*Server, error) {
	installation, err := Find()
	if err != nil {
		return nil, err
	}
	return installation.Start(ctx, options)
}

func TestAServerIsPrivateAndLeavesNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server, err := startHere(t.Context(), Options{})
	g.Expect(err).NotTo(HaveOccurred())
	info, err := os.Stat(server.folder)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o700)))
	g.Expect(ask(t, server.URL(), "SHOW listen_addresses")).To(Equal("127.0.0.1"))
	g.Expect(ask(t, server.URL(), "SHOW unix_socket_directories")).To(BeEmpty())
	g.Expect(server.Stop()).To(Succeed())
	g.Expect(server.folder).NotTo(BeADirectory())
	g.Expect(daemon.IsFree(server.port)).To(BeTrue(), "the port is given back")
	g.Expect(server.PID()).To(BeZero())
}

func TestAPortThatIsTakenIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	first, err := startHere(t.Context(), Options{})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(first.Stop()).To(Succeed()) })
	second := &Server{installation: first.installation, port: first.port, password: "another"}
	t.Cleanup(func() { g.Expect(second.Stop()).To(Succeed()) })
	g.Expect(second.open(t.Context())).To(MatchError(daemon.ErrPortTaken))
}

func TestABadSettingIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := startHere(t.Context(), Options{Settings: map[string]string{"no_such_setting": "1"}})
	g.Expect(err).To(MatchError(ContainSubstring("no_such_setting")))
}

func TestStartEndsWithItsContext(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	for _, open := range []string{dir, filepath.Dir(dir)} { // for the user that the server runs as
		g.Expect(os.Chmod(open, 0o755)).To(Succeed())
	}
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := startHere(ctx, Options{})
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
	g.Expect(os.ReadDir(dir)).To(BeEmpty(), "nothing is left")
}

func TestServerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	parent := exec.Command("/proc/self/exe") //nolint:noctx // it is killed, which is what the test is about
	parent.Env = append(os.Environ(), roleVariable+"=parent")
	stdout, err := parent.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(parent.Start()).To(Succeed())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	var port int
	var dir string
	_, err = fmt.Sscan(line, &port, &dir)
	g.Expect(err).NotTo(HaveOccurred(), line)
	t.Cleanup(func() { g.Expect(os.RemoveAll(dir)).To(Succeed()) })

	g.Expect(parent.Process.Kill()).To(Succeed())
	g.Expect(parent.Wait()).NotTo(Succeed())
	g.Eventually(t.Context(), func() bool { return daemon.IsFree(port) }).WithTimeout(5 * time.Second).Should(BeTrue())
	g.Eventually(t.Context(), func() string { return filepath.Join(dir, "data", "postmaster.pid") }).
		WithTimeout(5*time.Second).ShouldNot(BeAnExistingFile(), "it ended in order")
}
