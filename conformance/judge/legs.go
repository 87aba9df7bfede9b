package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// leg is what is remembered of a channel.
type leg struct {
	id string
	// Unix microseconds: Channel-Created-Time, and the events' Msg-IDs; 0 is not yet.
	created, began, last, answered, bridged, ended int64

	direction, account, bridgeID, interaction string
	vars                                      []string // names of variables it has had
	dialler                                   string   // the leg that it was placed for
	partner                                   string   // the one it is bridged with
	former                                    string   // the last that it was bridged with
	caller                                    bool     // on which the bridge is told
	named                                     string   // Other-Leg-Call-ID of its end
	fetch                                     string   // Msg-ID of its last route_req
	cause                                     string
	cut                                       bool // its beginning was not seen
	lost                                      bool // by a switch that went away
	moved                                     bool // by a transfer or a replacement: its partner can be any
	fell                                      bool // a bridge of it failed: its cause can be of that
	loopback                                  bool
	duration, billed                          int64 // seconds, as its end told them
	recorded                                  bool
}

// legs are those that are up, and the last that were.
type legs struct {
	live map[string]*leg
	gone *memory[*leg]
}

func (s *legs) find(id string) *leg {
	if g := s.live[id]; g != nil {
		return g
	}
	g, _ := s.gone.get(id)
	return g
}

// How much later, in the switch's time, all messages of a moment have arrived; and how
// far apart what happens at once can be.
const (
	settling = 3 * time.Second
	atOnce   = int64(2 * time.Second / time.Microsecond)
)

// callEvent follows a leg. What others than the switch publish of it has no order with
// the switch's own events.
func (j *Judge) callEvent(l *look) {
	f := l.body
	id := f.text("Call-ID")
	switch at, ok := f.int("Msg-ID"); {
	case id == "":
	case l.name == "CHANNEL_DISCONNECTED":
		if g := j.legs.live[id]; g != nil {
			g.lost = true
			j.retire(g)
		}
	case l.name == "CHANNEL_CONNECTED":
		if g, ok := j.legs.gone.get(id); ok && g.lost {
			g.lost = false
			j.legs.gone.drop(id)
			j.legs.live[g.id] = g
		}
	case l.kind.names == nil && ok && f.text("App-Name") == "freeswitch":
		j.now = max(j.now, at)
		if g := j.legOf(l, id, at); g != nil {
			j.happened(l, g, at)
		}
	}
}

// legOf is the leg of an event, nil when the event should not have come.
func (j *Judge) legOf(l *look, id string, at int64) *leg {
	create := l.name == "CHANNEL_CREATE"
	g := j.legs.live[id]
	switch gone, was := j.legs.gone.get(id); {
	case g != nil && create:
		if !j.repeated(l, g, at) {
			j.finding("leg.create-once", j.count, "Event-Name", "CHANNEL_CREATE of "+quote(id)+" again", "once")
		}
		return nil
	case g != nil:
		if j.repeated(l, g, at) {
			return nil
		}
		return g
	case was && gone.lost && !create:
		gone.moved = true
		if l.name == "CHANNEL_DESTROY" {
			gone.lost = false
		}
		return nil
	case was:
		rule := map[bool]string{true: "leg.create-once", false: "leg.destroy-last"}[create]
		j.finding(rule, j.count, "Event-Name", l.name+" of "+quote(id)+" after its CHANNEL_DESTROY", "nothing")
		return nil
	}
	created, _ := l.body.int("Channel-Created-Time")
	g = &leg{id: strings.Clone(id), created: created, direction: strings.Clone(l.body.text("Call-Direction")), cut: !create}
	if !create && !j.cfg.Cut {
		j.finding("leg.create-first", j.count, "Event-Name", l.name+" of "+quote(id), "CHANNEL_CREATE first")
	}
	j.legs.live[g.id] = g
	return g
}

// repeated allows for several ecallmgr nodes, each of which tells what happens before the
// route is won.
func (j *Judge) repeated(l *look, g *leg, at int64) bool {
	return j.cfg.Ecallmgrs > 1 && at == g.last && !l.body.get("Custom-Channel-Vars").fields.has("Ecallmgr-Node")
}

func (j *Judge) happened(l *look, g *leg, at int64) {
	f := l.body
	if at <= g.last {
		j.finding("leg.msg-id", j.count, "Msg-ID", fmt.Sprint(at), fmt.Sprintf("more than %d, that of the event before", g.last))
	}
	g.last = max(g.last, at)
	if created, ok := f.int("Channel-Created-Time"); ok && created != g.created {
		j.finding("leg.created-time", j.count, "Channel-Created-Time", fmt.Sprint(created), fmt.Sprint(g.created))
	}
	if d := f.text("Call-Direction"); d != "" && g.direction == "" {
		g.direction = strings.Clone(d)
	} else if d != "" && d != g.direction {
		j.finding("leg.direction", j.count, "Call-Direction", d, g.direction)
	}
	g.loopback = g.loopback || f.get("Channel-Is-Loopback").isTrue()
	j.variables(l, g)
	j.bridgedWith(l, g)
	switch l.name {
	case "CHANNEL_CREATE":
		j.created(l, g, at)
	case "CHANNEL_ANSWER":
		if g.answered != 0 {
			j.finding("leg.answer-once", j.count, "Event-Name", "CHANNEL_ANSWER again", "once")
			return
		}
		g.answered = at
	case "CHANNEL_BRIDGE":
		j.bridged(l, g, at)
	case "CHANNEL_UNBRIDGE":
		j.unbridged(l, g)
	case "CHANNEL_EXECUTE_COMPLETE":
		if f.text("Application-Name") == "bridge" && f.text("Disposition") != "SUCCESS" {
			g.fell = true
		}
	case "CHANNEL_TRANSFEREE", "CHANNEL_TRANSFEROR", "CHANNEL_REPLACED", "CHANNEL_DIRECT", "CHANNEL_INTERCEPTED":
		g.moved = true
		if by := j.legs.find(f.text("Replaced-By")); by != nil { // whose partner is another one now, too
			by.moved = true
		}
	case "CHANNEL_DESTROY":
		j.destroyed(l, g, at)
	}
}

