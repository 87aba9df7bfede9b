package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// switchEvent holds what the switch composes itself (mod_kazoo), which ecallmgr relays.
func switchEvent(l *look) {
	f := l.body
	switch l.name {
	case "CHANNEL_DATA", "CALL_UPDATE", "PRESENCE_IN", "CALL_SECURE":
		l.aspect("never-published", "Event-Name", l.name, "an event that ecallmgr relays")
		return
	}
	if f.text("App-Name") == "konami" && l.name == "CHANNEL_TRANSFEREE" {
		l.limit(konami)
		l.must(f.text("Raw-Application-Name") == "sofia::transferee", "applications", "Raw-Application-Name", "sofia::transferee")
		return
	}
	if name, version := f.text("App-Name"), f.text("App-Version"); name != "" && version != "" && name+" "+version != "freeswitch 1.0" {
		l.aspect("app", "App-Name", quote(name+" "+version), "freeswitch 1.0")
	}
	l.limit(l.name)
	l.times()
	l.states()
	l.addresses()
	l.switchNames()
	l.applications()
	l.vars()
	l.loopback()
	switch l.name {
	case "CHANNEL_BRIDGE":
		b := f.text("Bridge-B-Unique-ID")
		l.must(b == "" || f.text("Other-Leg-Call-ID") == b, "bridge-partner", "Other-Leg-Call-ID", "Bridge-B-Unique-ID "+quote(b))
	case "CHANNEL_DESTROY":
		l.durations()
	case "CHANNEL_FAX_STATUS":
		l.oneOf("value", "Application-Name", "send_fax receive_fax")
		l.oneOf("value", "Application-Event", "negociateresult pageresult result")
		l.faxInfo("Application-Data", "")
	case "DTMF":
		const digits = "0 1 2 3 4 5 6 7 8 9 * # A B C D a b c d F"
		l.oneOf("value", "DTMF-Digit", digits)
	}
}

// times: Timestamp is the event's microsecond in seconds, rounded up.
func (l *look) times() {
	at, ok := l.body.int("Msg-ID")
	if !ok || !formMicros.holds(l.body.text("Msg-ID")) {
		return
	}
	if v := l.body.get("Timestamp"); v.sort == number && v.str != strconv.FormatInt(ceilSeconds(at), 10) {
		l.aspect("timestamp", "Timestamp", v.String(), fmt.Sprintf("%d, which is Msg-ID rounded up", ceilSeconds(at)))
	}
	if created, ok := l.body.int("Channel-Created-Time"); ok && created > at {
		l.aspect("timestamp", "Channel-Created-Time", fmt.Sprint(created), "no later than Msg-ID "+fmt.Sprint(at))
	}
}

func (l *look) states() {
	l.oneOf("value", "Call-Direction", "inbound outbound")
	l.oneOf("value", "Other-Leg-Direction", "inbound outbound")
	l.oneOf("value", "Channel-State", "INIT ROUTING SOFT_EXECUTE EXECUTE EXCHANGE_MEDIA PARK CONSUME_MEDIA HIBERNATE RESET HANGUP REPORTING DESTROY")
	l.oneOf("value", "Channel-Call-State", "DOWN DIALING RINGING EARLY ACTIVE HELD RING_WAIT UNHELD HANGUP")
	l.oneOf("value", "Channel-Answer-State", "ringing early answered hangup")
	l.form("value", "Hangup-Code", func(s string) bool {
		code, ok := strings.CutPrefix(s, "sip:")
		return ok && len(code) == 3 && isDigits(code)
	}, "sip: and three digits")
	answer, call := l.body.text("Channel-Answer-State"), l.body.text("Channel-Call-State")
	switch {
	case answer == "" || call == "":
	case l.name == "CHANNEL_ANSWER":
		l.must(answer == "answered", "state", "Channel-Answer-State", "answered")
	case l.name == "CHANNEL_DESTROY":
		l.must(answer == "hangup", "state", "Channel-Answer-State", "hangup")
	case l.name == "CHANNEL_HOLD":
		l.must(call == "HELD", "state", "Channel-Call-State", "HELD")
	case l.name == "CHANNEL_UNHOLD":
		l.must(call == "ACTIVE" || call == "UNHELD", "state", "Channel-Call-State", "ACTIVE or UNHELD")
	}
}

