package pbx

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// callKinds are the events of channels. What a row adds stands beside the base set
// that every event of a leg has (mod_kazoo's call_event definition).
func callKinds() []Kind {
	kinds := []Kind{
		{
			Name: "channel_create", Hook: "channel_create", at: phaseCreated,
			About: "a new channel exists: a call came in",
		},
		{
			Name: "channel_answer", Hook: "channel_answer", at: phaseAnswered,
			About: "two-way audio is established",
		},
		{
			Name: "channel_bridge", Hook: "channel_bridge", at: phaseBridged,
			About: "two channels are connected",
		},
		{
			Name: "channel_destroy", Hook: "channel_destroy", at: phaseEnded,
			About: "a channel ended",
		},
		{Name: "channel_progress", at: phaseRinging, About: "the far end rings"},
		{
			Name: "channel_progress_media", at: phaseRinging, About: "there is audio before the answer",
			fields: `{"Channel-Call-State": "EARLY", "Channel-Answer-State": "early"}`,
		},
		{
			Name: "channel_unbridge", About: "two channels part",
			fields: `{"Bridge-B-Unique-ID": "{other_leg}", "Application-Response": "SUCCESS", "Disposition": "SUCCESS"}`,
		},
		{Name: "channel_hold", About: "the call is put on hold", fields: `{"Channel-Call-State": "HELD"}`},
		{Name: "channel_unhold", About: "the call is taken off hold"},
		{
			Name: "channel_execute_complete", About: "an application is done: the bridge, whose other leg hung up",
			fields: `{"Application-Name": "bridge", "Raw-Application-Name": "bridge", "Application-Response": "NORMAL_CLEARING",
				"Bridge-Hangup-Cause": "NORMAL_CLEARING", "Disposition": "SUCCESS", "Endpoint-Disposition": "ANSWER",
				"Hangup-Cause": "NORMAL_CLEARING", "Hangup-Code": "sip:200"}`,
		},
		{Name: "channel_metaflow", About: "the keys of a metaflow were pressed"},
		{
			Name: "channel_transferor", About: "this leg transfers the other one",
			fields: `{"Application-Name": "sofia::transferor", "Raw-Application-Name": "sofia::transferor"}`,
		},
		{
			Name: "channel_transferee", About: "this leg is transferred",
			fields: `{"Application-Name": "sofia::transferee", "Raw-Application-Name": "sofia::transferee"}`,
		},
		{
			Name: "channel_replaced", About: "another leg takes this one's place",
			fields: `{"Application-Name": "sofia::replaced", "Raw-Application-Name": "sofia::replaced", "Replaced-By": "{third_leg}"}`,
		},
		{
			Name: "channel_direct", About: "the legs of a loopback are joined without it",
			fields: `{"Application-Name": "loopback::direct", "Raw-Application-Name": "loopback::direct",
				"Resigning-UUID": "{call_id}", "Resigning-Peer-UUID": "{other_leg}",
				"Connecting-Leg-A-UUID": "{third_leg}", "Connecting-Leg-B-UUID": "{core_uuid}", "Replaced-By": "{third_leg}"}`,
		},
		{
			Name: "channel_intercepted", About: "another phone takes the call",
			fields: `{"Application-Name": "sofia::intercepted", "Raw-Application-Name": "sofia::intercepted", "Intercepted-By": "{third_leg}"}`,
		},
		{
			Name: "record_start", About: "a recording begins",
			fields: `{"Application-Name": "record", "Raw-Application-Name": "record", "Application-Response": "/tmp/{hex32}.mp3",
				"Recording": {"File-Path": "/tmp/{hex32}.mp3"}}`,
		},
		{
			Name: "record_stop", About: "a recording is done",
			fields: `{"Application-Name": "record", "Raw-Application-Name": "record", "Application-Response": "/tmp/{hex32}.mp3",
				"Recording": {"File-Path": "/tmp/{hex32}.mp3", "File-Size": 31104, "File-Samples": 124160, "File-Seconds": 15,
					"File-MilliSeconds": 15520, "Completion-Cause": "success-silence"},
				"Length": 15520, "Terminator": "#", "Silence-Terminated": false}`,
		},
		{
			Name: "dtmf", About: "a key was pressed", base: (*scene).head,
			fields: `{"DTMF-Digit": "5", "DTMF-Duration": 2000}`,
		},
		{Name: "detected_tone", About: "a tone was heard", base: (*scene).head, fields: `{"Detected-Tone": "fax"}`},
		{
			Name: "channel_fax_status", About: "a page of a fax came", base: (*scene).head,
			fields: `{"Application-Name": "receive_fax", "Application-Event": "pageresult", "Application-Data": {
				"Fax-Transferred-Pages": 1, "Fax-Total-Pages": 2, "Fax-Bad-Rows": 0, "Fax-Transfer-Rate": 14400,
				"Fax-ECM-Used": true, "Fax-T38-Used": true, "Fax-Local-Station-ID": "{dialled}"}}`,
		},
	}
	for i := range kinds {
		kinds[i] = kinds[i].onChannel()
	}
	return append(kinds, lostKinds()...)
}

