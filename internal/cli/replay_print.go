package cli

import (
	"context"
	"errors"
	"math/bits"
	"time"

	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/replay"
)

// spread counts durations of any number in classes, each an eighth wider than the one
// before.
type spread struct {
	classes [64 * 8]int64
	all     int64
	most    time.Duration
}

func (s *spread) add(d time.Duration) {
	s.all++
	s.most = max(s.most, d)
	s.classes[classOf(d.Microseconds())]++
}

// classOf is the class of a number of microseconds: three bits after the first.
func classOf(us int64) int {
	n := uint64(max(us, 0))
	if n < 8 {
		return int(n)
	}
	high := bits.Len64(n) - 4
	return (high+1)*8 + int(n>>high)&7 //nolint:gosec // a few bits
}

// at is what the share of all did not exceed, to an eighth.
func (s *spread) at(share float64) time.Duration {
	left := int64(float64(s.all) * share)
	for class, n := range s.classes {
		if left -= n; left < 0 {
			return min(upperOf(class), s.most)
		}
	}
	return s.most
}

func upperOf(class int) time.Duration {
	if class < 8 {
		return time.Duration(class) * time.Microsecond
	}
	return time.Duration(int64(class%8+9)<<(class/8-1)) * time.Microsecond
}

// watchReplay says every few seconds how far it is, and what keeps it. What the broker
// refuses to take, and will refuse the next time, it ends.
func (a *app) watchReplay(ctx context.Context, b *bus.Bus, out *outlet.Outlet, silent bool, refuse func(why error)) {
	began, last := a.Clock.Now(), int64(0)
	for clock.Sleep(ctx, a.Clock, reportPause) == nil {
		sent, why := out.Sent(), b.State().LastError
		stuck := sent == last && out.Waiting()
		last = sent
		if stuck && errors.Is(why, bus.ErrForbidden) {
			refuse(why)
			return
		}
		switch {
		case silent:
		case stuck && why != nil:
			a.say("%s  %d messages; the broker takes none: %s", a.Clock.Since(began).Round(time.Second), sent, cause(why))
		default:
			a.say("%s  %d messages", a.Clock.Since(began).Round(time.Second), sent)
		}
	}
}

// replayed is the summary as JSON.
type replayed struct {
	Messages int64   `json:"messages"` // confirmed by the broker
	Skipped  int64   `json:"skipped"`  // by --only-event
	Gaps     int64   `json:"gaps"`     // of the capture
	Seconds  float64 `json:"seconds"`  // on the wall
	Played   float64 `json:"played_s"` // in the capture
	Rate     float64 `json:"messages_per_s"`
	Late99   float64 `json:"late_p99_ms"`   // of 100 messages 99 were published no later after their time
	LateMost float64 `json:"late_worst_ms"` // and none
}

func (a *app) printReplay(count replay.Count, sent int64, took time.Duration, late *spread, output string) error {
	s := replayed{
		Messages: sent, Skipped: count.Skipped, Gaps: count.Gaps,
		Seconds: took.Seconds(), Played: count.Played.Seconds(), Rate: float64(sent) / took.Seconds(),
		Late99: float64(late.at(0.99).Microseconds()) / 1000, LateMost: float64(late.most.Microseconds()) / 1000,
	}
	if output == outputJSON {
		return a.printLine(s)
	}
	a.printf("%d messages, %s played in %s, %.0f/s\n", s.Messages, count.Played.Round(time.Millisecond), took.Round(time.Millisecond), s.Rate)
	a.printf("messages were %.1f ms late at p99, %.1f at most\n", s.Late99, s.LateMost)
	if s.Skipped > 0 {
		a.printf("%d messages left out by --only-event\n", s.Skipped)
	}
	if s.Gaps > 0 {
		a.say("warning: the capture has %d gaps, at which messages may be missing", s.Gaps)
	}
	return nil
}
