package pbx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// UnknownFieldError says that a path leads nowhere in a call event.
type UnknownFieldError struct {
	Path string
	// Known holds the names that the failing part of the path could have, each as a
	// whole path; it is empty when there can be none.
	Known []string
}

func (e *UnknownFieldError) Error() string {
	return fmt.Sprintf("a call event has no field %q", e.Path)
}

// ValueError says that a text is no value for a field.
type ValueError struct {
	Path, Reason string
}

func (e *ValueError) Error() string { return e.Path + " " + e.Reason }

// With returns the event with the value at a dotted path replaced. The field
// must be one that call events can have; members of Custom-Channel-Vars and
// Custom-Application-Vars may be new. A field that the switch writes as text takes
// text as it is. Others, numbers and switches, take JSON where it is JSON and
// text where it is not, so that a malformed event can be made. Variables are text
// too, but what reads as a JSON object or list becomes one. Empty text removes
// the field. The error is an *UnknownFieldError or a *ValueError.
func (e Event) With(path, text string) (Event, error) {
	field, rest, nested := strings.Cut(path, ".")
	if !slices.Contains(fieldNames(), field) {
		return e, &UnknownFieldError{path, fieldNames()}
	}
	var value any
	var err error
	if nested {
		value, err = setMember(e.fields.Object(field), field, rest, text)
	} else {
		value, err = fieldValue(field, text)
	}
	if err != nil {
		return e, err
	}
	return Event{e.sender, e.fields.Set(field, value)}, nil
}

// Unknown lists the fields that the event would lose on its way to the wire,
// because no call event has them.
func (e Event) Unknown() []*UnknownFieldError {
	msg, err := kapi.Compose(kapi.CallEvent(), e.sender, e.fields)
	if err != nil {
		return nil // Message says what is wrong
	}
	var unknown []*UnknownFieldError
	for _, m := range e.fields {
		if m.Value != "" && !msg.Has(m.Key) {
			unknown = append(unknown, &UnknownFieldError{m.Key, fieldNames()})
		}
	}
	return unknown
}

// fieldNames are the fields that a switch's call event can have.
func fieldNames() []string {
	def := kapi.CallEvent()
	common := []string{"App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID", "Node", "Account-ID"}
	return slices.Concat(def.Optional, def.Required, common)
}

func fieldValue(field, text string) (any, error) {
	if takesMembers(field) {
		obj, err := jobj.ParseObject([]byte(text))
		if err != nil && text != "" {
			return nil, &ValueError{field, "takes a JSON object"}
		}
		return obj, nil
	}
	switch field {
	case "Timestamp", "Billing-Seconds", "Duration-Seconds", "Ringing-Seconds", "DTMF-Duration", "Length",
		"Channel-Is-Loopback", "Channel-Loopback-Bowout", "Channel-Loopback-Bowout-Execute", "Channel-Moving",
		"Call-Debug", "Channel-Debug", "Silence-Terminated",
		"Media-Recordings", "Transfer-History", "Recording", "Application-Data":
		if value, err := jobj.Parse([]byte(text)); err == nil {
			return value, nil
		}
	}
	return text, nil
}

// takesMembers reports whether the field at a path is an object whose members may
// have any name.
func takesMembers(at string) bool { return slices.Contains(objectFields(), at) }

// setMember sets a member below field. at is the path of obj.
func setMember(obj jobj.Object, at, path, text string) (jobj.Object, error) {
	name, rest, nested := strings.Cut(path, ".")
	if name == "" {
		return nil, &UnknownFieldError{Path: at + "." + path}
	}
	existing, exists := obj.Get(name)
	if !exists && !takesMembers(at) {
		return nil, &UnknownFieldError{at + "." + path, below(obj, at)}
	}
	if nested {
		inner, isObject := existing.(jobj.Object)
		if !isObject {
			return nil, &UnknownFieldError{at + "." + path, below(obj, at)}
		}
		changed, err := setMember(inner, at+"."+name, rest, text)
		if err != nil {
			return nil, err
		}
		return obj.Set(name, changed), nil
	}
	if text == "" {
		return obj.Delete(name), nil
	}
	return obj.Set(name, memberValue(existing, exists, text)), nil
}

func memberValue(existing any, exists bool, text string) any {
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

func objectFields() []string {
	var names []string
	for _, rule := range kapi.CallEvent().Rules {
		if rule.Kind == kapi.KindObject {
			names = append(names, rule.Field)
		}
	}
	return names
}
