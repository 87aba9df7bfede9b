package webhooks_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// yard is a store that engines share, and one receiver for each hook.
type yard struct {
	store *store.Store
	hooks *webhooks.Registry
	ctx   context.Context //nolint:containedctx // the test's, which all engines share
	// broken is where engines put what can never be delivered; nil is nowhere.
	broken webhooks.Graveyard
	// backlogs is the store, or what stands before it.
	backlogs webhooks.Backlogs
	records  webhooks.Records // likewise
}

func newYard(t *testing.T) *yard {
	t.Helper()
	random := ids.Seeded(t.Name())
	s, err := store.Open(t.Context(), storetest.URL(t), store.Options{
		Clock: clock.System(), IDs: random, Log: slog.New(slog.DiscardHandler),
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { NewWithT(t).Expect(s.Close()).To(Succeed()) })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // a dead node of a shared database holds what it had for 30 s
	t.Cleanup(cancel)
	return &yard{store: s, backlogs: alone{s}, records: s, hooks: webhooks.NewRegistry(), ctx: ctx}
}

// alone is the store of a node without websockets.
type alone struct{ *store.Store }

func (a alone) Seen(ctx context.Context, node string) error { return a.Store.Seen(ctx, node, false) }

// hook saves a hook of acme's and makes it live.
func (y *yard) hook(t *testing.T, id, target string) {
	t.Helper()
	saved, err := y.store.Save(t.Context(), store.Document{
		DB: kapi.DatabaseWebhooks, ID: id, Type: store.TypeWebhook, AccountID: "acme",
		Body: jobj.Object{{Key: "uri", Value: target}, {Key: "hook", Value: "channel_create"}, {Key: "retries", Value: 3}},
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	y.live(t, saved)
}

func (y *yard) live(t *testing.T, doc store.Document) {
	t.Helper()
	hook, err := webhooks.ParseHook(doc.ID, doc.AccountID, doc.Body, webhooks.Names("5.0"))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	y.hooks.Set(hook)
}

// engine is one node.
type parkingEngine struct {
	*webhooks.Engine
	ctx     context.Context //nolint:containedctx // its life
	end     func()          // as a clean stop does
	kill    func()
	metrics *prometheus.Registry
}

func (y *yard) engine(t *testing.T, change func(*webhooks.Config)) *parkingEngine {
	t.Helper()
	directory := account.NewDirectory()
	directory.Put(account.Account{ID: "acme", Enabled: true})
	cfg := webhooks.DefaultConfig()
	cfg.Guard.AllowLoopback = true
	cfg.Concurrency, cfg.RetryPause = 2, 50*time.Millisecond
	if change != nil {
		change(&cfg)
	}
	metrics := prometheus.NewRegistry()
	random := ids.New()
	engine := webhooks.New(cfg, webhooks.Dependencies{
		Hooks: y.hooks, Accounts: directory, Records: y.records, Backlogs: y.backlogs, Documents: y.store,
		Clock: clock.System(), IDs: random, Log: slog.New(slog.DiscardHandler), Metrics: metrics,
		ClusterID: recordedCluster, Node: random.Hex(8), Graveyard: y.broken,
	})
	ctx, cancel := context.WithCancel(y.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		engine.Run(ctx)
	}()
	var once sync.Once
	finish := func(clean bool) func() {
		return func() {
			once.Do(func() {
				if clean {
					engine.Drain(y.ctx)
				}
				cancel()
				<-ended
				engine.Drain(context.Background())
				if clean {
					engine.Leave(y.ctx)
				}
			})
		}
	}
	t.Cleanup(finish(false))
	return &parkingEngine{Engine: engine, ctx: ctx, end: finish(true), kill: finish(false), metrics: metrics}
}

// handle gives it a call's message and says when that is acknowledged.
func (e *parkingEngine) handle(call string) <-chan struct{} {
	acked := make(chan struct{})
	msg := event(call)
	msg.Ack = func() error { close(acked); return nil }
	e.Handle(e.ctx, msg)
	return acked
}

// door is a receiver that opens and shuts.
type door struct {
	server *httptest.Server
	mu     sync.Mutex
	shut   chan struct{} // requests wait until it is closed; nil lets them in
	broken bool          // connections are dropped
	calls  []string
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{}
	d.server = httptest.NewServer(d)
	t.Cleanup(func() { d.open(); d.server.Close() })
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	d.mu.Lock()
	shut, broken := d.shut, d.broken
	d.mu.Unlock()
	if broken {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	if shut != nil {
		select {
		case <-shut:
		case <-r.Context().Done():
			return
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, r.Form.Get("call_id"))
}

func (d *door) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = make(chan struct{})
}

func (d *door) drop(yes bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = yes
}

func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut != nil {
		close(d.shut)
		d.shut = nil
	}
}

func (d *door) arrived() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

func calls(from, until int) (names []string) {
	for n := from; n < until; n++ {
		names = append(names, fmt.Sprintf("c%03d", n))
	}
	return names
}

// What a silent receiver cannot take is acknowledged, stands in the store, and comes
// in its order when the receiver is there again.
func TestWhatASilentReceiverCannotTakeIsParked(t *testing.T) {
	g := NewWithT(t)
	y, stuck, quick := newYard(t), newDoor(t), newDoor(t)
	y.hook(t, "stuck", stuck.server.URL)
	stuck.close()
	e := y.engine(t, nil)
	for _, call := range calls(0, 300) {
		g.Eventually(y.ctx, e.handle(call)).Should(BeClosed(), call)
	}
	// Another hook's are not held up.
	y.hook(t, "quick", quick.server.URL)
	g.Eventually(y.ctx, e.handle("c300")).Should(BeClosed())
	g.Eventually(y.ctx, quick.arrived).Should(ConsistOf("c300"))

	stuck.open()
	g.Eventually(y.ctx, stuck.arrived).Should(HaveLen(301))
	g.Expect(stuck.arrived()).To(ConsistOf(calls(0, 301)))
	g.Eventually(y.ctx, func() ([]store.Backlog, error) { return y.store.Backlogs(y.ctx, "") }).Should(BeEmpty())
	g.Eventually(y.ctx, e.handle("c301")).Should(BeClosed())
	g.Eventually(y.ctx, stuck.arrived).Should(HaveLen(302), "what follows needs no store")
}

// A receiver that breaks connections is probed: what waits does not lose its tries.
func TestAnOutageDoesNotUseUpTheTriesOfWhatWaits(t *testing.T) {
	g := NewWithT(t)
	y, far := newYard(t), newDoor(t)
	y.hook(t, "h", far.server.URL)
	far.close()
	e := y.engine(t, nil)
	for _, call := range calls(0, 50) { // the first two wait for their answer
		g.Eventually(y.ctx, e.handle(call)).Should(BeClosed())
	}
	far.drop(true)
	far.open()
	g.Eventually(y.ctx, func() float64 { return counted(t, e.metrics, "kazoolab_webhook_tries_total", "no_answer") }).
		Should(BeNumerically(">=", 2))
	far.drop(false)
	g.Eventually(y.ctx, func() []string { return distinct(far.arrived()) }).Should(HaveLen(50))
}

// What is parked may be taken out before the node has word that it is stored: it is delivered once.
func TestWhatIsTakenOutBeforeItIsKnownToBeStoredComesOnce(t *testing.T) {
	g := NewWithT(t)
	y, far := newYard(t), newDoor(t)
	tardy := &tardyWord{alone: alone{y.store}, read: make(chan struct{})}
	y.records, y.backlogs = tardy, tardy
	y.hook(t, "h", far.server.URL)
	far.close()
	e := y.engine(t, nil)
	for _, call := range calls(0, 20) { // the first two wait for their answer
		g.Eventually(y.ctx, e.handle(call)).Should(BeClosed())
	}
	far.open()
	for _, call := range calls(20, 60) {
		e.handle(call)
	}
	g.Eventually(y.ctx, func() []string { return distinct(far.arrived()) }).Should(HaveLen(60))
	g.Eventually(y.ctx, func() ([]store.Backlog, error) { return y.store.Backlogs(y.ctx, "") }).Should(BeEmpty())
	g.Expect(far.arrived()).To(ConsistOf(calls(0, 60)))
}

// tardyWord is a store whose word that something is parked comes after that was read again.
type tardyWord struct {
	alone

	mu   sync.Mutex
	read chan struct{} // closed when rows are read the next time
}

func (w *tardyWord) Record(ctx context.Context, batch store.Batch) error {
	err := w.Store.Record(ctx, batch)
	if len(batch.Park) == 0 || err != nil {
		return err
	}
	const patience = 300 * time.Millisecond // nobody reads while the receiver is silent
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	w.mu.Lock()
	read := w.read
	w.mu.Unlock()
	select {
	case <-read:
	case <-ctx.Done():
	}
	return nil
}

func (w *tardyWord) ParkedAfter(ctx context.Context, hook store.HookKey, after string, limit, maxBytes int) ([]store.Parked, error) {
	rows, err := w.alone.ParkedAfter(ctx, hook, after, limit, maxBytes)
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.read)
	w.read = make(chan struct{})
	return rows, err
}

func distinct(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// lateAnswers is a store whose answers are old when they come.
type lateAnswers struct{ alone }

func (l lateAnswers) ParkedAfter(ctx context.Context, hook store.HookKey, after string, limit, maxBytes int) ([]store.Parked, error) {
	found, err := l.Store.ParkedAfter(ctx, hook, after, limit, maxBytes)
	clock.System().Sleep(50 * time.Millisecond)
	return found, err
}

func TestWhatIsDeliveredWhileTheStoreIsReadIsNotDeliveredAgain(t *testing.T) {
	g := NewWithT(t)
	y := newYard(t)
	y.backlogs = lateAnswers{alone{y.store}}
	d := newDoor(t)
	y.hook(t, "h1", d.server.URL)
	e := y.engine(t, func(c *webhooks.Config) { c.Concurrency = 16 })
	d.close()
	const first, all = 100, 400
	for _, call := range calls(0, first) {
		g.Eventually(y.ctx, e.handle(call)).Should(BeClosed())
	}
	d.open()
	// Each that comes is parked behind the others, and has the store read from the first on.
	for _, call := range calls(first, all) {
		g.Eventually(y.ctx, e.handle(call)).Should(BeClosed())
	}
	g.Eventually(y.ctx, func() []string { return distinct(d.arrived()) }).Should(HaveLen(all))
	e.end()
	g.Expect(d.arrived()).To(HaveLen(all))
}

// A node that ends leaves what is parked to the next one; one that is killed loses
// nothing that was acknowledged either.
func TestTheNextNodeDeliversWhatIsParked(t *testing.T) {
	for name, end := range map[string]func(*parkingEngine){
		"ended":  func(e *parkingEngine) { e.end() },
		"killed": func(e *parkingEngine) { e.kill() },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			y, far := newYard(t), newDoor(t)
			y.hook(t, "h", far.server.URL)
			far.close()
			e := y.engine(t, func(c *webhooks.Config) { c.RequestTimeout = 3 * time.Second })
			for _, call := range calls(0, 30) {
				g.Eventually(y.ctx, e.handle(call)).Should(BeClosed())
			}
			end(e)
			far.open()
			y.engine(t, nil)
			g.Eventually(y.ctx, func() []string { return distinct(far.arrived()) }).WithTimeout(time.Minute).Should(Equal(calls(0, 30)))
		})
	}
}

func TestWhatIsParkedForAHookThatIsOffWaits(t *testing.T) {
	g := NewWithT(t)
	y, far := newYard(t), newDoor(t)
	y.hook(t, "h", far.server.URL)
	far.close()
	e := y.engine(t, nil)
	for _, call := range calls(0, 30) {
		g.Eventually(y.ctx, e.handle(call)).Should(BeClosed())
	}
	y.hooks.Remove("acme", "h")
	far.open()
	g.Eventually(y.ctx, far.arrived).Should(HaveLen(2), "those under way")
	waiting := func() int64 {
		backlogs, err := y.store.Backlogs(y.ctx, "acme")
		g.Expect(err).NotTo(HaveOccurred())
		if len(backlogs) == 0 {
			return 0
		}
		return backlogs[0].Waiting
	}
	g.Eventually(y.ctx, waiting).Should(BeEquivalentTo(28))
	g.Consistently(y.ctx, waiting).WithTimeout(500 * time.Millisecond).Should(BeEquivalentTo(28))
	doc, err := y.store.Get(y.ctx, kapi.DatabaseWebhooks, "h")
	g.Expect(err).NotTo(HaveOccurred())
	y.live(t, doc)
	g.Eventually(y.ctx, func() []string { return distinct(far.arrived()) }).Should(Equal(calls(0, 30)))
}

func TestWhatIsParkedForAHookThatIsDeletedGoes(t *testing.T) {
	g := NewWithT(t)
	y, far := newYard(t), newDoor(t)
	y.hook(t, "h", far.server.URL)
	far.close()
	e := y.engine(t, nil)
	for _, call := range calls(0, 30) {
		g.Eventually(y.ctx, e.handle(call)).Should(BeClosed())
	}
	g.Expect(y.store.Remove(y.ctx, kapi.DatabaseWebhooks, "h")).To(Succeed())
	y.hooks.Remove("acme", "h")
	far.open()
	g.Eventually(y.ctx, func() ([]store.Backlog, error) { return y.store.Backlogs(y.ctx, "") }).Should(BeEmpty())
	g.Expect(len(far.arrived())).To(BeNumerically("<=", 2))
}

// A callflow's hook is no document, and its events are parked all the same.
func TestACallflowsHookIsParkedToo(t *testing.T) {
	g := NewWithT(t)
	y, far := newYard(t), newDoor(t)
	far.close()
	e := y.engine(t, nil)
	target, err := url.JoinPath(far.server.URL, "flow")
	g.Expect(err).NotTo(HaveOccurred())
	for _, call := range calls(0, 30) {
		acked := make(chan struct{})
		text := `{"Event-Category":"notification","Event-Name":"webhook","Msg-ID":"` + call + `","App-Name":"callflow","App-Version":"4.0.0",` +
			`"Data":{"Call-ID":"` + call + `"},"Hook":{"_id":"63877472675","pvt_account_id":"acme","uri":"` + target + `","hook":"notifications"}}`
		e.Handle(e.ctx, webhooks.Message{
			Body: []byte(text), ContentType: "application/json", RoutingKey: "odd\x00\xff",
			Ack: func() error { close(acked); return nil },
		})
		g.Eventually(y.ctx, acked).Should(BeClosed())
	}
	far.open()
	g.Eventually(y.ctx, func() []string { return distinct(far.arrived()) }).Should(Equal(calls(0, 30)))
}

// While the store takes nothing, nothing is acknowledged that would be lost; what is
// delivered needs no store.
func TestAStoreThatTakesNothingLosesNothing(t *testing.T) {
	g := NewWithT(t)
	y, stuck, quick := newYard(t), newDoor(t), newDoor(t)
	y.hook(t, "stuck", stuck.server.URL)
	stuck.close()
	e := y.engine(t, nil)
	g.Expect(y.store.Close()).To(Succeed())
	first := e.handle("c000")
	g.Eventually(y.ctx, e.Stored).Should(HaveOccurred(), "securing it fails")
	y.hooks.Remove("acme", "stuck")
	hook, err := webhooks.ParseHook("quick", "acme", jobj.Object{{Key: "uri", Value: quick.server.URL}, {Key: "hook", Value: "channel_create"}}, webhooks.Names("5.0"))
	g.Expect(err).NotTo(HaveOccurred())
	y.hooks.Set(hook)
	g.Eventually(y.ctx, e.handle("c001")).Should(BeClosed())
	g.Consistently(y.ctx, first).WithTimeout(200 * time.Millisecond).ShouldNot(BeClosed())
}
