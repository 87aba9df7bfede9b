package crossbar_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/explain"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// replays keeps what it is asked to replay.
type replays struct{ asked []webhooks.Replay }

func (r *replays) Replay(_ context.Context, again webhooks.Replay, _ *store.Document) (store.Attempt, error) {
	r.asked = append(r.asked, again)
	if again.Attempt.HookID == "unreplayable" {
		return store.Attempt{}, &webhooks.ReplayError{AttemptID: again.Attempt.ID, Reason: "is too old"}
	}
	return store.Attempt{ID: "made", Success: true, Body: jobj.Object{
		{Key: "uri", Value: again.To}, {Key: "req_headers", Value: jobj.Object{{Key: "x-kazoolab-replay", Value: again.Attempt.ID}}},
	}}, nil
}

// explaining is a world that remembers events.
type explaining struct {
	*world
	journal *journal.Journal
	replays *replays
	since   *time.Time                  // nil: no events are taken
	waiting map[string]webhooks.Waiting // by the rows of deliveries that are parked still
}

func newExplaining(t *testing.T) *explaining {
	t.Helper()
	return newExplainingWith(t, newKeys())
}

func newExplainingWith(t *testing.T, shared *keys) *explaining {
	t.Helper()
	x := &explaining{journal: journal.New(journal.Config{Events: 100, Bytes: 1 << 20, Mark: "test"}), replays: &replays{}, waiting: map[string]webhooks.Waiting{}}
	x.world = newWorld(t, shared, func(cfg *crossbar.Config) {
		live := webhooks.NewRegistry()
		engine := webhooks.New(webhooks.DefaultConfig(), webhooks.Dependencies{
			Hooks: live, Accounts: cfg.Accounts, Records: cfg.Store, Clock: cfg.Clock, IDs: ids.Seeded("engine"),
			Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), ClusterID: clusterID,
		})
		cfg.Replays = x.replays
		cfg.Listening = func() (time.Time, bool) {
			if x.since == nil {
				return time.Time{}, false
			}
			return *x.since, true
		}
		cfg.Events = explain.New(explain.Dependencies{
			Journal: x.journal, Engine: engine, Documents: cfg.Store, Accounts: cfg.Accounts, Live: live,
			Parked: func(_ context.Context, d journal.Delivery) (bool, webhooks.Waiting, error) {
				now, is := x.waiting[d.Parking.Row]
				return is, now, nil
			},
			Parse: func(doc store.Document) (*webhooks.Hook, error) {
				return webhooks.ParseHook(doc.ID, doc.AccountID, doc.Body, webhooks.Names(fidelity.Talk))
			},
		})
	})
	return x
}

// came remembers a call of an account; "" is one of nobody.
func (x *explaining) came(account, call string, hooks ...journal.Delivery) *journal.Event {
	x.clock.Advance(time.Second)
	return x.journal.Add(journal.Event{
		At: x.clock.Now(), AccountID: account, Message: journal.Message{Body: []byte(
			`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"` + call + `","Custom-Channel-Vars":{"Account-ID":"` + account + `"}}`)},
	}, hooks)
}

// What waits in the store is told as that: since when, why, and when it is tried next.
func TestParkedDeliveriesAreToldAsThat(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	next := x.clock.Now().Add(time.Hour)
	for row, c := range map[string]struct {
		now    *webhooks.Waiting
		reason string
		want   string
	}{
		"silent": {&webhooks.Waiting{Next: next}, journal.NoAnswer, `"outcome":"parked","parked":{"since":"%s","reason":"no_answer","text":"its receiver gives no answer","next_try":"` + next.Format(time.RFC3339) + `"}`},
		"slow":   {&webhooks.Waiting{}, journal.TooSlow, `"outcome":"parked","parked":{"since":"%s","reason":"too_slow","text":"its receiver is slower than its events come"}`},
		"behind": {&webhooks.Waiting{}, journal.Behind, `"outcome":"parked","parked":{"since":"%s","reason":"behind","text":"others of its hook are parked before it"}`},
		"off":    {&webhooks.Waiting{Off: true}, journal.Behind, `"outcome":"parked","parked":{"since":"%s","reason":"behind","text":"its hook is switched off, and what is parked waits until it is on again"}`},
		"gone":   {nil, journal.NoAnswer, `"outcome":"taken_out","parked":{"since":"%s","reason":"no_answer","text":"its receiver gives no answer"}`},
	} {
		if c.now != nil {
			x.waiting[row] = *c.now
		}
		e := x.came(customerID, "call", journal.Delivery{HookID: "h", AccountID: customerID})
		e.Park(customerID, "h", journal.Parking{At: e.At, Reason: c.reason, HookID: "h", Row: row})
		data := x.call(t, "GET", customerPath+"/kazoolab/events/"+e.ID, x.token(t, "customer"), "").want(t, http.StatusOK).data()
		hook, _ := data.Get("fired_hooks")
		told, _ := hook.([]any)[0].(jobj.Object)
		text := string(jobj.Append(nil, jobj.Object{{Key: "outcome", Value: told.String("outcome")}, {Key: "parked", Value: told.Object("parked")}}))
		g.Expect(text).To(Equal("{"+fmt.Sprintf(c.want, e.At.UTC().Format("2006-01-02T15:04:05.000Z"))+"}"), row)
		g.Expect(data.String("outcome")).To(Equal("parked"), row)
	}
}

