package dialplan

import (
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Record is what the caller says, until silence, a terminator or a time.
type Record struct {
	Media        string
	Terminators  []string
	LimitSeconds int64
	SilenceHits  int64 // seconds of silence that end it
	Threshold    int64 // 0 is 200
}

// Record has the caller recorded (kapps_call_command:record/7). RECORD_STOP tells of its end.
func (s Sender) Record(r Record) jobj.Object {
	if r.Threshold == 0 {
		r.Threshold = 200
	}
	return s.Command("record",
		member("Time-Limit", r.LimitSeconds), member("Terminators", array(r.Terminators)),
		member("Silence-Threshold", r.Threshold), member("Silence-Hits", r.SilenceHits), member("Media-Name", r.Media))
}

// Store has a recording uploaded by method (put or post) to a URL (kapps_call_command:store/5).
func (s Sender) Store(media, url, method string) jobj.Object {
	return s.Command("store",
		member("Suppress-Error-Report", false), now(), member("Additional-Headers", []any{jobj.Object{}}),
		member("Media-Transfer-Method", method), member("Media-Transfer-Destination", url), member("Media-Name", media))
}

// RecordCall begins or ends (action start or stop) the recording of both sides. The limit is text,
// as the reference sends it; what else there is to say stands in more, before Insert-At.
func (s Sender) RecordCall(action, media string, limit int64, more ...jobj.Member) jobj.Object {
	own := []jobj.Member{}
	if limit > 0 {
		own = append(own, member("Time-Limit", strconv.FormatInt(limit, 10)))
	}
	own = append(own, member("Media-Name", media))
	own = append(own, more...)
	return s.Command("record_call", append(own, now(), member("Record-Action", action))...)
}

// Set sets channel variables: on this leg, and on all of the call (kapps_call_command:set/3).
// Custom-Application-Vars stand in more.
func (s Sender) Set(channel, call jobj.Object, more ...jobj.Member) jobj.Object {
	own := []jobj.Member{
		now(), member("Export-All", false), member("Custom-Channel-Vars", orEmpty(channel)), member("Custom-Call-Vars", orEmpty(call)),
	}
	return s.Command("set", append(own, more...)...)
}

func orEmpty(o jobj.Object) jobj.Object {
	if o == nil {
		return jobj.Object{}
	}
	return o
}

// SendDTMF has the caller's peer hear digits. durationMS is text; "" leaves it out.
func (s Sender) SendDTMF(digits, durationMS string) jobj.Object {
	return s.Command("send_dtmf", member("DTMFs", digits), member("Duration", durationMS))
}

// Bridge is endpoints that are rung for the caller.
type Bridge struct {
	// Timeout in seconds; 0 is said as it is.
	Timeout          int64
	IgnoreEarlyMedia bool
	Method           string // simultaneous or single
	Endpoints        []jobj.Object
	More             []jobj.Member // after Endpoints
	// App is the application that sends it; "" is translator.
	App string
}

// Bridge rings endpoints (kapps_call_command:b_bridge/8). Its end is told as
// CHANNEL_EXECUTE_COMPLETE.
func (s Sender) Bridge(b Bridge) jobj.Object {
	endpoints := make([]any, len(b.Endpoints))
	for i, e := range b.Endpoints {
		endpoints[i] = e
	}
	own := []jobj.Member{member("Timeout", b.Timeout)}
	if b.IgnoreEarlyMedia {
		own = append(own, member("Ignore-Early-Media", "true"))
	}
	own = append(own, member("Dial-Endpoint-Method", b.Method), member("Endpoints", endpoints))
	own = append(own, b.More...)
	s.AppName, s.AppVersion = b.App, coreVersion
	if b.App == "" {
		s.AppName = translator
	}
	return s.Command("bridge", own...)
}

// Offnet is a number that is dialled over the resources (exchange resources, OffnetKey).
type Offnet struct {
	Timeout                     any // seconds; nil leaves it out
	PresenceID                  string
	CallerNumber, CallerName    string
	Media                       string // process or bypass
	ForceOutbound               any    // a boolean; nil leaves it out
	EmergencyNumber             string
	EmergencyName               string
	ControlQueue                string
	AccountRealm, AccountID, To string
	More                        []jobj.Member // before Timeout
	App                         string        // "" is translator
}

// OffnetKey is where an offnet request goes, on exchange resources.
const OffnetKey = "offnet.resource.req.audio"

// Offnet asks for a number. When it does not come about, resource/offnet_resp is sent to the
// sender's queue.
func (s Sender) Offnet(o Offnet) jobj.Object {
	app := o.App
	if app == "" {
		app = translator
	}
	own := append([]jobj.Member{}, o.More...)
	own = append(own,
		member("Timeout", o.Timeout), member("Presence-ID", o.PresenceID),
		member("Outbound-Caller-ID-Number", o.CallerNumber), member("Outbound-Caller-ID-Name", o.CallerName),
		member("Media", o.Media), member("Force-Outbound", o.ForceOutbound),
		member("Emergency-Caller-ID-Number", o.EmergencyNumber), member("Emergency-Caller-ID-Name", o.EmergencyName),
		member("Control-Queue", o.ControlQueue), s.callID(), member("Account-Realm", o.AccountRealm),
		member("Account-ID", o.AccountID), member("To-DID", o.To), member("Resource-Type", "audio"), member("Application-Name", "bridge"))
	return s.As(app, coreVersion, "resource", "offnet_req", own...)
}

// StatusRequest asks the switch whether the call is still there (exchange callevt, StatusKey). app is
// who asks, kapps_call_command for what waits for an event.
func (s Sender) StatusRequest(app string) jobj.Object {
	id := s.MsgID()
	o := jobj.Object{s.callID()}
	if s.ReplyTo != "" {
		o = append(o, member("Server-ID", s.ReplyTo))
	}
	if s.Node != "" {
		o = append(o, member("Node", s.Node))
	}
	return append(o, member("System-Log-ID", s.CallID), member("Msg-ID", id), member("Event-Name", "channel_status_req"),
		member("Event-Category", "call_event"), member("App-Version", coreVersion), member("App-Name", app))
}

// StatusKey is where a StatusRequest of a call goes, on exchange callevt.
func StatusKey(callID string) string { return "call.status_req." + kapi.EncodeKey(callID) }

// AllDigits are the keys that end a prompt when nothing else is said, in Kazoo's order.
func AllDigits() []string {
	return []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"}
}
