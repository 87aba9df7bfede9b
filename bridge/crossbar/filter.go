package crossbar

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// accepts says whether a stored document passes every filter of the query
// (crossbar_filter). A value that a filter cannot use excludes the document.
func (q query) accepts(doc jobj.Object) bool {
	for _, p := range q {
		if !p.accepts(doc) {
			return false
		}
	}
	return true
}

// filters tells the parameters that are filters (crossbar_filter:is_filter_key/1).
func (p parameter) filters() bool {
	switch p.name {
	case "created_from", "created_to", "modified_from", "modified_to":
		return true
	}
	return slices.ContainsFunc([]string{"filter_", "has_key", "key_missing", "has_value", "value_missing"},
		func(prefix string) bool { return strings.HasPrefix(p.name, prefix) })
}

func (p parameter) accepts(doc jobj.Object) bool {
	text, isText := p.value.(string)
	if path, ok := strings.CutPrefix(p.name, "filter_not_"); ok {
		equal, ok := equals(doc, path, text)
		return isText && ok && !equal
	}
	if path, ok := strings.CutPrefix(p.name, "filter_"); ok {
		equal, ok := equals(doc, path, text)
		return isText && ok && equal
	}
	switch p.name {
	case "has_key":
		return isText && has(doc, text)
	case "key_missing":
		return isText && !has(doc, text)
	case "has_value":
		return isText && hasValue(doc, text)
	case "value_missing":
		return isText && !hasValue(doc, text)
	case "created_from":
		return within(doc, "pvt_created", text, func(at, limit int64) bool { return at >= limit })
	case "created_to":
		return within(doc, "pvt_created", text, func(at, limit int64) bool { return at <= limit })
	case "modified_from":
		return within(doc, "pvt_modified", text, func(at, limit int64) bool { return at >= limit })
	case "modified_to":
		return within(doc, "pvt_modified", text, func(at, limit int64) bool { return at <= limit })
	}
	return true
}

// equals compares the member at a dotted path as text, absent as "". A JSON list
// of texts means any of them. ok is false for a member that is no text.
func equals(doc jobj.Object, path, text string) (equal, ok bool) {
	value, _ := doc.Get(strings.Split(path, ".")...)
	have, ok := plainText(value)
	if !ok {
		return false, false
	}
	var choices []any
	if json.Unmarshal([]byte(text), &choices) != nil {
		return have == text, true
	}
	return slices.ContainsFunc(choices, func(choice any) bool {
		switch choice := choice.(type) {
		case float64:
			return have == strconv.FormatFloat(choice, 'f', -1, 64)
		default:
			word, ok := plainText(choice)
			return ok && have == word
		}
	}), true
}

// plainText is a value as text: lists of texts are texts in the reference, objects
// have none.
func plainText(value any) (string, bool) {
	switch value := value.(type) {
	case nil:
		return "", true
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case int64:
		return strconv.FormatInt(value, 10), true
	case bool:
		return strconv.FormatBool(value), true
	case []any:
		var joined strings.Builder
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				return "", false
			}
			joined.WriteString(text)
		}
		return joined.String(), true
	}
	return "", false
}

func has(doc jobj.Object, path string) bool {
	_, ok := doc.Get(strings.Split(path, ".")...)
	return ok
}

// hasValue is has for members that hold something: neither null, "", {} nor [].
func hasValue(doc jobj.Object, path string) bool {
	value, _ := doc.Get(strings.Split(path, ".")...)
	switch value := value.(type) {
	case nil:
		return false
	case string:
		return value != ""
	case jobj.Object:
		return len(value) > 0
	case []any:
		return len(value) > 0
	}
	return true
}

func within(doc jobj.Object, key, text string, holds func(at, limit int64) bool) bool {
	limit, valid := wholeNumber(text)
	value, _ := doc.Get(key)
	_, isText := value.(string)
	at, ok := wholeNumber(value)
	ok = ok && !isText
	return valid && ok && holds(at, limit)
}
