package cli

import (
	"context"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// flows has the callflows of accounts lead the calls of a simulation.
type flows struct {
	sim       *simulation
	bus       *appBus
	port      *appPort
	engine    *callflow.Engine
	documents *accountDocuments
	boxes     mailboxes
	asking    map[*pbx.Channel]bool // of which it is not known yet whether a callflow leads them
	over      func(callID string)   // told of calls whose end was missed; nil for nobody
}

// leadByFlows has a callflow that an account has stored lead the calls to its numbers, until ctx ends.
// Applications that a callflow gives calls to, as pivot does, have their port of the same appBus. do does
// something on the timeline's goroutine, or, before that runs, at once.
func (s *simulation) leadByFlows(ctx context.Context, b *bus.Bus, source documentSource, compat fidelity.Compat, do func(func()) error, log *slog.Logger) error {
	f := &flows{
		sim: s, asking: map[*pbx.Channel]bool{},
		documents: &accountDocuments{ctx: ctx, line: s.line, source: source, log: log},
	}
	var err error
	if f.bus, err = newAppBus(ctx, b, s.out, s.line, f.missed, log); err != nil {
		return err
	}
	f.port = f.bus.port(func(queue string, message jobj.Object) { f.engine.Hear(queue, message) })
	queue := "kazoo_apps@" + s.host.Apps + "-callflow-" + newIDs("").Hex(8)
	if err := do(func() {
		f.engine = callflow.New(callflow.Config{
			Line: s.line, IDs: s.random, Bus: f.port, Documents: f.documents, Node: "kazoo_apps@" + s.host.Apps, Queue: queue, Log: log, Compat: compat,
			Trace: func(step callflow.Step) {
				log.Debug("callflow", "call_id", step.CallID, "callflow_id", step.FlowID, "path", step.Path, "module", step.Module,
					"step", step.What, "next", step.Next, "why", step.Why)
				if s.stepped != nil {
					s.stepped(step)
				}
			},
			Left: f.left,
		})
		s.flows = f
	}); err != nil {
		return err
	}
	return f.bus.own.Bound(ctx, bus.Binding{Exchange: kapi.ExchangeTargeted, Key: queue})
}

// missed has the applications let go of calls whose end was told while nothing was heard.
func (f *flows) missed() {
	if f.engine == nil {
		return
	}
	for _, id := range f.engine.Sweep(func(callID string) bool { _, up := f.sim.core.Channel(callID); return up }) {
		if f.over != nil {
			f.over(id)
		}
	}
}

// led has a callflow lead a call, if there is one for what was dialled.
func (f *flows) led(ch *pbx.Channel, dialled string, told func(led bool)) {
	account := ch.Account().ID
	f.asking[ch] = true
	then := func(led bool) {
		delete(f.asking, ch)
		told(led)
	}
	f.documents.Flow(account, dialled, func(flow callflow.Flow, found bool) {
		switch {
		case found:
			f.lead(ch, flow, then)
		case f.somebodys(ch, dialled):
			then(false)
		default: // as Kazoo does before it looks for carriers of its own
			f.documents.Flow(account, "no_match", func(flow callflow.Flow, found bool) {
				if !found {
					then(false)
					return
				}
				f.lead(ch, flow, then)
			})
		}
	})
}

// somebodys tells whether an office has what was dialled, or whoever calls is none of the account's.
func (f *flows) somebodys(ch *pbx.Channel, dialled string) bool {
	own, _ := office.Of(f.sim.offices, ch.Account().ID)
	_, other := office.WithNumber(f.sim.offices, dialled)
	return ch.Device() == nil || other || len(own.Called(dialled)) > 0
}

// lead begins once the application hears all of the call.
func (f *flows) lead(ch *pbx.Channel, flow callflow.Flow, then func(led bool)) {
	binding := bus.Binding{Exchange: kapi.ExchangeCallEvents, Key: "call.*." + kapi.EncodeKey(ch.CallID())}
	const own = "before" // a queue of nobody's, which holds the binding until the application has it
	f.port.Bind(own, binding.Exchange, binding.Key)
	f.bus.awaitBound(binding, func() {
		defer f.port.Unbind(own, binding.Exchange, binding.Key)
		request, known := f.sim.routed[ch.CallID()]
		if !known || ch.Gone() {
			then(false)
			return
		}
		vars := jobj.Object{{Key: "CallFlow-ID", Value: flow.ID}}
		ch.SetVars(vars, nil, nil)
		request = request.Set("Custom-Channel-Vars", request.Object("Custom-Channel-Vars").Merge(vars))
		f.engine.Lead(callflow.Won(request, control.CommandQueue), flow)
		then(true)
	})
}

// leads tells whether a callflow leads a call, or may yet.
func (f *flows) leads(ch *pbx.Channel) bool {
	return f != nil && ch != nil && (f.asking[ch] || f.engine.Leads(ch.CallID()))
}

// has tells whether an account has a callflow for what is dialled. It is waited for, and so not for the
// goroutine of the timeline.
func (f *flows) has(ctx context.Context, accountID, dialled string) bool {
	if f == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	flow, err := f.documents.source.flow(ctx, accountID, dialled)
	return err == nil && flow.ID != ""
}

// left has a message stand in a voicemail box.
func (f *flows) left(m callflow.VoiceMessage) {
	ch, up := f.sim.core.Channel(m.CallID)
	if !up {
		return
	}
	ch.MessageLeft()
	if err := f.sim.core.Left(ch, f.boxes.of(m), f.sim.core.NewDocumentID(true), time.Duration(m.Length)*time.Millisecond); err != nil {
		f.sim.fail(err)
	}
}

// route notes by which request a call was routed last, while it is up.
func (s *simulation) route(e pbx.Event) {
	switch e.Name() {
	case "route_req":
		s.routed[e.CallID()] = e.Fields()
	case kapi.ChannelDestroy:
		delete(s.routed, e.CallID())
	}
}

// ledToItsEnd tells whether a callflow leads a call, however long it says nothing.
func (s *simulation) ledToItsEnd(callID string) bool {
	return s.flows != nil && s.flows.engine.Leads(callID)
}

// known tells whether a callflow would lead a call to what is dialled.
func (s *simulation) known(ch *pbx.Channel, dialled string, then func(known bool)) {
	if s.flows == nil {
		then(false)
		return
	}
	s.flows.documents.Flow(ch.Account().ID, dialled, func(_ callflow.Flow, found bool) { then(found) })
}

// led has a callflow lead a call where there is one for what was dialled.
func (s *simulation) led(ch *pbx.Channel, dialled string, then func(led bool)) {
	if s.flows == nil {
		then(false)
		return
	}
	s.flows.led(ch, dialled, then)
}
