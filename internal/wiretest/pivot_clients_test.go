package wiretest_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// examples is where the clients are.
const examples = "../../simulator/pivot/examples/websocket"

// said is what a program has said.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// run runs a program as the application of an account, until the test ends.
func (h *cluster) run(n *node, url string, program ...string) *said {
	h.Helper()
	account := h.dial(n, acme, "")
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	out := &said{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(cmd.Environ(), "WEBSOCKET_URL="+url, "AUTH_TOKEN="+account.token, "ACCOUNT_ID="+acme)
	h.Expect(cmd.Start()).To(Succeed())
	h.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
		if h.Failed() {
			h.Log(out.String())
		}
	})
	return out
}

// plays asks an example what its calls do, and again once it has lost its connection.
func plays(t *testing.T, program ...string) {
	t.Helper()
	h := newCluster(t)
	n, d := h.node(h.broker.URL), h.engine(h.broker.URL)
	proxy := brokertest.NewProxy(t, n.sockets)
	out := h.run(n, proxy.URL, program...)
	h.known(d, 1)
	next := func(path, digits string) (body, contentType string) {
		r := request.Request{
			Method: "POST", URL: "http://ivr.pivot.invalid" + path, Format: "twiml", AccountID: acme, CallID: "c1", Timeout: 10 * time.Second,
			Params: jobj.Object{{Key: "Digits", Value: digits}},
		}
		a, err := d.Ask(t.Context(), r)
		h.Expect(err).NotTo(HaveOccurred(), out.String())
		h.Expect(a.Status).To(Equal(200))
		return string(a.Body), a.Header[0][1]
	}
	body, contentType := next("/start.xml", "")
	h.Expect(body).To(HavePrefix(`<Response><Gather numDigits="1" action="choice.xml"><Say>Press 1`))
	h.Expect(contentType).To(Equal("text/xml"))
	proxy.Unplug()
	h.known(d, 0)
	proxy.Plug()
	h.known(d, 1)
	body, _ = next("/choice.xml", "1")
	h.Expect(body).To(HavePrefix(`<Response><Say>We are open`))
	body, contentType = next("/choice.xml", "2")
	h.Expect(body).To(ContainSubstring(`"module":"user"`))
	h.Expect(contentType).To(Equal("application/json"))
	a, err := d.Ask(t.Context(), request.Request{URL: "http://ivr.pivot.invalid/none", AccountID: acme, CallID: "c2", Timeout: 10 * time.Second})
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(a.Status).To(Equal(404))
}

func TestTheExampleInGoServesCalls(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ivr")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = examples
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	plays(t, program)
}