// variables accumulate; a few never change.
func (j *Judge) variables(l *look, g *leg) {
	const field = "Custom-Channel-Vars"
	whole := l.body.get(field)
	if whole.sort != object {
		return
	}
	vars := whole.fields
	for _, name := range g.vars {
		if !vars.has(name) {
			j.finding("leg.vars-kept", j.count, field+"."+name, "nothing", "the variable, which the leg has had")
		}
	}
	if len(vars) > len(g.vars) {
		for _, m := range vars {
			if !slices.Contains(g.vars, m.key) {
				g.vars = append(g.vars, strings.Clone(m.key))
			}
		}
	}
	for _, c := range []struct {
		rule, name string
		known      *string
	}{{"leg.account", "Account-ID", &g.account}, {"leg.bridge-id", "Bridge-ID", &g.bridgeID}} {
		switch saw := vars.text(c.name); {
		case saw == "":
		case *c.known == "":
			*c.known = strings.Clone(saw)
		case *c.known != saw:
			j.finding(c.rule, j.count, field+"."+c.name, quote(saw), quote(*c.known))
		}
	}
	switch saw := vars.text("Call-Interaction-ID"); {
	case saw == "" || saw == g.interaction:
	case g.interaction != "" && !g.moved && !j.joined(g, saw):
		j.finding("leg.interaction", j.count, field+".Call-Interaction-ID", quote(saw), quote(g.interaction))
	default:
		g.interaction = strings.Clone(saw)
	}
	if realm := vars.text("Realm"); realm != "" && g.account != "" {
		if known, _ := j.realms.get(g.account); known != realm {
			j.realms.put(g.account, strings.Clone(realm))
		}
	}
}

// joined reports whether an interaction is that of whoever the leg is or was last bridged
// with: what was consulted may say nothing of itself before it hangs up.
func (j *Judge) joined(g *leg, interaction string) bool {
	p := j.legs.find(g.former)
	return p != nil && p.interaction == interaction
}

// created: a leg that was placed for another is outbound and of the same interaction; one
// that comes in knows no other yet, and begins an interaction.
func (j *Judge) created(l *look, g *leg, at int64) {
	f := l.body
	g.began = at
	other := f.text("Other-Leg-Call-ID")
	index := j.count
	switch {
	case g.loopback:
		pair := strings.Clone(f.text("Channel-Loopback-Other-Leg-ID"))
		j.soon.add(j, func() {
			p := j.legs.find(pair)
			if pair != "" && !j.cfg.Cut && (p == nil || !p.loopback || p.interaction != g.interaction) {
				j.finding("leg.loopback", index, "Channel-Loopback-Other-Leg-ID", quote(pair), "a loopback leg of the same interaction")
			}
		})
	case other == "" || other == g.id:
		if t, ok := interactionTime(g.interaction); ok && g.direction == "inbound" {
			if d := t - (g.created/1e6 + epoch); d < -1 || d > 1 {
				j.finding("leg.interaction-time", index, "Custom-Channel-Vars.Call-Interaction-ID", quote(g.interaction), fmt.Sprintf("a time within 1 s of %d", g.created/1e6+epoch))
			}
		}
	case g.direction == "inbound":
		j.finding("leg.dialler", index, "Other-Leg-Call-ID", quote(other), "no such field before a bridge")
	default:
		g.dialler = strings.Clone(other)
		interaction := g.interaction
		j.soon.add(j, func() { j.placedFor(g, interaction, index) })
	}
}

func (j *Judge) placedFor(g *leg, interaction string, index int) {
	a := j.legs.find(g.dialler)
	switch {
	case a == nil && !j.cfg.Cut, a != nil && a.began > g.began:
		j.finding("leg.dialler", index, "Other-Leg-Call-ID", quote(g.dialler), "a leg that is up")
	case a != nil && a.interaction != interaction && !a.moved && a.interaction != "" && !j.joined(a, interaction):
		j.finding("leg.interaction", index, "Custom-Channel-Vars.Call-Interaction-ID", quote(interaction), quote(a.interaction)+", that of the leg it was placed for")
	}
}

// retire takes a leg from those that are up.
func (j *Judge) retire(g *leg) {
	g.vars = nil
	delete(j.legs.live, g.id)
	j.legs.gone.put(g.id, g)
}

// unfinished: what has not ended by the end.
func (j *Judge) unfinished() {
	for _, id := range slices.Sorted(maps.Keys(j.legs.live)) {
		j.finding("leg.destroy-last", j.count-1, "Call-ID", quote(id)+" has no end", "CHANNEL_DESTROY")
	}
	for _, key := range slices.Sorted(maps.Keys(j.conferences)) {
		j.finding("conference.destroy-last", j.count-1, "Conference-ID", quote(j.conferences[key].id)+" has no end", "conference-destroy")
	}
}
