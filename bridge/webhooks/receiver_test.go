package webhooks_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// received is one request as it stood on the wire.
type received struct {
	Method, Target, Body string
	Header               http.Header
}

// receiver answers with a script, the last step for ever, and keeps what it got.
type receiver struct {
	server *httptest.Server
	script []answer

	mu  sync.Mutex
	got []received
}

// answer is one step of a script: a status with an optional header line, or a
// connection closed without a word.
type answer struct {
	status int
	header string
	close  bool
}

func newReceiver(t *testing.T, script ...answer) *receiver {
	t.Helper()
	r := &receiver{script: script}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) requests() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	step := r.take(req)
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the client is told nothing, and the test sees a missing answer
	}
	defer func() { _ = conn.Close() }()
	// The connection stays open between answers: a client that was not told of its
	// end would use it once more.
	for !step.close {
		extra := ""
		if step.header != "" {
			extra = strings.ReplaceAll(step.header, ":18999", r.port()) + "\r\n"
		}
		_, _ = fmt.Fprintf(buf, "HTTP/1.1 %d X\r\n%scontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok", step.status, extra)
		if buf.Flush() != nil {
			return
		}
		if req, err = http.ReadRequest(buf.Reader); err != nil {
			return
		}
		step = r.take(req)
	}
}

// take keeps a request and gives the step that answers it.
func (r *receiver) take(req *http.Request) answer {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	step := r.script[min(len(r.got), len(r.script)-1)]
	r.got = append(r.got, received{req.Method, req.RequestURI, string(body), req.Header.Clone()})
	return step
}

// port is the receiver's own in place of the recorded 18999.
func (r *receiver) port() string {
	return r.server.URL[strings.LastIndexByte(r.server.URL, ':'):]
}

// here points a recorded text at this receiver, and there points it back.
func (r *receiver) here(s string) string  { return strings.ReplaceAll(s, ":18999", r.port()) }
func (r *receiver) there(s string) string { return strings.ReplaceAll(s, r.port(), ":18999") }
