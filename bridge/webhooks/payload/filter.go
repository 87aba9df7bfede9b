package payload

import (
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// Filter is a member of custom_data that chooses among the events of a hook: type
// and action (webhooks_object:match_action_type/4,
// webhooks_notifications:match_action_type/2).
type Filter struct {
	Key   string
	value gjson.Result // the event's own
	rules Rules
	// exact: "all" stands for nothing but itself.
	exact bool
}

// Passes tells whether a hook's custom_data lets the event through.
func (f Filter) Passes(customData Payload) bool {
	raw, present := customData.Get(f.Key)
	want := gjson.Parse(raw)
	if f.rules.Dialect == fidelity.V43 { // compared as it is
		if present && !f.exact && want.Str == allOf {
			return true
		}
		if !present && f.rules.corrected() { // (quirk custom-data-blocks)
			return true
		}
		return present == (f.value.Raw != "") && equal(want, f.value)
	}
	text := f.rules.textOf(want)
	switch text {
	case allOf:
		return true
	case "":
		return f.rules.corrected() || f.value.Raw == "" // (quirk custom-data-blocks)
	}
	return f.value.Type == gjson.String && f.value.Str == text
}

// Has is the event's own value as JSON, "" when it has none.
func (f Filter) Has() string { return f.value.Raw }

// Passing are the values of custom_data that let the event through, as JSON: its own,
// if it has one, and "all" where that is more than a word.
func (f Filter) Passing() []string {
	var all []string
	for _, raw := range []string{f.value.Raw, `"` + allOf + `"`} {
		if raw != "" && f.Passes(Payload{{Key: f.Key, Value: raw}}) {
			all = append(all, raw)
		}
	}
	return all
}

// allOf is the value of a filter that lets everything through.
const allOf = "all"

// CustomData is what a hook's custom_data adds to a payload: all of it less type
// and action (webhooks_util:fire_hook/2), which 4.3 leaves in place to overwrite
// the event's own. Corrected, they are left out only where they filter (quirk
// type-action-stripped).
func (r Rules) CustomData(hook string, data Payload) Payload {
	switch {
	case r.Dialect == fidelity.V43:
		return data
	case !r.corrected() || hook == HookObject:
		return data.without("type").without("action")
	case hook == HookNotifications:
		return data.without("type")
	}
	return data
}
