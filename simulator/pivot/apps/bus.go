package apps

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
)

const (
	// tellLimit is how long a message waits for a broker: no request waits longer.
	tellLimit = 10 * time.Second
	// tellMost bounds how many do.
	tellMost = 20_000
)

// wire is the line of a bus.
type wire struct {
	d      *Directory
	teller *bus.Teller
	sub    *bus.Subscription
}

// Declare has a bus know the exchanges of what is heard and said, before it runs.
func Declare(b *bus.Bus) {
	for _, exchange := range []string{kapi.ExchangeApplications, kapi.ExchangeTargeted} {
		b.DeclareExchange(exchange, kapi.ExchangeType(exchange))
	}
}

// Serve connects the directory to nodes by a bus, which must have been declared the
// exchanges, and keeps it until ctx ends. It is called once, before anybody is asked.
// subscribed is called when nodes can be heard.
func (d *Directory) Serve(ctx context.Context, b *bus.Bus, subscribed func(*bus.Subscription)) error {
	w := &wire{d: d, teller: b.NewTeller(tellLimit, tellMost)}
	d.line = w
	started := make(chan struct{})
	var err error
	w.sub, err = b.Consume(bus.Consumer{
		Queue:    bus.Queue{Module: "pivot_apps", Exclusive: true, AutoDelete: true},
		Bindings: []bus.Binding{{Exchange: kapi.ExchangeApplications, Key: kapi.PivotAppsKey}},
		Address:  kapi.ExchangeTargeted,
		NoAck:    true,
		OnUp: func() {
			<-started
			d.up()
		},
		Handle: func(m bus.Delivery) {
			<-started
			w.handle(m)
		},
	})
	if err != nil {
		return err
	}
	close(started)
	if subscribed != nil {
		subscribed(w.sub)
	}
	var telling sync.WaitGroup
	telling.Go(func() { w.teller.Run(ctx) })
	d.Run(ctx)
	telling.Wait()
	return nil
}

func (w *wire) handle(delivery bus.Delivery) {
	m, err := kapi.ReadPivotAppsMessage(delivery.Body)
	if err != nil || m.Category != kapi.CategoryPivotApps {
		w.d.Log.Warn("message about applications not readable", "error", err)
		return
	}
	w.d.hear(m)
}

// tell is that of line. What must reach a node and does not says that the node is gone.
func (w *wire) tell(queue string, m kapi.PivotAppsMessage) {
	m.Category, m.MsgID = kapi.CategoryPivotApps, w.d.IDs.Hex(16)
	m.Node, m.AppName, m.Version = w.d.Node, "kazoolab", w.d.Version
	compose := func() (bus.Message, error) {
		m.ServerID = w.sub.QueueName()
		body, err := m.Text()
		if queue == "" {
			return bus.Message{Exchange: kapi.ExchangeApplications, Key: kapi.PivotAppsAskKey, Body: body}, err
		}
		return bus.Message{Exchange: kapi.ExchangeTargeted, Key: queue, Body: body, Mandatory: true}, err
	}
	failed := func(err error) {
		if _, returned := errors.AsType[*bus.ReturnedError](err); returned {
			w.d.unsent(queue, m)
			return
		}
		if !errors.Is(err, context.Canceled) {
			w.d.Log.Warn("node not told", "message", m.Name, "pivot_id", m.PivotID, "error", err)
		}
	}
	if !w.teller.Tell(compose, failed) {
		w.d.Log.Warn("node not told: the broker takes nothing", "message", m.Name, "pivot_id", m.PivotID)
	}
}
