// Package callflow is Kazoo's callflow application (cf_exe): it runs a flow, which is JSON, on a
// call, by telling the switch what to do with dialplan commands and by hearing what happens as call
// events. It owns which node of a flow is run, what its module does, and where the flow goes on. It
// never touches a channel, knows no HTTP (who a `pivot` asks is another application), and never opens
// a connection: what it says and hears goes through a Bus, what an account has stored is fetched
// through Documents.
package callflow

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Bus is what the application says and hears.
type Bus interface {
	// Publish sends a message that is whole: default headers included.
	Publish(exchange, key string, message jobj.Object)
	// Bind has messages of an exchange handed to Hear from then on, until Unbind.
	Bind(queue, exchange, key string)
	Unbind(queue, exchange, key string)
}

// Documents is what accounts have stored. Each then is called on the goroutine of the timeline, at
// once or later.
type Documents interface {
	// Document fetches a document by the name of its collection in REST (callflows, menus, devices,
	// users, media, groups, accounts) and its id.
	Document(accountID, collection, id string, then func(doc jobj.Object, found bool))
	// Owned fetches the devices of a user.
	Owned(accountID, ownerID string, then func(devices []jobj.Object))
	// Flow fetches the callflow that what was dialled leads to.
	Flow(accountID, dialled string, then func(flow Flow, found bool))
}

// Flow is the document of a callflow.
type Flow struct {
	ID   string
	Root jobj.Object // its first node
}

// Config is what an engine works with. All but those from Compat on are required.
type Config struct {
	Line      *timeline.Timeline
	IDs       *ids.Source
	Bus       Bus
	Documents Documents
	Node      string // of the application, as name@host
	// Queue is the Controller-Queue of all its calls: where answers go, over exchange targeted.
	Queue string
	Log   *slog.Logger
	// Compat says whether the quirks default-terminator and late-pivot are reproduced; "" is kazoo.
	Compat fidelity.Compat
	// Unmetered has nodes take no tokens of their account: where the time does not pass by itself, they would not come back.
	Unmetered bool
	// Bound says why a call is to run no other node, "" while it may; nil never says so.
	Bound func(callID string) (why string)
	// Trace is told of every step of every call; nil for nobody.
	Trace func(Step)
	// Left is told of a message in a voicemail box; nil for nobody.
	Left func(m VoiceMessage)
}

// VoiceMessage is one that a caller has left.
type VoiceMessage struct {
	AccountID, BoxID, CallID string
	Box                      jobj.Object // its document
	Media                    string
	Length                   int64 // milliseconds
}

// Engine runs flows on calls. It is used by the goroutine of its timeline alone.
type Engine struct {
	Config

	legs    map[string]*leg    // by Call-ID
	buckets map[string]*bucket // of accounts, by their ids
	spent   int                // of those, how many were not full when that was looked at
	modules map[string]module
}

// New returns an engine without calls.
func New(c Config) *Engine {
	c.Compat = cmp.Or(c.Compat, fidelity.Kazoo)
	e := &Engine{Config: c, legs: map[string]*leg{}, buckets: map[string]*bucket{}, modules: modules()}
	c.Bus.Bind(c.Queue, kapi.ExchangeTargeted, c.Queue)
	return e
}

// maxBranches is how often a call may branch into another flow (the default of callflow.max_branch_count).
const maxBranches = 50

// Calls is how many it leads.
func (e *Engine) Calls() int { return len(e.legs) }

// Leads tells whether it leads a call.
func (e *Engine) Leads(callID string) bool { return e.legs[callID] != nil }

// Lead begins a flow on a call: what Won makes of a route request, or any Call object of a
// message. One that it leads already, which was routed anew, it leads by the new flow alone.
func (e *Engine) Lead(call jobj.Object, flow Flow) {
	id := call.String("Call-ID")
	if old := e.legs[id]; old != nil {
		old.leave("routed anew")
	}
	l := newLeg(e, call, flow)
	e.legs[id] = l
	e.Bus.Bind(e.Queue, kapi.ExchangeCallEvents, "call.*."+kapi.EncodeKey(id))
	l.run()
}

// Sweep lets go of the calls that are not up any more, of which the end may have been missed, and tells
// which.
func (e *Engine) Sweep(up func(callID string) bool) (over []string) {
	for _, l := range slices.Collect(maps.Values(e.legs)) {
		if !up(l.call.id) {
			over = append(over, l.call.id)
			l.leave("the call is over, of which nothing was heard")
		}
	}
	return over
}

// Hear takes a message from one of the queues that were bound.
func (e *Engine) Hear(_ string, message jobj.Object) {
	l := e.legs[message.String("Call-ID")]
	if l == nil {
		l = e.legs[asked(message)]
	}
	if l != nil {
		l.hear(message)
	}
}

// asked is the call of a message that names none itself.
func asked(message jobj.Object) string { return message.String("Request", "Call-ID") }
