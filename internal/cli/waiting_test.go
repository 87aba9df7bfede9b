package cli_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// waiting runs a command at a broker that it cannot use until it says all of the texts.
func waiting(t *testing.T, command, amqpURL string, texts ...string) *program {
	t.Helper()
	args := []string{command, "--amqp-url", amqpURL, "--rest-listen", "127.0.0.1:0"}
	if command == "bridge" {
		args = append(args, "--store", "sqlite::memory:")
	}
	p := prepare(t, args...).start()
	for _, text := range texts {
		gomega.NewWithT(t).Eventually(t.Context(), p.stderr.String).WithTimeout(eventually).Should(gomega.ContainSubstring(text))
	}
	return p
}

func TestUpAndBridgeSayWhyTheyWaitForTheBroker(t *testing.T) {
	t.Parallel()
	_, s := serving(t)
	host := strings.Trim(strings.TrimPrefix(s.AMQP, "amqp://guest:guest@"), "/")
	for url, why := range map[string]string{
		"amqp://guest:hunter2@127.0.0.1:1/":         "connection refused",
		"amqp://guest:hunter2@" + host + "/":        "the broker refuses the login: wrong user or password",
		"amqp://guest:guest@" + host + "/nowhere":   "the broker has no such virtual host: vhost nowhere not found; correct the path of its URL",
		"amqp://guest:hunter2@no..where:1/":         "the host no..where is not found",
		"amqp://guest:hunter2@" + silent(t) + "/vh": "no answer yet",
	} {
		masked := strings.NewReplacer(":guest@", ":***@", ":hunter2@", ":***@").Replace(url)
		up := waiting(t, "up", url, fmt.Sprintf("waiting for the broker at %s (--amqp-url): %s", masked, why))
		bridge := waiting(t, "bridge", url, "waiting for the broker", masked, "setting=amqp-url", why)
		for _, p := range []*program{up, bridge} {
			if strings.Contains(p.stderr.String(), "hunter2") {
				t.Errorf("the password is on standard error: %s", &p.stderr)
			}
			p.end(cli.ErrTerminated)
			p.expect(cli.ExitOK)
		}
	}
}

// silent is a host that takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestACauseIsSaidOnce(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	attempts := make(chan struct{})
	go func() {
		for {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			_ = socket.Close()
			select {
			case attempts <- struct{}{}:
			case <-t.Context().Done():
				return
			}
		}
	}()
	p := waiting(t, "up", "amqp://"+listener.Addr().String())
	for range 3 { // when the third comes, two have failed
		gomega.NewWithT(t).Eventually(attempts).WithTimeout(eventually).Should(gomega.Receive())
	}
	// On a busy machine "no answer yet", which is another cause, can come before.
	if said := strings.Count(p.stderr.String(), "(--amqp-url): the connection broke off"); said != 1 {
		t.Errorf("said %d times: %s", said, &p.stderr)
	}
}

// listeners opens free ports instead of the ones asked for, and refuses some.
type listeners struct {
	refused []string
	opened  []net.Listener
}

func (l *listeners) listen(ctx context.Context, network, address string) (net.Listener, error) {
	for _, port := range l.refused {
		if strings.HasSuffix(address, ":"+port) {
			return nil, &net.OpError{Op: "listen", Net: network, Err: syscall.EADDRINUSE}
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, network, "127.0.0.1:0")
	l.opened = append(l.opened, listener)
	return listener, err
}

func TestUpEndsWithItsBroker(t *testing.T) {
	t.Parallel()
	for i, why := range []string{2: "the built-in broker has ended: broker: accept", 3: "the built-in broker has ended: management API: accept"} {
		if why == "" {
			continue // REST and websockets
		}
		var l listeners
		p := prepare(t, "up")
		p.state.Listen = l.listen
		p.start()
		gomega.NewWithT(t).Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).Should(gomega.ContainSubstring("kazoolab is up"))
		if err := l.opened[i].Close(); err != nil {
			t.Fatal(err)
		}
		p.expect(cli.ExitFailed, why)
		if strings.Count(p.stderr.String(), why) != 1 {
			t.Errorf("said more than once: %s", &p.stderr)
		}
	}
}

func TestUpSaysThatItTakesOtherPorts(t *testing.T) {
	t.Parallel()
	l := listeners{refused: []string{"5672", "15672"}}
	p := prepare(t, "up")
	p.state.Listen = l.listen
	p.start()
	gomega.NewWithT(t).Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).Should(gomega.ContainSubstring("kazoolab is up"))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK,
		"the built-in broker listens on "+l.opened[2].Addr().String()+", as it cannot on port 5672: address already in use\n",
		"its management API listens on "+l.opened[3].Addr().String()+", as it cannot on port 15672: address already in use\n")
}
