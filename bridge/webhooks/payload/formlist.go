package payload

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// FormList is Kazoo's form text as the nested list it is built from, which is what
// an attempt document keeps of a form request (quirk body-as-list). All its
// strings joined depth-first are the text that Form prints in kazoo mode. It is text, since
// a list of so many small ones took longer to build than to print.
func (p Payload) FormList() json.RawMessage { return p.appendFormList(nil, nil) }

// appendFormList prints the members of an object; prefix is what is in the list of its own
// name, nil at the top.
func (p Payload) appendFormList(dst, prefix []byte) []byte {
	first := p.firstValues()
	dst = append(dst, '[')
	for i, m := range p {
		if i > 0 {
			dst = append(dst, `,"&",`...)
		}
		dst = appendFormItem(dst, prefix, m.Key, gjson.Parse(first(i)))
	}
	return append(dst, ']')
}

func appendFormName(dst, prefix []byte, key string) []byte {
	key = wholeKey(key) // a document is UTF-8
	if prefix == nil {
		return jobj.AppendString(dst, key)
	}
	dst = append(append(append(dst, '['), prefix...), `],"[",`...)
	return append(jobj.AppendString(dst, key), `,"]"`...)
}

// appendFormItem prints one member. What is escaped for a form needs no escapes of JSON.
func appendFormItem(dst, prefix []byte, key string, value gjson.Result) []byte {
	switch {
	case value.IsObject():
		return Parse(value.Raw).appendFormList(dst, appendFormName(nil, prefix, key))
	case value.IsArray():
		dst = append(dst, '[')
		for i, element := range value.Array() {
			if i > 0 {
				dst = append(dst, `,"&",`...)
			}
			dst = append(appendFormName(append(dst, '['), prefix, key), `,"[]=","`...)
			dst = append(appendElement(dst, element), `"]`...)
		}
		return append(dst, ']')
	case value.Type == gjson.Null:
		return append(appendFormName(append(dst, '['), prefix, key), `,"="]`...)
	}
	dst = append(appendFormName(append(dst, '['), prefix, key), `,"=","`...)
	return append(appendScalar(dst, value), `"]`...)
}