// Of the events that came in, everyone sees those of the path's account and below,
// and of their hooks those of accounts that they may work on.
func TestEventsAreSeenFromAbove(t *testing.T) {
	x := newExplaining(t)
	everyAccount := []string{masterID, resellerID, customerID, subID, siblingID, disabledID}
	events := map[string]string{} // by account
	for _, id := range everyAccount {
		var hooks []journal.Delivery
		for _, owner := range everyAccount {
			hooks = append(hooks, journal.Delivery{HookID: "hook of " + owner, AccountID: owner})
		}
		events[id] = x.came(id, "call of "+id, hooks...).ID
	}
	events[""] = x.came("", "call of nobody").ID
	below := map[string][]string{
		masterID:   append(slices.Clone(everyAccount), ""),
		resellerID: {resellerID, customerID, subID, siblingID, disabledID},
		customerID: {customerID, subID},
		subID:      {subID},
		siblingID:  {siblingID},
		disabledID: {disabledID},
	}
	callers := map[string]string{"master": masterID, "reseller": resellerID, "customer": customerID, "clerk": customerID, "sub": subID, "sibling": siblingID}
	for caller, own := range callers {
		token := x.token(t, caller)
		for path, inside := range below {
			target := "/v2/accounts/" + path + "/kazoolab/events"
			if !slices.Contains(below[own], path) {
				x.call(t, "GET", target, token, "").want(t, http.StatusForbidden)
				x.call(t, "GET", target+"/"+events[path], token, "").want(t, http.StatusForbidden)
				continue
			}
			var seen []string
			for _, row := range x.call(t, "GET", target, token, "").want(t, http.StatusOK).rows() {
				seen = append(seen, row.String("call_id"))
			}
			var want []string
			for _, id := range inside {
				want = append(want, "call of "+orNobody(id))
			}
			slices.Sort(seen)
			slices.Sort(want)
			if !slices.Equal(seen, want) {
				t.Errorf("%s at %s sees %q, want %q", caller, path, seen, want)
			}
			for of, id := range events {
				status := http.StatusNotFound
				if slices.Contains(inside, of) {
					status = http.StatusOK
				}
				got := x.call(t, "GET", target+"/"+id, token, "").want(t, status)
				for _, owner := range everyAccount {
					told := strings.Contains(got.text, "hook of "+owner)
					may := status == http.StatusOK && of != "" && slices.Contains(below[own], owner)
					if told != may {
						t.Errorf("%s at %s, event of %s: told of the hook of %s: %v, want %v", caller, path, of, owner, told, may)
					}
				}
			}
		}
		x.clock.Advance(time.Minute)
	}
}

func orNobody(id string) string {
	if id == "" {
		return "nobody"
	}
	return id
}

func TestEventsAreListedNewestFirstPageByPage(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	for i := range 5 {
		x.came(customerID, fmt.Sprint("c", i))
	}
	token, path := x.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/events"
	calls := func(r reply) string {
		var all []string
		for _, row := range r.rows() {
			all = append(all, row.String("call_id"))
		}
		return strings.Join(all, " ")
	}
	first := x.call(t, "GET", path+"?page_size=2", token, "").want(t, http.StatusOK)
	g.Expect(calls(first)).To(Equal("c4 c3"))
	x.came(customerID, "c5")
	second := x.call(t, "GET", path+"?page_size=2&start_key="+first.envelope.String("next_start_key"), token, "")
	g.Expect(calls(second)).To(Equal("c2 c1"))
	for query, want := range map[string]string{
		"?call_id=c3":                "c3",
		"?event=channel_create":      "c5 c4 c3 c2 c1 c0",
		"?event=CHANNEL_CREATE":      "c5 c4 c3 c2 c1 c0",
		"?event=channel_destroy":     "",
		"?filter_outcome=no_hook":    "c5 c4 c3 c2 c1 c0",
		"?filter_not_call_id=c1":     "c5 c4 c3 c2 c0",
		"?paginate=false":            "c5 c4 c3 c2 c1 c0",
		"?ascending=true":            "c0 c1 c2 c3 c4 c5",
		"?created_from=99999999999":  "",
		"?call_id=c3&event=whatever": "",
	} {
		g.Expect(calls(x.call(t, "GET", path+query, token, ""))).To(Equal(want), query)
	}
}