func (l *look) addresses() {
	for field := range strings.FieldsSeq(addresses) {
		l.form("addresses", field, isAddress, "user@host[:port], without sip:")
	}
	l.form("addresses", "Channel-Name", func(s string) bool {
		return strings.HasPrefix(s, "sofia/") && strings.Count(s, "/") >= 2 && !strings.Contains(s, "/@") ||
			strings.HasPrefix(s, "loopback/") && (strings.HasSuffix(s, "-a") || strings.HasSuffix(s, "-b"))
	}, "sofia/<profile>/<address>, or loopback/<number>-a or -b")
}

// switchNames: the host is named twice, the node by its whole name.
func (l *look) switchNames() {
	f := l.body
	host := f.text("Switch-Hostname")
	l.must(f.text("Media-Server") == host || !f.has("Media-Server") || host == "", "switch-names", "Media-Server", "Switch-Hostname "+quote(host))
	l.form("switch-names", "Switch-Hostname", func(s string) bool { return !strings.Contains(s, "@") }, "a host name")
	l.form("switch-names", "Switch-Nodename", isNode, "name@host")
	l.form("switch-names", "Switch-URL", func(s string) bool { return strings.HasPrefix(s, "sip:mod_sofia@") }, "sip:mod_sofia@<address>:<port>")
	l.form("switch-names", "Switch-URI", func(s string) bool { return strings.HasPrefix(s, "sip:") && !strings.Contains(s, "@") }, "sip:<address>:<port>")
}

// applications: custom events carry their subclass as the raw name of an application;
// whenever one of the two names is there, so is the other.
func (l *look) applications() {
	f := l.body
	name, raw := f.text("Application-Name"), f.text("Raw-Application-Name")
	wanted := map[string]string{
		"CHANNEL_TRANSFEREE": "sofia::transferee", "CHANNEL_TRANSFEROR": "sofia::transferor", "CHANNEL_REPLACED": "sofia::replaced",
		"CHANNEL_DIRECT": "loopback::direct", "CHANNEL_INTERCEPTED": "sofia::intercepted",
	}[l.name]
	bowout := l.name == "CHANNEL_REPLACED" && raw == "loopback::bowout"
	switch {
	case wanted != "" && raw != "" && raw != wanted && !bowout:
		l.aspect("applications", "Raw-Application-Name", quote(raw), wanted)
	case bowout || l.name == "CHANNEL_DIRECT":
		l.must(f.text("Resigning-UUID") == f.text("Call-ID") || !f.has("Resigning-UUID"), "applications", "Resigning-UUID", "Call-ID "+quote(f.text("Call-ID")))
	case strings.HasPrefix(l.name, "RECORD_"):
		l.must(name == "record" || name == "", "applications", "Application-Name", "record")
	case l.name == "CHANNEL_EXECUTE_COMPLETE":
		suppressed := strings.Fields("set park export event unshift kz_multiset kz_multiunset kz_prefix_unset kz_export ring_ready log")
		if slices.Contains(suppressed, name) {
			l.aspect("suppressed", "Application-Name", quote(name), "an application whose end is told")
		}
	}
	if limits := l.book.limits[l.name]; limits != nil && limits.leg && (name == "") != (raw == "") && !strings.HasPrefix(l.name, "RECORD_") &&
		(f.has("Application-Name") || l.name != "CHANNEL_EXECUTE_COMPLETE") && (wanted == "" || raw != "") {
		l.aspect("applications", "Application-Name", quote(name)+" beside Raw-Application-Name "+quote(raw), "both or neither")
	}
}

