package pbx

import (
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Route asks who takes the call, and gives it to an application, which the others are told. The
// callflow is "" where no document says what happens.
func (ch *Channel) Route(application, callflowID string) error {
	if err := ch.must("route", isRinging, isEarly, isAnswered); err != nil {
		return err
	}
	c := ch.core
	ch.fetchID, ch.over = c.uuid1(), nil
	if err := c.tell(kapi.CategoryDialplan, "route_req", origin{"ecallmgr", direct}, c.routeRequest(ch.leg, ch.farAddress())); err != nil {
		return err
	}
	if ch.toTag == "" {
		ch.toTag = c.switchTag()
	}
	ch.state = "EXECUTE"
	ch.set("Ecallmgr-Node", "ecallmgr@"+c.host.Apps)
	ch.set("Application-Name", application)
	ch.set("Application-Node", c.appsNode())
	ch.set("CallFlow-ID", callflowID)
	ch.set("Channel-Authorized", "true")
	if ch.vars.String("Bridge-ID") == "" {
		ch.set("Bridge-ID", ch.callID)
	}
	return c.tell(kapi.CategoryCallEvent, "usurp_control", origin{"ecallmgr", direct}, jobj.Object{
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Fetch-ID", Value: ch.fetchID},
		{Key: "Media-Node", Value: c.node()},
		{Key: "Reason", Value: "Route-Win"},
	})
}

// routeRequest are the fields by which ecallmgr asks who takes the call of a leg, which comes from
// an address. Its answers would go to a process of the node's (ecallmgr_fs_router_util).
func (s *Switch) routeRequest(l leg, address string) jobj.Object {
	process := fmt.Sprintf("<0.%d.0>", 800+s.ids.IntN(200))
	node := "ecallmgr@" + s.host.Apps
	return jobj.Object{
		{Key: "Msg-ID", Value: l.fetchID},
		{Key: "Server-ID", Value: "pid://" + process + "/" + node + "-" + process + "-" + s.ids.Hex(8)},
		{Key: "Call-ID", Value: l.callID},
		{Key: "Call-Direction", Value: l.direction},
		{Key: "Caller-ID-Name", Value: l.callerName},
		{Key: "Caller-ID-Number", Value: l.callerNumber},
		{Key: "Request", Value: l.request},
		{Key: "To", Value: l.to},
		{Key: "From", Value: l.from},
		{Key: "From-Tag", Value: l.fromTag},
		{Key: "To-Tag", Value: l.toTag},
		{Key: "User-Agent", Value: l.userAgent},
		{Key: "From-Network-Addr", Value: address},
		{Key: "From-Network-Port", Value: "5060"},
		{Key: "Resource-Type", Value: "audio"},
		{Key: "Switch-Hostname", Value: s.host.Switch},
		{Key: "Switch-Nodename", Value: s.node()},
		{Key: "Switch-URL", Value: s.url()},
		{Key: "Switch-URI", Value: "sip:" + s.host.Address + ":11000"},
		{Key: "Custom-Channel-Vars", Value: l.customChannelVars()},
	}
}
