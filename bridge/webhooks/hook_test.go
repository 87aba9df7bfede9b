package webhooks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

func document(t *testing.T, text string) jobj.Object {
	t.Helper()
	doc, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestWhatADocumentNeedsToBeLoaded(t *testing.T) {
	cases := []struct{ name, doc, field string }{
		{"the talk's", `{"name":"New Calls","uri":"http://h/","http_verb":"post","hook":"channel_create","retries":3}`, ""},
		{"an upper-case event", `{"uri":"http://h/","hook":"CHANNEL_CREATE"}`, ""},
		{"all events", `{"uri":"http://h/","hook":"all"}`, ""},
		{"no event", `{"uri":"http://h/"}`, "hook"},
		{"an unknown event", `{"uri":"http://h/","hook":"bogus"}`, "hook"},
		{"no uri", `{"hook":"all"}`, "uri"},
		{"an empty uri", `{"uri":"","hook":"all"}`, "uri"},
		{"an unknown verb", `{"uri":"http://h/","hook":"all","http_verb":"patch"}`, "http_verb"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := webhooks.ParseHook("h", "a", document(t, c.doc), webhooks.Names(fidelity.V50))
			var refused *webhooks.DocumentError
			switch {
			case c.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.field != "" && (!errors.As(err, &refused) || refused.Field != c.field):
				t.Errorf("got %v, want an error on %s", err, c.field)
			}
		})
	}
	if _, err := webhooks.ParseHook("h", "", document(t, `{"uri":"http://h/","hook":"all"}`), nil); err == nil {
		t.Error("a hook without an owner was loaded")
	}
}

func TestDefaultsOfADocument(t *testing.T) {
	hook, err := webhooks.ParseHook("h", "a", document(t, `{"uri":"http://h/","hook":"all"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if hook.Verb != "post" || hook.JSON || hook.Retries != 2 || !hook.IncludeInternalLegs || hook.IncludeSubaccounts {
		t.Errorf("got %+v", hook)
	}
}

func TestRetriesAreTries(t *testing.T) {
	for text, want := range map[string]struct{ kazoo, corrected int }{
		"0": {1, 1}, "1": {1, 2}, "2": {2, 3}, "3": {3, 4}, "4": {4, 5}, "5": {5, 5}, "9": {5, 5}, "-1": {1, 1},
		`"4"`: {4, 5}, `"x"`: {2, 3}, `"NaN"`: {2, 3}, "null": {2, 3}, "true": {2, 3}, "2.6": {3, 4}, "{}": {2, 3},
	} {
		hook, err := webhooks.ParseHook("h", "a", document(t, `{"uri":"http://h/","hook":"all","retries":`+text+`}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		if kazoo, corrected := hook.Tries(fidelity.Kazoo), hook.Tries(fidelity.Corrected); kazoo != want.kazoo || corrected != want.corrected {
			t.Errorf("retries %s: %d and %d tries, want %+v", text, kazoo, corrected, want)
		}
	}
}

func TestTheTableOfLiveHooks(t *testing.T) {
	registry := webhooks.NewRegistry()
	add := func(id, owner, event string, subaccounts bool) {
		registry.Set(&webhooks.Hook{ID: id, AccountID: owner, Event: event, IncludeSubaccounts: subaccounts})
	}
	find := func(event, account string, ancestors ...string) string {
		var ids []string
		for _, hook := range registry.Find(event, account, ancestors) {
			ids = append(ids, hook.ID)
		}
		return strings.Join(ids, " ")
	}
	add("h3", "child", "channel_create", false)
	add("h1", "child", "all", false)
	add("h2", "child", "channel_answer", false)
	add("p1", "parent", "channel_create", true)
	add("p2", "parent", "channel_create", false)
	add("r1", "root", "all", true)
	add("s1", "sibling", "channel_create", true)
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"own hooks by id, then ancestors from the root", func() {}, "h1 h3 r1 p1"},
		{"a removed hook is gone", func() { registry.Remove("child", "h1") }, "h3 r1 p1"},
		{"removing what is not there does nothing", func() { registry.Remove("root", "h3") }, "h3 r1 p1"},
		{"an edit replaces", func() { add("p1", "parent", "channel_answer", true) }, "h3 r1"},
		{"a deleted account takes its hooks along", func() { registry.RemoveAccount("child") }, "r1"},
		{"replacing everything", func() { registry.Replace([]*webhooks.Hook{{ID: "n", AccountID: "child", Event: "all"}}) }, "n"},
	}
	for _, step := range steps {
		step.do()
		if got := find("channel_create", "child", "root", "parent"); got != step.want {
			t.Errorf("%s: found %q, want %q", step.name, got, step.want)
		}
	}
	if registry.Len() != 1 {
		t.Errorf("%d hooks are live", registry.Len())
	}
}
