package judge

import (
	"fmt"
	"strings"
)

// recordKinds are call detail records (kapi_cdr), one for each leg.
func recordKinds() []kind {
	return []kind{{
		topic: "call-record", category: "cdr", names: []string{"report"}, exchange: "cdr", source: "kapi_cdr:report_definition/0",
		required: "Account-ID Call-ID",
		optional: `Timestamp:i Channel-Created-Time:i Call-Interaction:o Call-Direction Channel-State Channel-Call-State Channel-Name
			Channel-Answer-State Caller-ID-Number Caller-ID-Name Callee-ID-Number Callee-ID-Name Caller-Profile:* Caller-Context
			Caller-Dialplan To-Tag From-Tag Presence-ID Media-Server Switch-Hostname Switch-Nodename Switch-URL Switch-URI
			User-Agent Custom-Application-Vars:o Custom-Channel-Vars:o Custom-SIP-Headers:o Call-Control:* Request To To-URI From
			From-URI Caller-Destination-Number Originated-Legs:* Other-Leg-Direction Other-Leg-Caller-ID-Name
			Other-Leg-Caller-ID-Number Other-Leg-Destination-Number Other-Leg-Call-ID Other-Leg:* Remote-SDP Local-SDP
			Duration-Seconds:i Ringing-Seconds:i Billing-Seconds:i Hangup-Code Hangup-Cause Disposition Extended-Data:*
			Transfer-History:* Originating-Leg-UUID Call-Debug:*`,
		deep: true, app: "freeswitch 1.0", msgID: always(formMicros),
		key:       func(f fields) string { return "cdr.report." + f.text("Account-ID") + "." + encode(f.text("Call-ID")) },
		keySource: "kapi_cdr:publish_report/1, kz_amqp_util:encode/1",
		rules: map[string]string{
			"core":        "mod_kazoo: KZ_CDR",
			"interaction": "mod_kazoo: KZ_CDR",
		},
		check: func(l *look) {
			// The switch names itself by the id of its run, not as a node.
			l.form("core", "Node", isUUID, "the switch's core UUID")
			l.interaction()
		},
	}}
}

// interaction: the record's time is that of the interaction, which it names in parts.
func (l *look) interaction() {
	whole := l.body.get("Call-Interaction")
	if whole.sort != object {
		return
	}
	id := whole.fields.text("Id")
	at, ok := interactionTime(id)
	if !ok {
		l.aspect("interaction", "Call-Interaction.Id", quote(id), "11 digits, a hyphen, 8 hexadecimal digits")
		return
	}
	if key := whole.fields.text("Key"); key != id[12:] {
		l.aspect("interaction", "Call-Interaction.Key", quote(key), id[12:])
	}
	if t := whole.fields.get("Timestamp"); t.sort != number || t.str != id[:11] {
		l.aspect("interaction", "Call-Interaction.Timestamp", t.String(), id[:11])
	}
	if root := whole.fields.get("Is-Root"); root.sort != boolean {
		l.aspect("interaction", "Call-Interaction.Is-Root", root.String(), "a boolean")
	}
	if t, ok := l.body.int("Timestamp"); ok && t != at {
		l.aspect("interaction", "Timestamp", fmt.Sprint(t), id[:11])
	}
}

// recorded: a leg has one record, once it has ended, which says of it what its end said. The two
// travel by exchanges of their own.
func (j *Judge) recorded(l *look) {
	f := l.body
	id, index := strings.Clone(f.text("Call-ID")), j.count
	cause := strings.Clone(f.text("Hangup-Cause"))
	duration, _ := f.int("Duration-Seconds")
	billed, _ := f.int("Billing-Seconds")
	j.records = true
	if g := j.legs.find(id); g != nil {
		everyNode := j.cfg.Ecallmgrs > 1 && !f.get("Custom-Channel-Vars").fields.has("Ecallmgr-Node")
		if g.recorded && !everyNode {
			j.finding("record.once", index, "Call-ID", quote(id)+" again", "once")
		}
		g.recorded = true
	}
	j.soon.add(j, func() {
		g := j.legs.find(id)
		switch {
		case g == nil && j.cfg.Cut, g != nil && g.lost:
		case g == nil || g.ended == 0:
			j.finding("record.ended", index, "Call-ID", quote(id), "a leg whose CHANNEL_DESTROY was told")
		case g.cause != cause:
			j.finding("record.agrees", index, "Hangup-Cause", quote(cause), quote(g.cause)+", as in its CHANNEL_DESTROY")
		case g.duration != duration:
			j.finding("record.agrees", index, "Duration-Seconds", fmt.Sprint(duration), fmt.Sprintf("%d, as in its CHANNEL_DESTROY", g.duration))
		case g.billed != billed:
			j.finding("record.agrees", index, "Billing-Seconds", fmt.Sprint(billed), fmt.Sprintf("%d, as in its CHANNEL_DESTROY", g.billed))
		}
	})
}

// unrecorded: where records are heard of, each leg of an account has one.
func (j *Judge) unrecorded(g *leg, index int) {
	if j.records && !g.recorded && g.account != "" && !g.cut && !j.cfg.Cut {
		j.finding("record.each-leg", index, "Call-ID", quote(g.id)+" has no cdr report", "one after its CHANNEL_DESTROY")
	}
}
