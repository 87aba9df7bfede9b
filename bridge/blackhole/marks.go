package blackhole

import (
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
)

// clockSkew is how much the clocks of two nodes may differ for a mark of one to be
// good at the other.
const clockSkew = 2 * time.Second

// mark is this moment at this node.
func (h *Hub) mark(now time.Time) string { return replay.Mark(now) + "." + h.node }

// places are the ids that a client goes on from, in the buffer's terms. A mark is of the
// clock of the node that gave it: of another one's, what came a little before counts,
// too. Who has only a mark has seen nothing yet.
func (h *Hub) places(since []string) []string {
	if len(since) != 1 {
		return since
	}
	mark, node, _ := strings.Cut(since[0], ".")
	at, isMark := replay.MarkTime(mark)
	if !isMark {
		return since
	}
	if node != h.node {
		at = at.Add(-clockSkew)
	}
	return []string{replay.Mark(at)}
}
