// Package capture is the one ordered log of what a certification did to a target and
// what it saw: bus, hooks, sockets, REST, in the order in which the harness learned of
// them, with times. It owns the log's form in memory and on file, and takes secrets out
// of what is written. It never judges, and never opens a connection.
package capture

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Kind says what an entry is.
type Kind string

// What can be seen.
const (
	// Note is a fact that a group wrote down for its judges: Name is the fact's, Body its value.
	Note Kind = "note"
	// Published is a message that the harness published and the broker confirmed. Head is
	// "<exchange> <routing key>".
	Published Kind = "published"
	// Delivered is a message that one of the harness's own queues was given. Name is the
	// queue's, Head "<exchange> <routing key>", Header its properties.
	Delivered Kind = "delivered"
	// HookRequest is a request at a receiver. Name is the receiver's, Head the request line,
	// Header as it was on the wire, Body likewise.
	HookRequest Kind = "hook-request"
	// HookAnswer is what the receiver answered, Ref the request. Head is the status or "drop",
	// the field from of Header the sender's end of the connection.
	HookAnswer Kind = "hook-answer"
	// SocketOpen is an upgrade that was answered with 101. Header is the answer's.
	SocketOpen Kind = "socket-open"
	// SocketRefused is an upgrade that was answered otherwise, Head the status, Body what came.
	SocketRefused Kind = "socket-refused"
	// SocketSent is a frame that was sent. Head is its type: text, binary, ping, pong, close.
	SocketSent Kind = "socket-sent"
	// SocketGot is a frame that came.
	SocketGot Kind = "socket-got"
	// SocketClosed is the end of a connection. Head is the close code, or "" when there was none.
	SocketClosed Kind = "socket-closed"
	// RestRequest is a request to the target. Name is the step's, Head the request line.
	RestRequest Kind = "rest-request"
	// RestAnswer is the target's answer, Ref the request. Head is the status code.
	RestAnswer Kind = "rest-answer"
	// RestFailed says that no answer came, and why, in Body. Ref is the request.
	RestFailed Kind = "rest-failed"
	// RawSent and RawGot are bytes on a bare TCP connection, RawClosed its end: Head says
	// who ended it, "target", "deadline", "limit" or "harness".
	RawSent   Kind = "raw-sent"
	RawGot    Kind = "raw-got"
	RawClosed Kind = "raw-closed"
	// WaitedOut says that something did not come within its deadline. Name is what was waited
	// for, Head the deadline.
	WaitedOut Kind = "waited-out"
	// Began and Ended frame a group. Head of Ended is how: "done", "broken" (the target did not
	// do what the group stands on), "interrupted", or "harness" (a fault of this program).
	Began Kind = "began"
	Ended Kind = "ended"
)

// Ends of a group.
const (
	Done        = "done"
	Broken      = "broken"
	Interrupted = "interrupted"
	Harness     = "harness"
)

// Field is one header field. A list of them keeps order and repeats.
type Field struct {
	Name  string `json:"n"`
	Value string `json:"v"`
}

// Entry is one thing that was done or seen.
type Entry struct {
	// Seq is its place in the log, from 1.
	Seq int
	// At is the time since the log began, by the harness's clock.
	At time.Duration
	// Group is the group of requirements for which it was done.
	Group string
	Kind  Kind
	// Name says who or which: a receiver, a socket, a step, a fact.
	Name   string
	Head   string
	Header []Field
	Body   []byte
	// Ref is the entry that this one answers, 0 for none.
	Ref int
}

// Value returns the first value of a header field, whose name is compared as it stands.
func (e Entry) Value(name string) (string, bool) {
	for _, f := range e.Header {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}

// line is an entry as the file has it.
type line struct {
	Seq    int     `json:"seq"`
	Micros int64   `json:"at_us"`
	Group  string  `json:"group,omitempty"`
	Kind   Kind    `json:"kind"`
	Name   string  `json:"name,omitempty"`
	Head   string  `json:"head,omitempty"`
	Header []Field `json:"header,omitempty"`
	Body   *string `json:"body,omitempty"`
	Base64 *string `json:"base64,omitempty"` // of a body that is not UTF-8, or long and shorter so
	Ref    int     `json:"ref,omitempty"`
}

// readable is how long a body is, in bytes, that is written as text however long that becomes: a
// control character takes six times its length.
const readable = 64 << 10

// isText tells whether a body is written as text.
func isText(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	if len(body) <= readable {
		return true
	}
	written := 0
	for _, r := range string(body) {
		switch {
		case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029':
			written += len(`\u0000`)
		case r == '"', r == '\\':
			written += 2
		default:
			written += utf8.RuneLen(r)
		}
	}
	return written <= base64.StdEncoding.EncodedLen(len(body))
}

// MarshalJSON writes a body as text where it is UTF-8, else in base64, which is also for a long one
// that is shorter so.
func (e Entry) MarshalJSON() ([]byte, error) {
	l := line{Seq: e.Seq, Micros: e.At.Microseconds(), Group: e.Group, Kind: e.Kind, Name: e.Name, Head: e.Head, Header: e.Header, Ref: e.Ref}
	switch {
	case e.Body == nil:
	case isText(e.Body):
		text := string(e.Body)
		l.Body = &text
	default:
		text := base64.StdEncoding.EncodeToString(e.Body)
		l.Base64 = &text
	}
	return json.Marshal(l)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	*e = Entry{
		Seq: l.Seq, At: time.Duration(l.Micros) * time.Microsecond, Group: l.Group, Kind: l.Kind, Name: l.Name, Head: l.Head,
		Header: l.Header, Ref: l.Ref,
	}
	switch {
	case l.Body != nil:
		e.Body = []byte(*l.Body)
	case l.Base64 != nil:
		body, err := base64.StdEncoding.DecodeString(*l.Base64)
		if err != nil {
			return fmt.Errorf("base64: %w", err)
		}
		e.Body = body
	}
	return nil
}
