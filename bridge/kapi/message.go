package kapi

import (
	"fmt"
	"slices"
	"strings"

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
	// Either are fields of which one is required.
	Either []string
	// Names are the Event-Names a message may bring; nil allows any.
	Names []string
	// Rules hold for the values of fields that are there.
	Rules []Rule
	// KeepEmpty leaves empty members of nested objects alone.
	KeepEmpty bool
}

// Fields are all that a message of the definition may have.
func (d Definition) Fields() []string {
	return slices.Concat(d.Optional, d.Required, d.Either, defaultOptional(), defaultRequired())
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
	return newLayout(def).finish(def.begin(from, fields))
}

// begin fills the defaults in and drops what is empty.
func (d Definition) begin(from Sender, fields jobj.Object) jobj.Object {
	filled := fill(d, from, fields)
	return dropEmpty(filled[:0], filled, !d.KeepEmpty, true)
}

// fill works on one copy, which it goes through once: to set each default on a copy of its
// own took a tenth of what a message costs. A field that is empty counts as missing.
func fill(def Definition, from Sender, fields jobj.Object) jobj.Object {
	defaults := [...]jobj.Member{
		{Key: "Msg-ID"},
		{Key: "Node", Value: from.Node},
		{Key: "Event-Name", Value: def.Name},
		{Key: "Event-Category", Value: def.Category},
		{Key: "App-Version", Value: from.AppVersion},
		{Key: "App-Name", Value: from.AppName},
	}
	out := append(make(jobj.Object, 0, len(fields)+len(defaults)), fields...)
	var at [len(defaults)]int // one more than the index of each
	for i, m := range out {
		if n := defaultOf(m.Key); n >= 0 && at[n] == 0 {
			at[n] = i + 1
		}
	}
	if at[0] == 0 || out[at[0]-1].Value == "" {
		defaults[0].Value = from.MsgID()
	}
	for n, d := range defaults {
		switch {
		case d.Value == nil || d.Value == "":
		case at[n] == 0:
			out = append(out, d)
		case out[at[n]-1].Value == "":
			out[at[n]-1].Value = d.Value
		}
	}
	return out
}

// defaultOf is the place of a field among the defaults, -1 for any other.
func defaultOf(key string) int {
	switch key {
	case "Msg-ID":
		return 0
	case "Node":
		return 1
	case "Event-Name":
		return 2
	case "Event-Category":
		return 3
	case "App-Version":
		return 4
	case "App-Name":
		return 5
	}
	return -1
}

// dropEmpty appends all but empty strings to dst, in nested objects too when deep. An empty
// Server-ID stays: it is how a direct publish says that it wants no answer.
func dropEmpty(dst, fields jobj.Object, deep, top bool) jobj.Object {
	for _, m := range fields {
		if m.Value == "" && !(top && m.Key == "Server-ID") {
			continue
		}
		if inner, ok := m.Value.(jobj.Object); ok && deep {
			m.Value = dropEmpty(make(jobj.Object, 0, len(inner)), inner, deep, false)
		}
		dst = append(dst, m)
	}
	return dst
}

// check is kz_api:validate/4: the required fields are there, fixed values match,
// and so do the kinds of what is there. get gives the first value of a field.
func (d Definition) check(event string, get func(key string) shape) error {
	for _, keys := range [][]string{defaultRequired(), d.Required} {
		for _, key := range keys {
			if get(key).form == absent {
				return &InvalidMessageError{event, key, "is required but missing"}
			}
		}
	}
	if d.Either != nil && !slices.ContainsFunc(d.Either, func(key string) bool { return get(key).form != absent }) {
		return &InvalidMessageError{event, d.Either[0], "is required, or one of " + strings.Join(d.Either[1:], ", ")}
	}
	for _, rule := range d.fixed() {
		if !rule.holds(get(rule.Field)) {
			return &InvalidMessageError{event, rule.Field, rule.needs()}
		}
	}
	for _, rule := range d.Rules {
		if v := get(rule.Field); v.form != absent && !rule.holds(v) {
			return &InvalidMessageError{event, rule.Field, rule.needs()}
		}
	}
	return nil
}

// fixed are the rules for what names a message.
func (d Definition) fixed() []Rule {
	rules := []Rule{{Field: "Event-Category", OneOf: []string{d.Category}}}
	switch {
	case d.Name != "":
		rules = append(rules, Rule{Field: "Event-Name", OneOf: []string{d.Name}})
	case d.Names != nil:
		rules = append(rules, Rule{Field: "Event-Name", OneOf: d.Names})
	}
	return rules
}
