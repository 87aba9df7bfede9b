// Package capture is a bus on file: what was published, in order, each message with
// its moment, address, headers and bytes. It owns the format, which docs/captures.md
// describes, reading it and writing it, compressed or not, at a cost in memory that
// does not grow with what is recorded. It never talks to a broker, changes a message
// or knows what one means.
package capture

import (
	"time"
)

// Format and Version stand in the header of a capture. A reader takes captures of its
// own version and of earlier ones.
const (
	Format  = "kazoolab-capture"
	Version = 1
)

// Header is the first line.
type Header struct {
	// Began is the moment from which those of the messages count.
	Began time.Time
	// Anonymised says that identities were replaced.
	Anonymised bool
	Bound      []Bound
}

// Bound is what was listened to.
type Bound struct {
	Exchange string `json:"exchange"`
	Kind     string `json:"type"` // of the exchange: topic
	Key      string `json:"key"`
}

// Entry is a line after the header: a message, or a gap.
type Entry struct {
	// At is the moment after the capture's beginning, in whole microseconds.
	At time.Duration
	// Gap says why messages may be missing before this moment; "" for a message.
	Gap string
	Message
}

// Message is a message as it was on the wire.
type Message struct {
	Exchange string
	Kind     string // of the exchange: topic
	Key      string // routing key

	ContentType     string
	ContentEncoding string
	// Timestamp is the AMQP property, which Kazoo fills with Unix microseconds; 0 is none.
	Timestamp int64
	// Headers hold the types of amqp091.Table.
	Headers map[string]any
	Body    []byte
}
