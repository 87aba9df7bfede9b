package judge

import (
	"cmp"
	"strings"
)

// callFields is the closed list of a call event (kapi_call:event_definition/0).
const callFields = `Application-Data:* Application-Event Application-Name Application-Response:* Billing-Seconds:i Bridge-B-Unique-ID
	Bridge-Hangup-Cause Call-Debug:* Call-Direction Callee-ID-Name Callee-ID-Number Caller-Destination-Number Caller-ID-Name
	Caller-ID-Number Channel-Answer-State Channel-Call-State Channel-Created-Time:d Channel-Debug:* Channel-Is-Loopback:b
	Channel-Loopback-Bowout:b Channel-Loopback-Bowout-Execute:b Channel-Loopback-Leg Channel-Loopback-Other-Leg-ID
	Channel-Moving:* Channel-Name Channel-State Conference-Config:* Conference-Name Connecting-Leg-A-UUID Connecting-Leg-B-UUID
	Control-Queue Custom-Application-Vars:o! Custom-Channel-Vars:o! Custom-SIP-Headers:o! DTMF-Digit DTMF-Duration:n
	Detected-Tone Digits-Dialed Disposition Duration-Seconds:i Endpoint-Disposition Fax-Info:o! From From-Tag From-Uri
	Hangup-Cause Hangup-Code Interaction-ID Intercepted-By Length:* Local-SDP Media-Recordings:l Media-Server
	Origination-Call-ID Other-Leg-Call-ID Other-Leg-Caller-ID-Name Other-Leg-Caller-ID-Number Other-Leg-Destination-Number
	Other-Leg-Direction Parking-Slot Presence-ID Raw-Application-Data:* Raw-Application-Name Recording:o Remote-SDP
	Replaced-By Request Resigning-Peer-UUID Resigning-UUID Ringing-Seconds:i Root-Call-Interaction-ID Silence-Terminated:*
	Switch-Hostname Switch-Nodename Switch-URI Switch-URL Target-Call-ID Terminator:* Timestamp:i To To-Tag To-Uri
	Transfer-Disposition:* Transfer-History:* Transfer-Source:* Transfer-To:* Transfer-Type:* User-Agent`

// Sets of fields that the definition files of the switch share.
const (
	// every event of a leg
	legAlways = `Node Timestamp Channel-Created-Time Call-Direction Channel-State Channel-Call-State Channel-Name Channel-Answer-State
		Media-Server Switch-Hostname Switch-Nodename Custom-Channel-Vars`
	legSometimes = `Origination-Call-ID Application-Name Application-Response Raw-Application-Name Raw-Application-Data Caller-ID-Name
		Caller-ID-Number Callee-ID-Name Callee-ID-Number Caller-Destination-Number To-Tag From-Tag Presence-ID Channel-Is-Loopback
		Channel-Loopback-Leg Channel-Loopback-Other-Leg-ID Channel-Loopback-Bowout Channel-Loopback-Bowout-Execute Switch-URL
		Switch-URI Other-Leg-Call-ID Other-Leg-Caller-ID-Name Other-Leg-Caller-ID-Number Other-Leg-Destination-Number
		Other-Leg-Direction User-Agent Custom-Application-Vars Call-Debug`
	// events that say no more than which leg, when, and its variables
	headAlways    = `Node Timestamp Channel-Created-Time Custom-Channel-Vars`
	headSometimes = `Origination-Call-ID Custom-Application-Vars`
	addresses     = `Request To From`
)

// shape is which fields an event has beside Call-ID and the default ones.
type shape struct{ always, sometimes string }

func onLeg(always, sometimes string) shape {
	return shape{legAlways + " " + always, legSometimes + " " + sometimes}
}

func onHead(always, sometimes string) shape {
	return shape{headAlways + " " + always, headSometimes + " " + sometimes}
}

