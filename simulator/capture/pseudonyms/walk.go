package pseudonyms

import (
	"encoding/json"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// walk goes through the values of one message.
type walk struct {
	p     *Pseudonyms
	depth int
}

func (w *walk) value(k kind, v any) any {
	switch v := v.(type) {
	case jobj.Object:
		return w.object(k, v)
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = w.value(k, element)
		}
		return out
	case string:
		return w.text(k, v)
	case json.Number:
		return w.number(k, v)
	}
	return v
}

func (w *walk) object(k kind, o jobj.Object) jobj.Object {
	out := make(jobj.Object, len(o))
	for i, m := range o {
		f := w.p.field(m.Key)
		out[i] = jobj.Member{Key: f.name, Value: w.value(k.within(f.kind), m.Value)}
	}
	return out
}

// number replaces one that can be a telephone's.
func (w *walk) number(k kind, n json.Number) json.Number {
	switch k {
	case plain, moment, status, interaction:
		return n
	case text:
		return "0"
	case secret, keys:
		if made := strings.TrimLeft(w.p.secret(n.String()), "0"); allDigits(made) && made != "" {
			return json.Number(made)
		}
		return "0"
	default:
	}
	s := n.String()
	if !allDigits(s) || len(s) < fewestDigits || isMicros(s) {
		return n
	}
	made, known := w.p.number(s)
	if !known {
		made = w.p.scrambled(s)
	}
	if made[0] == '0' {
		made = "9" + made[1:]
	}
	return json.Number(made)
}

func (w *walk) text(k kind, s string) string {
	if s == "" || s == w.p.own {
		return s
	}
	if made, ok := w.nested(k, s); ok {
		return made
	}
	made := w.of(k, s)
	w.p.note(s, made)
	return made
}

func (w *walk) of(k kind, s string) string {
	p := w.p
	switch k {
	case plain:
		if isVersion(s) {
			return s
		}
		return p.scan(s)
	case moment, interaction:
		if isMoment(s) {
			return s
		}
		return p.open(s)
	case address:
		return p.address(s)
	case host:
		return p.hosts(s)
	case text:
		return filler(s)
	case secret:
		return p.secret(s)
	case path:
		if allDigits(s) {
			return w.typed(s)
		}
		return p.response(s)
	case channel:
		return p.channel(s)
	case agent:
		return p.agent(s)
	case sdp:
		return p.sdp(s)
	case status:
		return p.status(s)
	case keys:
		return w.typed(s)
	default:
		return p.open(s)
	}
}

// typed replaces what somebody types. One by one the keys spell a number or a password,
// so that the same key is not always replaced by the same.
func (w *walk) typed(s string) string {
	return scramble(s, w.p.draw("keys", w.p.own+"\x00"+s, 0))
}

// maxNested bounds JSON within text within JSON.
const maxNested = 4

// nested replaces within text that is JSON itself, as the flow of CHANNEL_PIVOT is.
func (w *walk) nested(k kind, s string) (string, bool) {
	trimmed := strings.TrimLeft(s, " \t\r\n")
	if k == text || k == secret || trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' || w.depth == maxNested {
		return "", false
	}
	v, err := jobj.Parse([]byte(s))
	if err != nil {
		return "", false
	}
	w.depth++
	defer func() { w.depth-- }()
	return string(jobj.Append(nil, w.value(open, v))), true
}

// isVersion tells of a version with up to four numbers, which is no address.
func isVersion(s string) bool {
	return len(s) <= 24 && longestRun(s) < fewestDigits && strings.Trim(s, digits+".") == "" && strings.Count(s, ".") < 3
}

// isMoment tells of digits, of what is drawn in their place, and of ISO 8601.
func isMoment(s string) bool {
	if len(s) <= 32 && (isSmallHex(s) || isInteraction(s)) {
		return true
	}
	return len(s) >= len("2024-03-12") && len(s) <= 32 && s[4] == '-' && s[7] == '-' && strings.Trim(s, digits+"-:TZ+. ") == ""
}

// hosts replaces one, or several with commas or spaces between them.
func (p *Pseudonyms) hosts(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexAny(s, ", ")
		if end < 0 {
			end = len(s)
		}
		if end > 0 {
			b.WriteString(p.hostPort(s[:end]))
		}
		if end < len(s) {
			b.WriteByte(s[end])
			end++
		}
		s = s[end:]
	}
	return b.String()
}

// response is a word of the switch, or a file.
func (p *Pseudonyms) response(s string) string {
	if strings.Contains(s, "/") {
		return p.path(s)
	}
	if isCause(s) {
		return s
	}
	return p.open(s)
}

// isCause tells of a word of the switch, as NORMAL_CLEARING.
func isCause(s string) bool {
	return strings.Contains(s, "_") && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}
