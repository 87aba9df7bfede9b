package webhooks_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is an engine with one account, acme below reseller, and hooks of a test's
// choice.
type rig struct {
	engine   *webhooks.Engine
	registry *prometheus.Registry
	clock    *clockwork.FakeClock
	ctx      context.Context //nolint:containedctx // the engine's life, which each message shares
	stop     context.CancelFunc
}

func newRig(t *testing.T, attempts webhooks.Records, hooks ...*webhooks.Hook) *rig {
	t.Helper()
	return newRigTelling(t, nil, attempts, hooks...)
}

// newRigTelling is a rig whose failures are told to someone.
func newRigTelling(t *testing.T, failures webhooks.Failures, attempts webhooks.Records, hooks ...*webhooks.Hook) *rig {
	t.Helper()
	return newRigWith(t, func(_ *webhooks.Config, dep *webhooks.Dependencies) { dep.Failures = failures }, attempts, hooks...)
}

// newRigWith lets a test change what the engine works with.
func newRigWith(
	t *testing.T, change func(*webhooks.Config, *webhooks.Dependencies), attempts webhooks.Records, hooks ...*webhooks.Hook,
) *rig {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	directory := account.NewDirectory()
	directory.Replace([]account.Account{
		{ID: "reseller", IsReseller: true, Enabled: true},
		{ID: "acme", Tree: []string{"reseller"}, Enabled: true},
	}, map[string]string{"+14158867900": "acme"})
	table := webhooks.NewRegistry()
	table.Replace(hooks)
	r := &rig{registry: prometheus.NewRegistry(), clock: clockwork.NewFakeClock(), ctx: ctx, stop: stop}
	cfg := webhooks.DefaultConfig()
	cfg.MaxEvent = 4096
	cfg.Guard.AllowLoopback = true // the receivers of tests
	dep := webhooks.Dependencies{
		Hooks: table, Accounts: directory, Records: attempts, Clock: r.clock, IDs: ids.Seeded("rig"),
		Log: slog.New(slog.DiscardHandler), Metrics: r.registry, ClusterID: recordedCluster,
	}
	change(&cfg, &dep)
	r.engine = webhooks.New(cfg, dep)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.engine.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		r.engine.Drain(context.Background())
		<-done
	})
	return r
}

// handle gives the engine a message; the channel is closed when it acknowledges.
func (r *rig) handle(msg webhooks.Message) <-chan struct{} {
	acked := make(chan struct{})
	msg.Ack = func() error {
		close(acked)
		return nil
	}
	r.engine.Handle(r.ctx, msg)
	return acked
}

func (r *rig) await(t *testing.T, acked <-chan struct{}) {
	t.Helper()
	select {
	case <-acked:
	case <-r.ctx.Done():
		t.Fatal("the message was never acknowledged")
	}
}

func (r *rig) counted(t *testing.T, name, label string) float64 {
	t.Helper()
	return counted(t, r.registry, name, label)
}