// callShapes are the fields of each event (mod_kazoo with ecallmgr's definitions/*.xml and
// events/*.xml). Of others only the closed list is known.
func callShapes() map[string]shape {
	ending := "Hangup-Cause Hangup-Code Disposition"
	lost := shape{"Node Timestamp Call-Direction Media-Server Custom-Channel-Vars", "Custom-Application-Vars To From Presence-ID Channel-Call-State"}
	parked := shape{"Node Custom-Channel-Vars Parking-Slot", "Callee-ID-Name Callee-ID-Number Caller-ID-Name Caller-ID-Number"}
	return map[string]shape{
		"CHANNEL_CREATE":         onLeg(addresses, ""),
		"CHANNEL_PROGRESS":       onLeg(addresses, ""),
		"CHANNEL_PROGRESS_MEDIA": onLeg(addresses, ""),
		"CHANNEL_ANSWER":         onLeg(addresses, ""),
		"CHANNEL_METAFLOW":       onLeg(addresses, ""),
		"CHANNEL_BRIDGE":         onLeg("Bridge-B-Unique-ID", ""),
		"CHANNEL_UNBRIDGE":       onLeg("Bridge-B-Unique-ID", "Disposition"),
		"CHANNEL_HOLD":           onLeg("", ""),
		"CHANNEL_UNHOLD":         onLeg("", ""),
		"CHANNEL_DESTROY": onLeg(addresses+" Duration-Seconds Ringing-Seconds Billing-Seconds Hangup-Cause",
			ending+" Remote-SDP Local-SDP Media-Recordings Transfer-History"),
		"CHANNEL_EXECUTE_COMPLETE": onLeg("Application-Name", ending+" Bridge-Hangup-Cause Endpoint-Disposition Transfer-Disposition"),
		"RECORD_START":             onLeg("Application-Name Recording", ""),
		"RECORD_STOP":              onLeg(addresses+" Application-Name Recording", "Terminator Length Silence-Terminated"),
		"CHANNEL_TRANSFEREE":       onLeg("Raw-Application-Name", ""),
		"CHANNEL_TRANSFEROR":       onLeg("Raw-Application-Name", "Transfer-Disposition Transfer-Type"),
		"CHANNEL_REPLACED":         onLeg("Raw-Application-Name Replaced-By", "Resigning-UUID Resigning-Peer-UUID"),
		"CHANNEL_DIRECT": onLeg("Raw-Application-Name Resigning-UUID Resigning-Peer-UUID Connecting-Leg-A-UUID Connecting-Leg-B-UUID",
			"Replaced-By"),
		"CHANNEL_INTERCEPTED": onLeg("Raw-Application-Name Intercepted-By", ""),
		"DTMF":                onHead("DTMF-Digit DTMF-Duration", ""),
		"DETECTED_TONE":       onHead("", "Detected-Tone"),
		"CHANNEL_FAX_STATUS":  onHead("Application-Name Application-Event Application-Data", ""),

		// These others publish: ecallmgr, the callflow, Pivot, and konami (issue_transferee_event/2).
		"CHANNEL_DISCONNECTED": lost, "CHANNEL_CONNECTED": lost,
		"PARK_PARKED": parked, "PARK_RETRIEVED": parked, "PARK_ABANDONED": parked,
		"CHANNEL_PIVOT": {"Node Application-Data", ""},
		konami: {"Node Custom-Channel-Vars Raw-Application-Name",
			"Caller-ID-Name Caller-ID-Number Callee-ID-Name Callee-ID-Number Other-Leg-Call-ID Target-Call-ID"},
	}
}

// callRules are the rules of call events beyond their fields.
func callRules() map[string]string {
	return map[string]string{
		"event-fields":    "mod_kazoo: ecallmgr's definitions/*.xml, events/*.xml",
		"event-required":  "mod_kazoo: ecallmgr's definitions/*.xml, events/*.xml",
		"value":           "mod_kazoo: kazoo_message.c",
		"state":           "mod_kazoo: kazoo_message.c",
		"timestamp":       "mod_kazoo: kazoo_message.c",
		"addresses":       "mod_kazoo: kazoo_message.c",
		"switch-names":    "mod_kazoo: ecallmgr's definitions/*.xml",
		"applications":    "mod_kazoo: ecallmgr's definitions/*.xml",
		"never-published": "ecallmgr_call_event_publisher",
		"suppressed":      "mod_kazoo: ecallmgr's events/*.xml",
		"vars":            "mod_kazoo: ecallmgr's definitions/*.xml",
		"vars-order":      "mod_kazoo: ecallmgr's definitions/*.xml",
		"presence-vars":   "mod_kazoo: ecallmgr's definitions/*.xml",
		"loopback":        "mod_kazoo: ecallmgr's definitions/*.xml",
		"bridge-partner":  "mod_kazoo: ecallmgr's events/*.xml",
		"durations":       "mod_kazoo: ecallmgr's events/*.xml",
		"fax-info":        "mod_kazoo: spandsp events",
	}
}

