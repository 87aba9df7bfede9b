package payload

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/form"
)

// Crashes lists the quirks over which the reference would have crashed instead of
// sending the payload. In form text: null outside a list (quirk null-crash), and in
// a list within a list what is neither text nor a byte (quirk nested-list-bytes). In
// JSON: a key that normalising broke (quirk key-bytes).
func (p Payload) Crashes(asJSON bool) []string {
	if asJSON {
		if hasBrokenKey(p) {
			return []string{"key-bytes"}
		}
		return nil
	}
	var c crashes
	c.members(p)
	var ids []string
	if c.null {
		ids = append(ids, "null-crash")
	}
	if c.nested {
		ids = append(ids, "nested-list-bytes")
	}
	return ids
}

type crashes struct{ null, nested bool }

func (c *crashes) members(p Payload) {
	first := form.Members(p).FirstValues()
	for i := range p {
		c.value(gjson.Parse(first(i)), 0)
	}
}

// value looks at a value within so many lists. What is in one list is printed as
// its text, whatever it is; what is in more becomes part of a binary.
func (c *crashes) value(v gjson.Result, lists int) {
	switch {
	case v.IsArray():
		v.ForEach(func(_, element gjson.Result) bool {
			c.value(element, lists+1)
			return true
		})
	case v.IsObject() && lists == 0:
		c.members(Parse(v.Raw))
	case lists == 0:
		c.null = c.null || v.Type == gjson.Null
	case lists > 1:
		_, err := strconv.ParseUint(form.IntegerText(v.Raw), 10, 8)
		c.nested = c.nested || v.Type != gjson.String && err != nil
	}
}

func hasBrokenKey(p Payload) bool {
	return slices.ContainsFunc(p, func(m Member) bool {
		return !utf8.ValidString(m.Key) || !utf8.ValidString(m.Value)
	})
}
