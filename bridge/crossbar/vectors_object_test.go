package crossbar_test

import (
	"net/http"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func isEmptyList(want jobj.Object) bool {
	data, _ := want.Get("json", "data")
	rows, isList := data.([]any)
	return isList && len(rows) == 0
}

// ownSchemas tells an answer that differs from the recorded one only in what it lacks.
func ownSchemas(want jobj.Object, got response) bool {
	if got.status == http.StatusNotFound {
		return true
	}
	ours, err := jobj.ParseObject(got.body)
	theirs, _ := want.Get("json", "data")
	data, _ := ours.Get("data")
	return err == nil && within(theirs, data)
}

// within says whether b is a, less some of its members and elements.
func within(a, b any) bool {
	switch b := b.(type) {
	case jobj.Object:
		a, ok := a.(jobj.Object)
		return ok && !slices.ContainsFunc(b, func(m jobj.Member) bool {
			value, has := a.Get(m.Key)
			return !has || !within(value, m.Value)
		})
	case []any:
		a, ok := a.([]any)
		return ok && !slices.ContainsFunc(b, func(element any) bool {
			return !slices.ContainsFunc(a, func(other any) bool { return within(other, element) })
		})
	}
	return string(jobj.Append(nil, a)) == string(jobj.Append(nil, b))
}
