package judge

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// look is one message being looked at.
type look struct {
	book  *Book
	m     *Message
	kind  *compiled
	body  fields
	name  string // Event-Name
	found []Finding
}

// Check finds what is wrong with a message by itself. Index is 0 in what it returns.
func (b *Book) Check(m Message) []Finding { return b.look(&m).found }

func (b *Book) look(m *Message) *look {
	l := &look{book: b, m: m}
	l.envelope()
	body, err := m.text()
	if err != nil {
		l.report("message.json", envelopeRules()["message.json"], "body", err.Error(), "a body that can be unpacked")
		return l
	}
	var how manner
	if l.body, how, err = read(body); err != nil {
		l.say("message.json", "body", quote(string(body)), "a JSON object in UTF-8")
		return l
	}
	if how != (manner{}) {
		l.say("message.compact", "body", fmt.Sprintf("white space %t, escaped / %t, escaped non-ASCII %t", how.spaced, how.slashed, how.escaped), "none of them")
	}
	if !l.defaults() {
		return l
	}
	l.name = l.body.text("Event-Name")
	l.kind = b.find(m.Exchange, l.body.text("Event-Category"), l.name)
	if l.kind == nil {
		if l.closed() {
			l.say("message.kind", "Event-Name", l.body.text("Event-Category")+" / "+l.name, "a kind of message that exchange "+m.Exchange+" carries")
		}
		return l
	}
	if l.kind.exchange != m.Exchange {
		if _, known := b.exchanges[m.Exchange]; known {
			l.say("message.exchange", "exchange", m.Exchange, l.kind.exchange)
		}
	}
	if l.shape() {
		l.address()
	}
	if b.level == Produced {
		l.producer()
	}
	return l
}

// say reports a rule for any message, aspect one of the kind's.
func (l *look) say(rule, field, saw, want string) {
	l.report(rule, envelopeRules()[rule], field, saw, want)
}

func (l *look) aspect(aspect, field, saw, want string) {
	source := cmp.Or(l.kind.rules[aspect], aspects()[aspect], sourceOf(l.kind.kind, aspect))
	l.report(l.kind.topic+"."+aspect, source, field, saw, want)
}

func (l *look) report(rule, source, field, saw, want string) {
	l.found = append(l.found, Finding{Rule: rule, Source: source, Field: field, Saw: saw, Want: want})
}

// envelope holds the properties to kz_amqp_util:basic_publish/5.
func (l *look) envelope() {
	m := l.m
	if _, known := l.book.exchanges[m.Exchange]; !known {
		l.say("message.exchange", "exchange", quote(m.Exchange), "one of the reference's exchanges")
	}
	if m.ContentType != "application/json" {
		l.say("message.content-type", "content_type", quote(m.ContentType), "application/json")
	}
	if m.ContentEncoding != "" && m.ContentEncoding != "gzip" {
		l.say("message.content-encoding", "content_encoding", quote(m.ContentEncoding), "none, or gzip")
	}
	if t := m.TimestampMicros; t != 0 && (t < 1e15 || t >= 1e16) {
		l.say("message.timestamp", "timestamp", strconv.FormatInt(t, 10), "Unix microseconds, 16 digits")
	}
	for name := range m.Headers {
		if name != "call-id" && name != "Deliver-To-PID" {
			l.say("message.headers", name, "a header", "none but call-id, and Deliver-To-PID on messages to a process")
		}
	}
}

// closed reports whether all that an exchange carries is written down here.
func (l *look) closed() bool {
	switch l.m.Exchange {
	case "callevt", "configuration", "notifications", "faxes", "im", "metaflow", "cdr", "conference", "presence", "registrar":
		return true
	}
	return false
}

// defaults are the fields that every message has. Without what names it, a message
// can be looked at no further.
func (l *look) defaults() bool {
	_, required := defaultFields()
	named := true
	for _, field := range required {
		v := l.body.get(field)
		if v.sort == text && v.str != "" {
			continue
		}
		if l.book.level == Produced || v.sort == absent || strings.HasPrefix(field, "Event-") {
			l.say("message.default-fields", field, v.String(), "a string")
			named = named && !strings.HasPrefix(field, "Event-")
		}
	}
	return named
}

// shape holds the fields to the kind's closed list, with its order and types. It reports
// whether what the kind requires is there.
func (l *look) shape() (whole bool) {
	k := l.kind
	whole = true
	last, lastName := -1, ""
	seen := make(map[string]bool, len(l.body))
	for _, m := range l.body {
		if seen[m.key] {
			l.say("message.repeated", m.key, "the field twice", "once")
			continue
		}
		seen[m.key] = true
		p, known := k.places[m.key]
		switch {
		case !known && !k.open:
			l.aspect("closed-fields", m.key, m.String(), "no such field")
			continue
		case !known:
			continue
		case p.rank < last && !k.loose && !k.open:
			l.aspect("order", m.key, "after "+lastName, "before it")
		default:
			last, lastName = p.rank, m.key
		}
		l.empties(m.key, m.value)
		if (l.book.level == Produced && m.sort != null || l.book.level == Published && p.refused) && !p.holds(m.value) {
			l.aspect("type", m.key, m.String(), p.String())
		}
	}
	for _, field := range k.required {
		if !seen[field] {
			whole = false
			l.aspect("required", field, "nothing", "the field")
		}
	}
	if len(k.either) > 0 && !anyOf(k.either, seen) {
		l.aspect("required", k.either[0], "nothing", "one of "+strings.Join(k.either, ", "))
	}
	return whole
}

