package payload

import (
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Normalise gives keys the form that receivers know, lower-case with underscores,
// at every level; members that are null go, but null in a list stays. A key met
// again replaces the value in its first place (kz_json, normalising).
func (r Rules) Normalise(p Payload) Payload {
	b := builder{members: make(Payload, 0, len(p)+2)}
	for _, m := range p {
		value := gjson.Parse(m.Value)
		if value.Type == gjson.Null {
			continue
		}
		b.set(r.normalKey(m.Key), r.normalValue(value))
	}
	return b.done()
}

// normalValue is the JSON text of a normalised value.
func (r Rules) normalValue(v gjson.Result) string {
	if v.Type != gjson.JSON {
		return v.Raw
	}
	return string(r.appendNormal(make([]byte, 0, len(v.Raw)), v))
}

func (r Rules) appendNormal(dst []byte, v gjson.Result) []byte {
	switch {
	case v.IsObject():
		dst = append(dst, '{')
		for i, m := range r.Normalise(Parse(v.Raw)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jobj.AppendString(dst, m.Key)
			dst = append(dst, ':')
			dst = append(dst, m.Value...)
		}
		return append(dst, '}')
	case v.IsArray():
		dst = append(dst, '[')
		first := true
		v.ForEach(func(_, element gjson.Result) bool {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = r.appendNormal(dst, element)
			return true
		})
		return append(dst, ']')
	}
	return append(dst, v.Raw...)
}

// normalKey lowers A-Z and turns a dash into an underscore. The reference takes
// each byte for a Latin-1 letter and so lowers 0xC0-0xD6 and 0xD8-0xDE, too, which
// are the first bytes of accented, Greek and Cyrillic letters in UTF-8 (quirk
// key-bytes).
func (r Rules) normalKey(key string) string {
	changed := []byte(nil)
	for i := range len(key) {
		c := key[i]
		switch {
		case 'A' <= c && c <= 'Z', !r.corrected() && 0xC0 <= c && c <= 0xDE && c != 0xD7:
			c += 'a' - 'A'
		case c == '-':
			c = '_'
		default:
			continue
		}
		if changed == nil {
			changed = []byte(key)
		}
		changed[i] = c
	}
	if changed == nil {
		return key
	}
	return string(changed)
}
