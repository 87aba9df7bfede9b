package webhooks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/logging"
)

const (
	oldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	newSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// extraHook is a hook made of a document, as the bridge makes it.
func extraHook(t *testing.T, uri, members string) *webhooks.Hook {
	t.Helper()
	doc := document(t, `{"uri":"`+uri+`","hook":"channel_create"`+members+`}`)
	made, err := webhooks.ParseHook("h1", "acme", doc, []string{"channel_create"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// deliver plays one event to its end, moving the clock whenever the engine waits.
func (r *rig) deliver(t *testing.T, msg webhooks.Message) {
	t.Helper()
	acked := r.handle(msg)
	go func() {
		for r.clock.BlockUntilContext(r.ctx, 1) == nil {
			r.clock.Advance(time.Second)
		}
	}()
	r.await(t, acked)
}

func verify(t *testing.T, r received, at time.Time, secrets ...string) (secret int, err error) {
	t.Helper()
	var known []signature.Secret
	for _, text := range secrets {
		s, err := signature.ParseSecret(text)
		if err != nil {
			t.Fatal(err)
		}
		known = append(known, s)
	}
	content := []byte(r.Body)
	if r.Method == http.MethodGet {
		_, query, _ := strings.Cut(r.Target, "?")
		content = []byte(query)
	}
	secret, _, err = signature.Message{
		ID: r.Header.Get(signature.HeaderID), Timestamp: r.Header.Get(signature.HeaderTimestamp),
		Signature: r.Header.Get(signature.HeaderSignature), Content: content,
	}.Verify(known, at, signature.Tolerance)
	return secret, err
}

func TestSignedDeliveriesVerifyInEveryForm(t *testing.T) {
	for _, form := range []string{
		``, `,"format":"json"`, `,"http_verb":"put"`, `,"http_verb":"put","format":"json"`, `,"http_verb":"get"`,
		`,"http_verb":"get","custom_data":{"note":"a b & c"}`,
	} {
		for _, compat := range fidelity.Compats() {
			g := NewWithT(t)
			receiver := newReceiver(t, answer{status: 200})
			h := extraHook(t, receiver.server.URL+"/?v=1", form+`,"pvt_signing_secrets":["`+newSecret+`","`+oldSecret+`"]`)
			r := newRigWith(t, func(cfg *webhooks.Config, _ *webhooks.Dependencies) { cfg.Compat = compat }, &ledger{}, h)
			r.await(t, r.handle(event("c1")))
			got := receiver.requests()
			g.Expect(got).To(HaveLen(1))
			for _, secret := range []string{oldSecret, newSecret} { // either is enough
				_, err := verify(t, got[0], r.clock.Now(), secret)
				g.Expect(err).NotTo(HaveOccurred(), "%s %s", compat, form)
			}
		}
	}
}

func TestTheTriesOfADeliveryHaveOneID(t *testing.T) {
	g := NewWithT(t)
	receiver := newReceiver(t, answer{close: true}, answer{close: true}, answer{status: 404})
	attempts := &ledger{}
	h := extraHook(t, receiver.server.URL, `,"retries":3,"pvt_signing_secrets":["`+oldSecret+`"],"custom_request_headers":{"X-Token":"Bearer abc"}`)
	r := newRig(t, attempts, h)
	r.deliver(t, event("c1"))
	r.deliver(t, event("c1"))
	got := receiver.requests()
	g.Expect(got).To(HaveLen(4))
	ids := map[string]int{}
	for _, one := range got {
		ids[one.Header.Get("Webhook-Id")]++
		g.Expect(one.Header.Get("X-Token")).To(Equal("Bearer abc"))
		_, err := verify(t, one, r.clock.Now(), oldSecret)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(ids).To(HaveLen(2))
	g.Expect(ids).To(HaveKeyWithValue(got[0].Header.Get("Webhook-Id"), 3))
	g.Expect(got[2].Header.Get("Webhook-Timestamp")).NotTo(Equal(got[0].Header.Get("Webhook-Timestamp")), "each try is signed anew")
	for i, a := range attempts.attempts {
		headers := a.Body.Object("req_headers")
		g.Expect(headers.String("webhook-id")).To(Equal(got[i].Header.Get("Webhook-Id")))
		g.Expect(headers.String("webhook-id")).To(HavePrefix(a.Body.String("event_id")))
		g.Expect(headers.String("x-token")).To(Equal("***"), "it may be a credential")
		g.Expect(string(jobj.Append(nil, a.Body))).NotTo(Or(ContainSubstring("whsec"), ContainSubstring("v1,")))
	}
}

// A receiver's clock is not the lab's.
func TestALabThatIsAheadSignsInTheMachinesTime(t *testing.T) {
	g := NewWithT(t)
	receiver := newReceiver(t, answer{status: 200})
	h := extraHook(t, receiver.server.URL, `,"pvt_signing_secrets":["`+oldSecret+`"]`)
	r := newRigWith(t, func(_ *webhooks.Config, dep *webhooks.Dependencies) {
		ahead := clock.NewAdjustable(dep.Clock)
		g.Expect(ahead.Advance(time.Hour)).To(Succeed())
		dep.Clock = ahead
	}, &ledger{}, h)
	r.await(t, r.handle(event("c1")))
	_, err := verify(t, receiver.requests()[0], r.clock.Now(), oldSecret)
	g.Expect(err).NotTo(HaveOccurred())
}

func TestAHookWithoutExtrasSendsAndRecordsNoneOfThem(t *testing.T) {
	g := NewWithT(t)
	receiver := newReceiver(t, answer{status: 500})
	attempts := &ledger{}
	h := extraHook(t, receiver.server.URL, `,"custom_request_headers":{},"retry_on_status":false`)
	g.Expect(h.Extras).To(BeNil())
	r := newRig(t, attempts, h)
	r.await(t, r.handle(event("c1")))
	got := receiver.requests()
	g.Expect(got).To(HaveLen(1))
	g.Expect(got[0].Header).To(HaveLen(4)) // content-type, content-length, x-hook-id, x-account-id
	g.Expect(attempts.attempts[0].Body.Object("req_headers")).To(HaveLen(3))
}

func TestExtrasThatCannotBe(t *testing.T) {
	g := NewWithT(t)
	h := extraHook(t, "http://h/", `,"custom_request_headers":{"Host":"x","x-a":5,"x-b":"1\r\nx-c: 2","x-d":"kept"}`)
	g.Expect(h.Extras.Headers).To(HaveLen(1))
	g.Expect(h.Extras.Headers[0].Name).To(Equal("x-d"))
	for _, secrets := range []string{`"whsec_x"`, `["whsec_x"]`, `[5]`, `["` + oldSecret + `",null]`} {
		_, err := webhooks.ParseHook("h1", "acme", document(t,
			`{"uri":"http://h/","hook":"all","pvt_signing_secrets":`+secrets+`}`), nil)
		g.Expect(err).To(MatchError(ContainSubstring("pvt_signing_secrets")), "it must not fire unsigned")
		g.Expect(err.Error()).NotTo(ContainSubstring("MfKQ"))
	}
	signed := extraHook(t, "http://h/", `,"pvt_signing_secrets":["`+oldSecret+`"]`)
	g.Expect(fmt.Sprintf("%+v %#v", signed.Extras, *signed.Extras)).NotTo(ContainSubstring("MfKQ"))
}

func TestAnAnswerIsTriedAgainWhereThatIsAskedFor(t *testing.T) {
	busy := []answer{{status: 503, header: "retry-after: 7"}, {status: 429}, {status: 200}}
	for _, c := range []struct {
		compat           fidelity.Compat
		retries, members string
		requests         int
	}{
		{fidelity.Kazoo, "3", ``, 1},
		{fidelity.Kazoo, "3", `,"retry_on_status":true`, 3},
		{fidelity.Kazoo, "2", `,"retry_on_status":"true"`, 2},
		{fidelity.Corrected, "3", ``, 3},
		{fidelity.Corrected, "1", ``, 2},
		{fidelity.Corrected, "0", ``, 1},
	} {
		g := NewWithT(t)
		receiver := newReceiver(t, busy...)
		attempts := &ledger{}
		h := extraHook(t, receiver.server.URL, `,"retries":`+c.retries+c.members)
		r := newRigWith(t, func(cfg *webhooks.Config, _ *webhooks.Dependencies) { cfg.Compat = c.compat }, attempts, h)
		began := r.clock.Now()
		r.deliver(t, event("c1"))
		g.Expect(receiver.requests()).To(HaveLen(c.requests), "%+v", c)
		failures := 0
		for _, a := range attempts.attempts {
			if !a.Success {
				failures++
			}
		}
		g.Expect(failures).To(Equal(min(c.requests, 2)), "each is on record")
		if c.requests > 1 {
			g.Expect(r.clock.Since(began)).To(BeNumerically(">=", 7*time.Second), "as it was asked to wait")
		}
	}
}

func TestABlockedAddressIsOneFailureOnRecord(t *testing.T) {
	for _, compat := range fidelity.Compats() {
		g := NewWithT(t)
		attempts, told := &ledger{}, &failures{}
		r := newRigWith(t, func(cfg *webhooks.Config, dep *webhooks.Dependencies) { cfg.Compat, dep.Failures = compat, told }, attempts,
			hook("h1", "http://169.254.169.254/latest/meta-data/"))
		r.await(t, r.handle(event("c1"))) // the clock stands: it is not tried again
		g.Expect(attempts.attempts).To(HaveLen(1))
		g.Expect(attempts.attempts[0].Success).To(BeFalse())
		g.Expect(attempts.attempts[0].Body.String("client_error")).To(Equal("blocked_address: 169.254.169.254"))
		g.Expect(r.counted(t, "kazoolab_webhook_tries_total", "blocked")).To(Equal(1.0))
		g.Expect(told.times()).To(HaveLen(1), "it counts towards switching the hook off")
	}
}

// hostile holds what would be a line, a header or a command if it got through.
const hostile = "x\r\nX-Admin: 1\n\ntime=2026-01-01 level=ERROR msg=forged\u001b[2J\u0000\u009b31m\u2028\u202e\"}\n{"

func TestAHostileEventForgesNoLogLine(t *testing.T) {
	text := string(jobj.AppendString(nil, hostile))
	for _, format := range []string{"text", "json"} {
		g := NewWithT(t)
		var log bytes.Buffer
		logger, err := logging.New(&log, logging.Options{Level: "debug", Format: format})
		g.Expect(err).NotTo(HaveOccurred())
		broken := newReceiver(t, answer{status: 500, header: "x-a: \x1b[31m"}, answer{close: true})
		h := hook(hostile, broken.server.URL)
		other := extraHook(t, broken.server.URL, `,"custom_data":{`+text+`:`+text+`}`)
		r := newRigWith(t, func(_ *webhooks.Config, dep *webhooks.Dependencies) { dep.Log = logger }, &ledger{}, h, other)
		for _, body := range []string{
			`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":` + text + `,"Caller-ID-Name":` + text +
				`,` + text + `:` + text + `,"Custom-Channel-Vars":{"Account-ID":"acme",` + text + `:` + text + `}}`,
			`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":` + text + `,"Custom-Channel-Vars":{"Account-ID":` + text + `}}`,
			`{"Event-Category":` + text + `,"Event-Name":` + text + `}`,
		} {
			r.deliver(t, webhooks.Message{Body: []byte(body), RoutingKey: hostile, ContentType: "application/json"})
		}
		r.deliver(t, webhooks.Message{Body: []byte("{}"), RoutingKey: hostile, ContentType: hostile})
		lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
		g.Expect(len(lines)).To(BeNumerically(">", 5))
		for _, line := range lines {
			g.Expect(line).NotTo(ContainSubstring("\x1b"))
			g.Expect(line).NotTo(ContainSubstring("\r"))
			if format == "json" {
				g.Expect(json.Valid([]byte(line))).To(BeTrue(), line)
				continue
			}
			g.Expect(line).To(MatchRegexp(`^time=\S+ level=(DEBUG|INFO|WARN) msg=`))
			g.Expect(line).NotTo(ContainSubstring("\u009b"))
			g.Expect(line).NotTo(ContainSubstring("\u202e"))
		}
		for _, got := range broken.requests() {
			g.Expect(got.Header).NotTo(HaveKey("X-Admin"))
		}
	}
}