// counted reads a counter with one label.
func counted(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func event(call string) webhooks.Message {
	return webhooks.Message{ContentType: "application/json", Body: []byte(
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"` + call + `","Custom-Channel-Vars":{"Account-ID":"acme"}}`)}
}

func hook(id, uri string) *webhooks.Hook {
	return &webhooks.Hook{ID: id, AccountID: "acme", URI: uri, Event: "channel_create", Verb: "post", Retries: 2, IncludeInternalLegs: true}
}

// ledger keeps attempts, and refuses while broken.
type ledger struct {
	broken atomic.Bool
	tried  chan struct{}

	mu       sync.Mutex
	attempts []store.Attempt
}

func (l *ledger) Record(_ context.Context, batch store.Batch) error {
	attempts := batch.Attempts
	select {
	case l.tried <- struct{}{}:
	default:
	}
	if l.broken.Load() {
		return errors.New("disk full")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, attempts...)
	return nil
}

func TestWhatIsNoEventIsDroppedCountedAndHarmless(t *testing.T) {
	good := string(event("c").Body)
	cases := []struct {
		name   string
		msg    webhooks.Message
		reason string
	}{
		{"empty", webhooks.Message{}, "not_json"},
		{"text", webhooks.Message{Body: []byte("hello")}, "not_json"},
		{"cut off", webhooks.Message{Body: []byte(good[:50])}, "not_json"},
		{"a list", webhooks.Message{Body: []byte("[" + good + "]")}, "not_json"},
		{"null", webhooks.Message{Body: []byte("null")}, "not_json"},
		{"Latin-1", webhooks.Message{Body: []byte(strings.Replace(good, "acme", "\xe9", 1))}, "not_text"},
		{"half a surrogate pair", webhooks.Message{Body: []byte(strings.Replace(good, "acme", `\ud83d`, 1))}, "not_text"},
		{"too large", webhooks.Message{Body: []byte(`{"a":"` + strings.Repeat("x", 5<<20) + `"}`)}, "too_large"},
		{"nested without end", webhooks.Message{Body: []byte(strings.Repeat(`[`, 4000))}, "too_deep"},
		{"another content type", webhooks.Message{ContentType: "text/plain", Body: []byte(good)}, "content_type"},
		{"Erlang terms", webhooks.Message{ContentType: "application/erlang", Body: []byte(good)}, "content_type"},
		{"a broken content type", webhooks.Message{ContentType: ";;", Body: []byte(good)}, "content_type"},
		{"gzip that is none", webhooks.Message{ContentEncoding: "gzip", Body: []byte(good)}, "not_gzip"},
		{"another category", webhooks.Message{Body: []byte(strings.Replace(good, "call_event", "call", 1))}, "event_category"},
		{"no category", webhooks.Message{Body: []byte(`{"Event-Name":"CHANNEL_CREATE"}`)}, "event_category"},
		{"another event", webhooks.Message{Body: []byte(strings.Replace(good, "CREATE", "HOLD", 1))}, "event_name"},
		{"an event name that is no text", webhooks.Message{Body: []byte(strings.Replace(good, `"CHANNEL_CREATE"`, "7", 1))}, "event_name"},
	}
	receiver := newReceiver(t, answer{status: 200})
	r := newRig(t, &ledger{}, hook("h1", receiver.server.URL))
	want := map[string]float64{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.await(t, r.handle(c.msg))
			want[c.reason]++
			if got := r.counted(t, "kazoolab_webhook_dropped_total", c.reason); got != want[c.reason] {
				t.Errorf("%v dropped as %s, want %v", got, c.reason, want[c.reason])
			}
		})
	}
	r.await(t, r.handle(event("good")))
	if got := receiver.requests(); len(got) != 1 {
		t.Errorf("%d requests, want that of the good event only", len(got))
	}
}

func TestWrongTypesInAnEventDoNoHarm(t *testing.T) {
	receiver := newReceiver(t, answer{status: 200})
	r := newRig(t, &ledger{}, hook("h1", receiver.server.URL))
	for _, body := range []string{
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE"}`,
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Custom-Channel-Vars":"text"}`,
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Custom-Channel-Vars":{"Account-ID":null}}`,
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Custom-Channel-Vars":{"Account-ID":"nobody"}}`,
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Request":"+19995550000@gw","To":5}`,
	} {
		r.await(t, r.handle(webhooks.Message{Body: []byte(body)}))
	}
	if got := receiver.requests(); len(got) != 0 {
		t.Fatalf("events without an account fired: %+v", got)
	}
	r.await(t, r.handle(webhooks.Message{Body: []byte(`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE",` +
		`"Call-ID":[1,{}],"Timestamp":"soon","Caller-ID-Name":{"a":1},"From":null,"Channel-Name":7,` +
		`"Custom-Channel-Vars":{"Account-ID":"acme","Owner-ID":1e999}}`)}))
	if got := receiver.requests(); len(got) != 1 {
		t.Errorf("an odd event of a known account fired %d times", len(got))
	}
}

func TestAMessageIsKeptUntilItsAttemptIsStored(t *testing.T) {
	receiver := newReceiver(t, answer{status: 500})
	attempts := &ledger{tried: make(chan struct{}, 1)}
	attempts.broken.Store(true)
	r := newRig(t, attempts, hook("h1", receiver.server.URL))
	acked := r.handle(event("c1"))
	<-attempts.tried
	if err := r.clock.BlockUntilContext(r.ctx, 1); err != nil { // the recorder waits before it tries again
		t.Fatal(err)
	}
	select {
	case <-acked:
		t.Fatal("acknowledged although its attempt is not stored")
	default:
	}
	attempts.broken.Store(false)
	r.clock.Advance(time.Minute)
	r.await(t, acked)
	if len(attempts.attempts) != 1 {
		t.Errorf("%d attempts stored", len(attempts.attempts))
	}
}

func TestWhatShutdownInterruptsIsLeftToTheBroker(t *testing.T) {
	receiver := newReceiver(t, answer{close: true})
	r := newRig(t, &ledger{}, hook("h1", receiver.server.URL))
	acked := r.handle(event("c1"))
	if err := r.clock.BlockUntilContext(r.ctx, 1); err != nil { // between two tries
		t.Fatal(err)
	}
	r.stop()
	r.engine.Drain(context.Background())
	select {
	case <-acked:
		t.Error("acknowledged although its delivery was given up")
	default:
	}
}

func TestAnEventIsAcknowledgedWhenItsLastHookIsDone(t *testing.T) {
	quick := newReceiver(t, answer{status: 200})
	broken := newReceiver(t, answer{close: true}, answer{status: 200})
	r := newRig(t, &ledger{}, hook("h1", quick.server.URL), hook("h2", broken.server.URL))
	acked := r.handle(event("c1"))
	if err := r.clock.BlockUntilContext(r.ctx, 1); err != nil {
		t.Fatal(err)
	}
	select {
	case <-acked:
		t.Fatal("acknowledged before the second hook had its second try")
	default:
	}
	r.clock.Advance(2 * time.Second)
	r.await(t, acked)
}

func TestAnEventWithoutAnAccountBelongsToTheOwnerOfItsNumber(t *testing.T) {
	for _, dialled := range []string{`"Request":"+14158867900@gw"`, `"Request":"4158867900@gw"`, `"To":"14158867900@gw"`} {
		receiver := newReceiver(t, answer{status: 200})
		r := newRig(t, &ledger{}, hook("h1", receiver.server.URL))
		r.await(t, r.handle(webhooks.Message{Body: []byte(
			`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE",` + dialled + `}`)}))
		if got := receiver.requests(); len(got) != 1 || !strings.HasPrefix(got[0].Body, "account_id=acme&") {
			t.Errorf("%s: got %+v", dialled, got)
		}
	}
}

func TestHooksThatWantNoInternalLegs(t *testing.T) {
	receiver := newReceiver(t, answer{status: 200})
	external := hook("h1", receiver.server.URL)
	external.IncludeInternalLegs = false
	r := newRig(t, &ledger{}, external)
	for _, leg := range []string{`"Channel-Is-Loopback":true`, `"Channel-Is-Loopback":"true"`, `"Channel-Name":"loopback/1001-a"`} {
		body := strings.Replace(string(event("c").Body), `"Call-ID"`, leg+`,"Call-ID"`, 1)
		r.await(t, r.handle(webhooks.Message{Body: []byte(body)}))
	}
	if got := receiver.requests(); len(got) != 0 {
		t.Errorf("internal legs fired: %+v", got)
	}
	r.await(t, r.handle(event("c")))
	if got := receiver.requests(); len(got) != 1 {
		t.Errorf("an ordinary leg fired %d times", len(got))
	}
}

func TestWhatTheBrokerHasTakenBackIsNotDelivered(t *testing.T) {
	receiver := newReceiver(t, answer{status: 200})
	r := newRig(t, &ledger{}, hook("h1", receiver.server.URL))
	stale := event("c1")
	stale.Stale = func() bool { return true }
	acked := r.handle(stale)
	r.await(t, r.handle(event("c1"))) // the same call, so after the other
	select {
	case <-acked:
		t.Error("acknowledged although it will come again")
	default:
	}
	if got := receiver.requests(); len(got) != 1 {
		t.Errorf("%d requests, want that of the second copy only", len(got))
	}
}
