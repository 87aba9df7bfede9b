package control

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// offnet places a call to the telephone network (stepswitch): the leg is told to bridge to the
// carrier, in its turn. Who has asked hears what came of it, or that there is no way.
func (c *Control) offnet(request jobj.Object) {
	if request.String("Event-Name") != "offnet_req" {
		return
	}
	ch, ok := c.channel(request)
	if !ok {
		return // another switch's
	}
	number := request.String("To-DID")
	end := jobj.Object{{Key: "Invite-Format", Value: "route"}, {Key: "Route", Value: number}}
	_, own := office.WithNumber(c.Offices, number)
	switch {
	case own && !request.Bool(true, "Force-Outbound"): // stepswitch_local_extension
		end = end.Set("Invite-Format", "loopback")
	case !routed(number):
		c.tellOffnet(request, "NO_ROUTE_DESTINATION", "no available resources")
		return
	}
	c.order(request.Filter(func(m jobj.Member) bool {
		return strings.HasPrefix(m.Key, "Outbound-Caller-ID-") || m.Key == "Msg-ID" || m.Key == "Timeout" || m.Key == "Ignore-Early-Media"
	}).Merge(jobj.Object{
		{Key: "Application-Name", Value: "bridge"},
		{Key: "Call-ID", Value: ch.CallID()},
		{Key: "Endpoints", Value: []any{end}},
	}), func(err error) {
		switch cause := ch.Outcome(); {
		case err != nil:
			c.tellOffnet(request, "NORMAL_TEMPORARY_FAILURE", err.Error())
		case cause == "NORMAL_CLEARING":
			c.tellOffnet(request, "SUCCESS", "")
		default:
			c.tellOffnet(request, cause, "")
		}
	})
}

// routed tells whether a carrier takes a number: one of the telephone network, or the emergency
// one.
func routed(number string) bool { return pbx.IsNumber(number) || number == "911" }

// tellOffnet says what came of a request (kapi_offnet_resource:resp/1).
func (c *Control) tellOffnet(request jobj.Object, message, why string) {
	code := pbx.HangupCode(message)
	if message == "SUCCESS" {
		code = "sip:200"
	}
	c.replyAs("stepswitch", request, kapi.Definition{
		Category: kapi.CategoryResource, Name: "offnet_resp", Required: []string{"Call-ID", "Response-Message"},
		Optional: []string{"Error-Message", "Response-Code", "Control-Queue", "To-DID"},
	}, jobj.Object{
		{Key: "Call-ID", Value: request.String("Call-ID")},
		{Key: "Response-Message", Value: message},
		{Key: "Response-Code", Value: code},
		{Key: "Error-Message", Value: why},
		{Key: "Control-Queue", Value: request.String("Control-Queue")},
		{Key: "To-DID", Value: request.String("To-DID")},
	})
}
