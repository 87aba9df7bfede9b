package rabbitmq

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
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
			g.Expect(r.server.Stop(context.Background())).To(Succeed())
			g.Expect(r.server.folder.path).NotTo(BeADirectory())
			g.Expect(isFree(r.server.ports.amqp)).To(BeTrue(), "the AMQP port is given back")
			g.Expect(isFree(r.server.ports.epmd)).To(BeTrue(), "the port mapper is gone")
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
	dir := filepath.Join(t.TempDir(), "broker")
	server, err := startHere(t.Context(), Options{Dir: dir})
	g.Expect(err).NotTo(HaveOccurred())
	server.Kill()
	g.Expect(server.Restart(t.Context())).To(Succeed(), "killed in its first second")
	publishDurably(t, server.URL(), "kept")

	_, err = startHere(t.Context(), Options{Dir: dir})
	g.Expect(err).To(MatchError(errFolderInUse))

	g.Expect(server.Restart(t.Context())).To(Succeed())
	g.Expect(takeOne(t, server.URL())).To(Equal("kept"))
	g.Expect(server.Stop(t.Context())).To(Succeed())
	g.Expect(server.Stop(t.Context())).To(Succeed(), "stopping twice")
	g.Expect(dir).To(BeADirectory())
}

func TestFailedBootNamesItsReason(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := startHere(t.Context(), Options{Settings: []string{"no_such_setting = 1"}})
	g.Expect(err).To(MatchError(ContainSubstring("no_such_setting")))
}

func TestTakenPortIsAnError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	_, err = startHere(t.Context(), Options{Port: listener.Addr().(*net.TCPAddr).Port})
	g.Expect(err).To(MatchError(ErrPortTaken))
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), "broker")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := startHere(ctx, Options{Dir: dir})
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
	claim, err := folder{dir}.lock()
	g.Expect(err).NotTo(HaveOccurred(), "no server holds the folder any more")
	g.Expect(claim.Close()).To(Succeed())
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
	g.Eventually(t.Context(), func() bool { return isFree(port) }).WithTimeout(5 * time.Second).Should(BeTrue())
}

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
