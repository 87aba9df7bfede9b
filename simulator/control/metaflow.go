package control

import (
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// action does one thing to a call (konami). Kazoo does so only for calls that a metaflow
// was bound to; here all have one.
func (c *Control) action(message jobj.Object) {
	name := message.String("Action")
	c.module(name, message, message.Object("Data"), c.then("metaflow "+name, message))
}

// flow runs the modules of a flow. Nothing in the open Kazoo hears of it; with its
// commercial part, and here, the call obeys.
func (c *Control) flow(message jobj.Object) { c.run(message.Object("Flow"), message) }

// run runs a flow's module and, unless that ends the flow or could not be done, the one below it.
func (c *Control) run(flow, message jobj.Object) {
	name, next := flow.String("module"), flow.Object("children").Object("_")
	told := c.then("metaflow "+name, message)
	c.module(name, message, flow.Object("data"), func(err error) {
		told(err)
		ends := slices.Contains([]string{"callflow", "intercept", "move"}, name)
		if err == nil && !ends && len(next) > 0 {
			c.run(next, message)
		}
	})
}

// module does what a module of a metaflow does to the leg that is named.
func (c *Control) module(name string, message, data jobj.Object, then func(error)) {
	ch, ok := c.channel(message)
	if !ok {
		return
	}
	switch name {
	case "hangup":
		c.Board.Hangup(ch, "NORMAL_CLEARING", then)
	case "break":
		then(ch.Executed(name, ""))
	case "hold":
		c.Board.Hold(ch, then)
	case "resume":
		c.Board.Resume(ch, then)
	case "hold_control":
		c.holdControl(ch, data.String("action"), then)
	case "transfer":
		c.transfer(ch, data, then)
	case "intercept":
		c.intercept(ch, data, then)
	case "move":
		c.move(ch, data, then)
	case "callflow":
		to := firstText(data, "captures", "collected")
		if to == "" {
			to = data.String("id")
		}
		c.Board.Divert(ch, to, then)
	case "play": // which the caller hears, answered or not
		if ch.Dialler() == nil {
			if err := c.Board.Take(ch); err != nil {
				then(err)
				return
			}
		}
		then(ch.Executed(name, ""))
	case "say", "tts", "audio_level", "sound_touch":
		then(ch.Executed(name, ""))
	case "record_call":
		c.record(ch, taping{action: data.String("action")}, then)
	case "park":
		c.Board.Park(ch, firstText(data, "slot", "target"), then)
	case "unpark":
		c.unpark(ch, firstText(data, "slot", "target"), then)
	default: // pivot and relate among them
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
	c.Board.Give(ch, target, then)
}

// intercept rings the telephones of a device, a user or a number. Who answers takes the leg's
// call, whose other end is dropped; with unbridged_only only of a leg that has none.
func (c *Control) intercept(ch *pbx.Channel, data jobj.Object, then func(error)) {
	devices, err := c.telephones(ch, firstText(data, "target_id"))
	switch {
	case err != nil:
		then(err)
	case data.Bool(false, "unbridged_only") && ch.Peer() != nil:
		then(&pbx.StateError{CallID: ch.CallID(), Doing: "intercept", State: "bridged, and unbridged_only"})
	default:
		c.Board.Fetch(ch, devices, then)
	}
}

// move rings the other telephones of whoever is at the leg, or those that are named. Who answers
// takes the leg's place.
func (c *Control) move(ch *pbx.Channel, data jobj.Object, then func(error)) {
	to := firstText(data, "device_id", "owner_id")
	if d := ch.Device(); to == "" && d != nil {
		to = d.OwnerID
	}
	devices, err := c.telephones(ch, to)
	if err != nil {
		then(err)
		return
	}
	c.Board.Move(ch, devices, then)
}

// telephones are those of a device, a user or a number of the leg's account, without the one at
// the leg itself.
func (c *Control) telephones(ch *pbx.Channel, of string) ([]pbx.Device, error) {
	o, _ := office.Of(c.Offices, ch.Account().ID)
	devices := slices.DeleteFunc(o.Telephones(of), func(d pbx.Device) bool {
		return ch.Device() != nil && ch.Device().Username == d.Username
	})
	if len(devices) == 0 {
		return nil, fmt.Errorf("account %s has no other telephone %q", ch.Account().ID, of)
	}
	return devices, nil
}

// unpark has the telephone at the leg take a call out of a slot.
func (c *Control) unpark(ch *pbx.Channel, slot string, then func(error)) {
	d := ch.Device()
	if d == nil {
		then(&pbx.StateError{CallID: ch.CallID(), Doing: "unpark from", State: "no telephone's of the account"})
		return
	}
	if _, err := c.Board.Retrieve(ch.Account(), slot, *d, then); err != nil {
		then(err)
	}
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
