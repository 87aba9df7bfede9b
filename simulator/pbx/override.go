package pbx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// UnknownFieldError says that a path leads nowhere in an event.
type UnknownFieldError struct {
	Event string // its Event-Name
	Path  string
	// Known holds the names that the failing part of the path could have, each as a
	// whole path; it is empty when there can be none.
	Known []string
}

func (e *UnknownFieldError) Error() string {
	return fmt.Sprintf("%s has no field %q", e.Event, e.Path)
}

// ValueError says that a text is no value for a field.
type ValueError struct {
	Path, Reason string
}

func (e *ValueError) Error() string { return e.Path + " " + e.Reason }

// With returns the event with the value at a dotted path replaced. The field
// must be one that such events can have; members of an object that is there may be
// new, and those of Custom-Channel-Vars and the like in any case. A field that holds
// text takes text as it is. Others, numbers and switches, take JSON where it is
// JSON and text where it is not, so that a malformed event can be made. What is
// new is text, unless it reads as a JSON object or list. Empty text removes
// the field. The error is an *UnknownFieldError or a *ValueError.
func (e Event) With(path, text string) (Event, error) {
	field, rest, nested := strings.Cut(path, ".")
	if !slices.Contains(e.kind.Fields(), field) {
		return e, e.unknown(path, e.kind.Fields())
	}
	existing, exists := e.fields.Get(field)
	obj, isObject := existing.(jobj.Object)
	_, isText := existing.(string)
	var value any
	var err error
	switch {
	case nested && !isObject && (exists || !e.holdsObject(field)):
		err = e.unknown(path, nil)
	case nested:
		value, err = e.setMember(obj, field, rest, text)
	case text == "":
		value = text
	case e.holdsObject(field):
		if value, err = jobj.ParseObject([]byte(text)); err != nil {
			err = &ValueError{field, "takes a JSON object"}
		}
	case isText:
		value = text
	default:
		value = newValue(existing, exists || isNumberOrSwitch(field), text)
	}
	if err != nil {
		return e, err
	}
	return Event{e.kind, e.sender, e.fields.Set(field, value)}, nil
}

// Unknown lists the fields that the event would lose on its way to the wire,
// because no event of its kind has them.
func (e Event) Unknown() []*UnknownFieldError {
	var unknown []*UnknownFieldError
	for _, m := range e.fields {
		if m.Value != "" && !slices.Contains(e.kind.Fields(), m.Key) {
			unknown = append(unknown, e.unknown(m.Key, e.kind.Fields()))
		}
	}
	return unknown
}

func (e Event) unknown(path string, known []string) *UnknownFieldError {
	return &UnknownFieldError{e.Name(), path, known}
}

// holdsObject says whether the field must be an object.
func (e Event) holdsObject(field string) bool {
	return slices.ContainsFunc(e.kind.Rules, func(r kapi.Rule) bool { return r.Field == field && r.Kind == kapi.KindObject })
}

// isNumberOrSwitch lists the fields that are no text, for events that lack them.
func isNumberOrSwitch(field string) bool {
	switch field {
	case "Timestamp", "Billing-Seconds", "Duration-Seconds", "Ringing-Seconds", "DTMF-Duration", "Length",
		"Channel-Is-Loopback", "Channel-Loopback-Bowout", "Channel-Loopback-Bowout-Execute", "Channel-Moving",
		"Call-Debug", "Channel-Debug", "Silence-Terminated",
		"Charges", "Expires", "Page", "Participant-ID", "Is-Soft-Deleted", "Date-Created", "Date-Modified",
		"Fax-Timestamp", "Voicemail-Length", "Messages-Urgent", "Messages-Urgent-Saved":
		return true
	}
	return false
}

// setMember sets a member below a field. at is the path of obj.
func (e Event) setMember(obj jobj.Object, at, path, text string) (jobj.Object, error) {
	name, rest, nested := strings.Cut(path, ".")
	if name == "" {
		return nil, e.unknown(at+"."+path, nil)
	}
	existing, exists := obj.Get(name)
	if nested {
		inner, isObject := existing.(jobj.Object)
		if !isObject {
			return nil, e.unknown(at+"."+path, below(obj, at))
		}
		changed, err := e.setMember(inner, at+"."+name, rest, text)
		if err != nil {
			return nil, err
		}
		return obj.Set(name, changed), nil
	}
	if text == "" {
		return obj.Delete(name), nil
	}
	return obj.Set(name, newValue(existing, exists, text)), nil
}

// newValue is what a text means in the place of a value.
func newValue(existing any, exists bool, text string) any {
	_, isText := existing.(string)
	value, err := jobj.Parse([]byte(text))
	if err != nil {
		return text
	}
	switch value.(type) {
	case jobj.Object, []any:
		return value
	}
	if !exists || isText {
		return text
	}
	return value
}

func below(obj jobj.Object, at string) []string {
	names := make([]string, len(obj))
	for i, m := range obj {
		names[i] = at + "." + m.Key
	}
	return names
}
