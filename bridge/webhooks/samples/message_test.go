package samples_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/bridge/webhooks/samples"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const accountID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"

func wish(hook string) samples.Wish {
	return samples.Wish{
		Hook: hook, Account: account.Account{ID: accountID},
		At: time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC), IDs: ids.Seeded("sample"),
	}
}

// read reads a sample as the bridge reads what the bus brings.
func read(t *testing.T, w samples.Wish) (*payload.Event, string) {
	t.Helper()
	body, err := samples.Message(w)
	if err != nil {
		t.Fatalf("%+v: %v", w, err)
	}
	event, err := payload.NewReader(payload.Rules{Dialect: fidelity.Talk, Compat: fidelity.Kazoo}).Read(body)
	if err != nil {
		t.Fatalf("%s\n%v", body, err)
	}
	if event.AccountID != accountID {
		t.Errorf("%s %s: the account is %q", w.Hook, w.Type, event.AccountID)
	}
	return event, string(body)
}

func TestEachHookHasAMessageThatIsForIt(t *testing.T) {
	hooks, err := catalogue.ForDialect(fidelity.Talk)
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range catalogue.Names(hooks) {
		if event, _ := read(t, wish(hook)); event.Hook != hook && event.OldHook != hook {
			t.Errorf("the sample of %s is for %q and %q", hook, event.Hook, event.OldHook)
		}
	}
	if event, _ := read(t, wish("all")); event.Hook != "channel_create" {
		t.Errorf("for all it is for %s", event.Hook)
	}
}

func TestAMessageIsAsTheHookAsks(t *testing.T) {
	for _, typ := range []string{"voicemail_full", "inbound_fax_error", "system_alert", "webhook_disabled"} {
		w := wish("notifications")
		w.Type = typ
		if event, _ := read(t, w); event.Name != typ {
			t.Errorf("the sample of %s is a %s", typ, event.Name)
		}
	}
	w := wish("object")
	w.Type, w.Action = "device", "doc_deleted"
	event, text := read(t, w)
	if event.Name != "doc_deleted" || !strings.Contains(text, `"Type":"device"`) ||
		!strings.Contains(text, `"Database":"account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"`) {
		t.Error(text)
	}
}

// Whatever a hook may ask for can be tried.
func TestThereIsAMessageForEveryChoice(t *testing.T) {
	hooks, err := catalogue.ForDialect(fidelity.Talk)
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range hooks {
		for _, typ := range catalogue.Choices(hook.Modifiers.Object("type")) {
			for _, action := range append(catalogue.Choices(hook.Modifiers.Object("action")), "") {
				w := wish(hook.Name)
				w.Type, w.Action = typ, action
				read(t, w)
			}
		}
	}
}

func TestAMessageIsOfThisMomentAndRecognised(t *testing.T) {
	w := wish("channel_create")
	_, text := read(t, w)
	for _, part := range []string{`"Call-ID":"sample-`, fmt.Sprint(`"Timestamp":`, kapi.Gregorian(w.At))} {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %s", text, part)
		}
	}
}

func TestWhatThereIsNoMessageOf(t *testing.T) {
	for _, w := range []samples.Wish{
		wish("bogus"), wish("../recorded/parking"), {Hook: "notifications", Type: "bogus"}, {Hook: "object", Action: "bogus"},
	} {
		if body, err := samples.Message(w); err == nil || !strings.Contains(err.Error(), "there is no sample of") {
			t.Errorf("%s %s: %v %s", w.Hook, w.Type, err, body)
		}
	}
}
