package schema

import (
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// isAny says whether a value is of the type, or of one of the types.
func isAny(value, wanted any) bool {
	if types, ok := wanted.([]any); ok {
		return slices.ContainsFunc(types, func(one any) bool { return isA(value, one) })
	}
	return isA(value, wanted)
}

func isA(value, wanted any) bool {
	switch value := value.(type) {
	case nil:
		return wanted == any("null")
	case bool:
		return wanted == any("boolean")
	case string:
		return wanted == any("string")
	case json.Number:
		return wanted == any("number") || wanted == any("integer") && isInteger(value)
	case []any:
		return wanted == any("array")
	case jobj.Object:
		return wanted == any("object")
	}
	return false
}

// cast turns a value of the wrong type into one of the right type where Kazoo
// does: to integer, number and boolean, and only where nothing else is allowed
// (crossbar.schema_strict_validation false).
func cast(wanted string, value any) any {
	switch wanted {
	case "integer":
		return castInteger(value)
	case "number":
		if text, ok := value.(string); ok && isNumber(text) {
			return json.Number(text)
		}
	case "boolean":
		switch value {
		case "true":
			return true
		case "false":
			return false
		}
	}
	return value
}

// castInteger rounds half away from zero.
func castInteger(value any) any {
	var text string
	switch value := value.(type) {
	case string:
		text = value
	case json.Number:
		text = value.String()
	default:
		return value
	}
	if !isNumber(text) {
		return value
	}
	if whole, ok := new(big.Int).SetString(text, 10); ok {
		return json.Number(whole.String())
	}
	float, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(float, 0) || math.Abs(float) >= 1<<53 {
		return value
	}
	return json.Number(strconv.FormatInt(int64(math.Round(float)), 10))
}

// isNumber tells the texts that are JSON numbers.
func isNumber(text string) bool {
	var number json.Number
	if json.Unmarshal([]byte(text), &number) != nil || number == "" {
		return false
	}
	return number.String() == text
}

// ordered makes a value of a schema one of a document.
func ordered(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := jobj.Object{}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			object = append(object, jobj.Member{Key: key, Value: ordered(value[key])})
		}
		return object
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = ordered(element)
		}
		return out
	}
	return value
}

// canonical is a text that equal values have in common: the order of members does
// not count.
func canonical(value any) string { return string(jobj.Append(nil, sorted(value))) }

func sorted(value any) any {
	switch value := value.(type) {
	case jobj.Object:
		out := slices.Clone(value)
		slices.SortFunc(out, func(a, b jobj.Member) int {
			if a.Key < b.Key {
				return -1
			}
			return 1
		})
		for i := range out {
			out[i].Value = sorted(out[i].Value)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = sorted(element)
		}
		return out
	}
	return value
}

func allDiffer(list []any) bool {
	seen := make(map[string]bool, len(list))
	for _, element := range list {
		text := canonical(element)
		if seen[text] {
			return false
		}
		seen[text] = true
	}
	return true
}
