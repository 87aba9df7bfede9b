package kapi

import "github.com/tidwall/gjson"

// Validator checks messages as their consumers do (the *_v functions of the kapi
// modules): what is required is there, what is there has the right kind. Fields
// that no definition knows are let through. It is safe for many goroutines.
type Validator struct {
	// definitions by category and name; the name is "" where a message brings its own.
	definitions map[eventType]*checked
}

type eventType struct{ category, name string }

// checked is a definition and a slot for each field it asks for.
type checked struct {
	Definition
	slots map[string]int
}

// NewValidator returns a validator of everything that hooks listen to but channel
// events, which nothing validates: parking, changes, notifications, text messages.
func NewValidator() *Validator {
	v := &Validator{definitions: map[eventType]*checked{}}
	for _, def := range []Definition{
		CallEvent(), ChangeDefinition(), InboundMessage(CategorySMS), InboundMessage(CategoryMMS),
	} {
		v.add(def)
	}
	for _, n := range Notifications() {
		if n.Name != "voicemail_deleted" { // it is published, but by no definition that a consumer could find
			v.add(n.Definition)
		}
	}
	return v
}

func (v *Validator) add(def Definition) {
	c := &checked{def, map[string]int{}}
	want := func(key string) {
		if _, ok := c.slots[key]; !ok {
			c.slots[key] = len(c.slots)
		}
	}
	for _, keys := range [][]string{defaultRequired(), def.Required, def.Either} {
		for _, key := range keys {
			want(key)
		}
	}
	for _, rule := range def.Rules {
		want(rule.Field)
	}
	v.definitions[eventType{def.Category, def.Name}] = c
}

// Check reports why a message of that Event-Category and Event-Name is refused.
// The body must be valid JSON: an object. The error is an *InvalidMessageError.
func (v *Validator) Check(category, name string, body []byte) error {
	c, ok := v.definitions[eventType{category, name}]
	if !ok {
		c, ok = v.definitions[eventType{category: category}]
	}
	if !ok {
		return &InvalidMessageError{name, "Event-Name", "names no message of category " + category}
	}
	found := make([]shape, len(c.slots))
	gjson.ParseBytes(body).ForEach(func(key, value gjson.Result) bool {
		// When a key is repeated its first value counts.
		if slot, wanted := c.slots[key.Str]; wanted && found[slot].form == absent {
			found[slot] = shapeOfResult(value)
		}
		return true
	})
	return c.check(name, func(key string) shape { return found[c.slots[key]] })
}