func TestTheLastEventCanBeAskedFor(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	for i := range 3 {
		x.came(customerID, fmt.Sprint("c", i))
	}
	x.came(resellerID, "the reseller's")
	token, path := x.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/events/last"
	g.Expect(x.call(t, "GET", path, token, "").data().String("call_id")).To(Equal("c2"))
	g.Expect(x.call(t, "GET", path+"?call_id=c1", token, "").data().String("call_id")).To(Equal("c1"))
	x.call(t, "GET", path+"?event=sms", token, "").want(t, http.StatusNotFound)

	x.journal.Add(journal.Event{AccountID: customerID, At: x.clock.Now(), Message: journal.Message{Body: []byte(
		`{"Event-Category":"configuration","Event-Name":"doc_edited","ID":"u1","Type":"user","Rev":"1-a","Database":"` + kapi.AccountDB(customerID) +
			`","App-Name":"crossbar","App-Version":"4.0.0","Msg-ID":"1"}`)}}, nil)
	for query, want := range map[string]string{"": "channel_create", "?all=true": "object", "?event=object": "object"} {
		g.Expect(x.call(t, "GET", path+query, token, "").data().String("event")).To(Equal(want), query)
	}
	list := strings.TrimSuffix(path, "/last")
	g.Expect(x.call(t, "GET", list, token, "").rows()).To(HaveLen(4))
	g.Expect(x.call(t, "GET", list+"?all=false", token, "").rows()).To(HaveLen(3))
}

func TestAnExplanationReadsWell(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	x.save(t, 1, store.Document{
		DB: kapi.DatabaseWebhooks, ID: "h1", Type: store.TypeWebhook, AccountID: customerID, Body: jobj.Object{
			{Key: "name", Value: "CRM"}, {Key: "uri", Value: "http://127.0.0.1/"}, {Key: "hook", Value: "channel_create"}, {Key: "enabled", Value: false},
		},
	})
	e := x.came(customerID, "c1", journal.Delivery{HookID: seedHook, AccountID: customerID, Request: journal.Request{URI: "http://127.0.0.1:18080/seed", Method: "post"}})
	e.Sending(customerID, seedHook, journal.Request{
		URI: "http://127.0.0.1:18080/seed", Method: "post", EventID: "0123456789", ContentType: "application/json", Sent: []byte("{}"),
	})
	e.Tried(customerID, seedHook, journal.Try{At: x.clock.Now(), Status: 503, Answer: "busy", Elapsed: 12 * time.Millisecond, AttemptID: "a1", Final: true})
	got := x.call(t, "GET", "/v2/accounts/"+customerID+"/kazoolab/events/"+e.ID, x.token(t, "customer"), "").want(t, http.StatusOK)
	g.Expect(jobj.Append(nil, got.data())).To(MatchJSON(`{
		"id":"test-1","received":"2026-11-15T12:00:01.000Z","event":"channel_create","event_name":"CHANNEL_CREATE","call_id":"c1",
		"account_id":"` + customerID + `","account_name":"Customer","outcome":"failed","fired":1,"failed":1,
		"fired_hooks":[{"id":"` + seedHook + `","name":"seed","hook":"channel_create","uri":"http://127.0.0.1:18080/seed",
			"account_id":"` + customerID + `","account_name":"Customer","relation":"own","outcome":"failed","method":"post",
			"target":"http://127.0.0.1:18080/seed","content_type":"application/json","event_id":"0123456789","sent":"{}",
			"tries":[{"at":"2026-11-15T12:00:01.000Z","status":503,"answer":"busy","attempt_id":"a1","success":false,"ms":12}]}],
		"silent_hooks":[{"id":"h1","name":"CRM","hook":"channel_create","uri":"http://127.0.0.1/","account_id":"` + customerID + `",
			"account_name":"Customer","relation":"own","would_fire_if":"enabled were true","reasons":[{"reason":"disabled","field":"enabled",
			"wants":true,"has":false,"since":"2026-11-15T12:00:00Z","text":"is switched off by hand"}]}],
		"unlisted_hooks":0,"message_size":148,
		"message":{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"c1","Custom-Channel-Vars":{"Account-ID":"` + customerID + `"}}}`))
}

func TestWhatIsNotRememberedIsSaidWithAHint(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	token, path := x.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/events"
	g.Expect(x.call(t, "GET", path, token, "").header.Get("X-Kazoolab-Hint")).To(ContainSubstring("takes no events now"))
	got := x.call(t, "GET", path+"/last", token, "").want(t, http.StatusNotFound)
	g.Expect(got.data().String("message")).To(Equal("no such event is remembered; this node takes no events now: see /readyz"))
	now := x.clock.Now()
	x.since = &now
	got = x.call(t, "GET", path+"/test-7", token, "").want(t, http.StatusNotFound)
	g.Expect(got.data().String("message")).To(Equal("no such event is remembered; this node has taken events since 2026-11-15T12:00:00Z"))
	hostile := x.call(t, "GET", path+"/%0d%0aX-Evil:%201", token, "").want(t, http.StatusNotFound)
	g.Expect(hostile.header).NotTo(HaveKey("X-Evil"))
}
