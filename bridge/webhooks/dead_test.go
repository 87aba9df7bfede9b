package webhooks_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// grave is what was buried of a message.
type grave struct {
	body, contentType, encoding, exchange, key, reason, problem string
}

// graveyard keeps what is buried; while it is shut it keeps who comes waiting.
type graveyard struct {
	mu     sync.Mutex
	graves []grave
	shut   chan struct{} // nil is open
}

func (y *graveyard) Bury(ctx context.Context, msg webhooks.Message, reason, problem string) error {
	if y.shut != nil {
		select {
		case <-y.shut:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.graves = append(y.graves, grave{
		string(msg.Body), msg.ContentType, msg.ContentEncoding, msg.Exchange, msg.RoutingKey, reason, problem,
	})
	return nil
}

func (y *graveyard) all() []grave {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.graves
}

// newRigBurying is a rig with a graveyard.
func newRigBurying(t *testing.T, y *graveyard, change func(*webhooks.Config, *webhooks.Dependencies), hooks ...*webhooks.Hook) *rig {
	t.Helper()
	return newRigWith(t, func(cfg *webhooks.Config, dep *webhooks.Dependencies) {
		dep.Graveyard = y
		if change != nil {
			change(cfg, dep)
		}
	}, &ledger{}, hooks...)
}

func TestABrokenMessageIsBuriedWholeAndThenAcknowledged(t *testing.T) {
	g := NewWithT(t)
	y := &graveyard{shut: make(chan struct{})}
	r := newRigBurying(t, y, nil)
	large := `{"a":"` + strings.Repeat("x", 5<<20) + `"}`
	first := r.handle(webhooks.Message{
		Body: []byte("{not json"), ContentType: "application/json", ContentEncoding: "identity", Exchange: "callevt", RoutingKey: "call.x.y",
	})
	second := r.handle(webhooks.Message{Body: []byte(large)})
	g.Consistently(first).WithTimeout(50*time.Millisecond).ShouldNot(BeClosed(), "the original stays with the broker while its copy is not safe")
	close(y.shut)
	r.await(t, first)
	r.await(t, second)
	graves := y.all()
	g.Expect(graves).To(HaveLen(2))
	if graves[0].body == large {
		graves[0], graves[1] = graves[1], graves[0]
	}
	g.Expect(graves[0].problem).NotTo(BeEmpty())
	graves[0].problem = ""
	g.Expect(graves[0]).To(Equal(grave{
		body: "{not json", contentType: "application/json", encoding: "identity", exchange: "callevt", key: "call.x.y", reason: "not_json",
	}))
	g.Expect(graves[1].reason).To(Equal("too_large"))
	g.Expect(graves[1].body).To(Equal(large), "whole, although it is too large to be read")
	g.Expect(r.counted(t, "kazoolab_webhook_dead_letters_total", "not_json")).To(Equal(1.0))
}

func TestOrdinaryTrafficIsNotBuried(t *testing.T) {
	g := NewWithT(t)
	y := &graveyard{}
	r := newRigBurying(t, y, nil)
	for _, body := range []string{
		strings.Replace(string(event("c").Body), "acme", "nobody", 1),
		`{"Event-Category":"configuration","Event-Name":"doc_type_update","Msg-ID":"m","App-Name":"a","App-Version":"1"}`,
		string(event("c").Body), // of no hook
	} {
		r.await(t, r.handle(webhooks.Message{Body: []byte(body)}))
	}
	g.Expect(y.all()).To(BeEmpty())
}

func TestAnEventThatIsNeverFinishedIsBuriedUnread(t *testing.T) {
	g := NewWithT(t)
	receiver := newReceiver(t, answer{status: 200})
	y := &graveyard{}
	limit := func(n int) func(*webhooks.Config, *webhooks.Dependencies) {
		return func(cfg *webhooks.Config, _ *webhooks.Dependencies) { cfg.DeliveryLimit = n }
	}
	r := newRigBurying(t, y, limit(3), hook("h1", receiver.server.URL))
	returned := func(n int) webhooks.Message {
		msg := event("c")
		msg.Returns = n
		return msg
	}
	r.await(t, r.handle(returned(2)))
	g.Expect(receiver.requests()).To(HaveLen(1))
	g.Expect(y.all()).To(BeEmpty())
	r.await(t, r.handle(returned(3)))
	g.Expect(receiver.requests()).To(HaveLen(1))
	g.Expect(y.all()).To(HaveLen(1))
	g.Expect(y.all()[0].reason).To(Equal("delivery_limit"))
	g.Expect(y.all()[0].problem).To(Equal("delivered 3 times without being finished"))

	r = newRigBurying(t, y, limit(0), hook("h1", receiver.server.URL))
	r.await(t, r.handle(returned(1_000_000)))
	g.Expect(receiver.requests()).To(HaveLen(2), "0 is any number")
}

// panicking breaks whoever asks it.
type panicking struct{ webhooks.Accounts }

func (panicking) Get(string) (account.Account, bool) { panic("the directory is broken") } //nolint:forbidigo // what is tested

func (panicking) Failed(*webhooks.Hook, time.Time) { panic("the counter is broken") } //nolint:forbidigo // what is tested

func TestAMessageThatBreaksTheHandlerIsBuried(t *testing.T) {
	g := NewWithT(t)
	y := &graveyard{}
	r := newRigBurying(t, y, func(_ *webhooks.Config, dep *webhooks.Dependencies) { dep.Accounts = panicking{dep.Accounts} })
	r.await(t, r.handle(event("c")))
	g.Expect(y.all()).To(HaveLen(1))
	g.Expect(y.all()[0].reason).To(Equal("panic"))
	g.Expect(y.all()[0].problem).To(ContainSubstring("the directory is broken"))
}

// An event is buried once, whichever of its deliveries fail, and the others are made.
func TestAnEventWhoseDeliveriesBreakIsBuriedOnce(t *testing.T) {
	g := NewWithT(t)
	good, bad := newReceiver(t, answer{status: 200}), newReceiver(t, answer{status: 500})
	y := &graveyard{}
	r := newRigBurying(t, y, func(_ *webhooks.Config, dep *webhooks.Dependencies) { dep.Failures = panicking{} },
		hook("h1", good.server.URL), hook("h2", bad.server.URL), hook("h3", bad.server.URL))
	r.await(t, r.handle(event("c")))
	g.Expect(good.requests()).To(HaveLen(1))
	g.Expect(y.all()).To(HaveLen(1))
	g.Expect(y.all()[0].body).To(Equal(string(event("c").Body)))
	g.Expect(y.all()[0].reason).To(Equal("panic"))
	g.Expect(y.all()[0].problem).To(MatchRegexp(`hook h[23]: panic: the counter is broken`))
}

func TestAnEventWhoseTextIsTooLargeIsBuried(t *testing.T) {
	g := NewWithT(t)
	receiver := newReceiver(t, answer{status: 200})
	y := &graveyard{}
	parking := hook("h1", receiver.server.URL)
	parking.Event = "parking"
	r := newRigBurying(t, y, func(cfg *webhooks.Config, _ *webhooks.Dependencies) { cfg.MaxEvent = 1 << 20 }, parking)
	body := `{"Event-Category":"call_event","Event-Name":"PARK_PARKED","Call-ID":"c","Custom-Channel-Vars":{"Account-ID":"acme"},` +
		`"Msg-ID":"m","App-Name":"switch","App-Version":"1.0","` + strings.Repeat("k", 100_000) + `":[` + strings.Repeat("1,", 100_000) + `1]}`
	r.await(t, r.handle(webhooks.Message{Body: []byte(body)}))
	g.Expect(receiver.requests()).To(BeEmpty())
	g.Expect(y.all()).To(HaveLen(1))
	g.Expect(y.all()[0].body).To(Equal(body))
	g.Expect(y.all()[0].reason).To(Equal("too_large_encoded"))
}

func TestABurialThatShutdownInterruptsIsLeftToTheBroker(t *testing.T) {
	g := NewWithT(t)
	y := &graveyard{shut: make(chan struct{})}
	r := newRigBurying(t, y, nil)
	acked := r.handle(webhooks.Message{Body: []byte("broken")})
	r.stop()
	r.engine.Drain(t.Context())
	g.Expect(acked).NotTo(BeClosed())
	g.Expect(r.counted(t, "kazoolab_webhook_dead_letters_total", "not_json")).To(BeZero())
}

func TestWhatTheBrokerHasTakenBackIsNotBuried(t *testing.T) {
	g := NewWithT(t)
	y := &graveyard{}
	r := newRigBurying(t, y, nil)
	acked := r.handle(webhooks.Message{Body: []byte("broken"), Stale: func() bool { return true }})
	r.engine.Drain(t.Context())
	g.Expect(acked).NotTo(BeClosed())
	g.Expect(y.all()).To(BeEmpty(), "it comes again")
}

// A delivery that waits in the store is buried before its row goes.
func TestAParkedDeliveryThatIsBrokenIsBuried(t *testing.T) {
	g := NewWithT(t)
	y, graves := newYard(t), &graveyard{shut: make(chan struct{})}
	y.broken = graves
	y.hook(t, "h1", newDoor(t).server.URL)
	rows := func() []store.Parked {
		found, err := y.store.ParkedAfter(t.Context(), store.HookKey{AccountID: "acme", HookID: "h1"}, "", 10, 1<<20)
		g.Expect(err).NotTo(HaveOccurred())
		return found
	}
	g.Expect(y.store.Record(t.Context(), store.Batch{Park: []store.Parked{{
		ParkedKey: store.ParkedKey{HookKey: store.HookKey{AccountID: "acme", HookID: "h1"}, ID: "1"},
		EventID:   "0123456789", At: clock.System().Now(), ContentType: "application/json", RoutingKey: "call.x.y", Body: []byte("{not json"),
	}}})).To(Succeed())

	y.engine(t, nil)
	g.Consistently(rows).WithTimeout(time.Second).Should(HaveLen(1), "while its copy is not safe it stays")
	close(graves.shut)
	g.Eventually(rows).WithTimeout(20 * time.Second).Should(BeEmpty())
	g.Expect(graves.all()).To(HaveLen(1))
	g.Expect(graves.all()[0].problem).NotTo(BeEmpty())
	graves.graves[0].problem = ""
	g.Expect(graves.all()[0]).To(Equal(grave{body: "{not json", contentType: "application/json", key: "call.x.y", reason: "not_json"}))
}
