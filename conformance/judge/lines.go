package judge

import "strings"

// presented: a line is early, then confirmed, then terminated.
func (j *Judge) presented(l *look) {
	f := l.body
	call, state, app := f.text("Call-ID"), f.text("State"), f.text("App-Name")
	if l.name != "dialog_update" || app != "ecallmgr" || call == "" || state == "" {
		return // a slot can be taken again by the same call
	}
	before, _ := j.lines.get(call)
	switch {
	case before == "terminated":
		j.finding("presence.states", j.count, "State", state+" of "+quote(call)+" after terminated", "nothing")
	case before == "confirmed" && state == "early":
		j.finding("presence.states", j.count, "State", "early after confirmed", "confirmed or terminated")
	}
	j.lines.put(call, strings.Clone(state))
}

// parked: what is taken back, or given up, was parked.
func (j *Judge) parked(l *look) {
	slot := l.body.get("Custom-Channel-Vars").fields.text("Account-ID") + " " + l.body.text("Parking-Slot")
	_, known := j.slots.get(slot)
	switch {
	case l.name == "PARK_PARKED":
		j.slots.put(slot, "parked")
	case !known && !j.cfg.Cut:
		j.finding("parking.order", j.count, "Event-Name", l.name+" from slot "+quote(l.body.text("Parking-Slot")), "PARK_PARKED first")
	case l.name == "PARK_ABANDONED":
		j.slots.drop(slot)
	}
}
