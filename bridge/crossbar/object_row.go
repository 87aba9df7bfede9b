package crossbar

import (
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// field is one member of a row of a list.
type field struct {
	name  string
	value func(jobj.Object) (value any, ok bool)
}

// rowOf is a row: what an object lacks, the row lacks, too.
func rowOf(doc store.Document, fields []field) jobj.Object {
	shown := jobj.Object{{Key: "id", Value: doc.ID}}
	for _, f := range fields {
		if value, ok := f.value(doc.Body); ok {
			shown = append(shown, jobj.Member{Key: f.name, Value: value})
		}
	}
	return shown
}

// plain are members that are shown as they are.
func plain(names ...string) []field {
	fields := make([]field, len(names))
	for i, name := range names {
		fields[i] = field{name, func(o jobj.Object) (any, bool) { return o.Get(name) }}
	}
	return fields
}

// from shows a member under another name.
func fromPath(name string, path ...string) field {
	return field{name, func(o jobj.Object) (any, bool) { return o.Get(path...) }}
}

// either shows a member, or something else where it holds nothing.
func either(name string, otherwise any) field {
	return field{name, func(o jobj.Object) (any, bool) {
		if value, _ := o.Get(name); holds(value) {
			return value, true
		}
		return otherwise, true
	}}
}

// computed is worked out of the object.
func computed(name string, work func(jobj.Object) any) field {
	return field{name, func(o jobj.Object) (any, bool) { return work(o), true }}
}

// flags end nearly every row.
func flags() field { return either("flags", []any{}) }

// holds is what counts as true in the views of the reference's database.
func holds(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case bool:
		return value
	case string:
		return value != ""
	case interface{ Float64() (float64, error) }:
		number, err := value.Float64()
		return err != nil || number != 0
	}
	return true
}

// switchedOn are the features of an object: those it lists, those of smartpbx, and
// the given members that say so.
func switchedOn(o jobj.Object, from []any, more ...feature) []any {
	features := append([]any{}, from...)
	for _, m := range o.Object("smartpbx") {
		if inner, ok := m.Value.(jobj.Object); ok && holds(first(inner.Get("enabled"))) {
			features = append(features, m.Key)
		}
	}
	for _, one := range more {
		if value, _ := o.Get(one.path...); holds(value) {
			features = append(features, one.name)
		}
	}
	return features
}

type feature struct {
	name string
	path []string
}

func first(value any, _ bool) any { return value }

// count is how many members an object has.
func count(name string) func(jobj.Object) any {
	return func(o jobj.Object) any { return len(o.Object(name)) }
}
