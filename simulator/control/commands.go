package control

import (
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// command does what an application's dialplan command says (kapi_dialplan). One that
// cannot be done is told on the bus, unless it is a hangup or a bridge
// (ecallmgr_call_control:publish_error_resp/1).
func (c *Control) command(message jobj.Object) {
	name := message.String("Application-Name")
	if name == "queue" {
		value, _ := message.Get("Commands")
		list, _ := value.([]any)
		for _, one := range list {
			if command, ok := one.(jobj.Object); ok {
				if !command.Has("Call-ID") {
					command = command.Set("Call-ID", message.String("Call-ID"))
				}
				c.command(command)
			}
		}
		return
	}
	ch, ok := c.channel(message)
	if !ok {
		c.cannot(message, nil, fmt.Sprintf("Session %s not found for %s", message.String("Call-ID"), name))
		return
	}
	c.dialplan(name, ch, message, func(err error) {
		if err != nil {
			c.cannot(message, ch, "Could not execute dialplan action: "+name)
		}
	})
}

func (c *Control) dialplan(name string, ch *pbx.Channel, message jobj.Object, then func(error)) {
	switch name {
	case "answer":
		then(ch.Answer())
	case "progress", "ring":
		then(ch.Progress(name == "progress"))
	case "hangup":
		c.Board.Hangup(ch, message.String("Hangup-Cause"), then)
	case "hold", "soft_hold":
		c.Board.Hold(ch, then)
	case "hold_control":
		c.holdControl(ch, message.String("Action"), then)
	case "park", "set": // the leg waits, as it does anyway; and that variables are set is not told
		then(nil)
	case "unbridge":
		then(ch.Unbridge())
	case "bridge":
		c.bridge(ch, message, then)
	case "transfer":
		to := message.String("Transfer-To")
		c.transfer(ch, jobj.Object{{Key: "target", Value: to}, {Key: "transfer-type", Value: message.String("Transfer-Type")}}, then)
	case "call_pickup", "connect_leg":
		target, ok := c.Core.Channel(message.String("Target-Call-ID"))
		if !ok {
			then(fmt.Errorf("no call %s", message.String("Target-Call-ID")))
			return
		}
		c.Board.Connect(ch, target, name == "call_pickup" || message.Bool(true, "Publish-Usurp"), then)
	case "send_dtmf":
		c.Board.Press(ch, message.String("DTMFs"), then)
	case "conference":
		c.Board.Enter(ch, message.String("Conference-ID"), message.Bool(false, "Moderator"), then)
	case "record_call":
		c.record(ch, message.String("Record-Action"), then)
	case "noop":
		then(ch.Executed("noop", message.String("Msg-ID")))
	case "play", "say", "tts", "tones", "play_and_collect_digits", "break", "playstop", "echo", "tone_detect":
		then(ch.Executed(name, ""))
	default:
		then(fmt.Errorf("the switch has no application %q", name))
	}
}

// bridge rings the endpoints of a command; who answers is connected.
func (c *Control) bridge(ch *pbx.Channel, message jobj.Object, then func(error)) {
	value, _ := message.Get("Endpoints")
	list, _ := value.([]any)
	var devices []pbx.Device
	for _, one := range list {
		endpoint, _ := one.(jobj.Object)
		if route := endpoint.String("Route"); pbx.IsNumber(route) {
			c.Board.RingNumber(ch, route, then)
			continue
		}
		devices = append(devices, device(endpoint, c.Offices, ch.Account()))
	}
	if len(devices) > 0 {
		c.Board.Ring(ch, devices, false, then)
	}
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

// conference does what a conference is told.
func (c *Control) conference(message jobj.Object) {
	then := c.then("conference "+message.String("Application-Name"), message)
	room, ok := c.Core.RoomNamed(message.String("Conference-ID"))
	if !ok {
		return
	}
	asked, all := message.Int("Participant-ID"), !message.Has("Participant-ID")
	switch message.String("Application-Name") {
	case "lock", "unlock":
		then(room.Lock(message.String("Application-Name") == "lock"))
		return
	}
	for _, m := range room.Members() {
		if !all && int64(m.Number()) != asked {
			continue
		}
		switch message.String("Application-Name") {
		case "mute_participant", "unmute_participant":
			then(m.Mute(message.String("Application-Name") == "mute_participant"))
		case "deaf_participant", "undeaf_participant":
			then(m.Deafen(message.String("Application-Name") == "deaf_participant"))
		case "kick":
			c.Board.Hangup(m.Channel(), "NORMAL_CLEARING", then)
		}
	}
}

// discover answers who has a conference, or those of an account.
func (c *Control) discover(request jobj.Object) {
	if request.String("Event-Name") != "search_req" {
		return
	}
	def := kapi.Definition{
		Category: kapi.CategoryConference, Name: "search_resp",
		Optional: []string{"Answered", "Conference-ID", "Conferences", "Dynamic", "Locked", "Participant-Count", "Participants",
			"Run-Time", "Running", "Start-Time", "Switch-Hostname", "Switch-URL", "Switch-External-IP", "UUID"},
	}
	if account := request.String("Account-ID"); account != "" {
		all := jobj.Object{}
		for _, room := range c.Core.Rooms(account) {
			all = append(all, jobj.Member{Key: room.ID(), Value: room.Report()})
		}
		c.reply(request, def, jobj.Object{{Key: "Conferences", Value: all}})
		return
	}
	if room, ok := c.Core.RoomNamed(request.String("Conference-ID")); ok {
		c.reply(request, def, room.Report())
	}
}
