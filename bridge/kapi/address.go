package kapi

import (
	"encoding/json"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Address is a routing key with places for fields. Its segments are joined by dots.
type Address []Segment

// Segment is one word of a routing key, or several where a field's own dots are
// kept.
type Segment struct {
	// Literal stands as it is; the other members are those of a field.
	Literal string
	// Fields are looked up in turn; a slash leads into an object.
	Fields []string
	// From finds the text where that is not enough.
	From func(fields jobj.Object) string
	// Of makes the text from that of the field, such as the realm of an address.
	Of func(text string) string
	// Raw leaves the text as it is; else EncodeKey is applied.
	Raw bool
	// Absent stands for a field that is missing. Where it is "" the field is needed,
	// or, if Optional, the segment is left out.
	Absent   string
	Optional bool
}

// literal, raw and encoded are the usual segments.
func literal(text string) Segment                  { return Segment{Literal: text} }
func raw(fields ...string) Segment                 { return Segment{Fields: fields, Raw: true} }
func encoded(fields ...string) Segment             { return Segment{Fields: fields} }
func (s Segment) of(f func(string) string) Segment { s.Of = f; return s }

// Key fills the places. The error is an *InvalidMessageError that names the field
// without which there is no key.
func (a Address) Key(fields jobj.Object) (string, error) {
	words := make([]string, 0, len(a))
	for _, s := range a {
		if s.Literal != "" {
			words = append(words, s.Literal)
			continue
		}
		word := s.text(fields)
		switch {
		case word == "" && s.Absent != "":
			word = s.Absent
		case word == "" && s.Optional:
			continue
		case word == "":
			return "", &InvalidMessageError{fields.String("Event-Name"), s.Fields[0], "is needed for the routing key"}
		case !s.Raw:
			word = EncodeKey(word)
		}
		words = append(words, word)
	}
	return strings.Join(words, "."), nil
}

func (s Segment) text(fields jobj.Object) string {
	if s.From != nil {
		return s.From(fields)
	}
	for _, field := range s.Fields {
		v, ok := fields.Get(strings.Split(field, "/")...)
		if !ok {
			continue
		}
		if word := segmentText(v); word != "" {
			if s.Of != nil {
				word = s.Of(word)
			}
			return word
		}
	}
	return ""
}

// segmentText is a value as text (kz_term:to_binary/1), "" for one that has none.
func segmentText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case bool, json.Number, int, int64:
		return string(jobj.Append(nil, v))
	}
	return ""
}

// realm is the part of an address behind its @.
func realm(address string) string {
	_, host, _ := strings.Cut(address, "@")
	return host
}

// user is the part before.
func user(address string) string {
	name, _, _ := strings.Cut(address, "@")
	return name
}
