package frames

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Event is a message as sockets get it. It does not change: who has one may hand it
// to any number of goroutines.
type Event struct {
	// Category and Name are Event-Category and Event-Name, "" if they are no text.
	Category, Name string
	// Key is what subscription keys are matched with, and shown as routing_key: that of
	// the bus, but for notifications, which get the account into it, and for calls, for
	// which OfCall makes it.
	Key string
	// AccountID is whose event it is, "" if the message does not say.
	AccountID string
	// CallID is the Call-ID, or "".
	CallID string
	// Dialled is the user part that a call event without account was sent to: whose
	// number that is, owns it. It is set for CHANNEL_CREATE and CHANNEL_DESTROY alone.
	Dialled string

	name []byte // JSON of Event-Name; nil if there is none
	data []byte // JSON object
	vars span   // where the value of custom_channel_vars stands in data
}

// Reader makes events of messages. The zero value reads as the reference does; it is
// safe for many goroutines.
type Reader struct{ Compat fidelity.Compat }

// usualMembers is how many the objects have that are open at once, or fewer.
const usualMembers = 64

// Read takes a message apart that came with routingKey. The error is ErrNotJSON,
// ErrTooDeep or ErrNotText.
func (r Reader) Read(body []byte, routingKey string) (Event, error) {
	corrected := r.Compat == fidelity.Corrected
	var room [usualMembers]member
	w := writer{in: body, out: make([]byte, 0, len(body)), corrected: corrected, members: room[:0]}
	// What the data layer calls the time of creation is that of the last write, and
	// the other way round (quirk dates-swapped).
	w.swapDates = corrected && strings.HasPrefix(routingKey, "doc_")
	if err := w.message(); err != nil {
		return Event{}, err
	}
	e := Event{
		Category: w.textOf(fieldCategory),
		Name:     w.textOf(fieldName),
		Key:      routingKey,
		CallID:   w.textOf(fieldCallID),
		name:     w.name(),
		data:     w.out,
		vars:     w.vars,
	}
	e.AccountID = w.account(e.Category)
	switch e.Category {
	case kapi.CategoryNotification:
		if rest, ok := strings.CutPrefix(routingKey, "notifications."); ok {
			e.Key = "notifications." + accountWord(e.AccountID) + "." + rest
		}
	case kapi.CategoryCallEvent:
		if e.AccountID == "" && (e.Name == kapi.ChannelCreate || e.Name == kapi.ChannelDestroy) {
			e.Dialled = w.dialled()
		}
	}
	return e, nil
}

// accountWord stands for an account in a key, also where there is none. An id with a
// wildcard in it would match the keys of all.
func accountWord(accountID string) string {
	if accountID == "" || strings.ContainsAny(accountID, ".*#") {
		return "undefined"
	}
	return accountID
}

// OfCall is a call event as its account's sockets get it, with the key
// call.ACCOUNT.EVENT.CALL_ID. accountID is that of the event or, where it names
// none, of the number dialled, which is then written into the event
// (kz_hooks_util:handle_call_event/2); it is "" where neither is known.
func (e Event) OfCall(accountID string) Event {
	e.Key = strings.Join([]string{"call", accountWord(accountID), e.Name, kapi.EncodeKey(e.CallID)}, ".")
	if e.AccountID == "" && accountID != "" {
		e.AccountID = accountID
		e.data = e.withAccount(accountID)
		e.vars = span{}
	}
	return e
}

// withAccount is data with the account behind the other channel variables.
func (e Event) withAccount(accountID string) []byte {
	account := append([]byte(`"account_id":`), jobj.AppendString(nil, accountID)...)
	at := e.vars
	switch {
	case at.to == 0:
		account = slices.Concat([]byte(`"custom_channel_vars":{`), account, []byte("}"))
		at = span{len(e.data) - 1, len(e.data) - 1}
	case e.data[at.from] == '{':
		at = span{at.to - 1, at.to - 1}
	default:
		account = slices.Concat([]byte("{"), account, []byte("}"))
	}
	if at.from == at.to && e.data[at.from-1] != '{' {
		account = append([]byte(","), account...)
	}
	return slices.Concat(e.data[:at.from], account, e.data[at.to:])
}

// Frame is the text frame for the sockets of one subscription
// (blackhole_data_emitter:event/4). id, which no Kazoo has, is left out if "".
func (e Event) Frame(subscribedKey, subscriptionKey, id string) []byte {
	const room = 128 // for what stands between the parts
	frame := make([]byte, 0, room+len(subscribedKey)+len(subscriptionKey)+len(e.name)+len(e.Key)+len(e.data)+len(id))
	frame = append(frame, `{"action":"event","subscribed_key":`...)
	frame = jobj.AppendString(frame, subscribedKey)
	frame = append(frame, `,"subscription_key":`...)
	frame = jobj.AppendString(frame, subscriptionKey)
	if e.name != nil {
		frame = append(frame, `,"name":`...)
		frame = append(frame, e.name...)
	}
	frame = append(frame, `,"routing_key":`...)
	frame = jobj.AppendString(frame, e.Key)
	frame = append(frame, `,"data":`...)
	frame = append(frame, e.data...)
	if id != "" {
		frame = append(frame, `,"id":`...)
		frame = jobj.AppendString(frame, id)
	}
	return append(frame, '}')
}
