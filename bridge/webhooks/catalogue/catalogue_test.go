package catalogue_test

import (
	"slices"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
)

func TestEveryHookIsDescribed(t *testing.T) {
	hooks, err := catalogue.Hooks()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, hook := range hooks {
		names = append(names, hook.Name)
		if hook.Title == "" || hook.Description == "" {
			t.Errorf("%s lacks a text: %+v", hook.Name, hook)
		}
		for _, modifier := range hook.Modifiers {
			choices := catalogue.Choices(modifier.Value.(jobj.Object))
			if !slices.Contains(choices, "all") {
				t.Errorf("%s: choices of %s: %v", hook.Name, modifier.Key, choices)
			}
		}
	}
	want := []string{
		"channel_create", "channel_answer", "channel_bridge", "channel_destroy",
		"parking", "object", "notifications", "sms", "mms",
	}
	if !slices.Equal(names, want) {
		t.Errorf("hooks are %v", names)
	}
}

func TestSamples(t *testing.T) {
	hooks, err := catalogue.Hooks()
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range hooks {
		samples, err := catalogue.Samples(hook.Name)
		if err != nil {
			t.Fatal(err)
		}
		// The reference has none for the two kinds of messages.
		if want := hook.Name != "sms" && hook.Name != "mms"; (len(samples) > 0) != want {
			t.Errorf("%s has %d samples", hook.Name, len(samples))
		}
	}
	if samples, err := catalogue.Samples("../hooks"); err != nil || samples != nil {
		t.Errorf("a name that leads elsewhere: %v %v", samples, err)
	}
}
