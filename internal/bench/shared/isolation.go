package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// The receivers of isolation: the first fail, half of them dead and half hanging.
const (
	isolated = 100
	failing  = 20
	refusing = failing / 2
)

// spell is what the receivers that never fail saw of the events of some time.
type spell struct {
	lab.Latency

	late int // events that had not arrived some seconds later
}

func (s spell) String() string {
	text := s.Latency.String()
	if s.late > 0 {
		text += fmt.Sprintf(", and %d that had not arrived", s.late)
	}
	return text
}

// pair is one outage.
type pair struct{ before, during, after spell }

// isolation measures the latency of receivers that work before, while and after
// others fail.
func isolation(ctx context.Context, o options) error {
	const most = 20_000 // events a second that the book has room for
	lasts := time.Duration(o.pairs) * (2*o.window + o.outage + 2*aside)
	s := setting{
		accounts: isolated, events: searched + int(lasts.Seconds()*max(o.rate, most/4)),
		owned: func(hook int) bool { return hook < refusing },
	}
	return on(ctx, o, s, func(ctx context.Context, st *stage) error {
		rate := o.rate
		if rate == 0 {
			best, err := st.capacity(ctx)
			if err != nil {
				return err
			}
			rate = best / 2
		}
		st.say("%.0f events/s to %d receivers; %d of them refuse connections and %d hang for %s, %d times",
			rate, isolated, refusing, failing-refusing, o.outage, o.pairs)
		return st.pairs(ctx, rate)
	})
}

// aside is how long events may take to arrive before they count as late, and the time
// between two pairs.
const aside = 5 * time.Second

func (st *stage) pairs(ctx context.Context, rate float64) error {
	publisher := st.publish(ctx, rate, st.book.Events)
	if err := st.wait(ctx, aside); err != nil {
		return err
	}
	var all []pair
	for i := range st.options.pairs {
		p, err := st.pair(ctx, publisher)
		if err != nil {
			return err
		}
		all = append(all, p)
		st.say("pair %d  before  %s", i+1, p.before)
		st.say("        during  %s", p.during)
		st.say("        after   %s", p.after)
	}
	if err := st.end(publisher); err != nil {
		return err
	}
	failed, err := st.drained(ctx)
	if err != nil {
		return err
	}
	median := func(figure func(pair) time.Duration) time.Duration { return figures.Median(all, figure) }
	for _, f := range []struct {
		name                  string
		before, during, after time.Duration
	}{
		{
			"p50",
			median(func(p pair) time.Duration { return p.before.P50 }),
			median(func(p pair) time.Duration { return p.during.P50 }),
			median(func(p pair) time.Duration { return p.after.P50 }),
		},
		{
			"p99",
			median(func(p pair) time.Duration { return p.before.P99 }),
			median(func(p pair) time.Duration { return p.during.P99 }),
			median(func(p pair) time.Duration { return p.after.P99 }),
		},
	} {
		st.say("median %s  before %.1f ms  during %.1f ms (%.2f)  after %.1f ms (%.2f)", f.name, lab.Milliseconds(f.before),
			lab.Milliseconds(f.during), float64(f.during)/float64(f.before), lab.Milliseconds(f.after), float64(f.after)/float64(f.before))
	}
	st.say("every event that was sent has arrived but for %d that failed for good, %d of them twice", failed, st.duplicates())
	return nil
}

// pair measures one outage. Events belong to the time in which they are published.
func (st *stage) pair(ctx context.Context, publisher publishing) (p pair, err error) {
	for i := failing; i < isolated; i++ {
		st.receivers.Hook(i).Sampling(true)
	}
	var marks []int
	mark := func() { marks = append(marks, publisher.Next()) }
	steps := []func() error{
		func() error { mark(); return st.wait(ctx, st.window) },
		func() error { mark(); return st.fail() },
		func() error { return st.wait(ctx, st.outage) },
		func() error { mark(); return st.recover() },
		func() error { return st.wait(ctx, st.window) },
		func() error { mark(); return st.wait(ctx, aside) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return p, err
		}
	}
	spells := st.spells(marks)
	return pair{spells[0], spells[1], spells[2]}, nil
}

func (st *stage) fail() error {
	for i := range failing {
		if i >= refusing {
			st.receivers.Hook(i).Set(lab.Steady(lab.Reaction{Answer: lab.Hang}))
		} else if err := st.receivers.Hook(i).Refuse(); err != nil {
			return err
		}
	}
	return nil
}

func (st *stage) recover() error {
	for i := range failing {
		if i >= refusing {
			st.receivers.Hook(i).Set(lab.Healthy(work))
		} else if err := st.receivers.Hook(i).Accept(); err != nil {
			return err
		}
	}
	return nil
}

// spells sorts what the healthy receivers saw by the marks between which an event was
// published.
func (st *stage) spells(marks []int) []spell {
	samples := make([][]lab.Sample, len(marks)-1)
	for i := failing; i < isolated; i++ {
		for _, s := range st.receivers.Hook(i).Samples() {
			// The last mark at or before the event.
			at, exact := slices.BinarySearch(marks, int(s.Event))
			if !exact {
				at--
			}
			if at >= 0 && at < len(samples) {
				samples[at] = append(samples[at], s)
			}
		}
	}
	spells := make([]spell, len(samples))
	for i := range samples {
		healthy := 0
		for n := marks[i]; n < marks[i+1]; n++ {
			if n%isolated >= failing {
				healthy++
			}
		}
		spells[i] = spell{Latency: lab.LatencyOf(samples[i]), late: healthy - len(samples[i])}
	}
	return spells
}
