package judge

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"
)

// Message is a message as a consumer saw it.
type Message struct {
	// At is when it was seen. It only tells how much time has passed where a message
	// itself does not; zero is unknown.
	At              time.Time
	Exchange, Key   string
	ContentType     string
	ContentEncoding string
	Headers         map[string]any
	// TimestampMicros is the AMQP property: Unix microseconds, by the reference's use.
	// 0 is unknown.
	TimestampMicros int64
	Body            []byte // as it travelled, compressed where ContentEncoding says so
}

// Finding is one thing in which a message differs from what the reference sends.
type Finding struct {
	Rule   string // id of a rule, as call-event.closed-fields
	Source string // where the reference has it: functions, modules, definition files
	Index  int    // of the message, from 0 in the order of Add
	Field  string // or what else of the message: key, exchange, content_type, headers
	Saw    string
	Want   string
}

func (f Finding) String() string {
	return fmt.Sprintf("message %d: %s: %s: saw %s, want %s (%s)", f.Index, f.Rule, f.Field, f.Saw, f.Want, f.Source)
}

// maxBody is how large a body may be when it is unpacked, in bytes.
const maxBody = 16 << 20

var errTooLarge = errors.New("larger than 16 MiB")

// text is the body as JSON.
func (m *Message) text() ([]byte, error) {
	if m.ContentEncoding != "gzip" {
		return m.Body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	return body, err
}
