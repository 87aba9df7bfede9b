package kapi

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Kind is what a field must hold when it is there.
type Kind int

// Kinds, after the predicates of the kapi modules.
const (
	KindAny Kind = iota
	KindObject
	KindText
	KindWords // text that is not empty
	KindBoolean
	KindInteger
	KindPositive // a whole number above 0
	KindNumber
	KindList
	KindItems   // a list that is not empty
	KindObjects // a list of objects, perhaps of none
)

// Rule holds for one field of a message. A field that is absent satisfies it.
type Rule struct {
	Field string
	Kind  Kind
	// OneOf are the texts that the field may hold; nil allows any.
	OneOf []string
}

// needs says in words what the field must be.
func (r Rule) needs() string {
	if r.OneOf != nil {
		return "must be one of " + strings.Join(r.OneOf, ", ")
	}
	return map[Kind]string{
		KindObject:   "must be an object",
		KindText:     "must be text",
		KindWords:    "must be text that is not empty",
		KindBoolean:  "must be true or false",
		KindInteger:  "must be a whole number",
		KindPositive: "must be a whole number above 0",
		KindNumber:   "must be a number",
		KindItems:    "must be a list that is not empty",
		KindObjects:  "must be a list of objects",
	}[r.Kind]
}

func (r Rule) holds(v shape) bool {
	if r.OneOf != nil {
		return v.form == text && slices.Contains(r.OneOf, v.text)
	}
	switch r.Kind {
	case KindObject:
		return v.form == object
	case KindText:
		return v.form == text
	case KindWords:
		return v.form == text && !v.empty
	case KindBoolean: // kz_term:is_boolean/1 takes the words, too
		return v.form == boolean || v.text == "true" || v.text == "false"
	case KindInteger:
		return v.form == number && !strings.ContainsAny(v.text, ".eE")
	case KindPositive:
		return v.form == number && strings.Trim(v.text, "0123456789") == "" && v.text != "0"
	case KindNumber:
		return v.form == number
	case KindList:
		return v.form == list
	case KindItems:
		return v.form == list && !v.empty
	case KindObjects:
		return v.form == list && v.objects
	default:
		return true
	}
}

// form is the JSON type of a value.
type form byte

const (
	absent form = iota
	null
	boolean
	number
	text
	list
	object
)

// shape is as much of a value as rules ask for. text is the value of texts and the
// digits of numbers; objects says that a list holds nothing else.
type shape struct {
	form    form
	empty   bool
	objects bool
	text    string
}

func shapeOf(v any) shape {
	switch v := v.(type) {
	case nil:
		return shape{form: null}
	case bool:
		return shape{form: boolean}
	case string:
		return shape{form: text, text: v, empty: v == ""}
	case json.Number:
		return shape{form: number, text: v.String()}
	case []any:
		return shape{form: list, empty: len(v) == 0, objects: !slices.ContainsFunc(v, notObject)}
	case jobj.Object:
		return shape{form: object, empty: len(v) == 0}
	}
	return shape{form: number, text: string(jobj.Append(nil, v))}
}

func notObject(v any) bool {
	_, is := v.(jobj.Object)
	return !is
}

func shapeOfResult(v gjson.Result) shape {
	switch v.Type {
	case gjson.Null:
		return shape{form: null}
	case gjson.False, gjson.True:
		return shape{form: boolean}
	case gjson.Number:
		return shape{form: number, text: v.Raw}
	case gjson.String:
		return shape{form: text, text: v.Str, empty: v.Str == ""}
	}
	s := shape{form: object, empty: true}
	if v.IsArray() {
		s.form, s.objects = list, true
	}
	v.ForEach(func(_, element gjson.Result) bool {
		s.empty = false
		s.objects = s.objects && element.IsObject()
		return s.objects
	})
	return s
}
