package vhost

import (
	"encoding/binary"
	"hash/fnv"
	"strconv"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// byHash spreads messages over its bindings by a hash of the routing key, of a
// header or of a property (RabbitMQ's plugin x-consistent-hash). A binding's key
// is its weight. The same text goes to the same destination, and a binding that
// comes or goes moves no text between the others. Which destination a text has
// is not RabbitMQ's choice.
type byHash struct {
	header   string
	property string
	buckets  []bucket
}

type bucket struct {
	binding *binding
	seed    uint64
}

const (
	argHashHeader   = "hash-header"
	argHashProperty = "hash-property"
)

func newByHash(arguments wire.Table) *byHash {
	text := func(name string) string {
		value, _ := arguments.Get(name)
		s, _ := value.(string)
		return s
	}
	return &byHash{header: text(argHashHeader), property: text(argHashProperty)}
}

func (r *byHash) add(b *binding) *wire.Error {
	const most = 1000 // each is a step of every look-up
	weight, err := strconv.Atoi(b.id.key)
	switch {
	case err != nil:
		return wire.Errorf(wire.PreconditionFailed, "The binding key must be an integer: %s", wire.Octets([]byte(b.id.key)))
	case weight < 1:
		return wire.Errorf(wire.PreconditionFailed, "The binding key must be greater than 0")
	case weight > most:
		return wire.Errorf(wire.PreconditionFailed, "The binding key is a weight and must not be above %d: %d", most, weight)
	}
	for _, other := range r.buckets {
		if other.binding.id.destination == b.id.destination && other.binding.id.toExchange == b.id.toExchange {
			return nil // a destination has the weight of its first binding
		}
	}
	for i := range weight {
		h := fnv.New64a()
		_, _ = h.Write([]byte(b.id.destination))
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(i)))
		r.buckets = append(r.buckets, bucket{b, h.Sum64()})
	}
	return nil
}

func (r *byHash) remove(b *binding) {
	kept := r.buckets[:0]
	for _, other := range r.buckets {
		if other.binding != b {
			kept = append(kept, other)
		}
	}
	clear(r.buckets[len(kept):])
	r.buckets = kept
}

// route gives the message to the bucket whose seed, mixed with the text, is the
// highest: rendezvous hashing.
func (r *byHash) route(key string, m *Message, visit func(*binding)) {
	h := fnv.New64a()
	_, _ = h.Write(r.text(key, m))
	sum := h.Sum64()
	var chosen *binding
	var highest uint64
	for _, b := range r.buckets {
		if score := mix(sum ^ b.seed); chosen == nil || score > highest {
			chosen, highest = b.binding, score
		}
	}
	if chosen != nil {
		visit(chosen)
	}
}

func (r *byHash) text(key string, m *Message) []byte {
	switch {
	case r.header != "":
		value, _ := m.table().Get(r.header)
		if s, ok := value.(string); ok {
			return []byte(s)
		}
		return encoded(value)
	case r.property != "":
		p, _ := wire.ParseProperties(m.Properties) // parsed before, when it came in
		switch r.property {
		case "message_id":
			return p.MessageID
		case "correlation_id":
			return p.CorrelationID
		}
		return binary.BigEndian.AppendUint64(nil, p.Timestamp)
	}
	return []byte(key)
}

// mix is the finaliser of SplitMix64: each bit of x decides half of the result's.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
