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

// line shows the difference.
func (d difference) line() string {
	got := fmt.Sprintf("%q", d.got)
	if !d.there {
		got = "none" + d.hint
	}
	return fmt.Sprintf("\n    %s: wanted %s, got %s", d.field, d.want, got)
}
