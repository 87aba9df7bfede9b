package vhost

import (
	"cmp"
	"slices"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// View is what a virtual host holds at one moment, for people and tools.
type View struct {
	Exchanges []ExchangeView
	Queues    []QueueView
	Bindings  []BindingView
	Consumers []ConsumerView
	Channels  int
}

// ExchangeView is an exchange.
type ExchangeView struct{ ExchangeSpec }

// QueueView is a queue.
type QueueView struct {
	QueueSpec

	Quorum    bool
	Ready     int // messages
	Unacked   int // messages
	Bytes     int // of the bodies that wait
	Consumers int
	Counts    Counts
}

// BindingView is a binding.
type BindingView struct {
	BindingSpec

	ToExchange bool
}

// ConsumerView is a consumer.
type ConsumerView struct {
	Tag       string
	Queue     string
	Session   *Session
	Channel   uint16
	NoAck     bool
	Exclusive bool
	Prefetch  int
	Active    bool
	Arguments wire.Table
}

// View lists everything, in the order of names.
func (v *Vhost) View() View {
	view := v.collect()
	slices.SortFunc(view.Exchanges, func(a, b ExchangeView) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(view.Queues, func(a, b QueueView) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(view.Bindings, func(a, b BindingView) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Key, b.Key))
	})
	slices.SortStableFunc(view.Consumers, func(a, b ConsumerView) int { return cmp.Compare(a.Queue, b.Queue) })
	return view
}

func (v *Vhost) collect() (view View) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, x := range v.exchanges {
		view.Exchanges = append(view.Exchanges, ExchangeView{ExchangeSpec{
			Name: x.name, Kind: x.kind, Durable: x.durable, AutoDelete: x.autoDelete, Internal: x.internal, Arguments: x.arguments,
		}})
		for _, b := range x.bindings {
			view.Bindings = append(view.Bindings, BindingView{BindingSpec{
				Source: x.name, Destination: b.id.destination, Key: b.id.key, Arguments: b.arguments,
			}, b.id.toExchange})
		}
	}
	for _, q := range v.queues {
		view.Queues = append(view.Queues, q.view())
		view.Bindings = append(view.Bindings, BindingView{BindingSpec: BindingSpec{Destination: q.name, Key: q.name}})
		for _, c := range q.consumed.all {
			view.Consumers = append(view.Consumers, ConsumerView{
				Tag: c.tag, Queue: q.name, Session: c.channel.session, Channel: c.channel.number, NoAck: c.noAck,
				Exclusive: c.exclusive, Prefetch: c.prefetch, Arguments: c.arguments,
				Active: !q.settings.singleActive || q.consumed.single == c,
			})
		}
	}
	for s := range v.sessions {
		view.Channels += len(s.channels)
	}
	return view
}

func (q *Queue) view() QueueView {
	return QueueView{
		QueueSpec: QueueSpec{
			Name: q.name, Durable: q.durable, Exclusive: q.owner != nil, AutoDelete: q.autoDelete, Arguments: q.arguments,
		},
		Quorum: q.settings.quorum, Ready: q.ready.count, Unacked: q.unacked, Bytes: q.ready.bytes,
		Consumers: len(q.consumed.all), Counts: q.counts,
	}
}

// Channels is how many channels the session has open.
func (s *Session) Channels() int {
	s.vhost.mu.Lock()
	defer s.vhost.mu.Unlock()
	return len(s.channels)
}
