package explain

import (
	"context"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// Journal is what is remembered of events.
type Journal interface {
	On() bool
	Newest() []*journal.Event
	Find(id string) (*journal.Event, bool)
}

// Engine reads events as it did when they came.
type Engine interface {
	Reread(msg webhooks.Message, owner account.Account) webhooks.Reading
}

// Documents are the webhooks as they are stored, those that are not live too.
type Documents interface {
	List(ctx context.Context, q store.Query) ([]store.Document, error)
	Get(ctx context.Context, db, id string) (store.Document, error)
}

// Accounts is the account tree.
type Accounts interface {
	Get(id string) (account.Account, bool)
	Ancestors(id string) []string
	Children(id string) []string
	Descendants(id string) []string
}

// Live finds the live hooks of an account that are for an event.
type Live interface {
	Find(event, accountID string, ancestors []string) []*webhooks.Hook
}

// Dependencies are what an Explainer works with. All are required but Sockets
// and Parked.
type Dependencies struct {
	Journal   Journal
	Engine    Engine
	Documents Documents
	Accounts  Accounts
	Live      Live
	// Sockets says which websockets of this node were sent a message; nil where there
	// are no websockets.
	Sockets func(webhooks.Message) SocketsSent
	// Parked says whether a delivery that was parked still is, and what is known of when
	// it is made; nil where nothing is parked.
	Parked func(context.Context, journal.Delivery) (waits bool, now webhooks.Waiting, err error)
	// Parse makes a document a hook, as it is done for the table of live ones.
	Parse func(store.Document) (*webhooks.Hook, error)
}

// Explainer explains events.
type Explainer struct{ Dependencies }

// New makes an Explainer.
func New(dep Dependencies) *Explainer { return &Explainer{dep} }

// On says whether events are remembered at all.
func (x *Explainer) On() bool { return x.Journal.On() }

// MayKnow says of which accounts an answer may tell. "" stands for what belongs to
// no account, and so to whoever runs the system.
type MayKnow func(accountID string) bool

// Outcomes of an event, as far as the asker may know.
const (
	Dropped   = "dropped"    // it was no event
	NoAccount = "no_account" // it belongs to no account that has a document
	NoHook    = "no_hook"
	UnderWay  = "under_way" // a delivery has no outcome yet
	Delivered = "delivered"
	Failed    = "failed" // a delivery failed for good
	Parked    = "parked" // a delivery waits in the store
	// TakenOut is the outcome of a delivery that was parked and is no more. What became
	// of it is among the attempts of its hook, if anything of it is stored.
	TakenOut = "taken_out"
)

// Summary is an event in a line.
type Summary struct {
	ID       string
	At       time.Time
	Event    string // what hooks call it; "" for a message that was dropped
	Name     string // its Event-Name
	Subject  string // what people call it by: a Call-ID, else the id of a document or message
	Kind     string // what Subject is: call_id, doc_id or message_id
	Outcome  string
	Dropped  string // why it was no event, of the reasons of the dropped_total metric
	Account  account.Account
	Fired    int // hooks
	Failures int // hooks whose delivery failed for good
}

// Explanation is all there is to say of an event.
type Explanation struct {
	Summary
	// Body is the message, nil when it was too large to be remembered; Size is what
	// it had, in bytes.
	Body []byte
	Size int
	// Why is what kept the event from every hook, if anything did, or what keeps it
	// from being explained.
	Why *Obstacle
	// Sought is where its account was looked for, when it has none.
	Sought []webhooks.Sought
	Fired  []Fired
	// Silent are the hooks that did not fire, the nearest miss first, and Unlisted
	// how many more there are.
	Silent   []Silent
	Unlisted int
	// Sockets are websockets of this node that were sent the event; nil where there are
	// none to be asked.
	Sockets *SocketsSent
}

// Fired is a hook that took the event.
type Fired struct {
	Hook
	journal.Delivery

	Waits bool // a delivery that was parked still is
	Now   webhooks.Waiting
}

// Events lists the remembered events, newest first, that belong to an account for
// which within holds; mayKnow says whose hooks are counted.
func (x *Explainer) Events(within, mayKnow MayKnow) []Summary {
	all := []Summary{}
	for _, e := range x.Journal.Newest() {
		if within(e.AccountID) {
			all = append(all, x.summary(e, x.reread(e), mayKnow))
		}
	}
	return all
}

func (x *Explainer) reread(e *journal.Event) webhooks.Reading {
	if e.Dropped != "" {
		return webhooks.Reading{Dropped: e.Dropped}
	}
	return x.Engine.Reread(message(e), x.owner(e.AccountID))
}

func message(e *journal.Event) webhooks.Message {
	return webhooks.Message{
		Body: e.Body, ContentType: e.ContentType, ContentEncoding: e.ContentEncoding, RoutingKey: e.RoutingKey,
	}
}

func (x *Explainer) summary(e *journal.Event, reading webhooks.Reading, mayKnow MayKnow) Summary {
	s := Summary{ID: e.ID, At: e.At, Event: reading.Event, Name: reading.Name, Subject: reading.ID, Kind: reading.IDKind, Dropped: e.Dropped}
	if s.Account = x.owner(e.AccountID); e.Dropped != "" {
		s.Name, s.Subject = glance(e.Body)
	}
	underWay, parked := 0, 0
	for _, d := range e.Deliveries() {
		if !mayKnow(d.AccountID) {
			continue
		}
		s.Fired++
		switch outcome(d) {
		case UnderWay:
			underWay++
		case Parked:
			parked++
		case Failed:
			s.Failures++
		}
	}
	switch {
	case e.Dropped != "":
		s.Outcome = Dropped
	case e.AccountID == "":
		s.Outcome = NoAccount
	case s.Fired == 0:
		s.Outcome = NoHook
	case s.Failures > 0:
		s.Outcome = Failed
	case underWay > 0:
		s.Outcome = UnderWay
	case parked > 0:
		s.Outcome = Parked
	default:
		s.Outcome = Delivered
	}
	return s
}

// glance looks for what a message that is no event calls itself.
func glance(body []byte) (name, call string) {
	if !gjson.ValidBytes(body) {
		return "", ""
	}
	found := gjson.GetManyBytes(body, "Event-Name", "Call-ID")
	return found[0].Str, found[1].Str
}

// Outcome says what became of the delivery.
func (f Fired) Outcome() string {
	if is := outcome(f.Delivery); is != Parked || f.Waits {
		return is
	}
	return TakenOut
}

func outcome(d journal.Delivery) string {
	switch d.Unsent {
	case "":
	case journal.Parked:
		return Parked
	default:
		return Failed
	}
	if len(d.Tries) == 0 {
		return UnderWay
	}
	switch last := d.Tries[len(d.Tries)-1]; {
	case last.Success:
		return Delivered
	case last.Final:
		return Failed
	}
	return UnderWay
}

// Explain explains the event with an id, if it is remembered and belongs to an
// account for which within holds.
func (x *Explainer) Explain(ctx context.Context, id string, within, mayKnow MayKnow) (Explanation, bool, error) {
	e, ok := x.Journal.Find(id)
	if !ok || !within(e.AccountID) {
		return Explanation{}, false, nil
	}
	reading := x.reread(e)
	out := Explanation{Summary: x.summary(e, reading, mayKnow), Body: e.Body, Size: e.Size}
	fired, err := x.fired(ctx, e, mayKnow)
	if err != nil {
		return out, false, err
	}
	out.Fired, out.Sockets = fired, x.sockets(e, mayKnow)
	switch {
	case out.Outcome == Dropped:
		out.Why = dropped(e)
		return out, true, nil
	case e.Cut:
		out.Why = cut(e)
		return out, true, nil
	case out.Outcome == NoAccount:
		out.Sought = reading.Sought()
		out.Why = noAccount(out.Sought)
	}
	out.Silent, err = x.silent(ctx, e, reading, mayKnow)
	if extra := len(out.Silent) - maxSilent; extra > 0 {
		out.Silent, out.Unlisted = out.Silent[:maxSilent], extra
	}
	return out, err == nil, err
}

// maxSilent bounds an answer: an account may have thousands of hooks.
const maxSilent = 50
