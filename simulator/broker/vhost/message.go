package vhost

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// Message is one published message. It is shared by the queues that hold it and
// never changes.
type Message struct {
	Exchange   string
	RoutingKey string
	Properties []byte // flags and properties, as on the wire
	Body       []byte

	headers    []byte // view of Properties: fields of the table
	expiration int64  // ms; never when there is none
	priority   uint8

	holders int // queues that hold it
}

const never = -1

// messageOverhead is what a held message costs beside its bytes: measured on the
// heap, an entry in a queue, the message and its share of the queue's memory.
const messageOverhead = 300

// NewMessage reads what the broker itself obeys of a message's properties. raw
// is kept, and properties were parsed from it.
func NewMessage(exchange, key string, properties *wire.Properties, raw, body []byte) (*Message, *wire.Error) {
	m := &Message{
		Exchange: exchange, RoutingKey: key, Properties: raw, Body: body,
		headers: properties.Headers, priority: properties.Priority,
		expiration: never,
	}
	if mode := properties.DeliveryMode; properties.Flags&wire.HasDeliveryMode != 0 && mode != 1 && mode != 2 {
		return nil, wire.Errorf(wire.PreconditionFailed, "invalid message: {delivery_mode_unknown,%d}", mode)
	}
	if properties.Flags&wire.HasExpiration != 0 {
		ms, err := parseExpiration(properties.Expiration)
		if err != nil {
			return nil, err
		}
		m.expiration = ms
	}
	return m, m.checkKeys()
}

// maxTimer is the longest that anything can be made to wait, in ms: a hundred
// years (rabbit_amqqueue: MAX_EXPIRY_TIMER).
const maxTimer = 100 * 365 * 24 * 3600 * 1000

func parseExpiration(text []byte) (int64, *wire.Error) {
	refuse := func(reason string) (int64, *wire.Error) {
		return 0, wire.Errorf(wire.PreconditionFailed, "invalid expiration '%s': %s", text, reason)
	}
	digits := 0
	for i, b := range text {
		if b >= '0' && b <= '9' || i == 0 && (b == '-' || b == '+') {
			digits = i + 1
			continue
		}
		break
	}
	ms, err := strconv.ParseInt(string(text[:digits]), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), ms > maxTimer:
		return refuse(fmt.Sprintf("{value_too_large,%s}", text))
	case err != nil:
		return refuse("no_integer")
	case digits < len(text):
		return refuse(fmt.Sprintf("{leftover_string,%q}", text[digits:]))
	case ms < 0:
		return refuse(fmt.Sprintf("{value_negative,%d}", ms))
	}
	return ms, nil
}

func (m *Message) size() int { return len(m.Properties) + len(m.Body) + messageOverhead }

// table reads the headers; NewMessage's caller has checked that they can be read.
func (m *Message) table() wire.Table {
	t, _ := wire.ParseTable(m.headers)
	return t
}

// with is a copy of the message with other properties.
func (m *Message) with(change func(*wire.Properties)) *Message {
	properties, _ := wire.ParseProperties(m.Properties) // parsed before, when it came in
	change(&properties)
	raw := properties.Append(nil)
	properties, _ = wire.ParseProperties(raw)
	changed := *m
	changed.Properties, changed.headers, changed.holders = raw, properties.Headers, 0
	return &changed
}

// Headers that name further routing keys (RabbitMQ's sender-selected distribution).
const (
	headerCC  = "CC"
	headerBCC = "BCC"
)

// checkKeys refuses headers that cannot name routing keys.
func (m *Message) checkKeys() *wire.Error {
	if !bytes.Contains(m.headers, []byte(headerCC)) {
		return nil
	}
	headers := m.table()
	for _, name := range []string{headerCC, headerBCC} {
		if value, ok := headers.Get(name); ok {
			if _, ok := value.([]any); !ok {
				return wire.Errorf(wire.PreconditionFailed, "invalid message: {unacceptable_type_in_header,%q,%s}", name, typeName(value))
			}
		}
	}
	return nil
}

// routingKeys appends the message's own and those of the named headers.
func (m *Message) routingKeys(keys []string, headers ...string) []string {
	keys = append(keys, m.RoutingKey)
	if !bytes.Contains(m.headers, []byte(headerCC)) {
		return keys
	}
	table := m.table()
	for _, name := range headers {
		value, _ := table.Get(name)
		list, _ := value.([]any)
		for _, element := range list {
			if key, ok := element.(string); ok {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// withoutBCC is the message as its receivers may see it.
func (m *Message) withoutBCC() *Message {
	if !bytes.Contains(m.headers, []byte(headerBCC)) {
		return m
	}
	headers := m.table()
	if _, ok := headers.Get(headerBCC); !ok {
		return m
	}
	return m.with(func(p *wire.Properties) { p.SetHeaders(headers.Without(headerBCC)) })
}
