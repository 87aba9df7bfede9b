package webhooks_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// gate is a receiver that lets requests wait.
type gate struct {
	server  *httptest.Server
	arrived chan string // targets
	release chan struct{}
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{arrived: make(chan string, 10), release: make(chan struct{})}
	g.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.arrived <- r.URL.Path
		<-g.release
	}))
	t.Cleanup(g.server.Close)
	return g
}

// handle gives the engine a message and returns at once; the channel is closed when
// it is acknowledged.
func (s *stage) handle(message string) <-chan struct{} {
	acked := make(chan struct{})
	s.engine.Handle(s.ctx, webhooks.Message{Body: []byte(message), ContentType: "application/json", Ack: func() error {
		close(acked)
		return nil
	}})
	return acked
}

// TestAHookThatChangesWhileAnEventWaits: an event of the same call waits behind
// another that is being delivered, and meanwhile the hook is changed.
func TestAHookThatChangesWhileAnEventWaits(t *testing.T) {
	const first = `"hook":"channel_create","http_verb":"get"`
	rows := []struct {
		name   string
		change func(t *testing.T, s *stage, address string)
		want   []string // where the waiting event arrives
	}{
		{"nothing", func(*testing.T, *stage, string) {}, []string{"/old"}},
		{"deleted or disabled", func(_ *testing.T, s *stage, _ string) { s.hooks.Remove(stageAcme, "h1") }, nil},
		{"its account deleted", func(_ *testing.T, s *stage, _ string) { s.hooks.RemoveAccount(stageAcme) }, nil},
		{"another address", func(t *testing.T, s *stage, address string) {
			t.Helper()
			NewWithT(t).Expect(s.hookOf(t, stageAcme, "h1", first+`,"uri":"`+address+`/new"`)).To(Succeed())
		}, []string{"/new"}},
		{"another event", func(t *testing.T, s *stage, address string) {
			t.Helper()
			NewWithT(t).Expect(s.hookOf(t, stageAcme, "h1", `"hook":"channel_answer","uri":"`+address+`/new"`)).To(Succeed())
		}, nil},
		{"a modifier that the event fails", func(t *testing.T, s *stage, address string) {
			t.Helper()
			NewWithT(t).Expect(s.hookOf(t, stageAcme, "h1", first+`,"uri":"`+address+`/new","modifiers":{"call_id":"other"}`)).To(Succeed())
		}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			g := NewWithT(t)
			s, far := on(t, stage{dialect: "5.0"}), newGate(t)
			g.Expect(s.hookOf(t, stageAcme, "h1", first+`,"uri":"`+far.server.URL+`/old"`)).To(Succeed())
			one, two := s.handle(callMessage("CHANNEL_CREATE", "")), s.handle(callMessage("CHANNEL_CREATE", ""))
			g.Eventually(s.ctx, far.arrived).Should(Receive(Equal("/old")))
			row.change(t, s, far.server.URL)
			close(far.release)
			g.Eventually(s.ctx, one).Should(BeClosed())
			g.Eventually(s.ctx, two).Should(BeClosed())
			var got []string
			for len(far.arrived) > 0 {
				got = append(got, <-far.arrived)
			}
			g.Expect(got).To(Equal(row.want))
		})
	}
}

// TestAHookThatChangesBetweenTries: what is tried again is the same request, unless
// the hook is there no more.
func TestAHookThatChangesBetweenTries(t *testing.T) {
	const broken = `"hook":"channel_create","retries":3,"uri":"http://127.0.0.1:1/`
	for _, row := range []struct {
		name   string
		change func(t *testing.T, s *stage)
		want   []string // addresses of the attempts
	}{
		{"nothing", func(*testing.T, *stage) {}, []string{"http://127.0.0.1:1/old", "http://127.0.0.1:1/old", "http://127.0.0.1:1/old"}},
		{"deleted or disabled", func(_ *testing.T, s *stage) { s.hooks.Remove(stageAcme, "h1") }, []string{"http://127.0.0.1:1/old"}},
		{"another address", func(t *testing.T, s *stage) {
			t.Helper()
			NewWithT(t).Expect(s.hookOf(t, stageAcme, "h1", broken+`new"`)).To(Succeed())
		}, []string{"http://127.0.0.1:1/old", "http://127.0.0.1:1/old", "http://127.0.0.1:1/old"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := NewWithT(t)
			s := on(t, stage{dialect: "5.0"})
			g.Expect(s.hookOf(t, stageAcme, "h1", broken+`old"`)).To(Succeed())
			acked := s.handle(callMessage("CHANNEL_CREATE", ""))
			for pause := range max(len(row.want)-1, 1) {
				g.Expect(s.clock.BlockUntilContext(s.ctx, 1)).To(Succeed())
				if pause == 0 {
					row.change(t, s)
				}
				s.clock.Advance(webhooks.DefaultConfig().RetryPause)
			}
			g.Eventually(s.ctx, acked).Should(BeClosed())
			var got []string
			for _, a := range s.ledger.attempts {
				got = append(got, a.Body.String("uri"))
			}
			g.Expect(got).To(Equal(row.want))
		})
	}
}

func TestACallflowsHookNeedsNoDocument(t *testing.T) {
	g := NewWithT(t)
	s := on(t, stage{dialect: "5.0"})
	g.Expect(s.hook(t, `"hook":"all"`)).To(Succeed())
	g.Expect(s.hook(t, `"hook":"notifications","custom_data":{"type":"all"}`)).To(Succeed())
	got := s.send(t, callflowMessage(`"custom_data":{"step":"ivr"}`))
	g.Expect(got).To(HaveLen(1), "no other hook sees it")
	g.Expect(got[0].Target).To(Equal("/flow"))
	g.Expect(got[0].Body).To(Equal("call_id=call-1&caller_id_name=Pat&step=ivr&cluster_id=c1"))
	g.Expect(got[0].Header.Get("X-Hook-Id")).To(Equal("63877472675"))

	for _, broken := range []string{
		strings.Replace(callflowMessage(""), `"_id":"63877472675",`, "", 1),
		strings.Replace(callflowMessage(""), `"pvt_account_id"`, `"account"`, 1),
		strings.Replace(callflowMessage(""), `"uri"`, `"url"`, 1),
		callflowMessage(`"http_verb":"brew"`),
		`{"Event-Category":"notification","Event-Name":"webhook","Msg-ID":"m","App-Name":"c","App-Version":"4","Data":{},"Hook":[]}`,
	} {
		g.Expect(s.send(t, broken)).To(BeEmpty(), broken)
	}
	g.Expect(counted(t, s.metrics, "kazoolab_webhook_dropped_total", "invalid")).To(Equal(5.0))
}
