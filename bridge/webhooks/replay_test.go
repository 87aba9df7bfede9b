package webhooks_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
)

// wire answers each connection's one request with a status, and hands out the
// bytes that came.
type wire struct {
	url string
	got chan string
}

func newWire(t *testing.T, status int) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{url: "http://" + listener.Addr().String(), got: make(chan string, 10)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.serve(conn, status)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	return w
}

func (w *wire) serve(conn net.Conn, status int) {
	defer func() { _ = conn.Close() }()
	var raw strings.Builder
	in := bufio.NewReader(io.TeeReader(conn, &raw))
	text := textproto.NewReader(in)
	if _, err := text.ReadLine(); err != nil {
		return
	}
	header, err := text.ReadMIMEHeader()
	if err != nil {
		return
	}
	length, _ := strconv.Atoi(header.Get("Content-Length"))
	if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 "+strconv.Itoa(status)+" X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
	w.got <- raw.String()
}

// awkward is an event whose form text, JSON and query are all easy to get wrong.
func awkward() webhooks.Message {
	return webhooks.Message{ContentType: "application/json", Body: []byte(`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE",` +
		`"Call-ID":"c 1&é\u0000\"","Caller-ID-Name":"Ann & Co=?#","From":null,"To":[[72,101],{"b":1.50},"x",[]],"Inception":{"a&b":{"c d":1e6},"e":{},"ä":"😀"},` +
		`"Custom-Channel-Vars":{"Account-ID":"acme","Grüße":"x y","a[0]":true}}`)}
}

// A replay is the same bytes, header by header, but for the one that marks it.
func TestAReplayIsTheSameBytes(t *testing.T) {
	for _, c := range []struct{ verb, format string }{{"get", "form"}, {"post", "form"}, {"post", "json"}, {"put", "form"}, {"put", "json"}} {
		t.Run(c.verb+" "+c.format, func(t *testing.T) {
			g := NewWithT(t)
			w, attempts := newWire(t, http.StatusInternalServerError), &ledger{}
			h := hook("Hook One", strings.Replace(w.url, "http://", "http://user:pa%20ss@", 1)+"/a/../path%2Fx?v=1&w")
			h.Verb, h.JSON, h.CustomData = c.verb, c.format == "json", payload.Parse(`{"crm":"7","tier":"gold & more"}`)
			r := newRig(t, attempts, h)
			r.await(t, r.handle(awkward()))
			original := <-w.got
			stored := throughTheStore(t, attempts.attempts[0])

			made, err := r.engine.Replay(r.ctx, webhooks.Replay{Attempt: stored})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(<-w.got).To(Equal(marked(original, stored.ID)))
			g.Expect(made.Success).To(BeFalse())
			g.Expect(made.ID).NotTo(Equal(stored.ID))
			for _, member := range []string{"resp_status_code", "event_id", "uri", "method", "hook_id", "hook_event"} {
				g.Expect(made.Body.String(member)).To(Equal(stored.Body.String(member)), member)
			}
			g.Expect(made.Body.String("req_headers", "x-kazoolab-replay")).To(Equal(stored.ID))
			g.Expect(attempts.attempts).To(HaveLen(2), "it is stored like any other")

			again, err := r.engine.Replay(r.ctx, webhooks.Replay{Attempt: throughTheStore(t, made)})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(<-w.got).To(Equal(marked(original, made.ID)), "a replay of the replay")
			g.Expect(again.Body.String("req_headers", "x-kazoolab-replay")).To(Equal(made.ID))
		})
	}
}

// marked is a request with the header of a replay, in the place that net/http
// gives it.
func marked(raw, id string) string {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	return head + "\r\nX-Kazoolab-Replay: " + id + "\r\n\r\n" + body
}

// throughTheStore is an attempt as it is read back.
func throughTheStore(t *testing.T, a store.Attempt) store.Attempt {
	t.Helper()
	body, err := jobj.ParseObject(jobj.Append(nil, a.Body))
	if err != nil {
		t.Fatal(err)
	}
	a.Body = body
	return a
}

