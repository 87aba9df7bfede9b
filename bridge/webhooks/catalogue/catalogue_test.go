package catalogue_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
)

func hooks(t *testing.T, dialect fidelity.Dialect) map[string]catalogue.Hook {
	t.Helper()
	list, err := catalogue.ForDialect(dialect)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]catalogue.Hook{}
	for _, hook := range list {
		byName[hook.Name] = hook
	}
	if len(byName) != len(list) {
		t.Errorf("%s names a hook twice: %v", dialect, catalogue.Names(list))
	}
	return byName
}

func TestEachDialectHasItsHooks(t *testing.T) {
	common := "channel_create channel_answer channel_bridge channel_destroy parking object notifications sms mms"
	for dialect, want := range map[fidelity.Dialect]string{
		fidelity.Talk: common + " inbound_fax outbound_fax callflow",
		fidelity.V50:  common,
		fidelity.V43:  common,
	} {
		list, err := catalogue.ForDialect(dialect)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(catalogue.Names(list), " "); got != want {
			t.Errorf("%s has %s", dialect, got)
		}
		for _, hook := range list {
			if hook.Title == "" || hook.Description == "" {
				t.Errorf("%s: %s lacks a text: %+v", dialect, hook.Name, hook)
			}
		}
	}
}

func TestModifiers(t *testing.T) {
	for _, c := range []struct {
		dialect   fidelity.Dialect
		hook, key string
		all       bool
		choices   int
	}{
		{fidelity.Talk, "object", "type", true, 11},
		{fidelity.V50, "object", "type", true, 11},
		{fidelity.V50, "object", "action", true, 4},
		{fidelity.V43, "object", "type", false, 10},
		{fidelity.V43, "object", "action", false, 3},
		{fidelity.V50, "notifications", "type", true, 39}, // 38 notifications and all
		{fidelity.V43, "notifications", "type", true, 38},
	} {
		choices := catalogue.Choices(hooks(t, c.dialect)[c.hook].Modifiers.Object(c.key))
		if len(choices) != c.choices || slices.Contains(choices, "all") != c.all {
			t.Errorf("%s, %s, %s: %v", c.dialect, c.hook, c.key, choices)
		}
	}
	items := hooks(t, fidelity.V50)["notifications"].Modifiers.Object("type", "items")
	for _, item := range items {
		texts := item.Value.(jobj.Object)
		if texts.String("friendly_name") == "" || !strings.HasPrefix(texts.String("description"), "This event is triggered ") {
			t.Errorf("%s: %v", item.Key, texts)
		}
	}
	for _, name := range catalogue.Restricted() {
		if !items.Has(name) {
			t.Errorf("%s is restricted but unknown", name)
		}
	}
	if hooks(t, fidelity.V43)["notifications"].Modifiers.Object("type", "items").Has("cf_notification") {
		t.Error("4.3 does not know cf_notification")
	}
}
