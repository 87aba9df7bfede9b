package sample_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/bridge/webhooks/sample"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const accountID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"

func wish(hook string) sample.Wish {
	return sample.Wish{
		Hook: hook, Account: account.Account{ID: accountID, Realm: "acme.example.com", ResellerID: "reseller"},
		At: time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC), IDs: ids.Seeded("sample"), Node: "node@host",
	}
}

// read reads a sample as the bridge reads what the bus brings.
func read(t *testing.T, w sample.Wish) *payload.Event {
	t.Helper()
	msg, err := sample.Message(w)
	if err != nil {
		t.Fatalf("%+v: %v", w, err)
	}
	event, err := payload.NewReader(payload.Rules{Dialect: fidelity.Talk, Compat: fidelity.Kazoo, Reserved: payload.DefaultReservedVars()}).Read(msg.Body)
	if err != nil {
		t.Fatalf("%s\n%v", msg.Body, err)
	}
	if event.AccountID != accountID {
		t.Errorf("%s: the account is %q", w.Hook, event.AccountID)
	}
	return event
}

func TestEachHookHasASampleThatIsForIt(t *testing.T) {
	for _, hook := range append(webhooks.Names(fidelity.Talk), webhooks.EventAll) {
		event := read(t, wish(hook))
		if event.Hook != hook && event.OldHook != hook && hook != webhooks.EventAll {
			t.Errorf("the sample of %s is for %q and %q", hook, event.Hook, event.OldHook)
		}
	}
}

func TestEveryNotificationHasASample(t *testing.T) {
	for _, n := range kapi.Notifications() {
		if !n.Hooked || n.Name == kapi.NotificationWebhook {
			continue
		}
		w := wish("notifications")
		w.Type = n.Name
		if event := read(t, w); event.Name != n.Name {
			t.Errorf("the sample of %s is a %s", n.Name, event.Name)
		}
	}
}

func TestDocumentsAsTheHookAsks(t *testing.T) {
	w := wish("object")
	w.Type, w.Action = "device", "doc_deleted"
	event := read(t, w)
	text := string(event.Payload(payload.Owner{AccountID: accountID}).JSON(fidelity.Kazoo))
	if event.Name != "doc_deleted" || !strings.Contains(text, `"device"`) {
		t.Errorf("%s: %s", event.Name, text)
	}
}

func TestASampleIsRecognised(t *testing.T) {
	text := string(read(t, wish("channel_destroy")).Payload(payload.Owner{AccountID: accountID}).JSON(fidelity.Kazoo))
	for _, part := range []string{"Sample Caller", `"sample-`, "NORMAL_CLEARING"} {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %s", text, part)
		}
	}
}

func TestWhatThereIsNoSampleOf(t *testing.T) {
	unknown := wish("notifications")
	unknown.Type = "bogus"
	for _, w := range []sample.Wish{wish("bogus"), unknown} {
		if msg, err := sample.Message(w); err == nil || !strings.Contains(err.Error(), "bogus") {
			t.Errorf("%s %s: %v %s", w.Hook, w.Type, err, msg.Body)
		}
	}
}
