package control

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// command does what an application's dialplan command says (kapi_dialplan).
func (c *Control) command(message jobj.Object) { c.perform(message, func() {}) }

// queue does commands one after the other; next follows the last.
func (c *Control) queue(callID string, commands []any, next func()) {
	if len(commands) == 0 {
		next()
		return
	}
	command, _ := commands[0].(jobj.Object)
	if !command.Has("Call-ID") {
		command = command.Set("Call-ID", callID)
	}
	c.perform(command, func() { c.queue(callID, commands[1:], next) })
}

// perform does a command, and says so; next follows as long as the call is up. One that cannot be
// done is told on the bus, unless it is a hangup or a bridge
// (ecallmgr_call_control:publish_error_resp/1).
func (c *Control) perform(message jobj.Object, next func()) {
	name := message.String("Application-Name")
	if name == "queue" {
		value, _ := message.Get("Commands")
		commands, _ := value.([]any)
		c.queue(message.String("Call-ID"), commands, next)
		return
	}
	ch, ok := c.channel(message)
	if !ok {
		c.cannot(message, nil, fmt.Sprintf("Session %s not found for %s", message.String("Call-ID"), name))
		return
	}
	_, waits := c.idle[ch]
	delete(c.idle, ch)
	done := false
	c.dialplan(name, ch, message, func(err error) {
		if done {
			return
		}
		done = true
		if err == nil && tells(name) && !ch.Gone() {
			err = ch.Executed(name, map[string]string{"noop": message.String("Msg-ID")}[name])
		}
		if err != nil {
			c.cannot(message, ch, "Could not execute dialplan action: "+name)
		}
		if ch.Gone() {
			return
		}
		if waits {
			c.attend(ch)
		}
		next()
	})
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
		c.Board.Hangup(ch, message.String("Hangup-Cause"), then)
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
		c.Board.Press(ch, message.String("DTMFs"), then)
	case "conference":
		c.Board.Enter(ch, message.String("Conference-ID"), message.Bool(false, "Moderator"), func(err error) {
			if err != nil {
				then(err)
				return
			}
			ch.Runs(name)
		})
	case "record_call":
		c.record(ch, message.String("Record-Action"), then)
	case "park", // the leg waits, as it does anyway
		"noop", "play", "say", "tts", "tones", "play_and_collect_digits", "break", "playstop", "echo", "tone_detect":
		then(nil)
	default:
		then(fmt.Errorf("the switch has no application %q", name))
	}
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
