package command

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Actions that have a meaning. Any other is answered like Noop.
const (
	Subscribe   = "subscribe"
	Unsubscribe = "unsubscribe"
	Ping        = "ping"
	API         = "api"
	Noop        = "noop" // what a frame without an action asks for

	PivotRegister   = "pivot_register"
	PivotUnregister = "pivot_unregister"
	PivotAnswer     = "pivot_answer"
)

// Faults of a frame. The reference takes text that is no JSON for an empty object,
// and closes the socket at JSON that is no object (quirk nonstring-crash).
var (
	ErrNotJSON   = errors.New("the frame is not JSON")
	ErrNotObject = errors.New("the frame must be a JSON object")
)

// Request is one frame of a client (blackhole_socket_callback:recv/2).
type Request struct {
	Action string
	Token  string // "" for none
	ID     string // request_id; "" for none
	// Name and Metadata are what the client calls its socket; nil where they are not given.
	Name, Metadata any
	// Data is nil where the frame has none, or no object.
	Data jobj.Object
}

// Read reads a frame. Where the error is ErrNotJSON or ErrNotObject the request is that
// of an empty object.
func Read(frame []byte) (Request, error) {
	value, err := jobj.Parse(frame)
	if err != nil {
		return Request{Action: Noop}, ErrNotJSON
	}
	fields, isObject := value.(jobj.Object)
	if !isObject {
		r := Request{Action: Noop}
		if list, isList := value.([]any); isList && len(list) == 0 {
			return r, nil // how Erlang's decoder had an empty object once
		}
		return r, ErrNotObject
	}
	return Request{
		Action:   orElse(member(fields, "action"), Noop),
		Token:    member(fields, "auth_token"),
		ID:       member(fields, "request_id"),
		Name:     given(fields, "name"),
		Metadata: given(fields, "metadata"),
		Data:     fields.Object("data"),
	}, nil
}

// Text is a value as text (kz_term:to_binary/1); ok is false for lists and objects.
func Text(value any) (text string, ok bool) {
	switch v := value.(type) {
	case nil:
		return "null", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// member is a member as text, "" where there is none.
func member(fields jobj.Object, key string) string {
	value, there := fields.Get(key)
	if !there {
		return ""
	}
	text, _ := Text(value)
	return text
}

func given(fields jobj.Object, key string) any {
	value, _ := fields.Get(key)
	return value
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
