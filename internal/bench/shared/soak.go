package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// The receivers of a soak: of each twenty one fails, one flaps, one is dead for a
// while again and again, and two are slow.
const (
	soaked  = 100
	kinds   = 20
	failer  = 0
	flapper = 1
	mortal  = 2
	slowly  = 3
	slowly2 = 4
)

const (
	noteEvery  = 30 * time.Second
	visitEvery = 5 * time.Second
	mortality  = 5 * time.Minute // dead, and alive
	// rest is longer than a node keeps connections to receivers that nobody uses: two
	// minutes, which it looks at every minute, from the last of what those had waiting
	// that returned at the end.
	rest = 4 * time.Minute
)

// soak keeps mixed load up for long and shows whether anything grows.
func soak(ctx context.Context, o options) error {
	const (
		most = 2500 // events a second that the book has room for beside the search for the capacity
	)
	events := int((o.lasts.Seconds() + 60) * o.rate)
	if o.rate == 0 {
		events = searched + int((o.lasts.Seconds()+60)*most)
	}
	s := setting{
		accounts: soaked, spare: 1, events: events,
		owned: func(hook int) bool { return hook%kinds == mortal },
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
		st.say("%.0f events/s for %s to %d receivers, of each %d of which one fails, one flaps, one is dead every other %s and two are slow; a portal's visit every %s",
			rate, o.lasts, soaked, kinds, mortality, visitEvery)
		before, err := st.note(ctx)
		if err != nil {
			return err
		}
		st.mix()
		publisher := st.publish(ctx, rate, st.book.Events)
		notes, err := st.watch(ctx)
		if err := errors.Join(err, st.end(publisher)); err != nil {
			return err
		}
		if err := st.outcome(ctx); err != nil {
			return err
		}
		st.say("at rest for %s", rest)
		if err := st.wait(ctx, rest); err != nil {
			return err
		}
		after, err := st.note(ctx)
		if err != nil {
			return err
		}
		return st.grown(before, notes, after)
	})
}

// mix sets the receivers to their roles.
func (st *stage) mix() {
	const late = 500 * time.Millisecond
	for i := range soaked {
		hook := st.receivers.Hook(i)
		switch i % kinds {
		case failer:
			hook.Set(lab.Steady(lab.Reaction{Answer: lab.Failure}))
		case flapper:
			step := func() int { return int(st.clock.Since(st.began) / (10 * time.Second)) }
			hook.Set(lab.Flapping(fmt.Sprint(i), step, work))
		case slowly, slowly2:
			hook.Set(lab.Healthy(late))
		case mortal: // see watch
		default:
			hook.Sampling(true)
		}
	}
}

// note is what is read every so often.
type note struct {
	figures map[string]float64 // by their name, of each node
	latency lab.Latency
}

// watch notes figures, visits the REST API, and has receivers die and return, until
// the time is over.
func (st *stage) watch(ctx context.Context) (notes []note, err error) {
	began := st.clock.Now()
	guest := newGuest(st.nodes[0], st.tree.APIKey)
	notedAt, visits, died := began, 0, false
	for st.clock.Since(began) < st.lasts {
		if err := st.wait(ctx, visitEvery); err != nil {
			return notes, err
		}
		guest.node = st.nodes[visits%len(st.nodes)]
		if err := guest.visit(ctx, st.tree.Accounts[visits%soaked], st.receivers.Hook(soaked).URI); err != nil {
			return notes, fmt.Errorf("a visit of a portal: %w", err)
		}
		visits++
		if dead := int(st.clock.Since(began)/mortality)%2 == 1; dead != died {
			died = dead
			if err := st.mortals(dead); err != nil {
				return notes, err
			}
		}
		if st.clock.Since(notedAt) >= noteEvery {
			notedAt = st.clock.Now()
			n, err := st.note(ctx)
			if err != nil {
				return notes, err
			}
			notes = append(notes, n)
		}
	}
	return notes, st.mortals(false)
}

func (st *stage) mortals(die bool) error {
	for i := mortal; i < soaked; i += kinds {
		act := st.receivers.Hook(i).Accept
		if die {
			act = st.receivers.Hook(i).Refuse
		}
		if err := act(); err != nil {
			return err
		}
	}
	return nil
}

