package request

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Texts is a serialised call whose members are the texts that Kazoo makes of them
// (kapps_call:from_json/2): null is the text null, an object its JSON, a list its texts
// joined. What is empty, or no text can be made of, is left out.
func Texts(call jobj.Object) jobj.Object {
	out := make(jobj.Object, 0, len(call))
	for _, m := range call {
		if slices.Contains(textMembers(), m.Key) {
			text := textOf(m.Value)
			if text == "" {
				continue
			}
			m.Value = text
		}
		out = append(out, m)
	}
	return out
}

// textMembers are those of a serialised call that are texts.
func textMembers() []string {
	return []string{
		"Account-DB", "Account-ID", "App-Name", "App-Version", "Authorizing-ID", "Authorizing-Type", "Bridge-ID", "Call-Direction", "Call-ID",
		"Callee-ID-Name", "Callee-ID-Number", "Caller-ID-Name", "Caller-ID-Number", "Context", "Control-Queue", "Controller-Queue", "Fetch-ID",
		"From", "From-Realm", "From-Tag", "From-User", "Inception", "Language", "Origination-Call-ID", "Other-Leg-Call-ID", "Owner-ID",
		"Request", "Request-Realm", "Request-User", "Resource-Type", "Switch-Hostname", "Switch-Nodename", "Switch-URI", "Switch-URL",
		"To", "To-Realm", "To-Tag", "To-User",
	}
}

// text is a member of the call as text; "" is none.
func text(call jobj.Object, key string) string {
	v, ok := call.Get(key)
	if !ok {
		return ""
	}
	return textOf(v)
}

// textOf is kz_json:get_ne_binary_value/3.
func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return string(form.AppendNumber(nil, v.String()))
	case []any:
		list := string(jobj.Append(nil, v))
		if _, nested := (form.Members{{Value: "[" + list + "]"}}).Crashes(); nested {
			return ""
		}
		return string(form.AppendJoined(nil, gjson.Parse(list)))
	}
	return string(form.AppendCompact(nil, gjson.ParseBytes(jobj.Append(nil, value)), false))
}

// Nothing tells whether a text counts as none (kz_term:is_empty/1).
func Nothing(text string) bool {
	return text == "" || text == "0" || text == "NULL" || text == "undefined"
}

// named is a caller id's part, unless it counts as none.
func named(call jobj.Object, key string) string {
	if part := text(call, key); !Nothing(part) {
		return part
	}
	return ""
}
