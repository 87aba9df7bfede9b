package explain_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/explain"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is the real engine with webhooks and accounts as a reseller has them:
//
//	reseller ── acme ── branch
//	         └─ rival
type lab struct {
	g         *WithT
	clock     *clockwork.FakeClock
	store     *shelf
	directory *account.Directory
	live      *webhooks.Registry
	engine    *webhooks.Engine
	journal   *journal.Journal
	explainer *explain.Explainer
	receiver  *httptest.Server
	status    int             // what the receiver answers
	ctx       context.Context //nolint:containedctx // the engine's life
}

// The accounts. A ghost has no document.
const (
	reseller = "11111111111111111111111111111111"
	acme     = "aaaa0000000000000000000000000001"
	branch   = "bbbb0000000000000000000000000001"
	rival    = "cccc0000000000000000000000000001"
	ghost    = "99999999999999999999999999999999"
)

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{
		g: NewWithT(t), clock: clockwork.NewFakeClockAt(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC)),
		directory: account.NewDirectory(), live: webhooks.NewRegistry(), status: http.StatusOK,
	}
	l.receiver = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(l.status) }))
	t.Cleanup(l.receiver.Close)
	random, quiet := ids.Seeded(t.Name()), slog.New(slog.DiscardHandler)
	l.store = &shelf{clock: l.clock, attempts: map[string]store.Attempt{}}
	l.directory.Replace([]account.Account{
		{ID: reseller, Name: "Reseller", IsReseller: true, Enabled: true},
		{ID: acme, Name: "Acme", Tree: []string{reseller}, Enabled: true},
		{ID: branch, Name: "Branch", Tree: []string{reseller, acme}, Enabled: true},
		{ID: rival, Name: "Rival", Tree: []string{reseller}, Enabled: true},
	}, map[string]string{"+14158867900": acme, "+14158867901": ghost})
	l.journal = journal.New(journal.Config{Events: 100, Bytes: 1 << 20, Mark: "test"})
	cfg := webhooks.DefaultConfig()
	cfg.MaxEvent, cfg.Guard.AllowLoopback = 4096, true
	l.engine = webhooks.New(cfg, webhooks.Dependencies{
		Hooks: l.live, Accounts: l.directory, Records: l.store, Clock: l.clock, IDs: random, Log: quiet,
		Metrics: prometheus.NewRegistry(), ClusterID: "cluster", Journal: l.journal,
	})
	l.explainer = explain.New(explain.Dependencies{
		Journal: l.journal, Engine: l.engine, Documents: l.store, Accounts: l.directory, Live: l.live, Parse: parse,
	})
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	l.ctx = ctx
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.engine.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		l.engine.Drain(context.Background())
		<-ended
	})
	return l
}

func parse(doc store.Document) (*webhooks.Hook, error) {
	return webhooks.ParseHook(doc.ID, doc.AccountID, doc.Body, webhooks.Names(fidelity.Talk))
}

// save writes a webhook and makes it live, as the bridge does when it learns of it.
func (l *lab) save(doc store.Document) store.Document {
	saved := l.store.save(doc)
	l.live.Remove(saved.AccountID, saved.ID)
	if hook, err := parse(saved); err == nil && !saved.Deleted && webhooks.Loadable(saved.Body) {
		l.live.Set(hook)
	}
	return saved
}

// hook creates the webhook of an account; a name and where to send are filled in.
func (l *lab) hook(owner, text string) store.Document {
	body, err := jobj.ParseObject([]byte(text))
	l.g.Expect(err).NotTo(HaveOccurred(), text)
	for _, m := range []jobj.Member{{Key: "name", Value: "CRM"}, {Key: "uri", Value: l.receiver.URL}} {
		if !body.Has(m.Key) {
			body = append(body, m)
		}
	}
	return l.save(store.Document{
		DB: kapi.DatabaseWebhooks, ID: "id of " + body.String("name"), Type: store.TypeWebhook, AccountID: owner, Body: body,
	})
}

// edit changes members of a stored webhook.
func (l *lab) edit(doc store.Document, members ...jobj.Member) store.Document {
	for _, m := range members {
		doc.Body = doc.Body.Set(m.Key, m.Value)
	}
	return l.save(doc)
}

// event brings a message and waits until it is dealt with.
func (l *lab) event(body string) { l.await(l.begin(body)) }

// begin brings a message and leaves it under way.
func (l *lab) begin(body string) <-chan struct{} {
	acked := make(chan struct{})
	l.engine.Handle(l.ctx, webhooks.Message{Body: []byte(body), ContentType: "application/json", Ack: func() error {
		close(acked)
		return nil
	}})
	return acked
}

func (l *lab) await(acked <-chan struct{}) {
	l.g.Eventually(l.ctx, acked).WithTimeout(10 * time.Second).Should(BeClosed())
}

func everyone(string) bool { return true }

// explain explains the last event to somebody who may know everything.
func (l *lab) explain() explain.Explanation {
	events := l.explainer.Events(everyone, everyone)
	l.g.Expect(events).NotTo(BeEmpty())
	e, ok, err := l.explainer.Explain(l.ctx, events[0].ID, everyone, everyone)
	l.g.Expect(err).NotTo(HaveOccurred())
	l.g.Expect(ok).To(BeTrue())
	return e
}
