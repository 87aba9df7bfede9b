package form

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/parser"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Schema is the JSON Schema (draft 2020-12) of a struct type.
func Schema(t reflect.Type, title, about string) jobj.Object {
	s := &schemas{defs: map[string]jobj.Object{}}
	root := s.object(t)
	head := jobj.Object{
		{Key: "$schema", Value: "https://json-schema.org/draft/2020-12/schema"},
		{Key: "title", Value: title},
		{Key: "description", Value: about},
	}
	var defs jobj.Object
	for _, name := range s.order {
		defs = append(defs, jobj.Member{Key: name, Value: s.defs[name]})
	}
	return append(append(head, root...), jobj.Member{Key: "$defs", Value: defs})
}

type schemas struct {
	defs  map[string]jobj.Object
	order []string
}

func one(key string, value any) jobj.Object { return jobj.Object{{Key: key, Value: value}} }

// of is the schema of a type. f is the field that it is of.
func (s *schemas) of(t reflect.Type, f Field) jobj.Object {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem(), f)
	case isScalar(t):
		scalar, _ := reflect.TypeAssert[Scalar](reflect.New(t))
		return append(one("type", "string"), scalar.Keywords()...)
	case t == reflect.TypeFor[jobj.Object]():
		return one("type", "object")
	case isFree(t):
		return jobj.Object{}
	case isNamed(t):
		entry, _ := t.Elem().FieldByName("Value")
		return append(one("type", "object"), jobj.Object{
			{Key: "propertyNames", Value: one("pattern", NamePattern)},
			{Key: "additionalProperties", Value: s.of(entry.Type, f)},
		}...)
	}
	switch t.Kind() { //nolint:exhaustive // others are no fields
	case reflect.Struct:
		return s.refer(t)
	case reflect.Slice:
		return s.list(t, f)
	case reflect.Bool:
		return one("type", "boolean")
	case reflect.Int:
		return append(one("type", "integer"), numberBounds(f)...)
	case reflect.Float64:
		return append(one("type", "number"), numberBounds(f)...)
	}
	text := one("type", "string")
	if len(f.Choices) > 0 {
		text = append(text, jobj.Member{Key: "enum", Value: list(f.Choices)})
	}
	return text
}

func (s *schemas) list(t reflect.Type, f Field) jobj.Object {
	many := append(one("type", "array"), jobj.Object{
		{Key: "items", Value: s.of(t.Elem(), f)},
		{Key: "minItems", Value: 1},
	}...)
	if t.Elem().Kind() != reflect.String {
		return many
	}
	return one("anyOf", []any{s.of(t.Elem(), f), many})
}

func numberBounds(f Field) jobj.Object {
	var bounds jobj.Object
	if f.Min != "" {
		bounds = append(bounds, jobj.Member{Key: "minimum", Value: json.Number(f.Min)})
	}
	if f.Max != "" {
		bounds = append(bounds, jobj.Member{Key: "maximum", Value: json.Number(f.Max)})
	}
	return bounds
}

// refer gives a struct type a definition of its own.
func (s *schemas) refer(t reflect.Type) jobj.Object {
	name := t.Name()
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = nil // it may contain itself
		s.order = append(s.order, name)
		s.defs[name] = s.shortened(t)
	}
	return one("$ref", "#/$defs/"+name)
}

func (s *schemas) shortened(t reflect.Type) jobj.Object {
	for _, f := range Fields(t) {
		if f.Short {
			return one("anyOf", []any{s.of(f.Type, f), s.object(t)})
		}
	}
	return s.object(t)
}

func (s *schemas) object(t reflect.Type) jobj.Object {
	fields := Fields(t)
	var properties jobj.Object
	for _, f := range fields {
		properties = append(properties, jobj.Member{Key: f.Name, Value: s.property(f)})
	}
	o := append(one("type", "object"), jobj.Object{
		{Key: "properties", Value: properties},
		{Key: "additionalProperties", Value: false},
	}...)
	if required := names(fields, func(f Field) bool { return f.Required }); len(required) > 0 {
		o = append(o, jobj.Member{Key: "required", Value: list(required)})
	}
	var ones []any
	for _, name := range names(fields, func(f Field) bool { return f.One }) {
		ones = append(ones, one("required", []any{name}))
	}
	if len(ones) > 0 {
		o = append(o, jobj.Member{Key: "oneOf", Value: ones})
	}
	return o
}

func (s *schemas) property(f Field) jobj.Object {
	about := strings.ToUpper(f.Doc[:min(1, len(f.Doc))]) + f.Doc[min(1, len(f.Doc)):] + "."
	if f.Default != "" {
		about += " Default: " + f.Default + "."
	}
	p := append(s.of(f.Type, f), jobj.Member{Key: "description", Value: about})
	if f.Example != "" {
		p = append(p, jobj.Member{Key: "examples", Value: []any{value(f.Example)}})
	}
	return p
}

// value is the JSON value of a text of YAML; the text itself where it is none.
func value(text string) any {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil || len(file.Docs) != 1 {
		return text
	}
	var v any
	r := &reader{Reading: &Reading{values: map[string]Place{}, keys: map[string]Place{}}}
	r.value("", file.Docs[0].Body, reflect.ValueOf(&v).Elem(), Field{})
	return v
}

func list(words []string) []any {
	all := make([]any, len(words))
	for i, word := range words {
		all[i] = word
	}
	return all
}
