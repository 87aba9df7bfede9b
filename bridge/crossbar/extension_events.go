package crossbar

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/explain"
)

// Events explains what came of the events that came in last. The two functions say
// whose events and whose hooks an answer may tell of.
type Events interface {
	On() bool // whether events are remembered at all
	Events(within, mayKnow explain.MayKnow) []explain.Summary
	Noteworthy(ctx context.Context, events []explain.Summary, mayKnow explain.MayKnow) ([]explain.Summary, error)
	Explain(ctx context.Context, id string, within, mayKnow explain.MayKnow) (explain.Explanation, bool, error)
}

// Listening says whether this node takes events, and since when.
type Listening func() (since time.Time, ok bool)

// within says of which accounts the events are shown: the one of the path and those
// below it. What belongs to none, or to one that is gone, is for whoever runs the system, under the
// path of such an account.
func (h *handler) within(req *request) explain.MayKnow {
	return func(accountID string) bool {
		if _, ok := h.Accounts.Get(accountID); !ok {
			return req.caller.Superduper && req.account.Superduper
		}
		return accountID == req.account.ID || slices.Contains(h.Accounts.Ancestors(accountID), req.account.ID)
	}
}

// mayKnow says whose hooks the caller may hear of. Those of an account that is gone
// are for whoever runs the system.
func (h *handler) mayKnow(req *request) explain.MayKnow {
	return func(accountID string) bool {
		target, ok := h.Accounts.Get(accountID)
		return req.caller.Superduper || ok && account.MayAccess(req.caller, target)
	}
}

// listEvents lists all events or, with all=false, the noteworthy ones.
func (h *handler) listEvents(ctx context.Context, req *request) (outcome, error) {
	found, err := h.events(ctx, req, true)
	if err != nil {
		return outcome{}, err
	}
	rows := make([]row, len(found))
	for i, s := range found {
		shown := summaryOf(s)
		rows[i] = row{
			key: fmt.Sprintf("%020d", s.At.UnixNano()), id: s.ID, value: shown,
			stored: append(slices.Clip(shown), jobj.Member{Key: "pvt_created", Value: kapi.Gregorian(s.At)}),
		}
	}
	if len(rows) == 0 {
		req.hint("no such event is remembered; %s", h.listening())
	}
	return req.listing(rows, true)
}

// events lists those that the caller may see here and asks for, newest first. all
// says whether those that nobody waits for are among them if the query does not.
func (h *handler) events(ctx context.Context, req *request, all bool) ([]explain.Summary, error) {
	event, call, mayKnow := req.text("event"), req.text("call_id"), h.mayKnow(req)
	found := slices.DeleteFunc(h.Events.Events(h.within(req), mayKnow), func(s explain.Summary) bool {
		return event != "" && event != s.Event && event != s.Name || call != "" && call != s.Subject
	})
	if event != "" || call != "" || req.flag("all", all) {
		return found, nil
	}
	return h.Events.Noteworthy(ctx, found, mayKnow)
}

// listening says since when events have been taken.
func (h *handler) listening() string {
	since, ok := h.Listening()
	switch {
	case !h.Events.On():
		return "events are not remembered here (webhooks.explain-events is 0)"
	case !ok:
		return "this node takes no events now: see /readyz"
	}
	return "this node has taken events since " + since.UTC().Format(time.RFC3339)
}

func summaryOf(s explain.Summary) jobj.Object {
	o := jobj.Object{
		{Key: "id", Value: s.ID},
		{Key: "received", Value: s.At.UTC().Format("2006-01-02T15:04:05.000Z")},
	}
	put := func(key, value string) {
		if value != "" {
			o = append(o, jobj.Member{Key: key, Value: value})
		}
	}
	put("event", s.Event)
	put("event_name", s.Name)
	put(cmp.Or(s.Kind, "call_id"), s.Subject)
	put("account_id", s.Account.ID)
	put("account_name", s.Account.Name)
	put("outcome", s.Outcome)
	put("dropped", s.Dropped)
	return append(o,
		jobj.Member{Key: "fired", Value: s.Fired},
		jobj.Member{Key: "failed", Value: s.Failures})
}

// lastEvent stands for the id of the newest event that the query chooses and that
// is noteworthy, unless all=true.
const lastEvent = "last"

func (h *handler) explainEvent(ctx context.Context, req *request) (outcome, error) {
	id := req.arg(1)
	if id == lastEvent {
		found, err := h.events(ctx, req, false)
		if err != nil {
			return outcome{}, err
		}
		if len(found) > 0 {
			id = found[0].ID
		}
	}
	e, ok, err := h.Events.Explain(ctx, id, h.within(req), h.mayKnow(req))
	if err != nil {
		return outcome{}, err
	}
	if !ok {
		f := badIdentifier(id)
		f.data = jobj.Object{{Key: "cause", Value: id}, {Key: "message", Value: "no such event is remembered; " + h.listening()}}
		return outcome{}, f
	}
	return outcome{data: explanationOf(e)}, nil
}

