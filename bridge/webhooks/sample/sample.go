package sample

import (
	"fmt"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Wish says for what kind of hook a message is to be, and whose event.
type Wish struct {
	// Hook is a hook's name; "all" is channel_create.
	Hook string
	// Type and Action are what the hook asks for in custom_data: a notification, a
	// type of documents and what happens to them. "" and "all" leave the choice.
	Type, Action string
	Account      account.Account
	At           time.Time
	IDs          *ids.Source
	Node         string // of the sender, name@host
}

// Message composes the message. The error is for a hook or notification that there
// is not.
func Message(w Wish) (kapi.Message, error) {
	values := w.values()
	switch w.Hook {
	case "all", "channel_create":
		return w.call(values, kapi.ChannelCreate)
	case "channel_answer":
		return w.call(append(values, w.talking()...), kapi.ChannelAnswer)
	case "channel_bridge":
		return w.call(append(values, w.talking()...), kapi.ChannelBridge)
	case "channel_destroy":
		return w.call(append(values, w.ended()...), kapi.ChannelDestroy)
	case "parking":
		return w.parked(values)
	case "object":
		return w.object()
	case "notifications":
		return w.notification(values, chosen(w.Type, "voicemail_new"))
	case "inbound_fax", "outbound_fax": // of Kazoo 3.22
		return w.notification(values, w.Hook)
	case "callflow":
		return w.callflow(values)
	case kapi.CategorySMS, kapi.CategoryMMS:
		return w.compose(w.Hook, "inbound", "im_inbound", values)
	}
	return kapi.Message{}, fmt.Errorf("there is no sample for the hook %q", w.Hook)
}

// chosen is what a hook asks for, or what stands for any.
func chosen(asked, otherwise string) string {
	if asked == "" || asked == "all" {
		return otherwise
	}
	return asked
}

func (w Wish) sender(app string) kapi.Sender {
	return kapi.Sender{Node: w.Node, AppName: app, AppVersion: "4.0.0", MsgID: func() string { return w.IDs.Hex(16) }}
}

// compose makes a message of a kind with those of the values that it can have.
func (w Wish) compose(category, name, app string, values jobj.Object) (kapi.Message, error) {
	kind, ok := kapi.FindPublication(category, name)
	if !ok {
		return kapi.Message{}, fmt.Errorf("there is no %s %q", category, name)
	}
	fields := jobj.Object{{Key: "Event-Name", Value: name}}
	known := kind.Fields()
	for _, m := range values {
		if slices.Contains(known, m.Key) {
			fields = fields.Set(m.Key, m.Value)
		}
	}
	for _, field := range kind.Required {
		if !fields.Has(field) {
			fields = fields.Set(field, stopgap(kind.Definition, field))
		}
	}
	return kind.Message(w.sender(app), fields)
}

// stopgap is a value that the rules allow for a field without a better one.
func stopgap(def kapi.Definition, field string) any {
	for _, rule := range def.Rules {
		switch {
		case rule.Field != field:
		case rule.OneOf != nil:
			return rule.OneOf[0]
		case rule.Kind == kapi.KindObject:
			return jobj.Object{}
		case rule.Kind == kapi.KindList, rule.Kind == kapi.KindItems:
			return []any{"sample"}
		case rule.Kind == kapi.KindObjects:
			return []any{jobj.Object{}}
		case rule.Kind == kapi.KindBoolean:
			return true
		case rule.Kind == kapi.KindInteger, rule.Kind == kapi.KindPositive, rule.Kind == kapi.KindNumber:
			return 1
		}
	}
	return "sample"
}

func (w Wish) call(values jobj.Object, event string) (kapi.Message, error) {
	return w.compose(kapi.CategoryCallEvent, event, "ecallmgr", values)
}

func (w Wish) notification(values jobj.Object, name string) (kapi.Message, error) {
	return w.compose(kapi.CategoryNotification, name, "kazoolab", values.Set("To", []any{"sample@example.com"}))
}

// parked has less in it than other events of a call (cf_park:publish_event/3).
func (w Wish) parked(values jobj.Object) (kapi.Message, error) {
	only := values.Filter(func(m jobj.Member) bool {
		switch m.Key {
		case "Call-ID", "Callee-ID-Name", "Callee-ID-Number", "Caller-ID-Name", "Caller-ID-Number", "Custom-Channel-Vars":
			return true
		}
		return false
	})
	return w.compose(kapi.CategoryCallEvent, kapi.ParkParked, "callflow", only.Set("Parking-Slot", "101"))
}

func (w Wish) object() (kapi.Message, error) {
	seconds := kapi.Gregorian(w.At)
	change := kapi.DocChange{
		Action: chosen(w.Action, "doc_edited")[len("doc_"):], DB: kapi.AccountDB(w.Account.ID), ID: w.IDs.Hex(32),
		Type: chosen(w.Type, "user"), Rev: "2-" + w.IDs.Hex(32), AccountID: w.Account.ID, Created: seconds, Modified: seconds,
	}
	body, err := change.Message(w.Node, func() string { return w.IDs.Hex(16) })
	return kapi.Message{Exchange: kapi.ExchangeConfiguration, Key: change.Key(), Body: body}, err
}

// callflow is what the callflow action webhook publishes (cf_webhook:handle_webhook/2).
func (w Wish) callflow(values jobj.Object) (kapi.Message, error) {
	data := jobj.Object{{Key: "account_id", Value: w.Account.ID}}
	for _, m := range []jobj.Member{
		{Key: "call_id", Value: "Call-ID"}, {Key: "caller_id_name", Value: "Caller-ID-Name"}, {Key: "caller_id_number", Value: "Caller-ID-Number"},
		{Key: "from", Value: "From"}, {Key: "to", Value: "To"}, {Key: "request", Value: "Request"}, {Key: "call_direction", Value: "Call-Direction"},
	} {
		if value, ok := values.Get(m.Value.(string)); ok {
			data = append(data, jobj.Member{Key: m.Key, Value: value})
		}
	}
	return w.compose(kapi.CategoryNotification, kapi.NotificationWebhook, "callflow", jobj.Object{
		{Key: "Data", Value: data},
		{Key: "Hook", Value: jobj.Object{{Key: "_id", Value: w.IDs.Hex(32)}, {Key: "pvt_account_id", Value: w.Account.ID}}},
		{Key: "Timestamp", Value: kapi.Gregorian(w.At)},
	})
}
