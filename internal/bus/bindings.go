package bus

import (
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
)

// bind brings the broker's bindings to what is wanted, and reports whether they
// are. A refused binding is told and left for the next time; the others stand.
func (in *intake) bind() bool {
	s := in.sub
	s.mu.Lock()
	wanted := s.wanted()
	add, drop := difference(wanted, s.live), difference(s.live, wanted)
	queue, anew := s.queue, !s.tried
	s.mu.Unlock()

	var refused error
	for _, binding := range add {
		err := in.bindOne(queue, binding)
		if err != nil {
			refused = err
			continue
		}
		s.change(func() { s.live = append(s.live, binding) })
	}
	for _, binding := range drop {
		err := in.session.topology.do(func(channel *amqp.Channel) error {
			return channel.QueueUnbind(queue, binding.Key, binding.Exchange, nil)
		})
		if err != nil && !notFound(err) {
			refused = err
			continue
		}
		s.change(func() {
			s.live = slices.DeleteFunc(s.live, func(b Binding) bool { return b == binding })
		})
	}
	if in.session.lost(refused) {
		return true // the end of the connection is about to be noticed
	}
	s.bus.status.note(s.about(), refused)
	s.change(func() { s.tried, s.err = true, refused })
	if anew {
		select {
		case in.up <- struct{}{}:
		default: // a call is due already
		}
	}
	return refused == nil
}

// bindOne binds, declaring the exchanges again when one has gone missing.
func (in *intake) bindOne(queue string, binding Binding) error {
	bind := func(channel *amqp.Channel) error {
		return channel.QueueBind(queue, binding.Key, binding.Exchange, false, nil)
	}
	err := in.session.topology.do(bind)
	if notFound(err) && in.sub.bus.declared(binding.Exchange) {
		in.session.topology.declareExchanges()
		err = in.session.topology.do(bind)
	}
	return err
}

// difference returns the elements of a that b lacks.
func difference(a, b []Binding) []Binding {
	return slices.DeleteFunc(slices.Clone(a), func(x Binding) bool { return slices.Contains(b, x) })
}
