package kapi

import "strings"

// Names of the call events that make webhooks fire.
const (
	ChannelCreate  = "CHANNEL_CREATE"
	ChannelAnswer  = "CHANNEL_ANSWER"
	ChannelBridge  = "CHANNEL_BRIDGE"
	ChannelDestroy = "CHANNEL_DESTROY"
	// These no hook hears.
	ChannelProgress      = "CHANNEL_PROGRESS"
	ChannelProgressMedia = "CHANNEL_PROGRESS_MEDIA"
	ChannelUnbridge      = "CHANNEL_UNBRIDGE"
	ChannelHold          = "CHANNEL_HOLD"
	ChannelUnhold        = "CHANNEL_UNHOLD"
	ChannelExecuted      = "CHANNEL_EXECUTE_COMPLETE"
	LegCreated           = "LEG_CREATED"

	ParkParked    = "PARK_PARKED"
	ParkRetrieved = "PARK_RETRIEVED"
	ParkAbandoned = "PARK_ABANDONED"
)

// CategoryCallEvent is the Event-Category of everything on ExchangeCallEvents
// but requests.
const CategoryCallEvent = "call_event"

// CallEvent is the definition of a call event (kapi_call:event_definition/0).
func CallEvent() Definition {
	return Definition{
		Category: CategoryCallEvent,
		Optional: strings.Fields(`
			Application-Data Application-Event Application-Name Application-Response
			Billing-Seconds Bridge-B-Unique-ID Bridge-Hangup-Cause Call-Debug Call-Direction
			Callee-ID-Name Callee-ID-Number Caller-Destination-Number Caller-ID-Name
			Caller-ID-Number Channel-Answer-State Channel-Call-State Channel-Created-Time
			Channel-Debug Channel-Is-Loopback Channel-Loopback-Bowout
			Channel-Loopback-Bowout-Execute Channel-Loopback-Leg Channel-Loopback-Other-Leg-ID
			Channel-Moving Channel-Name Channel-State Conference-Config Conference-Name
			Connecting-Leg-A-UUID Connecting-Leg-B-UUID Control-Queue Custom-Application-Vars
			Custom-Channel-Vars Custom-SIP-Headers DTMF-Digit DTMF-Duration Detected-Tone
			Digits-Dialed Disposition Duration-Seconds Endpoint-Disposition Fax-Info From From-Tag
			From-Uri Hangup-Cause Hangup-Code Interaction-ID Intercepted-By Length Local-SDP
			Media-Recordings Media-Server Origination-Call-ID Other-Leg-Call-ID
			Other-Leg-Caller-ID-Name Other-Leg-Caller-ID-Number Other-Leg-Destination-Number
			Other-Leg-Direction Parking-Slot Presence-ID Raw-Application-Data
			Raw-Application-Name Recording Remote-SDP Replaced-By Request Resigning-Peer-UUID
			Resigning-UUID Ringing-Seconds Root-Call-Interaction-ID Silence-Terminated
			Switch-Hostname Switch-Nodename Switch-URI Switch-URL Target-Call-ID Terminator
			Timestamp To To-Tag To-Uri Transfer-Disposition Transfer-History Transfer-Source
			Transfer-To Transfer-Type User-Agent`),
		Required: []string{"Call-ID"},
		Rules: []Rule{
			{Field: "Custom-Application-Vars", Kind: KindObject},
			{Field: "Custom-Channel-Vars", Kind: KindObject},
			{Field: "Custom-SIP-Headers", Kind: KindObject},
			{Field: "Fax-Info", Kind: KindObject},
		},
		KeepEmpty: true,
	}
}
