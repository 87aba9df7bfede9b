package bus

import (
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
)

// tellEvery is how many bindings are made before those who wait for one are told. Each
// news wakes them all: where thousands wait, that took longer than to bind.
const tellEvery = 32

// bindingSet is what a subscription wants or has. There may be thousands.
type bindingSet map[Binding]struct{}

func newBindingSet(all []Binding) bindingSet {
	set := make(bindingSet, len(all))
	for _, b := range all {
		set[b] = struct{}{}
	}
	return set
}

func (s bindingSet) has(b Binding) bool {
	_, ok := s[b]
	return ok
}

// without returns the elements of s that other lacks.
func (s bindingSet) without(other bindingSet) []Binding {
	var rest []Binding
	for b := range s {
		if !other.has(b) {
			rest = append(rest, b)
		}
	}
	return rest
}

// within says whether other has each element of s.
func (s bindingSet) within(other bindingSet) bool {
	if len(s) > len(other) {
		return false
	}
	for b := range s {
		if !other.has(b) {
			return false
		}
	}
	return true
}

// bind brings the broker's bindings to what is wanted, and reports whether they
// are. A refused binding is told and left for the next time; the others stand.
func (in *intake) bind() bool {
	s := in.sub
	s.mu.Lock()
	own, addressed := s.address()
	add, drop := s.want.without(s.live), s.live.without(s.want)
	if addressed {
		drop = slices.DeleteFunc(drop, func(b Binding) bool { return b == own })
		if !s.live.has(own) {
			add = append(add, own)
		}
	}
	queue, anew := s.queue, !s.tried
	s.mu.Unlock()

	var refused error
	var made []Binding
	tell := func() {
		s.change(func() {
			if s.live == nil {
				s.live = bindingSet{}
			}
			for _, binding := range made {
				s.live[binding] = struct{}{}
			}
		})
		made = made[:0]
	}
	for _, binding := range add {
		if err := in.bindOne(queue, binding); err != nil {
			refused = err
			continue
		}
		if made = append(made, binding); len(made) == tellEvery {
			tell()
		}
	}
	if len(made) > 0 {
		tell()
	}
	for _, binding := range drop {
		wanted := false
		// First, so that whoever wants it again meanwhile waits for it to be made again;
		// who did so before has been told that it stands.
		s.change(func() {
			s.going = nil
			if wanted = s.want.has(binding); !wanted {
				delete(s.live, binding)
				s.going = bindingSet{binding: {}}
			}
		})
		if wanted {
			continue
		}
		err := in.session.topology.do(func(channel *amqp.Channel) error {
			return channel.QueueUnbind(queue, binding.Key, binding.Exchange, nil)
		})
		if err != nil && !notFound(err) {
			refused = err
			made = append(made, binding) // it stands, and goes the next time
		}
	}
	if len(made) > 0 {
		tell()
	}
	if len(drop) > 0 {
		s.change(func() { s.going = nil })
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
