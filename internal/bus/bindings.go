package bus

import amqp "github.com/rabbitmq/amqp091-go"

// tellEvery is how many bindings are made before those who wait for one are told, and
// before it is looked at what is wanted by now. Each news wakes them all: where
// thousands wait, that took longer than to bind.
const tellEvery = 32

// bind brings the broker's bindings to what is wanted, and reports whether they
// are. A refused binding is told and left for the next time; the others stand.
func (in *intake) bind() bool {
	s := in.sub
	s.mu.Lock()
	// What was refused the last time may have passed by, too.
	anew, losses := !s.tried || s.refused, s.losses
	s.mu.Unlock()
	refused := in.makeBindings()
	if !in.session.lost(refused) {
		if err := in.removeBindings(); err != nil {
			refused = err
		}
	}
	if in.session.lost(refused) {
		return true // the end of the connection is about to be noticed
	}
	s.bus.status.note(s.about(), refused)
	s.change(func() {
		first := !s.tried
		s.err, s.refused = refused, refused != nil
		switch {
		case s.losses != losses: // what was lost meanwhile is made again the next time, and then all are told
			anew = false
		case first:
			s.tried = true
		default:
			anew = anew && refused == nil
		}
	})
	if anew {
		select {
		case in.up <- struct{}{}:
		default: // a call is due already
		}
	}
	return refused == nil
}

// makeBindings makes what is missing, what came last first.
func (in *intake) makeBindings() (refused error) {
	s := in.sub
	tried := bindingSet{}
	for {
		s.mu.Lock()
		own, addressed := s.address()
		losses := s.losses
		missing := s.bindings.missing.latest(tellEvery, tried)
		if addressed && !s.bindings.live.has(own) && !tried.has(own) {
			missing = append(missing, own)
		}
		queue := s.queue
		s.mu.Unlock()
		if len(missing) == 0 {
			return refused
		}
		var made []Binding
		for _, binding := range missing {
			tried[binding] = struct{}{}
			if err := in.bindOne(queue, binding); err != nil {
				refused = err
				continue
			}
			made = append(made, binding)
		}
		if len(made) > 0 {
			s.change(func() {
				if s.losses != losses {
					return // they went with their exchange, for all we know
				}
				for _, binding := range made {
					s.bindings.made(binding)
				}
			})
		}
		if in.session.lost(refused) {
			return refused
		}
	}
}

// removeEvery is how many bindings are removed before what is wanted by now is made.
const removeEvery = 256

// removeBindings removes what is not wanted any more, or the first of it.
func (in *intake) removeBindings() (refused error) {
	s := in.sub
	s.mu.Lock()
	tried := bindingSet{}
	if own, addressed := s.address(); addressed {
		tried[own] = struct{}{}
	}
	surplus, queue := s.bindings.surplus.latest(removeEvery, tried), s.queue
	s.mu.Unlock()
	for _, binding := range surplus {
		wanted := false
		// First, so that whoever wants it again meanwhile waits for it to be made again;
		// who did so before has been told that it stands.
		s.change(func() {
			s.going = nil
			if wanted = s.bindings.want.has(binding); !wanted {
				s.bindings.gone(binding)
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
			s.change(func() { s.bindings.made(binding) }) // it stands, and goes the next time
		}
		if in.session.lost(err) {
			break
		}
	}
	switch len(surplus) {
	case 0:
	case removeEvery:
		s.ask(func() { s.going = nil }) // there may be more
	default:
		s.change(func() { s.going = nil })
	}
	return refused
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
