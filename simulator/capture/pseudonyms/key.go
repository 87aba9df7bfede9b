package pseudonyms

import (
	"cmp"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// routingKey replaces what was replaced in the body, and what gives itself away.
func (p *Pseudonyms) routingKey(key string) string {
	for _, original := range p.dotted(key) { // a field's own dots are kept where it is not encoded
		key = strings.TrimSuffix(strings.Replace(key+".", "."+original+".", "."+p.pairs[original]+".", 1), ".")
	}
	segments := strings.Split(key, ".")
	for i, segment := range segments {
		segments[i] = p.segment(segment)
	}
	key = strings.Join(segments, ".")
	return shortened(key)
}

// shortened is as much of a key as AMQP has room for: a short realm has become a longer one.
// No letter is cut, be it in UTF-8 or in percent-encoding.
func shortened(key string) string {
	if len(key) <= kapi.MaxRoutingKey {
		return key
	}
	key = strings.ToValidUTF8(key[:kapi.MaxRoutingKey], "")
	if at := strings.LastIndexByte(key, '%'); at >= 0 && at > len(key)-len("%40") {
		key = key[:at]
	}
	return key
}

// dotted are the originals with dots in them that stand in a key, the longest first.
func (p *Pseudonyms) dotted(key string) []string {
	var found []string
	for original := range p.pairs {
		if strings.Contains(original, ".") && strings.Contains(key+".", "."+original+".") {
			found = append(found, original)
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return found
}

func (p *Pseudonyms) segment(s string) string {
	if made, ok := p.pairs[s]; ok {
		return made
	}
	if s == p.own {
		return s
	}
	plain := decodeKey(s)
	if kapi.EncodeKey(plain) != s {
		return p.scan(s)
	}
	return kapi.EncodeKey(p.spoken(plain))
}

// spoken replaces an id as it stands in a key: whole, or as user:realm.
func (p *Pseudonyms) spoken(s string) string {
	if made, ok := p.pairs[s]; ok {
		return made
	}
	if user, realm, ok := strings.Cut(s, ":"); ok && p.pairs[user]+p.pairs[realm] != "" {
		return p.spoken(user) + ":" + p.spoken(realm)
	}
	return p.scan(s)
}

// decodeKey undoes kapi.EncodeKey.
func decodeKey(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0:
			b.WriteByte(byte(hexValue(s[i+1])<<4 | hexValue(s[i+2]))) //nolint:gosec // two digits
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func hexValue(c byte) int { return strings.IndexByte("0123456789ABCDEF", c) }

// headers replaces those of AMQP: the id of the call stands in one.
func (p *Pseudonyms) headers(table map[string]any) map[string]any {
	if len(table) == 0 {
		return table
	}
	w := &walk{p: p}
	out := make(map[string]any, len(table))
	for name, value := range table {
		out[name] = w.header(p.field(name).kind, value)
	}
	return out
}

func (w *walk) header(k kind, value any) any {
	switch v := value.(type) {
	case string:
		return w.text(k, v)
	case []byte:
		return []byte(w.text(k, string(v)))
	case amqp.Table:
		return amqp.Table(w.p.headers(v))
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = w.header(k, element)
		}
		return out
	}
	return value
}