// vars holds the Custom-Channel-Vars.
func (l *look) vars() {
	const field = "Custom-Channel-Vars"
	vars := l.body.get(field)
	if vars.sort != object {
		return
	}
	for i, m := range vars.fields {
		if slices.ContainsFunc(vars.fields[:i], func(before member) bool { return before.key == m.key }) {
			l.aspect("vars", field+"."+m.key, "the variable twice", "once")
		}
		want := text
		switch m.key {
		case "Privacy-Hide-Number", "Privacy-Hide-Name", "Call-Interaction-Is-Root":
			want = boolean
		}
		if m.sort != want && m.sort != null && (m.sort != list || want != text) {
			l.aspect("vars", field+"."+m.key, m.String(), want.String())
		}
	}
	for _, c := range [...]struct {
		name, want string
		holds      func(string) bool
	}{
		{"Account-ID", "32 hexadecimal digits", func(s string) bool { return isHex(s, 32) }},
		{"Call-Interaction-ID", "11 digits, a hyphen, 8 hexadecimal digits", func(s string) bool { _, ok := interactionTime(s); return ok }},
		{"Ecallmgr-Node", "name@host", isNode},
		{"E164-Destination", "+ and digits", isE164},
		{"E164-Origination", "+ and digits", isE164},
	} {
		if v := vars.fields.get(c.name); v.sort == text && v.str != "" && !c.holds(v.str) {
			l.aspect("vars", field+"."+c.name, v.String(), c.want)
		}
	}
	top, inside := l.body.get("Presence-ID"), vars.fields.get("Presence-ID")
	if top.sort == text && (inside.sort != text || inside.str != top.str) {
		l.aspect("presence-vars", field+".Presence-ID", inside.String(), "Presence-ID "+top.String())
	}
	l.varsOrder(vars.fields, top.sort == text)
}

// varsOrder: the switch writes these last, in this order, as a variable that is written
// again moves to the end.
func (l *look) varsOrder(vars fields, presence bool) {
	if l.kind.msgID == nil || l.kind.msgID(l.body) != formMicros {
		return
	}
	rank := func(name string) int {
		switch name {
		case "Call-Interaction-ID":
			return 1
		case "Call-Interaction-Is-Root":
			return 2
		case "Presence-ID":
			if presence {
				return 3
			}
			return -1
		case "Fetch-ID", "Referred-To", "Referred-By", "Redirected-By", "Redirected-Reason":
			return -1 // can be variables of their own name
		case "Privacy-Hide-Number":
			return 4
		case "Privacy-Hide-Name":
			return 5
		}
		return 0
	}
	last, lastName := 0, ""
	for _, m := range vars {
		r := rank(m.key)
		if r >= 0 && r < last {
			l.aspect("vars-order", "Custom-Channel-Vars."+m.key, "after "+lastName, "before it")
			return
		}
		if r > 0 {
			last, lastName = r, m.key
		}
	}
}

// loopback: -a is outbound, -b inbound; each names the other.
func (l *look) loopback() {
	f := l.body
	leg := f.text("Channel-Loopback-Leg")
	if !f.get("Channel-Is-Loopback").isTrue() || leg == "" {
		return
	}
	l.oneOf("loopback", "Channel-Loopback-Leg", "A B")
	direction, suffix := "outbound", "-a"
	if leg == "B" {
		direction, suffix = "inbound", "-b"
	}
	l.must(f.text("Call-Direction") == direction, "loopback", "Call-Direction", direction+" on leg "+leg)
	l.must(strings.HasPrefix(f.text("Channel-Name"), "loopback/") && strings.HasSuffix(f.text("Channel-Name"), suffix), "loopback", "Channel-Name", "loopback/<number>"+suffix)
	other := f.text("Channel-Loopback-Other-Leg-ID")
	l.must(other != "" && other != f.text("Call-ID"), "loopback", "Channel-Loopback-Other-Leg-ID", "the other end")
}

// durations: what does not need the leg's other events.
func (l *look) durations() {
	f := l.body
	duration, ok1 := f.int("Duration-Seconds")
	ringing, ok2 := f.int("Ringing-Seconds")
	billing, ok3 := f.int("Billing-Seconds")
	if !ok1 || !ok2 || !ok3 {
		return
	}
	l.must(ringing >= 0 && ringing <= duration, "durations", "Ringing-Seconds", fmt.Sprintf("0 to Duration-Seconds %d", duration))
	l.must(billing >= 0 && billing <= duration+1, "durations", "Billing-Seconds", fmt.Sprintf("0 to Duration-Seconds %d and 1", duration))
	if f.text("Hangup-Cause") == "ORIGINATOR_CANCEL" {
		l.must(billing == 0, "durations", "Billing-Seconds", "0, as the caller gave up")
	}
}
