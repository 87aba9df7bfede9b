//go:build real && rabbitmq

package rabbitmq

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

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
		fmt.Fprintln(os.Stdout, server.ports.amqp, server.folder.path)
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

func TestTwoServersDoNotMeet(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	type result struct {
		server *Server
		err    error
	}
	results := make(chan result)
	for range 2 {
		go func() {
			server, err := startHere(t.Context(), Options{Management: true})
			results <- result{server, err}
		}()
	}
	for range 2 {
		r := <-results
		g.Expect(r.err).NotTo(HaveOccurred())
		t.Cleanup(func() {
			g.Expect(r.server.Stop()).To(Succeed())
			g.Expect(r.server.folder.path).NotTo(BeADirectory())
			g.Expect(daemon.IsFree(r.server.ports.amqp)).To(BeTrue(), "the AMQP port is given back")
			g.Expect(daemon.IsFree(r.server.ports.epmd)).To(BeTrue(), "the port mapper is gone")
		})
		out, err := r.server.Control(t.Context(), "cluster_status", "--formatter", "json")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(out).To(ContainSubstring(`"running_nodes":["` + nodeName + `"]`))
		info, err := os.Stat(r.server.folder.path)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o700)))
	}
}

func TestRestartKeepsPortAndDurableMessages(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server, err := startHere(t.Context(), Options{})
	g.Expect(err).NotTo(HaveOccurred())
	publishDurably(t, server.URL(), "kept")
	g.Expect(server.Restart(t.Context())).To(Succeed())
	g.Expect(takeOne(t, server.URL())).To(Equal("kept"))
	g.Expect(server.Halt(t.Context())).To(Succeed())
	g.Expect(daemon.IsFree(server.ports.amqp)).To(BeTrue())
	g.Expect(server.Restart(t.Context())).To(Succeed(), "after a halt")
	g.Expect(server.Stop()).To(Succeed())
	g.Expect(server.Stop()).To(Succeed(), "stopping twice")
}

func TestStartEndsWithItsContext(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := startHere(ctx, Options{})
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
	g.Expect(os.ReadDir(dir)).To(BeEmpty(), "nothing is left")
}

func TestServerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	parent := exec.Command("/proc/self/exe") //nolint:noctx // it is killed, which is what the test is about
	parent.Env = append(os.Environ(), roleVariable+"=parent", "TMPDIR=/tmp", "HOME=/nonexistent")
	becomeOrdinaryUser(parent)
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
}

func publishDurably(t *testing.T, url, body string) {
	t.Helper()
	g := NewWithT(t)
	conn, err := amqp.Dial(url)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = conn.Close() }()
	channel, err := conn.Channel()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(channel.Confirm(false)).To(Succeed())
	_, err = channel.QueueDeclare("durable", true, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	confirmation, err := channel.PublishWithDeferredConfirm("", "durable", true, false,
		amqp.Publishing{Body: []byte(body), DeliveryMode: amqp.Persistent})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(confirmation.Wait()).To(BeTrue())
}

func takeOne(t *testing.T, url string) string {
	t.Helper()
	g := NewWithT(t)
	conn, err := amqp.Dial(url)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = conn.Close() }()
	channel, err := conn.Channel()
	g.Expect(err).NotTo(HaveOccurred())
	message, found, err := channel.Get("durable", true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeTrue(), "the queue holds a message")
	return string(message.Body)
}