// onChannel makes an event of a channel of a kind that names no more than what sets
// it apart.
func (k Kind) onChannel() Kind {
	k.category, k.event, k.by = kapi.CategoryCallEvent, strings.ToUpper(k.Name), bySwitch()
	if k.base == nil {
		k.base = (*scene).leg
	}
	if k.at == phaseEnded && k.Name != "channel_destroy" {
		k.at = phaseTalking
	}
	return k
}

// lostKinds are told by the node that controls the switch, not by the switch
// itself.
func lostKinds() []Kind {
	const known = `{"Timestamp": "{now}", "Call-ID": "{call_id}", "Call-Direction": "inbound", "Media-Server": "{switch_node}",
		"Channel-Call-State": "ANSWERED", "Custom-Channel-Vars": "{vars}", "Presence-ID": "{caller_number}@{carrier}",
		"From": "{caller_number}@{carrier}", "To": "{dialled}@{public}"}`
	kind := func(name, about, app, fields string, w way) Kind {
		return Kind{
			Name: name, About: about, at: phaseTalking, fields: fields,
			category: kapi.CategoryCallEvent, event: strings.ToUpper(name), by: origin{app, w},
		}
	}
	return []Kind{
		kind("channel_disconnected", "the switch is lost, and the channel with it", "ecallmgr", known, cast),
		kind("channel_connected", "the switch is back, and has the channel still", "ecallmgr", known, cast),
		kind("channel_pivot", "the call goes on with a callflow that a web server answered", "pivot",
			`{"Call-ID": "{call_id}", "Application-Data": "{\"module\":\"user\",\"data\":{\"id\":\"{owner_id}\"},\"children\":{}}"}`, direct),
	}
}

// parkingKinds come from the callflow. They have neither Timestamp nor
// Call-Direction (cf_park:publish_event/3).
func parkingKinds() []Kind {
	const slot = `{"Custom-Channel-Vars": {"Account-ID": "{account_id}", "Authorizing-Type": "resource",
			"Call-Interaction-ID": "{interaction}", "Ecallmgr-Node": "{ecallmgr}", "Fetch-ID": "{fetch_id}", "Realm": "{realm}",
			"Referred-By": "<sip:{device_user}@{realm}>", "Referred-To": "sip:*3101@{realm}"}}`
	kind := func(name, about string) Kind {
		return Kind{
			Name: name, About: about, Hook: "parking", at: phaseTalking, base: (*scene).parked, fields: slot,
			category: kapi.CategoryCallEvent, event: strings.ToUpper(name), by: origin{"callflow", direct},
		}
	}
	return []Kind{
		kind("park_parked", "a call was put in a parking slot"),
		kind("park_retrieved", "a parked call was picked up"),
		kind("park_abandoned", "a parked caller hung up"),
	}
}

// controlKinds are said about calls, but by no channel.
func controlKinds() []Kind {
	usurp := func(name, about, fields string, w way) Kind {
		return Kind{
			Name: name, About: about, at: phaseAnswered, fields: fields,
			category: kapi.CategoryCallEvent, event: name, by: origin{"ecallmgr", w},
		}
	}
	return []Kind{
		{
			Name: "route_req", About: "who takes a call that has come in?", base: (*scene).route,
			at: phaseCreated, category: kapi.CategoryDialplan, event: "route_req", by: origin{"ecallmgr", direct},
		},
		usurp("usurp_control", "another node controls the call from now on",
			`{"Call-ID": "{call_id}", "Fetch-ID": "{fetch_id}", "Media-Node": "{switch_node}", "Reason": "Route-Win"}`, direct),
		usurp("usurp_publisher", "another node publishes the call's events from now on",
			`{"Call-ID": "{call_id}", "Reference": "{hex8}", "Media-Node": "{switch_node}", "Reason": "redirect"}`, cast),
		{
			Name: "cdr_report", About: "the record of a leg that ended", base: (*scene).record,
			category: kapi.CategoryCallRecord, event: "report", by: bySwitch(),
			fields: `{"Account-ID": "{account_id}", "Node": "{core_uuid}"}`,
		},
	}
}
