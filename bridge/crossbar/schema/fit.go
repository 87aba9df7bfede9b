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

// fit casts what can be cast and fills in defaults, all the way down. Members that
// are filled in follow the client's own, in order of their names
// (kz_json_schema:add_defaults, crossbar.schema_strict_validation false).
func fit(schema map[string]any, value any) any {
	value = cast(schema, value)
	switch value := value.(type) {
	case jobj.Object:
		return fitObject(schema, value)
	case []any:
		items, ok := schema["items"].(map[string]any)
		if !ok {
			return value
		}
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = fit(items, element)
		}
		return out
	}
	return value
}

func fitObject(schema map[string]any, object jobj.Object) jobj.Object {
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		value, present := object.Get(name)
		if !present {
			if value, present = property["default"]; !present {
				continue
			}
			value = ordered(value)
		}
		object = object.Set(name, fit(property, value))
	}
	return object
}

// cast turns a value of the wrong type into one of the right type where Kazoo
// does: to integer, number and boolean, and only where nothing else is allowed.
func cast(schema map[string]any, value any) any {
	wanted, _ := schema["type"].(string)
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
