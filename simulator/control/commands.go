package control

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// perform does a command, and says so; next follows as long as the call is up. One that cannot be
// done is told on the bus, unless it is a hangup or a bridge
// (ecallmgr_call_control:publish_error_resp/1).
func (c *Control) perform(ch *pbx.Channel, one job, next func()) {
	name, done := one.application(), false
	c.dialplan(name, ch, one.message, func(err error) {
		if done {
			return
		}
		done = true
		if err == nil && tells(name) && !ch.Gone() {
			err = ch.Executed(name, response(name, one.message))
		}
		if err != nil {
			c.cannot(one.message, ch, "Could not execute dialplan action: "+name)
		}
		if one.done != nil {
			one.done(err)
		}
		if !ch.Gone() {
			next()
		}
	})
}

// response is what is told of the end of an application; "" is NONE.
func response(application string, message jobj.Object) string {
	switch application {
	case "noop":
		return message.String("Msg-ID")
	case "play":
		return "FILE PLAYED"
	}
	return ""
}

// tells says whether the end of an application is told as CHANNEL_EXECUTE_COMPLETE. The bridge
// tells of its end itself, as a conference does that lasts as long as the call.
func tells(application string) bool {
	return !slices.Contains(strings.Fields("set park ring bridge hangup conference"), application)
}

// dialplan does one command; then is told when it is done, or why it cannot be.
func (c *Control) dialplan(name string, ch *pbx.Channel, message jobj.Object, then func(error)) {
	switch name {
	case "answer":
		then(c.Board.Take(ch))
	case "progress", "ring":
		then(ch.Progress(name == "progress"))
	case "hangup":
		if message.Bool(false, "Other-Leg-Only") {
			c.hangUpOther(ch, message, then)
			return
		}
		// It is the switch that hangs up, answered or not, and no caller who gives up.
		c.Board.Hangup(ch, cmp.Or(message.String("Hangup-Cause"), "NORMAL_CLEARING"), then)
	case "hold", "soft_hold":
		c.Board.Hold(ch, then)
	case "hold_control":
		c.holdControl(ch, message.String("Action"), then)
	case "set":
		ch.SetVars(message.Object("Custom-Channel-Vars"), message.Object("Custom-Call-Vars"), message.Object("Custom-Application-Vars"))
		then(nil)
	case "unbridge":
		c.unbridge(ch, then)
	case "bridge":
		c.bridge(ch, message, then)
	case "transfer":
		to := message.String("Transfer-To")
		c.transfer(ch, jobj.Object{{Key: "target", Value: to}, {Key: "transfer-type", Value: message.String("Transfer-Type")}}, then)
	case "call_pickup", "connect_leg":
		c.pickUp(ch, message.String("Target-Call-ID"), name == "call_pickup" || message.Bool(true, "Publish-Usurp"), then)
	case "send_dtmf":
		c.Board.Send(ch, message.String("DTMFs"), then)
	case "conference":
		c.enter(ch, message, then)
	case "record_call":
		c.record(ch, taping{
			action: message.String("Record-Action"), name: message.String("Media-Name"), limit: seconds(message, "Time-Limit"),
		}, then)
	case "record":
		c.listen(ch, message, then)
	case "store":
		c.store(ch, message, then)
	case "respond":
		then(c.respond(ch, message))
	case "play", "say", "tts", "tones", "play_and_collect_digits":
		c.sound(name, ch, message, then)
	case "break", "playstop":
		c.stop(ch)
		then(nil)
	case "park":
		then(park(ch))
	case "noop", "echo", "tone_detect":
		then(nil)
	default:
		then(fmt.Errorf("the switch has no application %q", name))
	}
}

// hangUpOther ends the other leg of a call, or those that ring for it.
func (c *Control) hangUpOther(ch *pbx.Channel, message jobj.Object, then func(error)) {
	if peer := ch.Peer(); peer != nil {
		c.Board.Hangup(peer, message.String("Hangup-Cause"), then)
		return
	}
	c.Board.Next(ch, nil)
	c.Board.GiveUp(ch, true, then)
}

// respond answers the caller's INVITE with a SIP status. One that is final ends a call that nobody
// has answered.
func (c *Control) respond(ch *pbx.Channel, message jobj.Object) error {
	const final, refuses = 200, 300
	code, err := strconv.Atoi(plain(message, "Response-Code"))
	switch {
	case err != nil:
		return fmt.Errorf("the Response-Code %q is no SIP status: give one such as 486", message.String("Response-Code"))
	case ch.Answered():
		return nil // there is nothing to answer any more
	case code < final:
		return ch.Progress(code == 183)
	case code < refuses:
		return c.Board.Take(ch)
	}
	return ch.Respond(code)
}

// park has a leg wait, as it does anyway; one that is in a conference leaves that.
func park(ch *pbx.Channel) error {
	m := ch.Member()
	if m == nil {
		return nil
	}
	return m.Leave()
}

// unbridge parts a channel from its peer; whichever of them an application leads has had its bridge.
func (c *Control) unbridge(ch *pbx.Channel, then func(error)) {
	peer := ch.Peer()
	err := ch.Unbridge()
	for _, one := range []*pbx.Channel{ch, peer} {
		if err == nil && one.Led() {
			err = one.Bridged("NORMAL_CLEARING")
		}
	}
	then(err)
}

// pickUp has a channel take the call of another one.
func (c *Control) pickUp(ch *pbx.Channel, targetID string, usurp bool, then func(error)) {
	target, ok := c.Core.Channel(targetID)
	if !ok {
		then(fmt.Errorf("no call %s", targetID))
		return
	}
	c.Board.Connect(ch, target, usurp, then)
}

// cannot tells that a command was not done.
func (c *Control) cannot(message jobj.Object, ch *pbx.Channel, why string) {
	if name := message.String("Application-Name"); name == "hangup" || name == "bridge" {
		return
	}
	state, callState := "DOWN", "DOWN"
	fault := "baduuid"
	if ch != nil {
		state, callState = ch.States()
		fault = "throw"
	}
	command := message.Delete("App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID", "Node", "Server-ID")
	m, err := kapi.DialplanError().Message(kapi.Sender{
		Node: c.Node, AppName: "ecallmgr", AppVersion: "5.0.0", MsgID: func() string { return c.IDs.Hex(32) },
	}, jobj.Object{
		{Key: "Msg-ID", Value: message.String("Msg-ID")},
		{Key: "Call-ID", Value: message.String("Call-ID")},
		{Key: "Channel-State", Value: state},
		{Key: "Channel-Call-State", Value: callState},
		{Key: "Dialplan-Error", Value: fault},
		{Key: "Error-Message", Value: why},
		{Key: "Request", Value: command},
	})
	if err != nil {
		c.Log.Error("a refusal of the switch could not be made", "error", err)
		return
	}
	c.Send(outlet.Message(m))
}
