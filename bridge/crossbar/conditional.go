package crossbar

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// etag is one entity tag.
type etag struct {
	value string
	weak  bool
}

// condition is an If-Match or If-None-Match.
type condition struct {
	any  bool // *
	tags []etag
}

var errBadTag = errors.New("an entity tag without quotes")

func parseCondition(text string) (condition, error) {
	text = strings.Trim(text, " \t")
	if text == "*" {
		return condition{any: true}, nil
	}
	var c condition
	for text != "" {
		text = strings.TrimLeft(text, " \t,")
		if text == "" {
			break
		}
		var tag etag
		text, tag.weak = strings.CutPrefix(text, "W/")
		rest, ok := strings.CutPrefix(text, `"`)
		if !ok {
			return condition{}, errBadTag
		}
		if tag.value, text, ok = strings.Cut(rest, `"`); !ok {
			return condition{}, errBadTag
		}
		if text = strings.TrimLeft(text, " \t"); text != "" && text[0] != ',' {
			return condition{}, errBadTag
		}
		c.tags = append(c.tags, tag)
	}
	if c.tags == nil {
		return condition{}, errBadTag
	}
	return c, nil
}

// precondition is the status that a request's conditions call for: 0 to go on,
// 304, 412, or 400 for one that cannot be read. exists is false for a document
// that is yet to be created; tag is "" where the answer has none. The order is
// cowboy_rest's.
func (r *request) precondition(exists bool, tag string) int {
	if text, ok := r.header("If-Match"); ok {
		if !exists {
			return http.StatusPreconditionFailed
		}
		c, err := parseCondition(text)
		if err != nil {
			r.hint("If-Match: %v; it must be *, or tags such as \"1-abc\"", err)
			return http.StatusBadRequest
		}
		// A strong comparison: a weak tag matches nothing.
		if !c.any && (tag == "" || !slices.Contains(c.tags, etag{value: tag})) {
			return http.StatusPreconditionFailed
		}
	}
	text, ok := r.header("If-None-Match")
	if !ok || !exists {
		return 0
	}
	c, err := parseCondition(text)
	if err != nil {
		r.hint("If-None-Match: %v; it must be *, or tags such as \"1-abc\"", err)
		return http.StatusBadRequest
	}
	matches := func(t etag) bool { return tag != "" && t.value == tag }
	if !c.any && !slices.ContainsFunc(c.tags, matches) {
		return 0
	}
	if r.method == http.MethodGet {
		return http.StatusNotModified
	}
	return http.StatusPreconditionFailed
}
