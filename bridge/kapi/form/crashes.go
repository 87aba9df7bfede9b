package form

import (
	"strconv"

	"github.com/tidwall/gjson"
)

// Crashes tells what of the members' form text the reference would have crashed over:
// null outside a list (quirk null-crash), and in a list within a list what is neither
// text nor a byte (quirk nested-list-bytes).
func (p Members) Crashes() (null, nested bool) {
	var c crashes
	c.members(p)
	return c.null, c.nested
}

type crashes struct{ null, nested bool }

func (c *crashes) members(p Members) {
	first := p.FirstValues()
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
		_, err := strconv.ParseUint(IntegerText(v.Raw), 10, 8)
		c.nested = c.nested || v.Type != gjson.String && err != nil
	}
}
