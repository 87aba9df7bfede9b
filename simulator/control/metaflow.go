package control

import (
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// action does one thing to a call (konami). Kazoo does so only for calls that a metaflow
// was bound to; here all have one.
func (c *Control) action(message jobj.Object) {
	c.module(message.String("Action"), message, message.Object("Data"))
}

// flow runs a flow's first module. Nothing in the open Kazoo hears of it; with its
// commercial part, and here, the call obeys.
func (c *Control) flow(message jobj.Object) {
	flow := message.Object("Flow")
	c.module(flow.String("module"), message, flow.Object("data"))
}

// module does what a module of a metaflow does to the leg that is named.
func (c *Control) module(name string, message, data jobj.Object) {
	ch, ok := c.channel(message)
	if !ok {
		return
	}
	then := c.then("metaflow "+name, message)
	switch name {
	case "hangup":
		c.Board.Hangup(ch, "NORMAL_CLEARING", then)
	case "break":
		then(ch.Executed("play", "NONE"))
	case "hold":
		c.Board.Hold(ch, then)
	case "resume":
		c.Board.Resume(ch, then)
	case "hold_control":
		c.holdControl(ch, data.String("action"), then)
	case "transfer":
		c.transfer(ch, data, then)
	case "intercept":
		c.bring(ch, data, then)
	case "move": // whoever answers takes the leg's place
		if peer := ch.Peer(); peer != nil {
			ch = peer
		}
		c.bring(ch, data, then)
	case "callflow":
		to := firstText(data, "captures", "collected")
		if to == "" {
			to = data.String("id")
		}
		c.Board.RingCalled(ch, to, then)
	case "play", "say", "tts":
		then(ch.Executed(name, ""))
	case "record_call":
		c.record(ch, data.String("action"), then)
	case "park":
		c.Board.Park(ch, firstText(data, "slot", "target"), then)
	case "unpark":
		if d := ch.Device(); d != nil {
			_, err := c.Board.Retrieve(ch.Account(), firstText(data, "slot", "target"), *d, then)
			then(err)
		}
	default:
		then(fmt.Errorf("the switch has no module %q", name))
	}
}

func (c *Control) holdControl(ch *pbx.Channel, action string, then func(error)) {
	if action == "unhold" || action != "hold" && ch.Held() {
		c.Board.Resume(ch, then)
		return
	}
	c.Board.Hold(ch, then)
}

// transfer gives the other end of the leg to somebody else. An attended one is completed
// as soon as the target answers.
func (c *Control) transfer(ch *pbx.Channel, data jobj.Object, then func(error)) {
	target := data.String("target")
	if target == "" {
		target = firstText(data, "captures")
	}
	way := data.String("transfer-type")
	if way == "" {
		way = data.String("transfer_type")
	}
	if way != "attended" || ch.Device() == nil {
		c.Board.Transfer(ch, target, then)
		return
	}
	var consult *pbx.Channel
	consult, err := c.Board.Consult(ch, target, then)
	if err != nil {
		then(err)
		return
	}
	c.completeWhenAnswered(ch, consult, then)
}

// consultation is how long a target of an attended transfer may ring (konami: 20 s).
const consultation = 20 * time.Second

// completeWhenAnswered looks, each half a second, whether the target has answered.
func (c *Control) completeWhenAnswered(ch, consult *pbx.Channel, then func(error)) {
	until := c.Line.Now().Add(consultation)
	var look func()
	look = func() {
		switch {
		case consult.Peer() != nil:
			c.Board.Join(ch, consult, then)
		case consult.Gone() || ch.Gone():
		case c.Line.Now().After(until):
			c.Board.Hangup(consult, "", then)
			c.Board.Resume(ch, nil)
		default:
			c.Line.After(500*time.Millisecond, look)
		}
	}
	look()
}

// bring has a telephone of a user or a device, or one by its id, take the call of a leg.
func (c *Control) bring(ch *pbx.Channel, data jobj.Object, then func(error)) {
	o, _ := office.Of(c.Offices, ch.Account().ID)
	target := firstText(data, "target_id", "device_id", "owner_id")
	d, ok := o.Device(target)
	if !ok {
		then(fmt.Errorf("account %s has no telephone %q", ch.Account().ID, target))
		return
	}
	_, err := c.Board.PickUp(ch, d, then)
	if err != nil {
		then(err)
	}
}

// record takes the sound of a leg until it is told to stop, an hour at the most.
func (c *Control) record(ch *pbx.Channel, action string, then func(error)) {
	if action == "stop" {
		then(c.Board.StopRecording(ch))
		return
	}
	then(c.Board.StartRecording(ch, "call_recording_"+c.IDs.Hex(32)+".mp3"))
}

// firstText is the first of some fields that has a text, or a list of them.
func firstText(data jobj.Object, names ...string) string {
	for _, name := range names {
		value, _ := data.Get(name)
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		if text, ok := value.(string); ok && text != "" && text != "no_match" {
			return text
		}
	}
	return ""
}
