package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// weather is a storm and what it is over.
type weather struct {
	options

	fleet     *fleet
	book      *lab.Book
	receivers *lab.Receivers
	planted   lab.Planted
	began     time.Time
}

// storm makes one and judges it.
func storm(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "kazoolab-chaos-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w := &weather{options: o, book: lab.NewBook(o.events)}
	fmt.Fprintf(o.out, "seed %s: %d events in %s to %d accounts of %d hooks each, %d node(s) on %s\n",
		o.seed, o.events, o.time, accounts, hooksEach, o.nodes(), o.store)
	if w.fleet, err = newFleet(ctx, o, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.fleet.stop()) }()
	defer func() {
		if err != nil {
			w.tail()
		}
	}()
	hooks := accounts * hooksEach
	w.receivers, err = lab.NewReceivers(w.book, hooks, func(hook int) bool { return roleOf(hook) == dead })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.receivers.Close()) }()
	tree := lab.Tree{Seed: o.seed, Accounts: accounts, Hooks: hooksEach, Tries: 2}
	if w.planted, err = tree.Plant(ctx, w.fleet.StoreURL, func(hook int) string { return w.receivers.Hook(hook).URI }); err != nil {
		return err
	}
	if err := w.behave(); err != nil {
		return err
	}
	if err := w.fleet.join(ctx, o); err != nil {
		return err
	}
	w.began = clock.System().Now()
	if err := w.blow(ctx); err != nil {
		return err
	}
	return w.calm(ctx)
}

const (
	work     = 10 * time.Millisecond // keeps deliveries under way long enough for a kill to strike them
	lateness = time.Second           // of slow receivers
)

// behave sets each receiver to its role.
func (w *weather) behave() error {
	for i := range w.planted.Hooks {
		hook := w.receivers.Hook(i)
		switch roleOf(i) {
		case healthy:
			hook.Set(lab.Healthy(work))
		case dead:
			if err := hook.Refuse(); err != nil {
				return err
			}
		case hanging:
			hook.Set(lab.Steady(lab.Reaction{Answer: lab.Hang}))
		case slow:
			hook.Set(lab.Healthy(lateness))
		case flapping:
			// Each turn lasts some events, so that the same seed flaps alike.
			const turn = 200
			step := func() int { return w.book.Published() / turn }
			hook.Set(lab.Flapping(fmt.Sprintf("%s %d", w.seed, i), step, work))
		}
	}
	return nil
}

// recover makes the receivers of a role healthy.
func (w *weather) recover(which role) error {
	for i := range w.planted.Hooks {
		if roleOf(i) != which {
			continue
		}
		w.receivers.Hook(i).Set(lab.Healthy(work))
		if which == dead {
			if err := w.receivers.Hook(i).Accept(); err != nil {
				return err
			}
		}
	}
	return nil
}

