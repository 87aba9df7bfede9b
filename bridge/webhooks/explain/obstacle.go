package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// Obstacle is one thing that kept a hook from taking an event.
type Obstacle struct {
	Reason webhooks.Reason
	// Field is the member that decides, Wants what the hook asks for and Has what
	// there is, both as JSON; "" where there is none.
	Field, Wants, Has string
	// Text says it in words, after the name of the hook.
	Text string
	// If ends "it would fire if …"; "" where nothing would do.
	If string
	// At is when it came about, in Gregorian seconds; 0 when that is not known.
	At int64
}

// WouldFireIf joins what all would have to be different: "hook were all and enabled
// were true". It is "" where nothing would do.
func (s Silent) WouldFireIf() string {
	all := make([]string, len(s.Obstacles))
	for i, o := range s.Obstacles {
		if o.If == "" {
			return ""
		}
		all[i] = o.If
	}
	return strings.Join(all, " and ")
}

func createdAfter(later time.Duration) Obstacle {
	return Obstacle{
		Reason: ReasonCreatedAfter,
		Text:   fmt.Sprintf("was created %s after the event came", later),
		If:     "the event came again",
	}
}

func changedAfter(later time.Duration) Obstacle {
	return Obstacle{
		Reason: ReasonChangedAfter,
		Text:   fmt.Sprintf("was changed %s after the event came; as it is now nothing keeps it from firing", later),
		If:     "the event came again",
	}
}

func notLive() Obstacle {
	return Obstacle{
		Reason: ReasonNotLive,
		Text:   "was written so shortly before the event came that this node had not learned of it",
		If:     "the event came again",
	}
}

func deleted(doc store.Document) Obstacle {
	return Obstacle{Reason: ReasonDeleted, Field: "pvt_deleted", Has: "true", At: doc.Modified, Text: "is deleted", If: "it were not deleted"}
}

// disabled tells the two ways in which a hook is switched off apart: the bridge
// leaves a message.
func disabled(doc store.Document) Obstacle {
	o := Obstacle{
		Reason: ReasonDisabled, Field: "enabled", Wants: "true", Has: "false", At: doc.Modified,
		Text: "is switched off by hand", If: "enabled were true",
	}
	if message := doc.Body.String("pvt_disabled_message"); message != "" {
		o.Reason, o.Text = ReasonAutoDisabled, "was switched off by the bridge: "+message
	}
	return o
}

func unreadable(err error) Obstacle {
	field, reason := asDocumentError(err)
	return Obstacle{
		Reason: ReasonUnreadable, Field: field, Text: strings.TrimSpace("cannot be loaded: " + field + " " + reason),
		If: strings.TrimSpace(field + " could be read"),
	}
}

func foreignAccount(relation Relation) Obstacle {
	where := "beside"
	if relation == Descendant {
		where = "below"
	}
	return Obstacle{
		Reason: ReasonForeign,
		Text:   "is of an account " + where + " the event's: events go to the account itself and those above it",
		If:     "it belonged to the event's account",
	}
}

func noDocument(accountID string) Obstacle {
	return Obstacle{
		Reason: ReasonNoDocument, Has: quoted(accountID),
		Text: "is of an account that has no document", If: "account " + accountID + " existed",
	}
}

// refused puts a refusal of the engine into words.
func refused(r webhooks.Refusal) Obstacle {
	o := Obstacle{Reason: r.Reason, Field: r.Field, Wants: r.Wants, Has: r.Has}
	switch r.Reason {
	case webhooks.Taken: // no refusal at all
	case webhooks.ReasonOtherEvent:
		o.Text, o.If = fmt.Sprintf("listens to %s, not to %s", plain(r.Wants), plain(r.Has)), instead("hook", r)
		if r.Wants == `"all"` {
			o.Text, o.If = "is for all events but this: a callflow's message brings its own webhook", ""
		}
	case webhooks.ReasonNoDescendant:
		o.Text, o.If = "is of an account above, and does not include sub-accounts", "include_subaccounts were true"
	case webhooks.ReasonInternalLeg:
		o.Text, o.If = "wants no internal legs, and this is one", "include_internal_legs were true"
	case webhooks.ReasonModifier:
		o.Text = fmt.Sprintf("has %s = %s, and the event has %s", r.Field, r.Wants, r.Has)
		o.If = r.Field + " let " + r.Has + " pass"
	case webhooks.ReasonType, webhooks.ReasonAction:
		has, wants := orNothing(r.Has), orNothing(r.Wants)
		o.Text = fmt.Sprintf("has %s = %s, and the event has %s", r.Field, wants, has)
		o.If = instead(r.Field, r)
	}
	return o
}

// instead is what a member would have to be.
func instead(field string, r webhooks.Refusal) string {
	if len(r.Instead) == 0 {
		return ""
	}
	values := strings.Join(r.Instead, " or ")
	if r.Reason == webhooks.ReasonOtherEvent {
		values = strings.ReplaceAll(values, `"`, "")
	}
	return field + " were " + values
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func dropped(e *journal.Event) *Obstacle {
	o := &Obstacle{Reason: ReasonDropped, Has: quoted(e.Dropped), Text: "the message is a dead letter (kazoolab queues show): " + e.Problem}
	switch e.Dropped {
	case "content_type":
		o.Field, o.Has = "content_type", quoted(e.ContentType)
	case "panic":
		o.Text = "the message is a dead letter (kazoolab queues show): it broke its handler, which is a fault of this program; the log has the details"
	}
	return o
}

// cut tells of an event whose message is not there to be judged by.
func cut(e *journal.Event) *Obstacle {
	return &Obstacle{
		Reason: ReasonForgotten,
		Text:   fmt.Sprintf("its message, of %d bytes, is too large to be remembered, so that nobody can tell what kept a hook from taking it", e.Size),
	}
}

// noAccount says what the search for the event's account met.
func noAccount(sought []webhooks.Sought) *Obstacle {
	o := &Obstacle{Reason: ReasonNoAccount, Text: "it belongs to no account"}
	for _, s := range sought {
		switch {
		case s.Has == "":
			o.Text += "; " + s.Field + " is absent"
		case s.Owner == "" && s.Number == "":
			o.Text += fmt.Sprintf("; %s %s is of no account", s.Field, quoted(s.Has))
		case s.Owner == "":
			o.Text += fmt.Sprintf("; the number %s in %s belongs to nobody", s.Number, s.Field)
		default:
			o.Reason, o.Field, o.Has = ReasonNoDocument, s.Field, quoted(s.Has)
			o.Text = fmt.Sprintf("it belongs to account %s (%s), which has no document", s.Owner, s.Field)
		}
	}
	return o
}

func quoted(text string) string { return string(jobj.AppendString(nil, text)) }

// plain takes the quotes off a word.
func plain(text string) string { return strings.Trim(text, `"`) }
