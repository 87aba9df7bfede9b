package blackhole

import (
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
)

// clockSkew is how much the clocks of two nodes may differ for a mark of one to be
// good at the other.
const clockSkew = 2 * time.Second

// A mark is a place in the course of events for who has seen none yet: that of a moment
// at a node. Of one that is agreed, the other nodes kept the events before that moment.
const (
	markSign   = "@"
	agreedSign = "+"
)

func (h *Hub) mark(now time.Time, agreed bool) string {
	mark := markSign + strconv.FormatInt(now.UnixMilli(), 10) + "." + h.node
	if agreed {
		mark += agreedSign
	}
	return mark
}

// place is where a client goes on from, in the buffer's terms. Who has only a mark has
// seen nothing yet.
func (h *Hub) place(since []string) replay.Place {
	if len(since) != 1 {
		return replay.Place{IDs: since}
	}
	text, isMark := strings.CutPrefix(since[0], markSign)
	moment, node, _ := strings.Cut(text, ".")
	ms, err := strconv.ParseInt(moment, 10, 64)
	if !isMark || err != nil {
		return replay.Place{IDs: since}
	}
	from := replay.Place{At: time.UnixMilli(ms)}
	if node == h.node || node == h.node+agreedSign {
		return from
	}
	from.Skew = clockSkew
	if other, agreed := strings.CutSuffix(node, agreedSign); agreed {
		from.Agreed = func(name string) bool {
			p := h.kept.patterns[name]
			return p != nil && p.agreed[other]
		}
	}
	return from
}
