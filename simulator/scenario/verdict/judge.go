package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// Lookup says what a reference of a plan stands for.
type Lookup func(scenario.Reference) (string, bool)

// Verdict is what is said of an expectation.
type Verdict struct {
	Met bool
	// Hopeless says that nothing that may still come can help.
	Hopeless bool
	// Bounded says that more could come that would be too much.
	Bounded bool
	// Report says, in some lines, what was wanted and what came; "" when it is met.
	Report string
}

// Judge compares an expectation of a receiver, a websocket or the bus with what came.
func Judge(x scenario.Expected, e *Evidence, lookup Lookup) Verdict {
	hookID := ""
	if x.Hook != "" {
		hookID, _ = lookup(scenario.Reference{Name: x.Hook, Attribute: "id"})
	}
	c := &court{Expected: x, lookup: lookup, items: e.of(x, hookID)}
	v := Verdict{Bounded: x.Most >= 0 || x.NothingElse}
	var complaints []string
	meant := c.meant()
	if n := len(meant); n < x.Least || x.Most >= 0 && n > x.Most {
		v.Hopeless = x.Most >= 0 && n > x.Most
		complaints = append(complaints, c.miscounted(meant))
	}
	used, missing := c.sequence()
	if missing >= 0 {
		complaints = append(complaints, c.outOfOrder(used, missing))
	}
	if rest := c.others(meant, used); x.NothingElse && len(rest) > 0 {
		v.Hopeless = v.Hopeless || missing < 0
		complaints = append(complaints, fmt.Sprintf("expected nothing else %s, but this came:%s", c.where(), c.list(rest)))
	}
	v.Met = len(complaints) == 0
	v.Report = strings.Join(complaints, "\n")
	return v
}

// court is one expectation and what came.
type court struct {
	scenario.Expected

	lookup Lookup
	items  []Item
}

// meant are the places of the items that the expectation's fields fit.
func (c *court) meant() []int {
	var meant []int
	for n, i := range c.items {
		if len(c.differ(i, c.Fields, c.Headers)) == 0 {
			meant = append(meant, n)
		}
	}
	return meant
}

// sequence finds the items that come in order. missing is the first that does not come,
// -1 where all do.
func (c *court) sequence() (used []int, missing int) {
	from := 0
	for n, fields := range c.InOrder {
		found := slices.IndexFunc(c.items[from:], func(i Item) bool {
			return len(c.differ(i, fields, nil)) == 0 && len(c.differ(i, c.Fields, c.Headers)) == 0
		})
		if found < 0 {
			return used, n
		}
		used = append(used, from+found)
		from += found + 1
	}
	return used, -1
}

// others are the items that nothing is said of.
func (c *court) others(meant, used []int) []int {
	var rest []int
	for n := range c.items {
		said := slices.Contains(used, n)
		if len(c.InOrder) == 0 {
			said = slices.Contains(meant, n)
		}
		if !said {
			rest = append(rest, n)
		}
	}
	return rest
}

// difference is a field that is not as it should be.
type difference struct {
	field, want, got string
	there            bool
	whole            bool   // an object or a list, of which got is the JSON
	hint             string // of a field that is meant, where it is not there
}

// differ lists the fields in which an item is not as it should be.
func (c *court) differ(i Item, fields, headers []scenario.Match) []difference {
	var all []difference
	compare := func(m scenario.Match, value string, there bool) {
		if !m.Holds(value, there, c.lookup) {
			all = append(all, difference{field: m.Field, want: m.Wanted(c.lookup), got: value, there: there})
		}
	}
	for _, m := range fields {
		value, there := i.has(m.Field)
		n := len(all)
		compare(m, value, there)
		if len(all) > n {
			_, all[n].whole = i.wholes[m.Field]
		}
	}
	for _, m := range headers {
		value, there := i.header(m.Field)
		compare(m, value, there)
	}
	return all
}
