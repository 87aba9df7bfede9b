package crossbar

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// query is the query string in its order; names are case-sensitive.
type query []parameter

type parameter struct {
	name  string
	value any // string, or true for a name without "="
}

// bare tells a name without "=".
func (p parameter) bare() bool { return p.value == any(true) }

var errBadQuery = errors.New("the query holds a bad escape or an empty name")

func parseQuery(raw string) (query, error) {
	if raw == "" {
		return nil, nil
	}
	var q query
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, text, valued := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || name == "" {
			return nil, errBadQuery
		}
		if !valued {
			q = append(q, parameter{name, true})
			continue
		}
		value, err := url.QueryUnescape(text)
		if err != nil {
			return nil, errBadQuery
		}
		q = append(q, parameter{name, value})
	}
	return q, nil
}

// get returns the last value of a name.
func (q query) get(name string) (any, bool) {
	for _, v := range slices.Backward(q) {
		if v.name == name {
			return v.value, true
		}
	}
	return nil, false
}
