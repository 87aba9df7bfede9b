package pbx

import (
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// conferenceKinds are what happens in conferences. Which happening it is stands in
// Event; the Event-Name is the same for all.
func conferenceKinds() []Kind {
	const room = `{"Account-ID": "{account_id}", "Conference-ID": "{conference_id}", "Instance-ID": "{instance_id}",
		"Custom-Channel-Vars": {}, "Conference-Channel-Vars": {}}`
	const member = `"Call-ID": "{call_id}", "Participant-ID": 1, "Caller-ID-Name": "{caller_name}", "Caller-ID-Number": "{caller_number}",
		"Channel-Presence-ID": "{caller_number}@{carrier}", "Custom-Channel-Vars": "{vars}",
		"Conference-Channel-Vars": {"Is-Moderator": false, "Floor": true, "Video": false, "See": true, "Speak": %t, "Hear": %t,
			"Talking": %t, "Mute-Detect": false, "Member-Ghost": false, "Energy-Level": 20, "Current-Energy": 0, "Member-ID": 1}`
	// What a member may and does: speak, hear, talk.
	events := []struct{ event, about, step string }{
		{"conference-create", "a conference begins", ""},
		{"conference-destroy", "a conference ends", ""},
		{"lock", "a conference is locked", ""},
		{"unlock", "a conference is unlocked", ""},
		{"add-member", "someone joins", fmt.Sprintf(member, true, true, false)},
		{"del-member", "someone leaves", fmt.Sprintf(member, true, true, false)},
		{"start-talking", "someone begins to talk", fmt.Sprintf(member, true, true, true)},
		{"stop-talking", "someone stops talking", fmt.Sprintf(member, true, true, false)},
		{"mute-member", "someone is muted", fmt.Sprintf(member, false, true, false)},
		{"unmute-member", "someone is unmuted", fmt.Sprintf(member, true, true, false)},
		{"deaf-member", "someone no longer hears the others", fmt.Sprintf(member, true, false, false)},
		{"undeaf-member", "someone hears the others again", fmt.Sprintf(member, true, true, false)},
	}
	kind := func(name, about string, steps ...string) Kind {
		return Kind{
			Name: name, About: about, at: phaseAnswered,
			category: kapi.CategoryConference, event: "event", by: origin{"freeswitch", direct}, fields: room, steps: steps,
		}
	}
	step := map[string]string{}
	for _, e := range events {
		step[e.event] = `{"Event": "` + e.event + `"`
		if e.step != "" {
			step[e.event] += ", " + e.step
		}
		step[e.event] += "}"
	}
	kinds := []Kind{kind("conference", "a whole conference, from its beginning to its end",
		step["conference-create"], step["add-member"], step["start-talking"], step["stop-talking"], step["mute-member"],
		step["unmute-member"], step["del-member"], step["conference-destroy"])}
	for _, e := range events {
		kinds = append(kinds, kind(e.event, e.about, step[e.event]))
	}
	return append(kinds, conferenceRequestKinds()...)
}

func conferenceRequestKinds() []Kind {
	kind := func(name, event, about, app, fields string) Kind {
		return Kind{
			Name: name, About: about, at: phaseAnswered,
			category: kapi.CategoryConference, event: event, by: origin{app, cast}, fields: fields,
		}
	}
	const call = `"Call": {"Account-ID": "{account_id}", "Call-ID": "{call_id}", "Caller-ID-Name": "{caller_name}",
		"Caller-ID-Number": "{caller_number}", "Custom-Channel-Vars": "{vars}"}`
	return []Kind{
		kind("participant_event", "participant_event", "a participant's state; nothing in Kazoo publishes it", "freeswitch",
			`{"Event": "start-talking", "Call-ID": "{call_id}", "Focus": "{switch_node}", "Conference-ID": "{conference_id}",
				"Instance-ID": "{instance_id}", "Participant-ID": 1, "Floor": true, "Hear": true, "Speak": true, "Talking": true,
				"Current-Energy": 60, "Energy-Level": 20, "Video": false, "Mute-Detect": false, "Caller-ID-Name": "{caller_name}",
				"Caller-ID-Number": "{caller_number}", "Channel-Presence-ID": "{caller_number}@{carrier}", "Custom-Channel-Vars": "{vars}"}`),
		kind("conference_command", "command", "a conference is told to do something: to mute a participant", "crossbar",
			`{"Application-Name": "mute_participant", "Conference-ID": "{conference_id}", "Participant-ID": 1}`),
		kind("conference_search_req", "search_req", "who has this conference?", "crossbar", `{"Conference-ID": "{conference_id}"}`),
		kind("discovery_req", "discovery_req", "a call looks for its conference", "callflow", "{"+call+`, "Conference-ID": "{conference_id}"}`),
		kind("conference_config_req", "config_req", "a switch asks for a conference's settings", "ecallmgr",
			`{"Request": "Conference", "Profile": "default", "Conference-ID": "{conference_id}"}`),
	}
}
