package webhooks_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// The accounts and the number of the recording.
const (
	recordedCluster  = "6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0"
	recordedAccount  = "account0000000000000000000000001"
	recordedReseller = "reseller000000000000000000000001"
	recordedNumber   = "+14158867900"
)

// bench plays one record: one event against one hook.
type bench struct {
	receiver *receiver
	clock    *clockwork.FakeClock
	waited   atomic.Int64 // nanoseconds that the clock was moved by
	metrics  *prometheus.Registry

	mu       sync.Mutex
	attempts []store.Attempt
}

func (b *bench) Record(_ context.Context, batch store.Batch) error {
	attempts := batch.Attempts
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attempts = append(b.attempts, attempts...)
	return nil
}

type play struct {
	event    string
	hook     jobj.Object
	accounts []account.Account
	reserved payload.ReservedVars
	log      bool            // log_successful_attempts
	compat   fidelity.Compat // "" is kazoo
}

// run plays until the message is acknowledged, moving the clock whenever all
// that is left to do is to wait. loaded is false when the hook was refused.
func (b *bench) run(t *testing.T, p play) (loaded bool) {
	t.Helper()
	document := webhooks.Prepare(p.hook, fidelity.V50, p.compat)
	hook, err := webhooks.ParseHook(document.String("_id"), document.String("pvt_account_id"), document, webhooks.Names(fidelity.V50))
	if err != nil || !webhooks.Loadable(document) {
		return false
	}
	directory := account.NewDirectory()
	directory.Replace(p.accounts, map[string]string{recordedNumber: recordedAccount})
	hooks := webhooks.NewRegistry()
	hooks.Set(hook)
	cfg := webhooks.DefaultConfig()
	cfg.Dialect, cfg.Compat = fidelity.V50, cmp.Or(p.compat, fidelity.Kazoo)
	cfg.Reserved, cfg.LogSuccessfulAttempts = p.reserved, p.log
	cfg.Guard.Level = guard.Off // the reference has none
	b.metrics = prometheus.NewRegistry()
	engine := webhooks.New(cfg, webhooks.Dependencies{
		Hooks: hooks, Accounts: directory, Records: b, Clock: b.clock, IDs: ids.Seeded(t.Name()),
		Log: slog.New(slog.DiscardHandler), Metrics: b.metrics, ClusterID: recordedCluster,
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go engine.Run(ctx)
	acked := make(chan struct{})
	engine.Handle(ctx, webhooks.Message{Body: []byte(p.event), ContentType: "application/json", Ack: func() error {
		close(acked)
		return nil
	}})
	go func() {
		// Whoever waits does so between two tries: nothing else is left to do.
		for b.clock.BlockUntilContext(ctx, 1) == nil {
			b.waited.Add(int64(cfg.RetryPause)) // before: what follows may end the play
			b.clock.Advance(cfg.RetryPause)
		}
	}()
	select {
	case <-acked:
		engine.Drain(context.Background())
	case <-ctx.Done():
		t.Fatal("the message was never acknowledged")
	}
	return true
}

func newBench(t *testing.T, script ...answer) *bench {
	t.Helper()
	return &bench{
		receiver: newReceiver(t, script...),
		clock:    clockwork.NewFakeClockAt(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC)),
	}
}

func recordedAccounts(id, reseller string) []account.Account {
	master := account.Account{ID: recordedReseller, Enabled: true, IsReseller: true}
	own := account.Account{ID: recordedAccount, Tree: []string{recordedReseller}, ResellerID: recordedReseller, Enabled: true}
	if id == "" || id == recordedAccount {
		if id != "" {
			own.ResellerID = reseller
		}
		return []account.Account{master, own}
	}
	return []account.Account{master, own, {
		ID: id, Tree: []string{recordedReseller, recordedAccount}, ResellerID: reseller, Enabled: true,
	}}
}

// TestRetriesVector compares requests, pauses, failures and attempts of receivers
// that answer badly or not at all.
func TestRetriesVector(t *testing.T) {
	tally := vectortest.NewTally(t, "retries")
	for _, r := range vectortest.Read(t, "retries", "server", "hook", "config", "result", "requests", "elapsed_s",
		"failure_count", "attempts") {
		b := newBench(t, recordedScript(t, r)...)
		hook := r.Object.Object("hook").
			Set("_id", "hook0000000000000000000000000001").
			Set("pvt_account_id", recordedAccount).Set("hook", "channel_create")
		uri := hook.String("uri")
		if r.Has("config") && hook.String("format") == "json" {
			// The records of logged attempts leave out a member of this hook, which their
			// own req_body shows.
			hook = hook.Set("custom_data", jobj.Object{{Key: "k", Value: "v"}})
		}
		b.run(t, play{
			event: `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"c1",` +
				`"Custom-Channel-Vars":{"Account-ID":"` + recordedAccount + `"}}`,
			hook:     hook.Set("uri", b.receiver.here(uri)),
			accounts: recordedAccounts("", ""),
			log:      r.Bool(false, "config", "log_successful_attempts"),
		})
		if strings.ContainsAny(uri, "[]") && strings.Contains(string(r.RawMember("attempts")), `"invalid_uri"`) {
			if got := b.receiver.requests(); len(got) == 1 && got[0].Target == "/hook"+uri[strings.IndexByte(uri, '?'):] {
				tally.Differ("uri-brackets")
			} else {
				tally.Disagree(r, "brackets in the uri: got %+v", got)
			}
			continue
		}
		diff := b.diffRetries(r)
		switch {
		case diff == "":
			tally.Agree()
		case strings.HasPrefix(diff, "waited") && strings.HasPrefix(uri, "https:"):
			tally.Differ("tls-wait")
		default:
			tally.Disagree(r, "%s", diff)
		}
	}
}

func (b *bench) diffRetries(r vectortest.Record) string {
	if diff := diffRequests(b.receiver.requests(), recordedRequests(r)); diff != "" && r.Has("requests") {
		return diff
	}
	failures := 0
	var got []any
	for _, a := range b.attempts {
		if !a.Success {
			failures++
		}
		got = append(got, a.Body.Delete("event_id", "pvt_created", "pvt_modified", "pvt_account_db"))
	}
	want, _ := r.Get("attempts")
	for i, a := range want.([]any) {
		want.([]any)[i] = a.(jobj.Object).Delete("event_id", "pvt_created", "pvt_modified", "pvt_account_db")
	}
	gotText := b.receiver.there(string(jobj.Append(nil, got)))
	if wantText := string(jobj.Append(nil, want)); gotText != wantText && (len(got) > 0 || wantText != "[]") {
		return "attempts\n got " + gotText + "\nwant " + wantText
	}
	if r.Has("failure_count") && int64(failures) != r.Int("failure_count") {
		return "failures differ"
	}
	if waited := int64(time.Duration(b.waited.Load()) / time.Second); r.Has("elapsed_s") && waited != r.Int("elapsed_s") {
		return fmt.Sprintf("waited %d s, recorded ", waited) + string(r.RawMember("elapsed_s"))
	}
	return ""
}

// recordedScript reads what the recorded receiver did.
func recordedScript(t *testing.T, r vectortest.Record) []answer {
	t.Helper()
	var steps []any
	if err := json.Unmarshal(r.RawMember("server"), &steps); err != nil {
		t.Fatal(err)
	}
	script := make([]answer, len(steps))
	for i, step := range steps {
		switch step := step.(type) {
		case float64:
			script[i].status = int(step)
		case string:
			if step != "close without answering" {
				t.Fatalf("retries.jsonl:%d: unknown step %q", r.Line, step)
			}
			script[i].close = true
		case map[string]any:
			script[i].status = int(step["status"].(float64))
			script[i].header, _ = step["header"].(string)
		}
	}
	return script
}

func recordedRequests(r vectortest.Record) []received {
	list, _ := r.Get("requests")
	var out []received
	items, _ := list.([]any)
	for _, item := range items {
		obj := item.(jobj.Object)
		req := received{Method: obj.String("method"), Target: obj.String("target"), Body: obj.String("body"), Header: http.Header{}}
		headers, _ := obj.Get("headers")
		for _, h := range headers.([]any) {
			pair := h.([]any)
			req.Header.Add(pair[0].(string), pair[1].(string))
		}
		out = append(out, req)
	}
	return out
}

// diffRequests compares as the recording says: method, target and body byte for
// byte, headers by name and value, apart from those of that client.
func diffRequests(got, want []received) string {
	if len(got) != len(want) {
		return "requests: got " + asText(got) + "\nwant " + asText(want)
	}
	for i := range got {
		g, w := got[i], want[i]
		g.Header, w.Header = compared(g), compared(w)
		if gt, wt := asText(g), asText(w); gt != wt {
			return "\n got " + gt + "\nwant " + wt
		}
	}
	return ""
}

func compared(r received) http.Header {
	h := r.Header.Clone()
	for _, name := range []string{"Te", "Host", "Connection"} {
		h.Del(name)
	}
	if r.Method == http.MethodGet && h.Get("Content-Length") == "0" {
		h.Del("Content-Length")
	}
	return h
}

func asText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func texts(v any) []string {
	var out []string
	list, _ := v.([]any)
	for _, e := range list {
		out = append(out, e.(string))
	}
	return out
}

// TestFanoutVector compares who fires for whom, and in which order.
func TestFanoutVector(t *testing.T) {
	tally := vectortest.NewTally(t, "fanout")
	for _, r := range vectortest.Read(t, "fanout", "label", "event_account", "tree", "hooks", "fired") {
		got, want := fanOut(t, r), recordedFiring(r)
		if sameBetweenAccounts(got, want) {
			tally.Agree()
		} else {
			tally.Disagree(r, "\n got %v\nwant %v", got, want)
		}
	}
}

type fired struct{ hook, owner string }

func fanOut(t *testing.T, r vectortest.Record) []fired {
	t.Helper()
	tree, _ := r.Get("tree")
	hooks, _ := r.Get("hooks")
	registry := webhooks.NewRegistry()
	for _, h := range hooks.([]any) {
		doc := h.(jobj.Object).Set("uri", "http://receiver.example/")
		if !webhooks.Loadable(doc) {
			continue
		}
		hook, err := webhooks.ParseHook(doc.String("id"), doc.String("account_id"), doc, webhooks.Names(fidelity.V50))
		if err != nil {
			t.Fatalf("fanout.jsonl:%d: %v", r.Line, err)
		}
		registry.Set(hook)
	}
	var got []fired
	for _, hook := range registry.Find("channel_create", r.String("event_account"), texts(tree)) {
		got = append(got, fired{hook.ID, hook.AccountID})
	}
	return got
}

func recordedFiring(r vectortest.Record) []fired {
	list, _ := r.Get("fired")
	var want []fired
	for _, f := range list.([]any) {
		f := f.(jobj.Object)
		want = append(want, fired{f.String("x_hook_id"), f.String("x_account_id")})
	}
	return want
}

// sameBetweenAccounts compares the order between owners; among the hooks of one
// any order will do.
func sameBetweenAccounts(got, want []fired) bool {
	byOwner := func(a, b fired) int {
		if a.owner != b.owner {
			return 0
		}
		return strings.Compare(a.hook, b.hook)
	}
	slices.SortStableFunc(got, byOwner)
	slices.SortStableFunc(want, byOwner)
	return slices.Equal(got, want)
}
