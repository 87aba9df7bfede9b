package pbx

import (
	"regexp"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

var place = regexp.MustCompile(`\{([a-z_0-9]+)\}`)

// fill puts values in the {places} of a text, of the texts of a list or of an
// object. A text that is one place becomes its value, of whatever type; a member
// whose value is empty is left out.
func fill(v any, values map[string]any) any {
	switch v := v.(type) {
	case string:
		if m := place.FindStringSubmatch(v); m != nil && m[0] == v {
			if value, ok := values[m[1]]; ok {
				return value
			}
		}
		return place.ReplaceAllStringFunc(v, func(found string) string {
			value, ok := values[found[1:len(found)-1]]
			if !ok {
				return found
			}
			if text, isText := value.(string); isText {
				return text
			}
			return string(jobj.Append(nil, value))
		})
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = fill(element, values)
		}
		return out
	case jobj.Object:
		out := make(jobj.Object, 0, len(v))
		for _, m := range v {
			if value := fill(m.Value, values); value != "" {
				out = append(out, jobj.Member{Key: m.Key, Value: value})
			}
		}
		return out
	}
	return v
}
