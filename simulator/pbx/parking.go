package pbx

import (
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Parked says that the channel waits in a slot of its account, and Retrieved that it,
// or with another channel whoever took it, is out of it; Abandoned, that its caller
// has hung up (cf_park:publish_event/3).
func (ch *Channel) Parked(slot string) error { return ch.parking("PARK_PARKED", slot) }

// Retrieved says that a parked channel was taken. See Parked.
func (ch *Channel) Retrieved(slot string) error { return ch.parking("PARK_RETRIEVED", slot) }

// Abandoned says that a parked caller has hung up. See Parked.
func (ch *Channel) Abandoned(slot string) error { return ch.parking("PARK_ABANDONED", slot) }

func (ch *Channel) parking(name, slot string) error {
	fields := ch.inSlot(slot).Set("Custom-Channel-Vars", ch.customChannelVars().Set("Realm", ch.account.Realm))
	return ch.core.tell(kapi.CategoryCallEvent, name, origin{"callflow", direct}, fields)
}

// inSlot are the fields of what is said of a leg in a parking slot, without its variables.
func (l leg) inSlot(slot string) jobj.Object {
	return jobj.Object{
		{Key: "Call-ID", Value: l.callID},
		{Key: "Callee-ID-Name", Value: l.calleeName},
		{Key: "Callee-ID-Number", Value: l.calleeNumber},
		{Key: "Caller-ID-Name", Value: l.callerName},
		{Key: "Caller-ID-Number", Value: l.callerNumber},
		{Key: "Parking-Slot", Value: slot},
	}
}

// SlotPresence tells whoever follows a parking slot what is in it: early while a call
// waits, terminated when it is empty (cf_park:update_presence/2). To-User is the
// parked caller's name.
func (ch *Channel) SlotPresence(slot, state string) error {
	realm := ch.account.Realm
	presence := "*3" + slot + "@" + realm
	expires := 3600
	if state == "terminated" {
		expires = 10
	}
	return ch.core.tell(kapi.CategoryPresence, "dialog_update", origin{"park", cast}, jobj.Object{
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Presence-ID", Value: presence},
		{Key: "From", Value: "sip:" + presence},
		{Key: "From-User", Value: "*3" + slot},
		{Key: "From-Realm", Value: realm},
		{Key: "From-Tag", Value: "A"},
		{Key: "To", Value: ch.address()},
		{Key: "To-URI", Value: "sip:" + presence},
		{Key: "To-User", Value: ch.farName()},
		{Key: "To-Realm", Value: realm},
		{Key: "To-Tag", Value: "B"},
		{Key: "Event-Package", Value: "dialog"},
		{Key: "Direction", Value: "recipient"},
		{Key: "State", Value: state},
		{Key: "Expires", Value: expires},
	})
}
