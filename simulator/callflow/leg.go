package callflow

import (
	"cmp"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
)

// leg is a call under way (cf_exe). At any time one act runs, which is a module at a node.
type leg struct {
	*Engine
	dialplan.Sender

	call     call
	at       place
	pushed   []place // where to go on when the flow at hand stops, the latest last
	branches int
	act      *act
	over     bool
	// taping are the recordings that run besides, by the name of their media.
	taping map[string]taping
}

// place is a node of a flow.
type place struct {
	node   jobj.Object
	flowID string
	path   string
}

func (p place) child(key string) (place, bool) {
	value, has := p.node.Get("children", key)
	node, is := value.(jobj.Object)
	return place{node: node, flowID: p.flowID, path: p.path + "/" + key}, has && is
}

// anyKey is the child that is taken where there is none of the key.
const anyKey = "_"

// app is who the application says it is.
const (
	app        = "callflow"
	appVersion = "4.0.0"
)

func newLeg(e *Engine, fields jobj.Object, flow Flow) *leg {
	l := &leg{
		Engine: e, call: newCall(fields, e.Queue, flow.ID), branches: maxBranches, taping: map[string]taping{},
		at: place{node: flow.Root, flowID: flow.ID},
	}
	l.Sender = dialplan.Sender{
		CallID: l.call.id, ReplyTo: e.Queue, Node: e.Config.Node,
		AppName: cmp.Or(fields.String("App-Name"), app), AppVersion: cmp.Or(fields.String("App-Version"), appVersion),
		MsgID: func() string { return e.IDs.Hex(32) },
	}
	return l
}

// say tells the switch to do something.
func (l *leg) say(command jobj.Object) {
	l.Bus.Publish(kapi.ExchangeCallControl, commandKey(l.call.text("Control-Queue")), command)
}

// commandKey is the routing key of a Control-Queue, which may name a process at it.
func commandKey(queue string) string {
	key, _ := kapi.ReplyAddress(queue)
	return key
}

// run runs the node at hand.
func (l *leg) run() {
	l.end()
	a := &act{leg: l, data: l.at.node.Object("data")}
	l.act = a
	l.Line.After(0, func() { // so that a long flow is no deep one
		if a.over {
			return
		}
		name := l.at.node.String("module")
		l.trace(Entered, "", "")
		do, known := l.modules[name]
		var bound string
		if l.Bound != nil {
			bound = l.Bound(l.call.id)
		}
		switch {
		case bound != "":
			a.stop(bound)
		case !l.pays(l.call.account):
			a.stop("the account has no tokens left for another node")
		case a.data.Bool(false, "skip_module"):
			a.next(anyKey, "skip_module is true")
		case !known:
			a.next(anyKey, "there is no module "+name+" here: passed on")
		default:
			do(a)
		}
	})
}

// end ends the act that runs.
func (l *leg) end() {
	if l.act != nil {
		l.act.end()
		l.act = nil
	}
}

// goOn goes to the child of a key, else to the one of any, else the flow stops.
func (l *leg) goOn(key, why string) {
	child, ok := l.at.child(key)
	if !ok {
		child, ok = l.at.child(anyKey)
		key = anyKey
	}
	if !ok {
		l.stop(why + "; there is no child to go to")
		return
	}
	l.trace(Went, key, why)
	l.at = child
	l.run()
}

// branch goes on with another flow. What the node at hand has below it is run when that stops.
func (l *leg) branch(flow Flow, why string) {
	if l.branches == 0 {
		l.stop("the call has branched too often")
		return
	}
	l.branches--
	l.trace(Branched, flow.ID, why)
	if rest, ok := l.at.child(anyKey); ok {
		l.pushed = append(l.pushed, rest)
	}
	l.at = place{node: flow.Root, flowID: flow.ID}
	l.run()
}

// stop ends the flow. What was left to do when it was branched to follows, else the call is hung up.
func (l *leg) stop(why string) {
	if n := len(l.pushed); n > 0 {
		l.at, l.pushed = l.pushed[n-1], l.pushed[:n-1]
		l.trace(Returned, "", why)
		l.run()
		return
	}
	l.say(l.Hangup())
	l.leave(why)
}

// wait has the flow end and the call stay, led by somebody else: a CHANNEL_PIVOT brings another flow.
func (l *leg) wait(why string) {
	l.end()
	l.trace(Waits, "", why)
}

// leave lets the call be.
func (l *leg) leave(why string) {
	if l.over {
		return
	}
	l.over = true
	l.end()
	l.trace(Ended, "", why)
	l.Bus.Unbind(l.Config.Queue, kapi.ExchangeCallEvents, "call.*."+kapi.EncodeKey(l.call.id))
	if l.legs[l.call.id] == l {
		delete(l.legs, l.call.id)
	}
}

// replace runs another flow from its root, in place of what is run (cf_exe:handle_channel_pivoted/4).
// What was branched from stays to be returned to.
func (l *leg) replace(event jobj.Object) {
	root, err := jobj.ParseObject([]byte(event.String("Application-Data")))
	if err != nil {
		l.Log.Warn("the flow of a CHANNEL_PIVOT cannot be read", "call_id", l.call.id, "error", err)
		return
	}
	l.end()
	l.trace(Replaced, "", "CHANNEL_PIVOT")
	flush, _ := l.Flush()
	l.say(flush)
	l.at = place{node: root}
	l.run()
}

// hear takes what the bus says of the call.
func (l *leg) hear(message jobj.Object) {
	category, name := message.String("Event-Category"), message.String("Event-Name")
	switch {
	case category == kapi.CategoryCallEvent && name == kapi.ChannelDestroy:
		l.leave("the call was hung up: " + message.String("Hangup-Cause"))
		return
	case category == kapi.CategoryCallEvent && name == channelPivot:
		if l.act != nil && l.at.node.String("module") != pivotModule && l.Compat != fidelity.Kazoo { // quirk late-pivot
			l.trace(Refused, "", "CHANNEL_PIVOT came when the flow had gone on")
			return
		}
		l.replace(message)
		return
	case name == "usurp_control":
		if own, other := l.call.text("Fetch-ID"), message.String("Fetch-ID"); own != "" && own != other {
			l.leave("the call was routed anew")
		}
		return
	case name == recordStop:
		l.taped(message)
	}
	if l.act != nil && l.act.hears != nil {
		l.act.hears(message)
	}
}