func explanationOf(e explain.Explanation) jobj.Object {
	o := summaryOf(e.Summary)
	put := func(key string, value any) { o = append(o, jobj.Member{Key: key, Value: value}) }
	if e.Why != nil {
		put("why", reasonOf(*e.Why))
	}
	if len(e.Sought) > 0 {
		sought := make([]any, len(e.Sought))
		for i, s := range e.Sought {
			sought[i] = withText(jobj.Object{{Key: "field", Value: s.Field}}, "value", s.Has, "number", s.Number, "account_id", s.Owner)
		}
		put("sought", sought)
	}
	fired := make([]any, len(e.Fired))
	for i, f := range e.Fired {
		fired[i] = firedOf(f)
	}
	put("fired_hooks", fired)
	silent := make([]any, len(e.Silent))
	for i, s := range e.Silent {
		silent[i] = silentOf(s)
	}
	put("silent_hooks", silent)
	put("unlisted_hooks", e.Unlisted)
	if e.Sockets != nil {
		sockets := make([]any, len(e.Sockets.Sockets))
		for i, s := range e.Sockets.Sockets {
			sockets[i] = jobj.Object{{Key: "websocket_session_id", Value: s.ID}, {Key: "account_id", Value: s.AccountID}, {Key: "binding", Value: s.Binding}}
		}
		put("sockets", sockets)
		put("unlisted_sockets", e.Sockets.Unlisted)
	}
	put("message_size", e.Size)
	if message, err := jobj.ParseObject(e.Body); err == nil {
		put("message", message)
	}
	return o
}

// withText appends the pairs of key and text whose text is not empty.
func withText(o jobj.Object, pairs ...string) jobj.Object {
	for pair := range slices.Chunk(pairs, 2) {
		if key, text := pair[0], pair[len(pair)-1]; text != "" {
			o = append(o, jobj.Member{Key: key, Value: text})
		}
	}
	return o
}

func hookOf(hook explain.Hook) jobj.Object {
	return withText(jobj.Object{{Key: "id", Value: hook.ID}},
		"name", hook.Name, "hook", hook.Listens, "uri", hook.URI,
		"account_id", hook.Owner.ID, "account_name", hook.Owner.Name, "relation", string(hook.Relation))
}

func silentOf(s explain.Silent) jobj.Object {
	o := hookOf(s.Hook)
	reasons := make([]any, len(s.Obstacles))
	for i, obstacle := range s.Obstacles {
		reasons[i] = reasonOf(obstacle)
	}
	return append(o,
		jobj.Member{Key: "would_fire_if", Value: s.WouldFireIf()},
		jobj.Member{Key: "reasons", Value: reasons})
}

func reasonOf(obstacle explain.Obstacle) jobj.Object {
	o := withText(jobj.Object{{Key: "reason", Value: string(obstacle.Reason)}}, "field", obstacle.Field)
	for _, one := range []struct{ key, text string }{{"wants", obstacle.Wants}, {"has", obstacle.Has}} {
		if value, err := jobj.Parse([]byte(one.text)); err == nil {
			o = append(o, jobj.Member{Key: one.key, Value: value})
		}
	}
	if obstacle.At != 0 {
		o = append(o, jobj.Member{Key: "since", Value: kapi.FromGregorian(obstacle.At).Format(time.RFC3339)})
	}
	return withText(o, "text", obstacle.Text)
}

func firedOf(f explain.Fired) jobj.Object {
	o := withText(hookOf(f.Hook), "outcome", f.Outcome(), "unsent", f.Unsent, "method", f.Method, "target", f.Delivery.URI,
		"content_type", f.ContentType, "event_id", f.EventID, "sent", string(f.Sent))
	tries := make([]any, len(f.Tries))
	for i, t := range f.Tries {
		try := jobj.Object{{Key: "at", Value: t.At.UTC().Format("2006-01-02T15:04:05.000Z")}}
		if t.Status != 0 {
			try = append(try, jobj.Member{Key: "status", Value: t.Status})
		}
		try = withText(try, "client_error", t.ClientError, "answer", t.Answer, "attempt_id", t.AttemptID)
		tries[i] = append(try,
			jobj.Member{Key: "success", Value: t.Success},
			jobj.Member{Key: "ms", Value: t.Elapsed.Milliseconds()})
	}
	if is := f.Outcome(); is == explain.Parked || is == explain.TakenOut {
		o = append(o, jobj.Member{Key: "parked", Value: parkingOf(f)})
	}
	return append(o, jobj.Member{Key: "tries", Value: tries})
}

// parkingOf says since when a delivery waits, why, and when it is tried, if that is known.
func parkingOf(f explain.Fired) jobj.Object {
	o := jobj.Object{
		{Key: "since", Value: f.Parking.At.UTC().Format("2006-01-02T15:04:05.000Z")},
		{Key: "reason", Value: f.Parking.Reason},
		{Key: "text", Value: f.WhyParked()},
	}
	if next := f.Now.Next; f.Waits && !next.IsZero() {
		o = append(o, jobj.Member{Key: "next_try", Value: next.UTC().Format(time.RFC3339)})
	}
	return o
}