// growing are the figures that must not, in the order in which they are printed.
func growing() []string { return []string{"memory MB", "heap MB", "goroutines", "files", "sockets"} }

// atRest tells the figures that must be what they were when nothing is on its way.
// Under load they follow the number of requests under way, and with it how busy the
// machine is. The others never return to those of a new process.
func atRest(name string) bool { return name == "goroutines" || name == "files" || name == "sockets" }

func (st *stage) note(ctx context.Context) (note, error) {
	n := note{figures: map[string]float64{}}
	var samples []lab.Sample
	for i := range soaked {
		samples = append(samples, st.receivers.Hook(i).Samples()...)
	}
	n.latency = lab.LatencyOf(samples)
	line := []string{fmt.Sprintf("p50 %.1f ms  p99 %.1f ms", lab.Milliseconds(n.latency.P50), lab.Milliseconds(n.latency.P99))}
	for i, node := range st.nodes {
		m, err := node.Metrics(ctx)
		if err != nil {
			return n, fmt.Errorf("node %d: %w", i, err)
		}
		const mega = 1 << 20
		files, sockets := node.Files()
		values := map[string]float64{
			"memory MB": node.Used().Resident, "heap MB": m.Sum("go_memstats_heap_inuse_bytes") / mega,
			"goroutines": m.Sum("go_goroutines"), "files": float64(files), "sockets": float64(sockets),
		}
		line = append(line, fmt.Sprintf("node %d", i))
		for _, name := range growing() {
			n.figures[fmt.Sprintf("node %d %s", i, name)] = values[name]
			line = append(line, fmt.Sprintf("%s %.0f", name, values[name]))
		}
	}
	queued, err := st.Queued()
	if err != nil {
		return n, err
	}
	st.say("%s  queue %d  published %d  arrived %d", strings.Join(line, "  "), queued, st.book.Published(), st.arrived())
	return n, nil
}

// outcome waits for what is still on its way and tells what arrived. Receivers that
// always work must have everything.
func (st *stage) outcome(ctx context.Context) error {
	const patience = time.Minute
	working := func(hook int) bool { return hook%kinds > mortal }
	began := st.clock.Now()
	for {
		all, lost := 0, 0
		for event := range st.next {
			if hook := st.of(event); st.book.Sent.Has(event) && working(hook) {
				all++
				if !st.receivers.Hook(hook).Arrived.Has(event) {
					lost++
				}
			}
		}
		if lost == 0 || st.clock.Since(began) > patience {
			st.say("%d events were sent to receivers that always work; %d of them have not arrived", all, lost)
			if lost > 0 {
				return fmt.Errorf("%d events have not arrived", lost)
			}
			return nil
		}
		if err := st.wait(ctx, time.Second); err != nil {
			return err
		}
	}
}

// grown prints each figure at rest before the load and after it, and its medians in the
// first quarter of the time and the last. It is an error when one has grown by a fifth,
// and by more than a few.
func (st *stage) grown(before note, notes []note, after note) error {
	const least, share, few = 8, 1.2, 10
	if len(notes) < least {
		return fmt.Errorf("%d notes are too few to compare: let it last longer", len(notes))
	}
	fmt.Fprintf(st.out, "%-18s %9s %13s %12s %12s %9s\n", "", "at rest", "first quarter", "last quarter", "an hour", "at rest")
	var faults []error
	for i := range st.nodes {
		for _, figure := range growing() {
			name := fmt.Sprintf("node %d %s", i, figure)
			var values []float64
			for _, n := range notes {
				values = append(values, n.figures[name])
			}
			t := trendOf(values)
			perHour := t.slope * float64(time.Hour/noteEvery)
			fmt.Fprintf(st.out, "%-18s %9.1f %13.1f %12.1f %+12.2f %9.1f\n",
				name, before.figures[name], t.first, t.last, perHour, after.figures[name])
			from, to := t.first, t.last
			if atRest(figure) {
				from, to = before.figures[name], after.figures[name]
			}
			if to > share*from && to > from+few {
				faults = append(faults, fmt.Errorf("%s has grown from %.0f to %.0f", name, from, to))
			}
		}
	}
	return errors.Join(faults...)
}
