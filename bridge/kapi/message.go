package kapi

import (
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Definition is the closed list of a message's fields. What is not in it never
// reaches the wire.
type Definition struct {
	Category string
	// Name is the fixed Event-Name, or "" where the message brings its own.
	Name     string
	Optional []string
	Required []string
	// Objects are the fields that must hold an object when they are there.
	Objects []string
	// KeepEmpty leaves empty members of nested objects alone.
	KeepEmpty bool
}

// Sender fills the default fields that a message does not bring itself.
type Sender struct {
	Node       string
	AppName    string
	AppVersion string
	// MsgID is called when the message has no Msg-ID.
	MsgID func() string
}

// defaultOptional are the fields any message may have (kz_api.hrl).
func defaultOptional() []string {
	return []string{
		"Access-Group", "Defer-Response", "Destination-Server", "Geo-Location", "System-Log-ID",
		"Account-ID", "Call-ID", "Node", "Server-Queue-ID", "Raw-Headers", "Server-ID",
		"Request-From-PID", "Reply-To-PID", "AMQP-Broker", "AMQP-Broker-Zone", "Deliver-To-PID",
	}
}

// defaultRequired are the fields every message has (kz_api.hrl).
func defaultRequired() []string {
	return []string{"App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID"}
}

// InvalidMessageError says which field keeps a message from being published.
type InvalidMessageError struct {
	Event, Field, Reason string
}

func (e *InvalidMessageError) Error() string {
	return fmt.Sprintf("%s: field %s %s", e.Event, e.Field, e.Reason)
}

// Build makes the bytes of a message: defaults filled, empty values dropped,
// validated, cut down to the definition's fields and put into the order of the
// wire (kz_api:prepare_api_payload/3, build_message/3). The error is an
// *InvalidMessageError.
func Build(def Definition, from Sender, fields jobj.Object) ([]byte, error) {
	msg, err := Compose(def, from, fields)
	if err != nil {
		return nil, err
	}
	return jobj.Append(nil, msg), nil
}

// Compose is Build before the message becomes bytes.
func Compose(def Definition, from Sender, fields jobj.Object) (jobj.Object, error) {
	fields = fill(def, from, fields)
	fields = dropEmpty(fields, !def.KeepEmpty, true)
	if err := validate(def, fields); err != nil {
		return nil, err
	}
	return project(def, fields), nil
}

func fill(def Definition, from Sender, fields jobj.Object) jobj.Object {
	if !present(fields, "Msg-ID") {
		fields = fields.Set("Msg-ID", from.MsgID())
	}
	for _, d := range []jobj.Member{
		{Key: "Node", Value: from.Node},
		{Key: "Event-Name", Value: def.Name},
		{Key: "Event-Category", Value: def.Category},
		{Key: "App-Version", Value: from.AppVersion},
		{Key: "App-Name", Value: from.AppName},
	} {
		if d.Value != "" && !present(fields, d.Key) {
			fields = fields.Set(d.Key, d.Value)
		}
	}
	return fields
}

func present(fields jobj.Object, key string) bool {
	v, ok := fields.Get(key)
	return ok && v != ""
}

// dropEmpty removes empty strings, in nested objects too when deep. An empty
// Server-ID stays: it is how a direct publish says that it wants no answer.
func dropEmpty(fields jobj.Object, deep, top bool) jobj.Object {
	out := make(jobj.Object, 0, len(fields))
	for _, m := range fields {
		if m.Value == "" && !(top && m.Key == "Server-ID") {
			continue
		}
		if inner, ok := m.Value.(jobj.Object); ok && deep {
			m.Value = dropEmpty(inner, deep, false)
		}
		out = append(out, m)
	}
	return out
}

func validate(def Definition, fields jobj.Object) error {
	event := fields.String("Event-Name")
	for _, key := range slices.Concat(defaultRequired(), def.Required) {
		if !fields.Has(key) {
			return &InvalidMessageError{event, key, "is required but missing"}
		}
	}
	for key, want := range map[string]string{"Event-Category": def.Category, "Event-Name": def.Name} {
		if want != "" && fields.String(key) != want {
			return &InvalidMessageError{event, key, fmt.Sprintf("must be %q", want)}
		}
	}
	for _, key := range def.Objects {
		if v, ok := fields.Get(key); ok {
			if _, isObject := v.(jobj.Object); !isObject {
				return &InvalidMessageError{event, key, "must be an object"}
			}
		}
	}
	return nil
}

// project keeps the known fields in wire order: optional, required, then default
// ones, each list backwards.
func project(def Definition, fields jobj.Object) jobj.Object {
	out := make(jobj.Object, 0, len(fields))
	take := func(keys []string) {
		for _, key := range slices.Backward(keys) {
			if v, ok := fields.Get(key); ok && !out.Has(key) {
				out = append(out, jobj.Member{Key: key, Value: v})
			}
		}
	}
	own := slices.Concat(def.Optional, def.Required)
	take(def.Optional)
	take(def.Required)
	take(slices.DeleteFunc(defaultOptional(), func(key string) bool { return slices.Contains(own, key) }))
	take(defaultRequired())
	return out
}
