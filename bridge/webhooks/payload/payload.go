package payload

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Member is one key of a payload with its value as JSON text.
type Member struct {
	Key   string
	Value string
}

// Payload is the body of a webhook before it is encoded: an ordered object.
type Payload []Member

// index finds the first member named key.
func (p Payload) index(key string) int {
	return slices.IndexFunc(p, func(m Member) bool { return m.Key == key })
}

// Get returns the JSON text of key's value.
func (p Payload) Get(key string) (string, bool) {
	if i := p.index(key); i >= 0 {
		return p[i].Value, true
	}
	return "", false
}

// add appends a member unless there is nothing to add.
func (p Payload) add(key, value string) Payload {
	if value == "" {
		return p
	}
	return append(p, Member{key, value})
}

// with replaces key in place, or appends it. The receiver may be changed.
func (p Payload) with(key, value string) Payload {
	if i := p.index(key); i >= 0 {
		p[i].Value = value
		return p
	}
	return append(p, Member{key, value})
}

// without takes out the first member named key. The receiver may be changed.
func (p Payload) without(key string) Payload {
	if i := p.index(key); i >= 0 {
		return slices.Delete(p, i, i+1)
	}
	return p
}

// Merge lays a hook's custom_data over the payload and sets cluster_id last
// (webhooks_util:fire_hook/2). The data is walked from its last member to its
// first, so that new keys stand in reverse order (quirk custom-data-reversed); in
// corrected mode from its first to its last. null removes a key. The top-level
// type and action only filter and never reach the receiver.
func (p Payload) Merge(mode fidelity.Compat, customData Payload, clusterID string) Payload {
	out := make(Payload, len(p), len(p)+len(customData)+1)
	copy(out, p)
	for i := range customData {
		m := customData[len(customData)-1-i]
		if mode == fidelity.Corrected {
			m = customData[i]
		}
		switch {
		case filters(m.Key):
		case m.Value == "null":
			out = out.without(m.Key)
		default:
			out = out.with(m.Key, m.Value)
		}
	}
	return out.with("cluster_id", quote(clusterID))
}

// filters names the keys of custom_data that never reach the receiver.
func filters(key string) bool { return key == "type" || key == "action" }

// Parse reads a JSON object as a payload; anything else gives nil.
func Parse(object string) Payload {
	parsed := gjson.Parse(object)
	if !parsed.IsObject() {
		return nil
	}
	out := Payload{}
	parsed.ForEach(func(key, value gjson.Result) bool {
		out = append(out, Member{key.Str, value.Raw})
		return true
	})
	return out
}

// FromObject is the payload with the members of obj.
func FromObject(obj jobj.Object) Payload {
	out := make(Payload, len(obj))
	for i, m := range obj {
		out[i] = Member{m.Key, string(jobj.Append(nil, m.Value))}
	}
	return out
}

func quote(s string) string {
	// The usual value, hexadecimal digits, needs no escapes.
	if strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r == '"' || r == '\\' }) < 0 {
		return `"` + s + `"`
	}
	return string(jobj.AppendString(nil, s))
}
