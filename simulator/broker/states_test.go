package broker_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// What each connection of the storm that takes messages holds, not acknowledged.
const heldEach = 5

// state is one that a connection can be in when it is lost.
type state struct {
	name  string
	reach func(s *scene, r raw) error
	// unread says that the broker does not read from the connection until the client
	// does, so that it cannot see a half-close.
	unread bool
}

// scene is what the states share.
type scene struct {
	mu   sync.Mutex
	gone []string // queues that end with their connections
}

func (s *scene) declare(r raw, flags byte) (string, error) {
	name, err := r.declare(flags)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, name)
	return name, err
}

// states lists how far a connection can have come. Those in work hold heldEach of its messages.
func states() []state {
	return []state{
		{name: "before the header", reach: func(*scene, raw) error { return nil }},
		{name: "in the header", reach: func(_ *scene, r raw) error { return r.send([]byte(protocolHeader[:5])) }},
		{name: "with another protocol's header", reach: func(_ *scene, r raw) error { return r.send([]byte("GET / HTTP/1.1\r\n\r\n")) }},
		{name: "after the header", reach: func(_ *scene, r raw) error {
			_, err := r.call([]byte(protocolHeader), connectionStart)
			return err
		}},
		{name: "in the handshake", reach: func(_ *scene, r raw) error {
			_, err := r.call([]byte(protocolHeader), connectionStart)
			if err == nil {
				_, err = r.call(r.startOk(), connectionTune)
			}
			return err
		}},
		{name: "in a frame's head", reach: loggedIn(func(_ *scene, r raw) error { return r.send(publish("work", "x")[:4]) })},
		{name: "in a method", reach: loggedIn(func(_ *scene, r raw) error { return r.send(publishMethod("work")[:12]) })},
		{name: "between a publish and its header", reach: loggedIn(func(_ *scene, r raw) error { return r.send(publishMethod("work")) })},
		{name: "in a body", reach: loggedIn(func(_ *scene, r raw) error {
			return r.send(publishMethod("work"), contentHeader(1<<20), frame(frameBody, 1, make([]byte, 1000)), bits(frameBody))
		})},
		{name: "with deliveries not acknowledged", reach: loggedIn(func(_ *scene, r raw) error {
			if err := r.consume("work", heldEach, 0); err != nil {
				return err
			}
			for range heldEach {
				if _, err := r.await(basicDeliver); err != nil {
					return err
				}
			}
			return nil
		})},
		{name: "with gets not acknowledged", reach: loggedIn(holdByGet)},
		{name: "with acknowledgements not committed", reach: loggedIn(func(s *scene, r raw) error {
			if _, err := r.call(method(1, txSelect), txSelectOk); err != nil {
				return err
			}
			if err := holdByGet(s, r); err != nil {
				return err
			}
			return r.send(method(1, basicAck, u64(heldEach), bits(1)))
		})},
		{name: "with publishes not committed", reach: loggedIn(func(_ *scene, r raw) error {
			if _, err := r.call(method(1, txSelect), txSelectOk); err != nil {
				return err
			}
			return r.send(publish("uncommitted", "one"), publish("uncommitted", "two"))
		})},
		{name: "with publishes not confirmed", reach: loggedIn(func(_ *scene, r raw) error {
			if _, err := r.call(method(1, confirmSelect, bits(0)), confirmSelectOk); err != nil {
				return err
			}
			return r.send([]byte(strings.Repeat(string(publish("taken", "anything")), 200)))
		})},
		{name: "with exclusive queues", reach: loggedIn(func(s *scene, r raw) error {
			if _, err := s.declare(r, exclusive|autoDelete); err != nil {
				return err
			}
			name, err := s.declare(r, exclusive)
			if err != nil {
				return err
			}
			if err := r.consume(name, 0, exclusive); err != nil {
				return err
			}
			_, err = r.call(publish(name, "to itself"), basicDeliver)
			return err
		})},
		{name: "with an auto-delete queue", reach: loggedIn(func(s *scene, r raw) error {
			name, err := s.declare(r, autoDelete)
			if err != nil {
				return err
			}
			return r.consume(name, 1, noAck)
		})},
		{name: "with many channels", reach: loggedIn(func(_ *scene, r raw) error {
			for n := range uint16(100) {
				if _, err := r.call(method(n+2, channelOpen, short("")), channelOpenOk); err != nil {
					return err
				}
			}
			return nil
		})},
		{name: "not reading a flood", reach: loggedIn(stopReading)},
		{name: "held back as it reads no answers", reach: loggedIn(holdBack), unread: true},
		{name: "closing", reach: loggedIn(sayGoodbye)},
		{name: "closing, and not reading a flood", reach: loggedIn(func(s *scene, r raw) error {
			return errors.Join(stopReading(s, r), sayGoodbye(s, r))
		})},
		{name: "refused", reach: loggedIn(func(_ *scene, r raw) error {
			if err := r.send(frame(9, 1)); err != nil { // no such kind of frame
				return err
			}
			if _, err := r.await(connectionClose); err != nil {
				return fmt.Errorf("the broker takes any frame: %w", err)
			}
			return nil // and never answers with close-ok
		})},
	}
}

func loggedIn(reach func(*scene, raw) error) func(*scene, raw) error {
	return func(s *scene, r raw) error {
		if err := r.login(); err != nil {
			return err
		}
		return reach(s, r)
	}
}

func holdByGet(_ *scene, r raw) error {
	for range heldEach {
		if _, err := r.call(method(1, basicGet, u16(0), short("work"), bits(0)), basicGetOk); err != nil {
			return err
		}
	}
	return nil
}

// stopReading has read the start of the messages that it may have, which are more
// than the sockets hold.
func stopReading(_ *scene, r raw) error {
	if err := r.consume("flood", floodEach, 0); err != nil {
		return err
	}
	_, err := r.await(basicDeliver)
	return err
}

// holdBack asks again and again for a large message and gives it back, and reads
// the start of more than the sockets hold.
func holdBack(s *scene, r raw) error {
	name, err := s.declare(r, exclusive)
	if err != nil {
		return err
	}
	get := method(1, basicGet, u16(0), short(name), bits(0))
	back := method(1, basicNack, u64(0), bits(multiple|requeue)) // all that it has
	err = r.send(publish(name, strings.Repeat("f", floodSize)), bytes.Repeat(slices.Concat(get, back), 2*floodEach))
	if err != nil {
		return err
	}
	_, err = r.await(basicGetOk)
	return err
}

func sayGoodbye(_ *scene, r raw) error {
	return r.send(method(0, connectionClose, u16(200), short("bye"), u16(0), u16(0)))
}
