package crossbar

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// normalised is a message as REST shows it: keys in lower case with underscores, all
// the way down, and without members that are null.
func normalised(message jobj.Object) jobj.Object {
	out := make(jobj.Object, 0, len(message))
	for _, m := range message {
		if m.Value != nil {
			out = out.Set(normalKey(m.Key), normalValue(m.Value))
		}
	}
	return out
}

func normalKey(key string) string { return strings.ReplaceAll(strings.ToLower(key), "-", "_") }

func normalValue(value any) any {
	switch value := value.(type) {
	case jobj.Object:
		return normalised(value)
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = normalValue(element)
		}
		return out
	}
	return value
}
