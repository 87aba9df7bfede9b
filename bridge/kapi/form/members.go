package form

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Member is one key with its value as JSON text.
type Member struct {
	Key   string
	Value string
}

// Members is an ordered object whose values are not looked into before they are
// printed.
type Members []Member

// usualMembers is how many an object has, or fewer.
const usualMembers = 24

// Parse reads a JSON object; anything else gives nil.
func Parse(object string) Members {
	parsed := gjson.Parse(object)
	if !parsed.IsObject() {
		return nil
	}
	out := make(Members, 0, min(strings.Count(parsed.Raw, ":"), usualMembers))
	parsed.ForEach(func(key, value gjson.Result) bool {
		out = append(out, Member{key.Str, value.Raw})
		return true
	})
	return out
}

// index finds the first member named key.
func (p Members) index(key string) int {
	return slices.IndexFunc(p, func(m Member) bool { return m.Key == key })
}