// What a hook adds to its requests is added again: the values from the hook as it is
// now, and a signature of the same message with the time of the replay.
func TestAReplayHasWhatTheHookAdds(t *testing.T) {
	g := NewWithT(t)
	first, other, attempts := newWire(t, http.StatusInternalServerError), newWire(t, http.StatusOK), &ledger{}
	secret, err := signature.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	g.Expect(err).NotTo(HaveOccurred())
	h := hook("h1", first.url+"/x")
	h.Extras = &webhooks.Extras{
		Headers: []delivery.Header{{Name: "X-Tenant", Value: "Seven"}}, Secrets: []signature.Secret{secret},
	}
	r := newRig(t, attempts, h)
	r.await(t, r.handle(event("c1")))
	original := <-first.got
	stored := throughTheStore(t, attempts.attempts[0])
	id := regexp.MustCompile(`Webhook-Id: [0-9a-f]{32}\r\n`)
	timed := regexp.MustCompile(`Webhook-(Timestamp|Signature): .*\r\n`)
	replay := func(again webhooks.Replay, from *wire) string {
		again.Attempt = stored
		_, err := r.engine.Replay(r.ctx, again)
		g.Expect(err).NotTo(HaveOccurred())
		return <-from.got
	}

	got := replay(webhooks.Replay{Hook: h}, first)
	g.Expect(timed.FindAllString(got, -1)).To(HaveLen(2))
	g.Expect(strings.Replace(timed.ReplaceAllString(got, ""), "X-Kazoolab-Replay: "+stored.ID+"\r\n", "", 1)).
		To(Equal(timed.ReplaceAllString(original, "")))

	edited := replay(webhooks.Replay{Hook: h, Text: []byte("a=1")}, first)
	g.Expect(id.FindString(edited)).NotTo(Or(BeEmpty(), Equal(id.FindString(original))), "it is another message")

	elsewhere := replay(webhooks.Replay{Hook: h, To: other.url}, other)
	g.Expect(elsewhere).NotTo(ContainSubstring("Seven"), "it may be a credential")
	g.Expect(id.FindString(elsewhere)).To(Equal(id.FindString(original)))

	_, err = r.engine.Replay(r.ctx, webhooks.Replay{Attempt: stored})
	g.Expect(err).To(MatchError(ContainSubstring("its hook, which is gone")))
}

func TestWhatIsTooLargeIsNotKeptAndNotReplayed(t *testing.T) {
	for _, verb := range []string{"get", "post"} {
		g := NewWithT(t)
		w, attempts := newWire(t, http.StatusInternalServerError), &ledger{}
		h := hook("h1", w.url)
		h.Verb, h.CustomData = verb, payload.Parse(`{"pad":"`+strings.Repeat("x", webhooks.KeepRequestBody)+`"}`)
		r := newRig(t, attempts, h)
		r.await(t, r.handle(event("c1")))
		<-w.got
		g.Expect(attempts.attempts[0].Sent).To(BeNil())
		_, err := r.engine.Replay(r.ctx, webhooks.Replay{Attempt: throughTheStore(t, attempts.attempts[0])})
		g.Expect(err).To(MatchError(ContainSubstring("was not stored")))
	}
}

func TestAReplayCanGoElsewhereWithOtherText(t *testing.T) {
	g := NewWithT(t)
	first, other, attempts := newWire(t, http.StatusInternalServerError), newWire(t, http.StatusOK), &ledger{}
	r := newRig(t, attempts, hook("h1", first.url+"/x"))
	r.await(t, r.handle(event("c1")))
	original := <-first.got
	made, err := r.engine.Replay(r.ctx, webhooks.Replay{Attempt: attempts.attempts[0], To: other.url + "/y", Text: []byte("a=2")})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Success).To(BeTrue())
	g.Expect(made.Body.String("uri")).To(Equal(other.url + "/y"))
	g.Expect(made.Body.String("result")).To(Equal("success"))
	got := <-other.got
	g.Expect(got).To(HavePrefix("POST /y HTTP/1.1\r\n"))
	g.Expect(got).To(HaveSuffix("\r\n\r\na=2"))
	g.Expect(got).To(ContainSubstring("X-Hook-Id: h1\r\n"))
	g.Expect(original).To(HavePrefix("POST /x HTTP/1.1\r\n"))
}

func TestAReplayIsTriedOnce(t *testing.T) {
	g := NewWithT(t)
	attempts := &ledger{}
	r := newRig(t, attempts, hook("h1", "http://127.0.0.1:1/"))
	made, err := r.engine.Replay(r.ctx, webhooks.Replay{Attempt: store.Attempt{ID: "a1", AccountID: "acme", HookID: "h1", Body: jobj.Object{
		{Key: "uri", Value: "http://127.0.0.1:1/"}, {Key: "method", Value: "post"}, {Key: "req_body", Value: "x"},
	}}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Body.String("client_error")).To(Equal("failed_connect: econnrefused"))
	g.Expect(made.Body.String("retries_left")).To(Equal("retries exceeded"))
	g.Expect(attempts.attempts).To(HaveLen(1))
}

func TestWhatCannotBeReplayedSaysWhy(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, &ledger{})
	for text, reason := range map[string]string{
		`{"uri":"http://127.0.0.1:1/","method":"get","req_body":""}`:         "was not stored",
		`{"uri":"http://127.0.0.1:1/","method":"post","req_body":[["a",7]]}`: "more than text",
		`{"uri":"http://127.0.0.1:1/","method":"post","req_body":{"a":"b"}}`: "more than text",
		`{"uri":"http://127.0.0.1:1/","method":"post"}`:                      "more than text",
		`{"uri":"http://127.0.0.1:1/","method":"delete","req_body":""}`:      "method",
		`{"method":"post","req_body":""}`:                                    "uri",
	} {
		_, err := r.engine.Replay(r.ctx, webhooks.Replay{Attempt: store.Attempt{ID: "a1", Body: document(t, text)}})
		var refused *webhooks.ReplayError
		g.Expect(errors.As(err, &refused)).To(BeTrue(), "%s: %v", text, err)
		g.Expect(err).To(MatchError(ContainSubstring(reason)))
	}
}
