package bridge

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
)

const (
	// pivotLimit is how long what is told to engines waits for a broker: longer than any
	// request does, nobody wants it.
	pivotLimit = 10 * time.Second
	// pivotBatch bounds one announcement, and pivotWaiting what waits to be told.
	pivotBatch   = 200
	pivotWaiting = 10_000
)

// engines tells those who run calls what applications at sockets say, each thing in its
// turn, and hears them by a queue of its own: events, of which there may be many, are not
// in their way. It is blackhole.Engines.
type engines struct {
	*sockets

	teller *bus.Teller
	sub    *bus.Subscription
}

func newEngines(s *sockets) *engines {
	return &engines{sockets: s, teller: s.bus.NewTeller(pivotLimit, pivotWaiting)}
}

// consume declares the queue, which is the node's own and goes with it.
func (e *engines) consume() error {
	var err error
	e.sub, err = e.bus.Consume(bus.Consumer{
		Queue:    bus.Queue{Module: "blackhole_pivot", Exclusive: true, AutoDelete: true},
		Bindings: []bus.Binding{{Exchange: kapi.ExchangeApplications, Key: kapi.PivotAppsAskKey}},
		Address:  kapi.ExchangeTargeted,
		Prefetch: 1000,
		// The queue has another name than before: engines are to know.
		OnUp:   e.hub.PivotUp,
		Handle: e.handle,
	})
	return err
}

func (e *engines) handle(d bus.Delivery) {
	m, err := kapi.ReadPivotAppsMessage(d.Body)
	switch {
	case err != nil:
		e.cfg.Log.Warn("message of an engine not readable", "error", err)
	case m.Category == kapi.CategoryPivotApps:
		e.hub.HearEngine(m)
	}
	if err := d.Ack(); err != nil {
		e.cfg.Log.Debug("message of an engine not acknowledged", "error", err)
	}
}

// Announce is that of blackhole.Engines.
func (e *engines) Announce(registered []kapi.PivotApp) {
	for batch := range slices.Chunk(registered, pivotBatch) {
		m := kapi.PivotAppsMessage{Name: kapi.PivotApps, Apps: batch}
		e.put(bus.Message{Exchange: kapi.ExchangeApplications, Key: kapi.PivotAppsKey}, m)
	}
}

// Tell is that of blackhole.Engines.
func (e *engines) Tell(queue string, m kapi.PivotAppsMessage) {
	e.put(bus.Message{Exchange: kapi.ExchangeTargeted, Key: queue}, m)
}

func (e *engines) put(to bus.Message, m kapi.PivotAppsMessage) {
	m.Category, m.Node, m.Run, m.AppName, m.Version = kapi.CategoryPivotApps, e.cfg.NodeName, e.hub.Node(), "kazoolab", e.cfg.Version
	m.MsgID = e.cfg.IDs.Hex(16)
	compose := func() (bus.Message, error) {
		var err error
		m.ServerID = e.sub.QueueName() // as it is called when engines are told
		to.Body, err = m.Text()
		return to, err
	}
	failed := func(err error) {
		if !errors.Is(err, context.Canceled) {
			e.cfg.Log.Warn("engine not told", "message", m.Name, "pivot_id", m.PivotID, "error", err)
		}
	}
	if !e.teller.Tell(compose, failed) {
		e.cfg.Log.Warn("engine not told: the broker takes nothing", "message", m.Name, "pivot_id", m.PivotID)
	}
}
