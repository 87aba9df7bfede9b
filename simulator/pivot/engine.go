package pivot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const (
	// ListenerQueue is where the engine hears pivot_req. All nodes of a cluster share it: one of them takes a call.
	ListenerQueue = "pivot_listener"
	// EndsQueue is where it hears which calls are over. It is each node's own, where Kazoo has them come to
	// the queue that is shared, so that one node alone learns of an end, and seldom the one that is asked next.
	EndsQueue = "pivot_ends"
)

// remembered is how long a destroyed call is known, so that no worker starts for it
// (pivot_calls_sup).
const remembered = 30 * time.Second

// Engine runs the calls of Pivot. Its methods are for the goroutine of the timeline.
type Engine struct {
	Config

	settings  settings
	ctx       context.Context //nolint:containedctx // its own life: requests run until it ends
	workers   map[string]*worker
	destroyed map[string]time.Time
	ends      []ended // the same, in order of time, and earlier ends of calls that ended again
}

// ended is a call that is over.
type ended struct {
	callID string
	at     time.Time
}

// New returns an engine whose requests end with ctx.
func New(ctx context.Context, c Config) *Engine {
	c.Compat = cmp.Or(c.Compat, fidelity.Kazoo)
	c.RequestTimeout, c.Requests = cmp.Or(c.RequestTimeout, 5*time.Second), cmp.Or(c.Requests, 1000)
	return &Engine{Config: c, settings: settings{}.filled(), ctx: ctx, workers: map[string]*worker{}, destroyed: map[string]time.Time{}}
}

// Listen begins to hear of calls.
func (e *Engine) Listen() {
	e.Bus.Bind(ListenerQueue, kapi.ExchangeCallManager, "pivot.req.*")
	e.Bus.Bind(EndsQueue, kapi.ExchangeCallEvents, "call.CHANNEL_DESTROY.*")
}

// Hear takes what has come to one of the engine's queues.
func (e *Engine) Hear(queue string, message jobj.Object) {
	if queue != ListenerQueue && queue != EndsQueue {
		if w, ok := e.workers[queue]; ok {
			w.hear(message)
		}
		return
	}
	switch message.String("Event-Name") {
	case "CHANNEL_DESTROY":
		e.remember(message.String("Call-ID"))
	case "pivot_req":
		e.Start(message)
	}
}

// Over is told of a call that has ended unheard.
func (e *Engine) Over(callID string) {
	e.remember(callID)
	for _, w := range slices.Collect(maps.Values(e.workers)) {
		if w.callID == callID {
			w.stop("it is over, of which nothing was heard")
		}
	}
}

// Running is how many calls are in the engine's hands.
func (e *Engine) Running() int { return len(e.workers) }

func (e *Engine) remember(callID string) {
	e.outlive()
	now := e.Line.Now()
	e.destroyed[callID] = now
	e.ends = append(e.ends, ended{callID, now})
}

// outlive forgets calls that ended long ago. A connected app is told only then, as the worker of a
// call may ask once more.
func (e *Engine) outlive() {
	now := e.Line.Now()
	for len(e.ends) > 0 && now.Sub(e.ends[0].at) > remembered {
		first := e.ends[0]
		e.ends = e.ends[1:]
		if !e.destroyed[first.callID].Equal(first.at) { // it has ended again since
			continue
		}
		delete(e.destroyed, first.callID)
		if e.Connected != nil {
			e.Connected.Forget(first.callID)
		}
	}
}

func (e *Engine) corrected() bool { return e.Compat == fidelity.Corrected }

// Start begins a call by its pivot_req. A message that cannot be one is told, and answered with
// failed where it says to whom; Kazoo passes over it, or dies mute (quirk message-types).
func (e *Engine) Start(message jobj.Object) {
	w := &worker{e: e, call: message.Object("Call"), queue: "pivot-" + e.IDs.Hex(16), result: func(string, []any) {}, cancel: func() {}}
	w.callID, w.accountID = w.call.String("Call-ID"), w.call.String("Account-ID")
	w.control, w.controller = w.call.String("Control-Queue"), w.call.String("Controller-Queue")
	switch {
	case w.callID == "":
		w.tell(Step{Kind: Failed, Text: "the pivot_req has no Call with a Call-ID: it is ignored, as in Kazoo"})
		return
	case w.control == "" || w.controller == "":
		w.note(missingQueue, "the call has no Control-Queue or no Controller-Queue: the message is ignored. "+
			"Kazoo goes on, loses its answers, and waits for ever for what it never told the switch")
		return
	}
	e.outlive()
	if _, ok := e.destroyed[w.callID]; ok {
		w.tell(Step{Kind: Ended, Text: "the call was hung up before Pivot began: nothing is asked, and nobody is told"})
		return
	}
	if fault := check(message); fault != "" {
		w.note(messageTypes, fault+": the action fails. Kazoo says nothing, so that the callflow goes on after 10 s")
		w.fail("the message that asks for Pivot is wrong: "+fault, kazooWaits, nil)
		return
	}
	w.read(message)
	w.ctx, w.cancel = context.WithCancel(e.ctx)
	e.workers[w.queue] = w
	w.ask(w.uri, w.method)
}

// check says what is wrong with a pivot_req (kapi_pivot:req_v/1).
func check(message jobj.Object) string {
	if _, ok := message.Get("Voice-URI"); !ok {
		return "Voice-URI is missing"
	}
	kinds := []struct{ key, want string }{
		{"Voice-URI", "a text"}, {"CDR-URI", "a text"}, {"Request-Format", "a text"}, {"Request-Timeout", "a whole number"}, {"Debug", "true or false"},
	}
	for _, k := range kinds {
		v, ok := message.Get(k.key)
		if !ok {
			continue
		}
		switch v := v.(type) {
		case string:
			ok = k.want == "a text" || k.key == "Debug" && (v == "true" || v == "false")
		case bool:
			ok = k.key == "Debug"
		case json.Number:
			ok = k.key == "Request-Timeout" && !strings.ContainsAny(v.String(), ".eE")
		default:
			ok = false
		}
		if !ok {
			return fmt.Sprintf("%s is to be %s", k.key, k.want)
		}
	}
	return ""
}
