package payload

import (
	"slices"

	"github.com/tidwall/gjson"
)

// FormList is Kazoo's form text as the nested list it is built from, which is what
// an attempt document keeps of a form request (quirk body-as-list). All its
// strings joined depth-first are the text that Form prints in kazoo mode.
func (p Payload) FormList() []any {
	return p.formList(nil)
}

func (p Payload) formList(prefix []any) []any {
	list := make([]any, 0, 2*len(p))
	first := p.firstValues()
	for i, m := range p {
		if i > 0 {
			list = append(list, "&")
		}
		list = append(list, formItem(formName(prefix, m.Key), gjson.Parse(first(i))))
	}
	return list
}

func formName(prefix []any, key string) []any {
	key = wholeKey(key) // a document is UTF-8
	if prefix == nil {
		return []any{key}
	}
	return []any{prefix, "[", key, "]"}
}

func formItem(name []any, value gjson.Result) []any {
	switch {
	case value.IsObject():
		return Parse(value.Raw).formList(name)
	case value.IsArray():
		list := []any{}
		for i, element := range value.Array() {
			if i > 0 {
				list = append(list, "&")
			}
			list = append(list, append(slices.Clip(name), "[]=", string(appendElement(nil, element))))
		}
		return list
	case value.Type == gjson.Null:
		return append(slices.Clip(name), "=")
	}
	return append(slices.Clip(name), "=", string(appendScalar(nil, value)))
}
