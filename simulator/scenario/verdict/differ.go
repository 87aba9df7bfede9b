package verdict

import (
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// Differ says in which fields an object is not as it should be, a line each; "" for none.
func Differ(fields jobj.Object, wants []scenario.Match, lookup Lookup) string {
	c := &court{lookup: lookup}
	var text strings.Builder
	for _, d := range c.differ(Message(0, fields), wants, nil) {
		text.WriteString(d.line())
	}
	return text.String()
}

// longest is how much of a value a report shows, in bytes.
const longest = 300

// Short is a text for a report, of which the end is left out when it is long.
func Short(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "..."
}

// line shows the difference.
func (d difference) line() string {
	got := fmt.Sprintf("%q", d.got)
	switch {
	case !d.there:
		got = "none" + d.hint
	case d.whole:
		got = Short(d.got)
	}
	return fmt.Sprintf("\n    %s: wanted %s, got %s", d.field, d.want, got)
}
