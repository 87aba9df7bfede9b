// Package traffic makes load: how many calls begin when, between whom, and what becomes
// of them. It owns the draws and their count. It never plays a call (simulator/calls
// does), and never slows down by itself: what could not be offered is counted.
package traffic

import (
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Config is what load there is.
type Config struct {
	Arrivals Arrivals
	Offices  []office.Office // with at least a number and a device each
	// Calls and Duration end it: so many calls, so long; 0 is no bound.
	Calls    int
	Duration time.Duration
	// Concurrent is how many calls may be up at once; beyond that they are not begun, but
	// counted as refused. 0 is no bound.
	Concurrent int
	// Mix is what people do; nil is calls alone.
	Mix Mix
}

// Count is what there has been.
type Count struct {
	Offered, Begun, Refused, Ended int
	Outcomes                       map[calls.Outcome]int // of the calls that have ended
	Did                            map[What]int          // of what has begun
	// Window is the time in which all that was offered.
	Window time.Duration
}

// Up is how many calls there are now.
func (c Count) Up() int { return c.Begun - c.Ended }

// Calls is how many calls of two there have been.
func (c Count) Calls() (n int) {
	for _, what := range []What{Call, Hold, Transfer, Consult, Park} {
		n += c.Did[what]
	}
	return n
}

// Traffic offers calls. It is used by the goroutine of its timeline alone.
type Traffic struct {
	cfg    Config
	player *calls.Player
	line   *timeline.Timeline
	ids    *ids.Source
	began  time.Time
	count  Count
	late   func(time.Duration)
	// revisions are how often each document was changed.
	revisions map[string]int
}

// New returns traffic that has not begun. late is told, for each call, how long after its
// time on the wall it begins; it may be nil.
func New(cfg Config, player *calls.Player, line *timeline.Timeline, random *ids.Source, late func(time.Duration)) *Traffic {
	return &Traffic{
		cfg: cfg, player: player, line: line, ids: random, late: late, revisions: map[string]int{},
		count: Count{Outcomes: map[calls.Outcome]int{}, Did: map[What]int{}},
	}
}

// Begin plans the first call.
func (t *Traffic) Begin() {
	t.began = t.line.Now()
	t.plan()
}

// Count is what there has been so far.
func (t *Traffic) Count() Count { return t.count }

func (t *Traffic) plan() {
	since := t.line.Now().Sub(t.began)
	next := t.cfg.Arrivals.Next(t.ids, since)
	if t.cfg.Calls > 0 && t.count.Offered >= t.cfg.Calls || t.cfg.Duration > 0 && since+next > t.cfg.Duration {
		return
	}
	t.line.After(next, func() {
		t.offer()
		t.plan()
	})
}

func (t *Traffic) offer() {
	t.count.Offered++
	t.count.Window = t.line.Now().Sub(t.began)
	if t.late != nil {
		t.late(t.line.Behind())
	}
	wish := t.what()
	at := t.cfg.Offices[t.ids.IntN(len(t.cfg.Offices))]
	what, begin := t.draw(wish, at)
	if t.cfg.Concurrent > 0 && t.count.Up() >= t.cfg.Concurrent {
		t.count.Refused++
		return
	}
	t.count.Begun++
	t.count.Did[what]++
	begin(func() { t.count.Ended++ })
}
