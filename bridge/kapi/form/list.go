package form

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// List is Kazoo's form text as the nested list it is built from, which is what
// an attempt document keeps of a form request (quirk body-as-list). All its
// strings joined depth-first are the text that Append prints. It is text, since
// a list of so many small ones took longer to build than to print.
func (p Members) List() json.RawMessage { return p.appendList(nil, nil) }

// appendList prints the members of an object; prefix is what is in the list of its own
// name, nil at the top.
func (p Members) appendList(dst, prefix []byte) []byte {
	first := p.FirstValues()
	dst = append(dst, '[')
	for i, m := range p {
		if i > 0 {
			dst = append(dst, `,"&",`...)
		}
		dst = appendItem(dst, prefix, m.Key, gjson.Parse(first(i)))
	}
	return append(dst, ']')
}

func appendName(dst, prefix []byte, key string) []byte {
	key = WholeKey(key) // a document is UTF-8
	if prefix == nil {
		return jobj.AppendString(dst, key)
	}
	dst = append(append(append(dst, '['), prefix...), `],"[",`...)
	return append(jobj.AppendString(dst, key), `,"]"`...)
}

// appendItem prints one member. What is escaped for a form needs no escapes of JSON.
func appendItem(dst, prefix []byte, key string, value gjson.Result) []byte {
	switch {
	case value.IsObject():
		return Parse(value.Raw).appendList(dst, appendName(nil, prefix, key))
	case value.IsArray():
		dst = append(dst, '[')
		for i, element := range value.Array() {
			if i > 0 {
				dst = append(dst, `,"&",`...)
			}
			dst = append(appendName(append(dst, '['), prefix, key), `,"[]=","`...)
			dst = append(appendElement(dst, element), `"]`...)
		}
		return append(dst, ']')
	case value.Type == gjson.Null:
		return append(appendName(append(dst, '['), prefix, key), `,"="]`...)
	}
	dst = append(appendName(append(dst, '['), prefix, key), `,"=","`...)
	return append(appendScalar(dst, value), `"]`...)
}
