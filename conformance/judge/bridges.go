package judge

import (
	"fmt"
	"slices"
	"strings"
)

// bridgedWith: while a bridge lasts, the leg that called names the other.
func (j *Judge) bridgedWith(l *look, g *leg) {
	if g.partner == "" || !g.caller || g.moved || j.any(g, "loopback") {
		return
	}
	limits := j.book.limits[l.name]
	if limits == nil || !limits.leg || l.name == "CHANNEL_BRIDGE" {
		return
	}
	switch l.name {
	case "CHANNEL_TRANSFEREE", "CHANNEL_TRANSFEROR", "CHANNEL_REPLACED", "CHANNEL_DIRECT", "CHANNEL_INTERCEPTED":
		return
	}
	if saw := l.body.get("Other-Leg-Call-ID"); saw.sort != text || saw.str != g.partner {
		j.finding("bridge.other-leg", j.count, "Other-Leg-Call-ID", saw.String(), quote(g.partner)+", with which it is bridged")
	}
}

// any reports whether the leg or its present partner is a loopback's end, or was moved.
func (j *Judge) any(g *leg, what string) bool {
	p := j.legs.find(g.partner)
	if what == "moved" {
		return g.moved || p != nil && p.moved
	}
	return g.loopback || p != nil && p.loopback
}

// bridged: both ends are up and have been answered. What the other leg has told may
// arrive a little later.
func (j *Judge) bridged(l *look, g *leg, at int64) {
	b := strings.Clone(l.body.text("Bridge-B-Unique-ID"))
	if g.answered == 0 && !g.cut {
		j.finding("bridge.answered", j.count, "Event-Name", "CHANNEL_BRIDGE before the leg's CHANNEL_ANSWER", "the answer first")
	}
	if p := j.legs.live[g.partner]; p != nil && g.caller && !j.any(g, "moved") && !j.any(g, "loopback") {
		j.finding("bridge.once", j.count, "Bridge-B-Unique-ID", quote(b)+" while bridged with "+quote(g.partner), "CHANNEL_UNBRIDGE first")
	}
	g.partner, g.former, g.caller, g.bridged = b, b, true, at
	if p := j.legs.live[b]; p != nil {
		p.partner, p.former, p.caller, p.bridged = g.id, g.id, false, at
	}
	direction := strings.Clone(l.body.text("Other-Leg-Direction"))
	index := j.count
	j.soon.add(j, func() { j.bothUp(g, b, direction, at, index) })
}

func (j *Judge) bothUp(g *leg, b, direction string, at int64, index int) {
	p := j.legs.find(b)
	switch {
	case b == "" || p == nil && j.cfg.Cut:
		return
	case p == nil || p.began > at || p.ended != 0 && p.ended < at:
		j.finding("bridge.legs", index, "Bridge-B-Unique-ID", quote(b), "a leg that is up")
		return
	case (p.answered == 0 || p.answered > at) && !p.cut:
		j.finding("bridge.answered", index, "Bridge-B-Unique-ID", quote(b)+", which has not been answered", "its CHANNEL_ANSWER first")
	case direction != "" && direction != p.direction:
		j.finding("bridge.directions", index, "Other-Leg-Direction", direction, p.direction)
	}
	if p.bridged < at {
		p.former, p.bridged = g.id, at
	}
}

// unbridged: only what is bridged parts, and from whom it is with.
func (j *Judge) unbridged(l *look, g *leg) {
	b := l.body.text("Bridge-B-Unique-ID")
	free := g.cut || j.any(g, "moved") || j.any(g, "loopback")
	switch {
	case (g.partner == "" || !g.caller) && !free:
		j.finding("bridge.unbridge", j.count, "Event-Name", "CHANNEL_UNBRIDGE", "CHANNEL_BRIDGE first")
	case b != g.partner && b != "" && !free:
		j.finding("bridge.unbridge", j.count, "Bridge-B-Unique-ID", quote(b), quote(g.partner))
	}
	if p := j.legs.find(g.partner); p != nil && p.partner == g.id {
		p.partner = ""
	}
	g.partner = ""
}