// eventID is the id in a call event's routing key (kapi_call:find_event_call_id/1).
func eventID(f fields) string {
	if f.get("Channel-Is-Loopback").isTrue() || f.text("Channel-Is-Loopback") == "true" {
		return f.text("Call-ID")
	}
	return cmp.Or(f.text("Origination-Call-ID"), f.text("Call-ID"), f.text("Unique-ID"))
}

func callKey(f fields) string { return "call." + f.text("Event-Name") + "." + encode(eventID(f)) }

// callKinds are call events by who publishes them: the switch, ecallmgr, the callflow and
// Pivot.
func callKinds() []kind {
	event := kind{
		topic: "call-event", category: "call_event", exchange: "callevt", source: "kapi_call:event_definition/0",
		required: "Call-ID", optional: callFields,
		key: callKey, keySource: "kapi_call:publish_event/2, kz_amqp_util:encode/1", label: eventID, rules: callRules(),
	}
	lost, parking, pivot := event, event, event
	event.check = switchEvent
	event.msgID = func(f fields) form {
		if f.text("App-Name") == "konami" {
			return formLong
		}
		return formMicros
	}

	lost.names = []string{"CHANNEL_DISCONNECTED", "CHANNEL_CONNECTED"}
	lost.app, lost.msgID, lost.check = "ecallmgr 5.0.0", always(formShort), lostEvent

	parking.topic = "parking"
	parking.names = []string{"PARK_PARKED", "PARK_RETRIEVED", "PARK_ABANDONED"}
	parking.app, parking.msgID, parking.check = "callflow", always(formLong), parkingEvent
	parking.rules = map[string]string{"event-fields": "cf_park:publish_event/3", "event-required": "cf_park:publish_event/3", "vars": "cf_park:publish_event/3"}

	pivot.names, pivot.check = []string{"CHANNEL_PIVOT"}, pivotEvent
	return []kind{lost, parking, pivot, event}
}

// konami names the shape of the CHANNEL_TRANSFEREE that konami publishes itself.
const konami = "CHANNEL_TRANSFEREE of konami"

// limits is a shape made ready to check by.
type limits struct {
	leg     bool // says all that the switch knows of a leg
	allowed map[string]bool
	always  []string
}

func callLimits() map[string]*limits {
	all := map[string]*limits{}
	for name, s := range callShapes() {
		l := &limits{leg: strings.HasPrefix(s.always, legAlways), allowed: map[string]bool{"Call-ID": true}}
		_, required := defaultFields()
		for _, words := range [][]string{required, strings.Fields(s.always), strings.Fields(s.sometimes)} {
			for _, field := range words {
				l.allowed[field] = true
			}
		}
		for field := range strings.FieldsSeq(s.always) {
			if field != "Node" { // which is a rule of its own
				l.always = append(l.always, field)
			}
		}
		all[name] = l
	}
	return all
}

// limit holds an event to its fields.
func (l *look) limit(name string) {
	s := l.book.limits[name]
	if s == nil {
		return
	}
	for _, field := range s.always {
		if !l.body.has(field) {
			l.aspect("event-required", field, "nothing", l.name+" has it")
		}
	}
	for _, m := range l.body {
		if _, known := l.kind.places[m.key]; known && !s.allowed[m.key] {
			l.aspect("event-fields", m.key, m.String(), l.name+" has no such field")
		}
	}
}

func lostEvent(l *look) {
	l.limit(l.name)
	l.oneOf("value", "Call-Direction", "inbound outbound")
	l.oneOf("value", "Channel-Call-State", "ANSWERED")
	l.form("switch-names", "Media-Server", isNode, "the switch's node name")
	l.vars()
}

// parkingEvent: the call's variables come with the account's realm.
func parkingEvent(l *look) {
	l.limit(l.name)
	vars := l.body.get("Custom-Channel-Vars").fields
	for _, name := range []string{"Realm", "Account-ID"} {
		if l.body.has("Custom-Channel-Vars") && vars.text(name) == "" {
			l.aspect("vars", "Custom-Channel-Vars."+name, "nothing", "the account's")
		}
	}
}

func pivotEvent(l *look) {
	l.limit(l.name)
	if v := l.body.get("Application-Data"); v.sort != absent {
		_, _, err := read([]byte(v.str))
		l.must(v.sort == text && err == nil, "value", "Application-Data", "a callflow as JSON text")
	}
}
