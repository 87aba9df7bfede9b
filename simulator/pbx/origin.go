package pbx

import (
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// origin is who publishes a message, and in which way.
type origin struct {
	app string // App-Name
	way way
}

// way is how a message is handed to the bus. What it leaves behind is the form of
// Msg-ID, and headers for an answer.
type way int

const (
	onOwn    way = iota // the switch: Msg-ID is the event's time
	direct              // 32 digits
	cast                // through the pool of workers: 16 digits
	called              // the same, and an answer is awaited: Server-ID and System-Log-ID
	fromREST            // the same, with the id of the HTTP request: 32 digits
)

// bySwitch is the origin of what happens to channels.
func bySwitch() origin { return origin{"freeswitch", onOwn} }

// sender fills the fields that every message of an origin has.
func (s *Switch) sender(o origin) kapi.Sender {
	from := kapi.Sender{AppName: o.app, AppVersion: "4.0.0", Node: s.appsNode()}
	switch o.app {
	case "freeswitch":
		from.AppVersion, from.Node = "1.0", s.node()
	case "ecallmgr":
		from.AppVersion, from.Node = "5.0.0", "ecallmgr@"+s.host.Apps
	case "kamailio":
		from.AppVersion, from.Node = "5.5", "kamailio@"+s.host.Proxy
	case "im_inbound", "im_outbound":
		from.AppVersion = "1.0"
	case "kazoo_apps":
		from.AppName, from.AppVersion = "4.0.0", "kazoo_apps" // kz_notify swaps them
	}
	from.MsgID = func() string {
		switch o.way {
		case direct, fromREST:
			return s.ids.Hex(32)
		case cast, called:
			return s.ids.Hex(16)
		default:
			return micros(s.now())
		}
	}
	return from
}

// appsNode is the node of the applications.
func (s *Switch) appsNode() string { return "kazoo_apps@" + s.host.Apps }

// stamp gives a message its id and the headers that its way leaves behind
// (kz_amqp_worker:send_request/4).
func (s *Switch) stamp(fields jobj.Object, o origin, from kapi.Sender) jobj.Object {
	id := from.MsgID()
	if !fields.Has("Msg-ID") {
		fields = fields.Set("Msg-ID", id)
	}
	if o.way != called && o.way != fromREST {
		return fields
	}
	thread := id
	if call := fields.String("Call-ID"); call != "" {
		thread = call
	}
	return fields.
		Set("Server-ID", fmt.Sprintf("%s-<0.%d.0>-%s", from.Node, 800+s.ids.IntN(200), s.ids.Hex(8))).
		Set("System-Log-ID", thread)
}
