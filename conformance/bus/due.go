package bus

import (
	"context"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
)

// dueChange is one that a target must tell of: its name, what the ID begins with, its database where that is told,
// and how often, once where that is 0.
type dueChange struct {
	name, id, database string
	n                  int
}

// in tells whether the change was seen as often.
func (c dueChange) in(v capture.View) bool {
	if c.id == "" {
		return true // there was none: what is wrong is seen already
	}
	seen := v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && text(e, "Event-Name") == c.name && strings.HasPrefix(text(e, "ID"), c.id) &&
			(c.database == "" || text(e, "Database") == c.database)
	})
	return len(seen) >= max(1, c.n)
}

// awaitChanges waits until changes that judges count were told of, behind an entry. A Settle is to follow, for
// those of which there must be no more.
func awaitChanges(ctx context.Context, p *probe.Probe, what string, behind int, due ...dueChange) {
	p.Await(ctx, what, p.Target.Patience.Delivery, func(v capture.View) bool {
		later := v.After(behind)
		return !slices.ContainsFunc(due, func(c dueChange) bool { return !c.in(later) })
	})
}

// last is the place of the latest entry of a group.
func last(v capture.View) int {
	if len(v.Entries) == 0 {
		return 0
	}
	return v.Entries[len(v.Entries)-1].Seq
}
