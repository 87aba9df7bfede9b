package webhooks_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Accounts of a stage: acme and rival below reseller.
const (
	stageReseller = "11111111111111111111111111111111"
	stageAcme     = "22222222222222222222222222222222"
	stageRival    = "33333333333333333333333333333333"
	stageAcmeDB   = "account%2F22%2F22%2F2222222222222222222222222222"
)

// stage is a bridge's middle: hook documents, messages, and a receiver that
// answers as it is told.
type stage struct {
	dialect fidelity.Dialect
	compat  fidelity.Compat
	log     *slog.Logger // nil is none

	receiver *receiver
	accounts *account.Directory
	hooks    *webhooks.Registry
	ledger   *ledger
	metrics  *prometheus.Registry
	clock    *clockwork.FakeClock
	engine   *webhooks.Engine
	ctx      context.Context //nolint:containedctx // the engine's life, which each message shares
}

// on sets a stage up.
func on(t *testing.T, s stage, script ...answer) *stage {
	t.Helper()
	if script == nil {
		script = []answer{{status: 200}}
	}
	s.receiver = newReceiver(t, script...)
	s.hooks, s.ledger, s.metrics, s.clock = webhooks.NewRegistry(), &ledger{}, prometheus.NewRegistry(), clockwork.NewFakeClock()
	s.accounts = account.NewDirectory()
	s.accounts.Replace([]account.Account{
		{ID: stageReseller, IsReseller: true, Enabled: true},
		{ID: stageAcme, Tree: []string{stageReseller}, ResellerID: stageReseller, Enabled: true},
		{ID: stageRival, Tree: []string{stageReseller}, ResellerID: stageReseller, Enabled: true},
	}, nil)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	cfg := webhooks.DefaultConfig()
	cfg.Dialect, cfg.Compat, cfg.Guard.Level = s.dialect, s.compat, guard.Off
	s.engine = webhooks.New(cfg, webhooks.Dependencies{
		Hooks: s.hooks, Accounts: s.accounts, Records: s.ledger, Clock: s.clock, IDs: ids.Seeded(t.Name()),
		Log: s.log, Metrics: s.metrics, ClusterID: "c1",
	})
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	s.ctx = ctx
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.engine.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		s.engine.Drain(context.Background())
		<-ended
	})
	return &s
}

// hook loads a hook document of acme, its members given as JSON; uri points at the
// receiver unless it is given. The error is why it is refused.
func (s *stage) hook(t *testing.T, members string) error {
	t.Helper()
	return s.hookOf(t, stageAcme, fmt.Sprint("h", s.hooks.Len()+1), members)
}

func (s *stage) hookOf(t *testing.T, owner, id, members string) error {
	t.Helper()
	doc := document(t, "{"+members+"}")
	if !doc.Has("uri") {
		doc = doc.Set("uri", s.receiver.server.URL+"/hook")
	}
	hook, err := webhooks.ParseHook(id, owner, webhooks.Prepare(doc, s.dialect, s.compat), webhooks.Names(s.dialect))
	if err == nil {
		s.hooks.Set(hook)
	}
	return err
}

// send plays a message until it is acknowledged, and returns what has arrived since
// the last one.
func (s *stage) send(t *testing.T, message string) []received {
	t.Helper()
	return s.take(t, webhooks.Message{
		Body: []byte(strings.ReplaceAll(message, "RECEIVER", s.receiver.server.URL)), ContentType: "application/json",
	})
}

// take is send for a message of any make.
func (s *stage) take(t *testing.T, message webhooks.Message) []received {
	t.Helper()
	before := len(s.receiver.requests())
	acked := make(chan struct{})
	message.Ack = func() error { close(acked); return nil }
	s.engine.Handle(s.ctx, message)
	playing, stop := context.WithCancel(s.ctx)
	defer stop()
	go func() {
		for s.clock.BlockUntilContext(playing, 1) == nil {
			s.clock.Advance(2 * time.Second)
		}
	}()
	select {
	case <-acked:
	case <-s.ctx.Done():
		t.Fatal("the message was never acknowledged")
	}
	return s.receiver.requests()[before:]
}

// sent plays a message to one hook and gives the text that it sends: a body, or
// what follows the question mark of a GET; "nothing" when it sends none.
func (s *stage) sent(t *testing.T, hook, message string) string {
	t.Helper()
	NewWithT(t).Expect(s.hook(t, hook)).To(Succeed())
	var texts []string
	for _, r := range s.send(t, message) {
		_, query, _ := strings.Cut(r.Target, "?")
		texts = append(texts, r.Body+query)
	}
	if texts == nil {
		return "nothing"
	}
	return strings.Join(texts, " then ")
}

// field is one member of a form text; "absent" where it is missing.
func field(text, name string) string {
	values, err := url.ParseQuery(text)
	if err != nil || !values.Has(name) {
		return "absent"
	}
	return values.Get(name)
}

// names are the names of a form text's members, in order, each once.
func names(text string) string {
	var found []string
	for member := range strings.SplitSeq(text, "&") {
		name, _, _ := strings.Cut(member, "=")
		name, _, _ = strings.Cut(name, "[")
		if len(found) == 0 || found[len(found)-1] != name {
			found = append(found, name)
		}
	}
	return strings.Join(found, " ")
}

// Messages of a stage, all of acme; members are added in front.
func callMessage(event, members string) string {
	return `{"Event-Category":"call_event","Event-Name":"` + event + `","Call-ID":"call-1",` + comma(members) +
		`"Custom-Channel-Vars":{"Account-ID":"` + stageAcme + `"},"Msg-ID":"m","App-Name":"switch","App-Version":"1.0"}`
}

func userEdited() string {
	return `{"Event-Category":"configuration","Event-Name":"doc_edited","ID":"doc-1","Type":"user","Database":"` + stageAcmeDB + `","Msg-ID":"m","App-Name":"datamgr","App-Version":"4.0.0"}`
}

func notificationMessage(name, members string) string {
	return `{"Event-Category":"notification","Event-Name":"` + name + `",` + comma(members) +
		`"Account-ID":"` + stageAcme + `","Msg-ID":"m","App-Name":"fax","App-Version":"4.0.0","Node":"n"}`
}

func textMessage(category string) string {
	return `{"Event-Category":"` + category + `","Event-Name":"inbound","Message-ID":"msg-1","Account-ID":"` + stageAcme +
		`","From":"+12125550199","To":"+14155550100","Body":"running late","Route-Type":"offnet","Msg-ID":"m","App-Name":"im","App-Version":"1.0"}`
}

// callflowMessage is what the callflow action webhook publishes; hook are members of
// the hook it brings, whose address is the receiver's.
func callflowMessage(hook string) string {
	return `{"Event-Category":"notification","Event-Name":"webhook","Msg-ID":"m","App-Name":"callflow","App-Version":"4.0.0",` +
		`"Data":{"Call-ID":"call-1","Caller-ID-Name":"Pat"},"Hook":{"_id":"63877472675","pvt_account_id":"` + stageAcme +
		`","uri":"RECEIVER/flow",` + comma(hook) + `"hook":"notifications"}}`
}

const inboundFax = `"Fax-ID":"f1","From-Realm":"r","From-User":"u","To-Realm":"r","To-User":"u",` +
	`"Fax-Info":{"Fax-Success":true,"Fax-Total-Pages":2},"Fax-Notifications":{"email":{"send_to":["a@b.example"]}}`

func comma(members string) string {
	if members == "" {
		return ""
	}
	return members + ","
}
