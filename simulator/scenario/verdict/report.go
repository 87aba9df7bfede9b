package verdict

import (
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// shown is how many items a report lists.
const shown = 12

// miscounted says how many came, and which was nearest.
func (c *court) miscounted(meant []int) string {
	text := fmt.Sprintf("expected %s %s%s, but there %s", c.counted(), c.where(), c.with(c.Fields, c.Headers), were(len(meant)))
	switch {
	case len(meant) > 0:
		return text + ":" + c.list(meant)
	case len(c.items) == 0:
		return text + "; nothing came at all"
	}
	return text + fmt.Sprintf(" of %d", len(c.items)) + c.nearest(c.Fields, c.Headers, 0)
}

// outOfOrder says what was missing in a sequence, and what came in its place.
func (c *court) outOfOrder(used []int, missing int) string {
	after := ""
	from := 0
	if missing > 0 {
		from = used[missing-1] + 1
		after = fmt.Sprintf(" after number %d, %s,", missing, c.items[from-1].gist())
	}
	text := fmt.Sprintf("expected in order %s: number %d of %d%s was to come%s", c.where(), missing+1, len(c.InOrder),
		c.with(c.InOrder[missing], nil), after)
	text = strings.TrimSuffix(text, ",")
	if len(c.items) == from {
		return text + "; nothing came any more"
	}
	for n, i := range c.items[:from] {
		if len(c.differ(i, c.InOrder[missing], nil)) == 0 {
			return text + fmt.Sprintf("; it came before, as number %d: %s", n+1, i.gist())
		}
	}
	return text + "; it did not" + c.nearest(c.InOrder[missing], nil, from)
}

// nearest shows the item that differs in the fewest fields.
func (c *court) nearest(fields, headers []scenario.Match, from int) string {
	best, fewest := -1, len(fields)+len(headers)+1
	for n := from; n < len(c.items); n++ {
		if d := len(c.differ(c.items[n], fields, headers)); d < fewest {
			best, fewest = n, d
		}
	}
	if best < 0 {
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n  nearest is number %d: %s", best+1, c.items[best].gist())
	for _, d := range c.differ(c.items[best], fields, headers) {
		d.hint = suggest.Hint(d.field, c.items[best].paths())
		text.WriteString(d.line())
	}
	return text.String()
}

// list shows items.
func (c *court) list(places []int) string {
	var text strings.Builder
	for n, place := range places {
		if n == shown {
			fmt.Fprintf(&text, "\n  and %d more", len(places)-shown)
			break
		}
		fmt.Fprintf(&text, "\n  %3d  %s", place+1, c.items[place].gist())
	}
	return text.String()
}

// counted says how many are expected.
func (c *court) counted() string {
	what := map[scenario.Source]string{scenario.AtReceiver: "request", scenario.AtSocket: "frame", scenario.OnBus: "message"}[c.Of]
	if c.Least != 1 || c.Most > 1 {
		what += "s"
	}
	if c.Event != "" {
		what = c.Event
	}
	switch {
	case c.Most == 0:
		return "no " + what
	case c.Least == c.Most:
		return fmt.Sprintf("exactly %d %s", c.Least, what)
	case c.Most < 0:
		return fmt.Sprintf("at least %d %s", c.Least, what)
	}
	return fmt.Sprintf("%d to %d %s", c.Least, c.Most, what)
}

func were(n int) string {
	switch n {
	case 0:
		return "was none"
	case 1:
		return "was 1"
	}
	return fmt.Sprintf("were %d", n)
}

// where says where it was to come.
func (c *court) where() string {
	switch {
	case c.Hook != "":
		return fmt.Sprintf("of the hook %s at %s", c.Hook, c.Receiver)
	case c.Of == scenario.AtReceiver:
		return "at " + c.Receiver
	case c.Of == scenario.AtSocket:
		return "at " + c.Socket
	}
	return "on the bus"
}

// with lists the fields that are wanted.
func (c *court) with(fields, headers []scenario.Match) string {
	var parts []string
	for _, m := range append(append([]scenario.Match(nil), fields...), headers...) {
		parts = append(parts, m.Field+"="+m.Wanted(c.lookup))
	}
	if len(parts) == 0 {
		return ""
	}
	return " with " + strings.Join(parts, " ")
}
