package samples

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Wish says for which hook a message is to be, and whose event.
type Wish struct {
	// Hook is a hook's name; for "all" any event will do.
	Hook string
	// Type and Action are what the hook asks for in custom_data: a notification, a
	// type of documents and what happens to them. "" and "all" leave the choice.
	Type, Action string
	Account      account.Account
	At           time.Time
	IDs          *ids.Source
}

// Message is a message of the bus such as a hook fires for, so that it can be tried
// without a call: one of those that the samples are made of, as an event of the
// account and of this moment. Its ids begin with sample-. The error is for what
// there is no sample of.
func Message(w Wish) ([]byte, error) {
	message, err := w.choose()
	if err != nil {
		return nil, err
	}
	rules := payload.Rules{Dialect: fidelity.Talk, Compat: fidelity.Kazoo}
	event, err := payload.NewReader(rules).Read(jobj.Append(nil, message))
	if err != nil {
		return nil, fmt.Errorf("sample of an event: %w", err)
	}
	owned, _ := w.owned(message, cmp.Or(event.AccountID, event.Own.String("pvt_account_id"))).(jobj.Object)
	for _, key := range []string{"Call-ID", "Message-ID", "ID", "Msg-ID"} {
		if owned.Has(key) {
			owned = owned.Set(key, "sample-"+w.IDs.Hex(25))
		}
	}
	return jobj.Append(nil, owned), nil
}

// choose finds the message that comes nearest to the wish.
func (w Wish) choose() (jobj.Object, error) {
	file, name := w.Hook, ""
	switch w.Hook {
	case "all":
		file = strings.ToLower(kapi.ChannelCreate)
	case payload.HookInboundFax, payload.HookOutboundFax:
		file, name = payload.HookNotifications, w.Hook
	case payload.HookCallflow:
		file, name = payload.HookNotifications, kapi.NotificationWebhook
	case payload.HookNotifications:
		name = chosen(w.Type, "voicemail_new")
	case payload.HookObject:
		name = chosen(w.Action, "doc_edited")
	}
	messages, err := messagesOf(file)
	if err != nil {
		return nil, err
	}
	for _, one := range messages {
		message, _ := one.(jobj.Object)
		if name != "" && message.String("Event-Name") != name {
			continue
		}
		if w.Hook == payload.HookObject {
			message = message.Set("Type", chosen(w.Type, message.String("Type")))
		}
		return message, nil
	}
	return nil, fmt.Errorf("there is no sample of %s %q", w.Hook, name)
}

func messagesOf(hook string) ([]any, error) {
	messages, err := readList(events, "events/"+hook+".json")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, fmt.Errorf("there is no sample of the hook %q", hook)
	}
	if err != nil || hook != payload.HookNotifications {
		return messages, err
	}
	more, err := readList(unlisted, "unlisted/"+hook+".json")
	return append(messages, more...), err
}

// chosen is what a hook asks for, or what stands for any.
func chosen(asked, otherwise string) string {
	if asked == "" || asked == "all" {
		return otherwise
	}
	return asked
}

// owned is a value of a message with the account in place of the sample's, and its
// times now.
func (w Wish) owned(value any, of string) any {
	switch value := value.(type) {
	case string:
		own, theirs := kapi.AccountDB(w.Account.ID), kapi.AccountDB(of)
		switch {
		case value == of:
			return w.Account.ID
		case theirs != "" && strings.HasPrefix(value, theirs):
			return own + strings.TrimPrefix(value, theirs)
		}
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = w.owned(element, of)
		}
		return list
	case jobj.Object:
		object := make(jobj.Object, len(value))
		for i, m := range value {
			object[i] = jobj.Member{Key: m.Key, Value: w.owned(m.Value, of)}
			if _, isText := m.Value.(string); !isText && isTime(m.Key) {
				object[i].Value = kapi.Gregorian(w.At)
			}
		}
		return object
	}
	return value
}

func isTime(key string) bool {
	return strings.HasSuffix(key, "Timestamp") || key == "Date-Created" || key == "Date-Modified"
}
