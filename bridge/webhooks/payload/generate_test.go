package payload_test

import (
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// keys are few, so that they repeat, and hold what form text is made of.
func keys() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"a", "b", "account_id", "hook_event", "cluster_id", "type", "action", "", "é", "a b", "a&b", "c=d", "[x]", "k[", "line\nbreak", "%41", "+", "#",
		"Call-ID", "call_id", "CALL-id", "É-Ü", "é-ü", "Я",
	})
}

// jsonText draws a JSON value as text, nested up to depth.
func jsonText(t *rapid.T, depth int) string {
	kinds := []string{"text", "integer", "float", "word"}
	if depth > 0 {
		kinds = append(kinds, "object", "list", "object", "list")
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "text":
		return string(jobj.AppendString(nil, rapid.OneOf(rapid.String(), keys()).Draw(t, "text")))
	case "integer":
		return rapid.SampledFrom([]string{"0", "-0", "7", "65", "255", "256", "-1", "123456789012345678901234567890"}).Draw(t, "integer")
	case "float":
		if rapid.Bool().Draw(t, "odd") {
			return rapid.SampledFrom([]string{"1e6", "1.50", "-0.0", "5e-324", "1e400", "1E+5", "1027475604261341.25"}).Draw(t, "float")
		}
		text := strconv.FormatFloat(rapid.Float64Range(-1e30, 1e30).Draw(t, "float"), 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return text
	case "word":
		return rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "word")
	case "list":
		elements := make([]string, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range elements {
			elements[i] = jsonText(t, depth-1)
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	return objectText(t, depth)
}

func objectText(t *rapid.T, depth int) string {
	members := make([]string, rapid.IntRange(0, 4).Draw(t, "members"))
	for i := range members {
		members[i] = string(jobj.AppendString(nil, keys().Draw(t, "key"))) + ":" + jsonText(t, depth-1)
	}
	return "{" + strings.Join(members, ",") + "}"
}
