package bridge

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const (
	failingAccount = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	failingHook    = "6e097cd291aed294d2018ecf4b3a6cb8"
)

// failing is a node's disabling with one hook in its store, and what it did.
type failing struct {
	*disabling
	*docs
	clock   *clockwork.FakeClock
	cfg     Config
	hook    *webhooks.Hook
	changes []kapi.DocChange
	sent    chan bus.Message
}

// docs is a store that may refuse.
type docs struct {
	*store.Store
	refuse  error
	between func() // runs once between a read and the write that follows
	batches []int  // how many hooks' failures were written at once
}

func (d *docs) SaveFailures(ctx context.Context, failures []store.Failures) error {
	if d.refuse != nil {
		return d.refuse
	}
	d.batches = append(d.batches, len(failures))
	return d.Store.SaveFailures(ctx, failures)
}

func (d *docs) Save(ctx context.Context, doc store.Document) (store.Document, error) {
	if d.refuse != nil {
		return store.Document{}, d.refuse
	}
	if between := d.between; between != nil {
		d.between = nil
		between()
	}
	return d.Store.Save(ctx, doc)
}

func newFailing(t *testing.T, change func(*webhooks.Config)) *failing {
	t.Helper()
	g := NewWithT(t)
	f := &failing{clock: clockwork.NewFakeClock(), sent: make(chan bus.Message, 10)}
	cfg := Config{Webhooks: webhooks.DefaultConfig(), NodeName: "kazoo_apps@apps001.example.com", Clock: f.clock, IDs: ids.Seeded("x"), Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg.Webhooks)
	}
	db, err := store.Open(t.Context(), storetest.URL(t), store.Options{Clock: f.clock, IDs: cfg.IDs, Log: cfg.Log})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = db.Close() })
	cfg.Store = db
	f.cfg = cfg
	f.save(t, store.Document{
		DB: kapi.DatabaseWebhooks, ID: failingHook, Type: store.TypeWebhook, AccountID: failingAccount,
		Body: jobj.Object{{Key: "name", Value: "n"}, {Key: "uri", Value: "http://h/"}, {Key: "hook", Value: "all"}},
	})
	f.begin(t)
	return f
}

// begin makes a node of it that has just loaded its hooks.
func (f *failing) begin(t *testing.T) {
	t.Helper()
	f.docs = &docs{Store: f.cfg.Store}
	f.disabling = newDisabling(f.cfg, webhooks.NewRegistry(), func(string) string { return "" })
	f.disabling.store, f.failures.store = f.docs, f.docs
	f.publish = func(_ context.Context, changes ...kapi.DocChange) { f.changes = append(f.changes, changes...) }
	f.send = func(msg bus.Message) { f.sent <- msg }
	f.load(t)
}

// load makes the hook live as it is stored.
func (f *failing) load(t *testing.T) {
	t.Helper()
	doc := f.doc(t)
	hook, err := webhooks.ParseHook(doc.ID, doc.AccountID, doc.Body, nil)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	hook.Revision = doc.Revision()
	f.hook = hook
	f.hooks.Set(hook)
}

// another is a second node on the same store.
func (f *failing) another(t *testing.T) *failing {
	t.Helper()
	other := &failing{clock: f.clock, cfg: f.cfg, sent: f.sent}
	other.begin(t)
	return other
}

func (f *failing) save(t *testing.T, doc store.Document) store.Document {
	t.Helper()
	saved, err := f.cfg.Store.Save(t.Context(), doc)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return saved
}

func (f *failing) doc(t *testing.T) store.Document {
	t.Helper()
	doc, err := f.cfg.Store.Get(t.Context(), kapi.DatabaseWebhooks, failingHook)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return doc
}

func (f *failing) fail(times int) {
	for range times {
		f.clock.Advance(time.Millisecond)
		f.Failed(f.hook, f.clock.Now())
	}
}

func (f *failing) count(t *testing.T) int {
	t.Helper()
	key := disabler.Key{AccountID: failingAccount, HookID: failingHook, Revision: f.doc(t).Revision()}
	counts, err := f.Count(t.Context(), failingAccount, map[disabler.Key]disabler.Limit{key: f.Limit(failingAccount)})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return counts[key]
}

// counted is the metric.
func (f *failing) counted(t *testing.T) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(f.disabled)
	families, err := registry.Gather()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