// blow publishes every event while what is planned happens.
func (w *weather) blow(ctx context.Context) error {
	s := sizes{events: w.events, nodes: w.nodes(), servers: w.fleet.Database != nil, whole: w.time >= usualTime}
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error {
		return (&lab.Publisher{
			URL: w.fleet.Broker.URL(), Book: w.book, Seed: w.seed, Accounts: w.planted.Accounts,
			To: w.events, Rate: float64(w.events) / w.time.Seconds(),
		}).Run(failed)
	})
	group.Go(func() error {
		for _, x := range newPlan(w.seed, s) {
			if err := w.until(failed, x.after); err != nil {
				return err
			}
			w.say("%s", x)
			act := func() error { return w.fleet.strike(failed, x) }
			if x.kind == reviveHanging {
				act = func() error { return w.recover(hanging) }
			}
			if err := act(); err != nil {
				return fmt.Errorf("%s: %w", x, err)
			}
			if err := w.fleet.crashed(); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// until returns when so many events have been published.
func (w *weather) until(ctx context.Context, events int) error {
	for w.book.Published() < events {
		if err := clock.Sleep(ctx, clock.System(), 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// calm waits until nothing is on its way any more, judges, has the dead return, and
// judges again.
func (w *weather) calm(ctx context.Context) error {
	w.say("every event is sent; receivers that flapped are healthy")
	if err := w.recover(flapping); err != nil {
		return err
	}
	if err := w.fleet.awaitReady(ctx); err != nil {
		return err
	}
	if err := w.settle(ctx, false); err != nil {
		return err
	}
	w.say("nothing is on its way any more; the dead receivers return")
	if err := w.recover(dead); err != nil {
		return err
	}
	return w.settle(ctx, true)
}

// patience is how long nothing may have changed before a storm is judged as it stands.
const patience = time.Minute

// settle waits until each event has its place, and prints the table. With all, none
// may be parked any more.
func (w *weather) settle(ctx context.Context, all bool) error {
	var before tally
	changed := clock.System().Now()
	for {
		tallies, idle, err := w.look(ctx)
		sum, waiting := total(tallies), 0
		for r, t := range tallies {
			if r != dead || all {
				waiting += t.parked
			}
		}
		if err == nil && sum != before {
			before, changed = sum, clock.System().Now()
		}
		settled := idle && waiting == 0 && sum.lost == 0
		if settled || clock.System().Since(changed) > patience {
			table(w.out, tallies)
			return errors.Join(err, verdict(sum, waiting))
		}
		if err := clock.Sleep(ctx, clock.System(), time.Second); err != nil {
			return err
		}
		if err := w.fleet.crashed(); err != nil {
			return err
		}
	}
}

// look tells how things stand. On a busy machine a server may take its time: an error
// is one only when it stays.
func (w *weather) look(ctx context.Context) (map[role]tally, bool, error) {
	idle, err := w.fleet.idle(ctx)
	if err != nil {
		return nil, false, err
	}
	tallies, err := w.tallies(ctx)
	return tallies, idle && err == nil, err
}

func verdict(sum tally, waiting int) error {
	switch {
	case sum.lost > 0:
		return fmt.Errorf("%d deliveries of events that were sent are lost", sum.lost)
	case waiting > 0:
		return fmt.Errorf("%d deliveries stay parked although their receivers answer", waiting)
	}
	return nil
}

// tallies judges every hook as it stands.
func (w *weather) tallies(ctx context.Context) (map[role]tally, error) {
	s, err := lab.OpenStore(ctx, w.fleet.StoreURL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	backlogs, err := s.Backlogs(ctx, "")
	if err != nil {
		return nil, err
	}
	waiting := map[string]int{} // by hook
	for _, b := range backlogs {
		waiting[b.HookID] = int(b.Waiting)
	}
	tallies := map[role]tally{}
	for i, hook := range w.planted.Hooks {
		receiver := w.receivers.Hook(i)
		failed, err := lab.Failures(ctx, s, w.planted.Accounts[hook.Account], hook.ID, w.events)
		if err != nil {
			return nil, err
		}
		mine := func(n int) bool { return n%accounts == hook.Account }
		t := judge(w.book, mine, receiver.Arrived, failed, waiting[hook.ID])
		t.again = receiver.Duplicates()
		sum := tallies[roleOf(i)]
		sum.add(t)
		tallies[roleOf(i)] = sum
	}
	return tallies, nil
}

func (w *weather) say(format string, args ...any) {
	again := 0
	for i := range w.planted.Hooks {
		again += w.receivers.Hook(i).Duplicates()
	}
	fmt.Fprintf(w.out, "%5.1f s  %6d published, %6d sent, %6d arrived twice  %s\n", clock.System().Since(w.began).Seconds(),
		w.book.Published(), w.book.Sent.Len(), again, fmt.Sprintf(format, args...))
}

// tail prints the end of what the nodes said.
func (w *weather) tail() {
	const lines = 40
	text, err := os.ReadFile(w.fleet.log.Name())
	if err != nil {
		return
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	fmt.Fprintf(w.out, "the nodes said last:\n%s\n", strings.Join(all[max(0, len(all)-lines):], "\n"))
}
