package payload

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Member is one key of a payload with its value as JSON text.
type Member = form.Member

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
	return append(p, Member{Key: key, Value: value})
}

// with returns p with key replaced in place, or appended. The receiver is not changed.
func (p Payload) with(key, value string) Payload {
	if i := p.index(key); i >= 0 {
		out := slices.Clone(p)
		out[i].Value = value
		return out
	}
	return append(slices.Clip(p), Member{Key: key, Value: value})
}

// without returns p less the first member of each key. The receiver is not changed.
func (p Payload) without(keys ...string) Payload {
	for _, key := range keys {
		if i := p.index(key); i >= 0 {
			p = slices.Delete(slices.Clone(p), i, i+1)
		}
	}
	return p
}

// overlay lays members over the payload (kz_json:merge_jobjs/2). The receiver is
// not changed.
func (p Payload) overlay(mode fidelity.Compat, over Payload) Payload {
	b := p.builder(len(over))
	b.overlay(mode, over)
	return b.done()
}

// Merge lays a hook's custom_data over the payload and sets cluster_id last
// (webhooks_util:fire_hook/2). The receiver is not changed.
func (p Payload) Merge(mode fidelity.Compat, customData Payload, clusterID string) Payload {
	b := p.builder(len(customData) + 1)
	b.overlay(mode, customData)
	b.set("cluster_id", quote(clusterID))
	return b.done()
}

// Parse reads a JSON object as a payload; anything else gives nil.
func Parse(object string) Payload { return Payload(form.Parse(object)) }

// FromObject is the payload with the members of obj.
func FromObject(obj jobj.Object) Payload {
	out := make(Payload, len(obj))
	for i, m := range obj {
		out[i] = Member{Key: m.Key, Value: string(jobj.Append(nil, m.Value))}
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

// MaxEncoded is where encoding stops, in bytes. A text that is longer than this is
// cut off and must not be sent.
const MaxEncoded = form.MaxEncoded

// Form prints the payload as form text: the body of form requests and the query of
// GET requests.
func (p Payload) Form(mode fidelity.Compat) []byte {
	return p.appendForm(make([]byte, 0, 1536), mode)
}

func (p Payload) appendForm(dst []byte, mode fidelity.Compat) []byte {
	if mode == fidelity.Corrected {
		return form.Members(p).AppendCorrected(dst)
	}
	return form.Members(p).Append(dst)
}

// FormList is Kazoo's form text as the nested list it is built from, which is what
// an attempt document keeps of a form request (quirk body-as-list).
func (p Payload) FormList() json.RawMessage { return form.Members(p).List() }