// destroyed ends a leg.
func (j *Judge) destroyed(l *look, g *leg, at int64) {
	f := l.body
	if g.partner != "" && g.caller && !j.any(g, "moved") && !j.any(g, "loopback") {
		j.finding("bridge.unbridge", j.count, "Event-Name", "CHANNEL_DESTROY while bridged with "+quote(g.partner), "CHANNEL_UNBRIDGE first")
	}
	g.ended, g.cause, g.named = at, strings.Clone(f.text("Hangup-Cause")), strings.Clone(f.text("Other-Leg-Call-ID"))
	g.duration, _ = f.int("Duration-Seconds")
	g.billed, _ = f.int("Billing-Seconds")
	j.lasted(l, g)
	j.retire(g)
	index, code := j.count, strings.Clone(f.text("Hangup-Code"))
	j.soon.add(j, func() {
		j.ending(g, code, index)
		j.unrecorded(g, index)
	})
}

// lasted: the switch rounds the whole duration down, the billed one up, by milliseconds.
func (j *Judge) lasted(l *look, g *leg) {
	const second = int64(1e6)
	slack := j.cfg.Slack.Microseconds()
	if n, ok := l.body.int("Duration-Seconds"); ok {
		least, most := (g.ended-g.created-slack)/second, (g.ended-g.created+slack)/second
		if n < least || n > most {
			j.finding("leg.durations", j.count, "Duration-Seconds", fmt.Sprint(n), fmt.Sprintf("%d, from Channel-Created-Time on, rounded down", most))
		}
	}
	n, ok := l.body.int("Billing-Seconds")
	switch {
	case !ok:
	case g.answered == 0:
		if n != 0 && !g.cut {
			j.finding("leg.durations", j.count, "Billing-Seconds", fmt.Sprint(n), "0, as it was not answered")
		}
	default:
		billed := g.ended - g.answered
		least, most := ceil(max(0, billed-slack)/1000, 1000), ceil(billed+slack, second)
		if n < least || n > most {
			j.finding("leg.durations", j.count, "Billing-Seconds", fmt.Sprint(n), fmt.Sprintf("%d, from the answer on, rounded up", most))
		}
	}
}

func ceil(n, by int64) int64 { return (n + by - 1) / by }

// ending compares how legs ended that had to do with each other.
func (j *Judge) ending(g *leg, code string, index int) {
	if g.moved || g.loopback {
		return
	}
	if g.former != "" && !g.caller && g.named != g.former {
		j.finding("bridge.symmetric", index, "Other-Leg-Call-ID", quote(g.named), quote(g.former)+", with which it was bridged")
	}
	if p := j.legs.find(g.former); p != nil && g.caller && p.former == g.id && p.ended != 0 && !p.moved && !p.loopback && !g.fell && !p.fell &&
		near(g.ended, p.ended) && g.cause != p.cause {
		j.finding("hangup.matching", index, "Hangup-Cause", g.cause, p.cause+", as the leg it was bridged with")
	}
	a := j.legs.find(g.dialler)
	if a == nil || g.answered != 0 || a.moved {
		return
	}
	lost := a.bridged != 0 && a.former != g.id && g.began < a.bridged && a.bridged <= g.ended
	switch {
	case lost && !slices.Contains([]string{"LOSE_RACE", "PICKED_OFF", "CALL_REJECTED", "USER_BUSY"}, g.cause): // refused at that very moment
		j.finding("hangup.fork", index, "Hangup-Cause", g.cause, "LOSE_RACE, as another leg was answered")
	case lost && code != "" && code != "sip:487":
		j.finding("hangup.fork", index, "Hangup-Code", code, "sip:487, or none")
	case a.cause == "ORIGINATOR_CANCEL" && g.ended > a.ended && near(a.ended, g.ended) && g.cause != a.cause:
		j.finding("hangup.cancel", index, "Hangup-Cause", g.cause, "ORIGINATOR_CANCEL, as the caller gave up")
	}
}

func near(a, b int64) bool { return a-b <= atOnce && b-a <= atOnce }