func TestAHookThatFailsTooOftenIsSwitchedOff(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	f.fail(5)
	f.check(t.Context())
	g.Expect(disabler.Disabled(f.doc(t).Body)).To(BeFalse())
	g.Expect(f.count(t)).To(Equal(5))

	f.fail(1)
	f.check(t.Context())
	doc := f.doc(t)
	g.Expect(string(jobj.Append(nil, doc.Body))).To(Equal(
		`{"name":"n","uri":"http://h/","hook":"all","enabled":false,"pvt_disabled_message":"too many failed attempts"}`))
	g.Expect(f.changes).To(HaveLen(1))
	g.Expect(f.changes[0].Key()).To(Equal("doc_edited.webhooks.webhook." + failingHook))
	g.Expect(f.changes[0].Rev).To(Equal(doc.Rev))
	g.Expect(f.count(t)).To(BeZero())
	g.Expect(f.counted(t)).To(Equal(1.0))

	f.fail(6) // deliveries that were under way
	f.check(t.Context())
	g.Expect(f.doc(t).Rev).To(Equal(doc.Rev))
	g.Expect(f.changes).To(HaveLen(1))
	msg := <-f.sent
	g.Consistently(f.sent).WithTimeout(20 * time.Millisecond).ShouldNot(Receive())
	g.Expect(msg.Exchange + " " + msg.Key).To(Equal("notifications notifications.webhook.disabled"))
	g.Expect(string(msg.Body)).To(MatchRegexp(`^` + regexp.QuoteMeta(`{"Hook-ID":"`+failingHook+`","Account-ID":"`+failingAccount+`","Server-ID":"kazoo_apps@apps001.example.com-`) +
		`<0\.\d+\.0>-[0-9a-f]{8}` + regexp.QuoteMeta(`","Node":"kazoo_apps@apps001.example.com","System-Log-ID":"`) +
		`([0-9a-f]{16})` + regexp.QuoteMeta(`","Msg-ID":"`) + `[0-9a-f]{16}` +
		regexp.QuoteMeta(`","Event-Name":"webhook_disabled","Event-Category":"notification","App-Version":"4.0.0","App-Name":"webhooks"}`) + `$`))
	body, err := jobj.ParseObject(msg.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(body.String("System-Log-ID")).To(Equal(body.String("Msg-ID")))
}

// Nobody's word is overruled, and nothing is made that is not there.
func TestWhatIsNotSwitchedOff(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, f *failing){
		"one that is gone": func(t *testing.T, f *failing) {
			t.Helper()
			NewWithT(t).Expect(f.Remove(t.Context(), kapi.DatabaseWebhooks, failingHook)).To(Succeed())
		},
		"one that was deleted": func(t *testing.T, f *failing) {
			t.Helper()
			doc := f.doc(t)
			doc.Deleted = true
			f.save(t, doc)
		},
		"one that a user switched off": func(t *testing.T, f *failing) {
			t.Helper()
			doc := f.doc(t)
			doc.Body = doc.Body.Set("enabled", false)
			f.save(t, doc)
		},
		"one that has another owner now": func(t *testing.T, f *failing) {
			t.Helper()
			doc := f.doc(t)
			doc.AccountID = "another"
			f.save(t, doc)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), newFailing(t, nil)
			f.fail(6)
			change(t, f)
			before, errBefore := f.Store.Get(t.Context(), kapi.DatabaseWebhooks, failingHook)
			f.check(t.Context())
			after, errAfter := f.Store.Get(t.Context(), kapi.DatabaseWebhooks, failingHook)
			g.Expect(after).To(Equal(before))
			g.Expect(errors.Is(errAfter, store.ErrNotFound)).To(Equal(errors.Is(errBefore, store.ErrNotFound)))
			g.Expect(f.changes).To(BeEmpty())
			g.Expect(f.failures.tracker.Hooks()).To(BeEmpty())
			g.Consistently(f.sent).WithTimeout(20 * time.Millisecond).ShouldNot(Receive())
		})
	}
}

// What comes of an edit has not failed yet.
func TestAnEditAtTheSameTimeHasAFreshStart(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	f.between = func() { f.edit(t) }
	f.fail(6)
	f.check(t.Context())
	f.load(t)
	f.check(t.Context())
	g.Expect(f.doc(t).Body.String("name")).To(Equal("renamed"))
	g.Expect(disabler.Disabled(f.doc(t).Body)).To(BeFalse())
	g.Expect(f.count(t)).To(BeZero())
	f.fail(6)
	f.check(t.Context())
	g.Expect(disabler.Disabled(f.doc(t).Body)).To(BeTrue())
}

func (f *failing) edit(t *testing.T) {
	t.Helper()
	doc := f.doc(t)
	doc.Body = doc.Body.Set("name", "renamed")
	f.save(t, doc)
}

func TestAStoreThatRefusesIsTriedAgain(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	f.refuse = errors.New("disk full")
	f.fail(6)
	f.check(t.Context())
	g.Expect(f.changes).To(BeEmpty())
	g.Expect(f.count(t)).To(Equal(6))
	f.refuse = nil
	f.check(t.Context())
	g.Expect(f.changes).To(HaveLen(1))
}

func TestLimitsOfAccountAndHook(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	f.settings.Set(failingAccount, jobj.Object{{Key: disabler.CountKey, Value: "3"}})
	f.fail(2)
	f.check(t.Context())
	g.Expect(f.changes).To(BeEmpty())
	f.hook.Limit = disabler.Limit{Failures: 4}
	f.fail(1)
	f.check(t.Context())
	g.Expect(f.changes).To(BeEmpty(), "the hook's own limit is higher")
	f.fail(1)
	f.check(t.Context())
	g.Expect(f.changes).To(HaveLen(1))
}

// Failures of one millisecond are one for the reference (quirk failure-per-millisecond).
func TestFailuresOfOneMillisecond(t *testing.T) {
	for compat, want := range map[fidelity.Compat]int{fidelity.Kazoo: 1, fidelity.Corrected: 6} {
		f := newFailing(t, func(c *webhooks.Config) { c.Compat = compat })
		for range 6 {
			f.Failed(f.hook, f.clock.Now())
		}
		NewWithT(t).Expect(f.count(t)).To(Equal(want), string(compat))
	}
}

func TestTheCheckComesEveryQuarterOfTheWindow(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	checked := make(chan []kapi.DocChange)
	f.publish = func(_ context.Context, changes ...kapi.DocChange) { checked <- slices.Clone(changes) }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.run(ctx)
	}()
	g.Expect(f.clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	f.fail(6)
	f.clock.Advance(15*time.Second - 7*time.Millisecond)
	g.Consistently(checked).WithTimeout(20 * time.Millisecond).ShouldNot(Receive())
	f.clock.Advance(time.Millisecond)
	g.Eventually(checked).Should(Receive(HaveLen(1)))
	stop()
	<-ended
}

func TestTheDisablerCanBeDisabled(t *testing.T) {
	f := newFailing(t, func(c *webhooks.Config) { c.DisableDisabler = true })
	f.run(t.Context()) // returns at once
}
