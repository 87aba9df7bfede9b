package bridge

import (
	"context"
	"errors"
	"sync"
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

	sub    *bus.Subscription
	waking chan struct{}

	mu      sync.Mutex
	waiting []telling
}

// telling is one message on its way to a queue, or to all engines.
type telling struct {
	queue   string
	message kapi.PivotAppsMessage
}

func newEngines(s *sockets) *engines { return &engines{sockets: s, waking: make(chan struct{}, 1)} }

// consume declares the queue, which is the node's own and goes with it.
func (e *engines) consume() error {
	var err error
	e.sub, err = e.bus.Consume(bus.Consumer{
		Queue:    bus.Queue{Module: "blackhole_pivot", Exclusive: true, AutoDelete: true},
		Bindings: []bus.Binding{{Exchange: kapi.ExchangeApplications, Key: kapi.PivotAppsAskKey}},
		Address:  kapi.ExchangeTargeted,
		Prefetch: 1000,
		// The queue has another name than before: engines are to know.
		OnUp:   e.hub.AnnouncePivotApps,
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
	for len(registered) > 0 {
		n := min(len(registered), pivotBatch)
		e.put(telling{message: kapi.PivotAppsMessage{Name: kapi.PivotApps, Apps: registered[:n]}})
		registered = registered[n:]
	}
}

// Tell is that of blackhole.Engines.
func (e *engines) Tell(queue string, m kapi.PivotAppsMessage) { e.put(telling{queue, m}) }

func (e *engines) put(one telling) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) >= pivotWaiting {
		e.cfg.Log.Warn("engine not told: the broker takes nothing", "message", one.message.Name)
		return
	}
	e.waiting = append(e.waiting, one)
	select {
	case e.waking <- struct{}{}:
	default:
	}
}

func (e *engines) take() (all []telling) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all, e.waiting = e.waiting, nil
	return all
}

// run tells until ctx ends.
func (e *engines) run(ctx context.Context) {
	for {
		select {
		case <-e.waking:
		case <-ctx.Done():
			return
		}
		for _, one := range e.take() {
			e.send(ctx, one)
		}
	}
}

// send returns when the message is on its way, so that the next comes after it.
func (e *engines) send(ctx context.Context, one telling) {
	m := one.message
	m.Category, m.MsgID, m.Node, m.Run = kapi.CategoryPivotApps, e.cfg.IDs.Hex(16), e.cfg.NodeName, e.hub.Node()
	m.AppName, m.Version, m.ServerID = "kazoolab", e.cfg.Version, e.sub.QueueName()
	body, err := m.Text()
	if err != nil {
		e.cfg.Log.Error("engine not told", "message", m.Name, "error", err)
		return
	}
	out := bus.Message{Exchange: kapi.ExchangeApplications, Key: kapi.PivotAppsKey, Body: body}
	if one.queue != "" {
		out = bus.Message{Exchange: kapi.ExchangeTargeted, Key: one.queue, Body: body}
	}
	ctx, cancel := context.WithTimeout(ctx, pivotLimit)
	sending, err := e.bus.Begin(ctx, out)
	if err != nil {
		cancel()
		e.untold(m, err)
		return
	}
	go func() {
		defer cancel()
		if err := sending.Wait(ctx); err != nil {
			e.untold(m, err)
		}
	}()
}

func (e *engines) untold(m kapi.PivotAppsMessage, err error) {
	if !errors.Is(err, context.Canceled) {
		e.cfg.Log.Warn("engine not told", "message", m.Name, "pivot_id", m.PivotID, "error", err)
	}
}