func anyOf(names []string, seen map[string]bool) bool {
	for _, name := range names {
		if seen[name] {
			return true
		}
	}
	return false
}

// empties: fields without a value are not sent. Null goes out where a producer puts
// it, which Kazoo's do not.
func (l *look) empties(field string, v value) {
	switch {
	case v.sort == null && l.book.level == Produced:
		l.aspect("empty", field, "null", "a value, or no such field")
	case v.sort == text && v.str == "" && field != "Server-ID" && field != "Msg-ID":
		l.aspect("empty", field, `""`, "a value, or no such field")
	case v.sort == object && (l.kind.deep || l.book.level == Produced && field == "Custom-Channel-Vars"):
		for _, m := range v.fields {
			l.empties(field+"."+m.key, m.value)
		}
	}
}

// address holds the routing key, the header that repeats it, and the compression.
func (l *look) address() {
	k := l.kind
	if k.key != nil {
		if want := k.key(l.body); want != "" && want != l.m.Key && (k.otherKey == nil || !k.otherKey(l)) {
			l.aspect("key", "key", quote(l.m.Key), want)
		}
	}
	l.label()
	if zipped := l.m.ContentEncoding == "gzip"; zipped != k.zipped && (zipped || l.m.ContentEncoding == "") {
		l.say("message.content-encoding", "content_encoding", quote(l.m.ContentEncoding), map[bool]string{true: "gzip", false: "none"}[k.zipped])
	}
}

// label holds the header call-id to the id in the routing key. An id that differs in
// body and key is the key's fault.
func (l *look) label() {
	header, there := l.m.Headers["call-id"]
	if l.kind.label == nil {
		if there {
			l.say("message.headers", "call-id", "a header", "none on this kind of message")
		}
		return
	}
	id := l.kind.label(l.body)
	switch h, bytes := header.([]byte); {
	case !there:
		l.aspect("call-id", "header call-id", "nothing", quote(id))
	case !bytes:
		l.aspect("call-id", "header call-id", fmt.Sprintf("%T", header), "bytes")
	case string(h) != id && !strings.HasSuffix(l.m.Key, "."+encode(string(h))):
		l.aspect("call-id", "header call-id", quote(string(h)), quote(id))
	}
}

// producer holds a message to what Kazoo's own producers put into every one.
func (l *look) producer() {
	k, f := l.kind, l.body
	if k.msgID != nil {
		if id, want := f.text("Msg-ID"), k.msgID(f); id != "" && !want.holds(id) {
			l.aspect("msg-id", "Msg-ID", quote(id), string(want))
		}
	}
	switch node := f.get("Node"); {
	case node.sort == absent:
		l.aspect("node", "Node", "nothing", "the sender's node")
	case !isNode(node.str) && k.topic != "call-record":
		l.aspect("node", "Node", node.String(), "name@host")
	}
	if k.app != "" {
		name, version, both := strings.Cut(k.app, " ")
		if saw := f.text("App-Name"); saw != "" && saw != name {
			l.aspect("app", "App-Name", quote(saw), quote(name))
		}
		if saw := f.text("App-Version"); both && saw != "" && saw != version {
			l.aspect("app", "App-Version", quote(saw), quote(version))
		}
	}
	if k.asked {
		l.waits()
	}
	if k.check != nil {
		k.check(l)
	}
}

// waits: who waits for answers says where to, and under which id it logs.
func (l *look) waits() {
	if !l.body.has("Server-ID") {
		l.aspect("asked", "Server-ID", "nothing", "the queue that waits for answers")
	}
	want := cmp.Or(l.body.text("Call-ID"), l.body.text("Msg-ID"))
	if saw := l.body.get("System-Log-ID"); saw.sort == absent || saw.str != want && l.kind.topic == "notification" {
		l.aspect("asked", "System-Log-ID", saw.String(), quote(want))
	}
}

// oneOf holds a field, where it is there, to a list of values.
func (l *look) oneOf(aspect, field, values string) {
	v := l.body.get(field)
	if v.sort != text {
		return
	}
	for value := range strings.FieldsSeq(values) {
		if v.str == value {
			return
		}
	}
	l.aspect(aspect, field, v.String(), "one of "+values)
}

// must reports a field whose value is not what it should be. Types are another rule's.
func (l *look) must(holds bool, aspect, field, want string) {
	if !holds {
		l.aspect(aspect, field, l.body.get(field).String(), want)
	}
}

// form holds a field, where it is a string, to a form.
func (l *look) form(aspect, field string, holds func(string) bool, want string) {
	if v := l.body.get(field); v.sort == text && v.str != "" && !holds(v.str) {
		l.aspect(aspect, field, v.String(), want)
	}
}
