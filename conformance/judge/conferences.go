package judge

import "strings"

// memberVars are what the switch says of a conference's member.
const memberVars = `Is-Moderator:b Floor:b Video:b See:b Speak:b Hear:b Talking:b Mute-Detect:b Member-Ghost:b Energy-Level:n
	Current-Energy:n Member-ID:n`

const (
	conferenceStates = `conference-create conference-destroy lock unlock`
	memberStates     = `add-member del-member stop-talking start-talking mute-member unmute-member deaf-member undeaf-member`
)

// conferenceKinds are events of conferences and commands to them (kapi_conference).
func conferenceKinds() []kind {
	other := func(name, required string, key func(fields) string) kind {
		return kind{
			topic: "conference-request", category: "conference", names: []string{name}, exchange: "conference", source: "kapi_conference:" + name + "_definition/0",
			required: required, open: true, deep: true, key: key, keySource: "kapi_conference",
		}
	}
	discovery := func(fields) string { return "conference.discovery" }
	return []kind{
		{
			topic: "conference", category: "conference", names: []string{"event"}, exchange: "conference", source: "kapi_conference:event_definition/0",
			required: "Event Conference-ID Instance-ID",
			optional: `Call-ID Participant-ID:i Caller-ID-Name Caller-ID-Number Channel-Presence-ID Custom-Channel-Vars:o
				Conference-Channel-Vars:o`,
			deep: true, key: conferenceKey, keySource: "kapi_conference:publish_event/1, kz_amqp_util:encode/1",
			app: "freeswitch 1.0", msgID: always(formLong), check: conferenceEvent,
			rules: map[string]string{
				"value":           "ecallmgr: publish_conference_event",
				"never-published": "ecallmgr: publish_conference_event",
				"member":          "mod_kazoo: conference::maintenance",
				"vars":            "mod_kazoo: conference::maintenance",
			},
		},
		{ // which nothing in Kazoo publishes
			topic: "conference-participant", category: "conference", names: []string{"participant_event"}, exchange: "conference",
			source: "kapi_conference:participant_event_definition/0",
			required: `Event Call-ID Focus Conference-ID Instance-ID Participant-ID:i Floor:b Hear:b Speak:b Talking:b Current-Energy:n
				Energy-Level:n Video:b Mute-Detect:b Caller-ID-Name Caller-ID-Number Channel-Presence-ID Custom-Channel-Vars:o`,
			deep: true, keySource: "kapi_conference:publish_participant_event/2, kz_amqp_util:encode/1",
			key: func(f fields) string {
				return "conference.event." + f.text("Conference-ID") + "." + encode(f.text("Call-ID"))
			},
			// The publisher encodes what is given, which its caller can have done, too.
			otherKey: func(l *look) bool {
				return l.m.Key == "conference.event."+l.body.text("Conference-ID")+"."+encode(encode(l.body.text("Call-ID")))
			},
		},
		other("search_req", "", discovery),
		other("discovery_req", "Call:o", discovery),
		other("command", "Application-Name Conference-ID", func(f fields) string {
			if f.text("Application-Name") == "dial" {
				return "" // can be the zone's
			}
			return "conference.command." + f.text("Conference-ID")
		}),
		other("config_req", "Request:* Profile", func(f fields) string { return "conference.config." + f.text("Profile") }),
	}
}

// accountOf is whose conference an event is of.
func accountOf(f fields) string {
	if account := f.text("Account-ID"); account != "" {
		return account
	}
	return f.get("Custom-Channel-Vars").fields.text("Account-ID")
}

// conferenceKey has the ids of account and conference as they are.
func conferenceKey(f fields) string {
	account := accountOf(f)
	if account == "" {
		return ""
	}
	last := f.text("Call-ID")
	if last == "" {
		last = f.text("Conference-ID")
	}
	return "conference.event." + f.text("Event") + "." + account + "." + f.text("Conference-ID") + "." + encode(last)
}

func conferenceEvent(l *look) {
	f := l.body
	event := f.text("Event")
	if event == "" {
		return
	}
	l.must(hasWord(conferenceStates+" "+memberStates, event), "never-published", "Event", "one of "+conferenceStates+" "+memberStates)
	l.form("value", "Instance-ID", isUUID, "a UUID")
	for _, field := range []string{"Custom-Channel-Vars", "Conference-Channel-Vars"} {
		l.must(f.has(field), "member", field, "an object, always")
	}
	if hasWord(conferenceStates, event) {
		for _, field := range []string{"Call-ID", "Participant-ID"} {
			l.must(!f.has(field), "member", field, "no such field: "+event+" is about no member")
		}
	}
	vars := f.get("Conference-Channel-Vars")
	if hasWord(memberStates, event) {
		for _, field := range []string{"Call-ID", "Participant-ID"} {
			l.must(f.has(field), "member", field, "the member's")
		}
		id, participant := vars.fields.get("Member-ID"), f.get("Participant-ID")
		if id.sort == number && participant.sort == number {
			l.must(id.str == participant.str, "member", "Participant-ID", "Member-ID "+id.str)
		}
	}
	known := map[string]fieldType{}
	for word := range strings.FieldsSeq(memberVars) {
		name, t := parseField(word)
		known[name] = t
	}
	for _, m := range vars.fields {
		if t, ok := known[m.key]; !ok {
			l.aspect("vars", "Conference-Channel-Vars."+m.key, m.String(), "no such variable")
		} else if !t.holds(m.value) {
			l.aspect("vars", "Conference-Channel-Vars."+m.key, m.String(), t.String())
		}
	}
}
