package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// others is how many receivers there are besides the dead one.
const others = 9

// million lets events wait for a receiver that is dead while others are in use, and
// measures what that costs them and the nodes; then the dead one returns.
func million(ctx context.Context, o options) error {
	// The events of the others come after those of the dead one, as many as they can
	// need in so many hours.
	const hours = 3
	s := setting{
		accounts: 1 + others, events: o.events + int(o.rate*hours*3600),
		owned: func(hook int) bool { return hook == 0 },
	}
	return on(ctx, o, s, func(ctx context.Context, st *stage) error {
		aside := lab.Publisher{
			URL: st.Broker.URL(), Book: st.book, Seed: "others", Accounts: st.tree.Accounts[1:],
			From: o.events, To: st.book.Events, Rate: o.rate,
		}
		ended := make(chan error, 1)
		go func() { ended <- aside.Run(ctx) }()
		if err := st.deadAndBack(ctx, &aside); err != nil {
			return err
		}
		aside.End()
		if err := <-ended; err != nil {
			return err
		}
		// What the dead receiver missed has been judged.
		st.of = func(event int) int { return 1 + event%others }
		st.first = o.events
		failed, err := st.drained(ctx)
		if err != nil {
			return err
		}
		st.say("every event that was sent to the others has arrived but for %d that failed for good; of all receivers %d came twice",
			failed, st.duplicates())
		return nil
	})
}

func (st *stage) deadAndBack(ctx context.Context, aside *lab.Publisher) error {
	dead := st.receivers.Hook(0)
	measure := func(what string, meanwhile func() error) error {
		took, err := st.others(aside, meanwhile)
		st.say("the others %-28s %s", what, took)
		return err
	}
	pass := func() error { return st.wait(ctx, st.window) }
	if err := measure("before", pass); err != nil {
		return err
	}
	if err := dead.Refuse(); err != nil {
		return err
	}
	st.say("one receiver is dead; %d events for it are published.  %s", st.events, st.memory())
	if err := measure("while they come", func() error { return st.fill(ctx) }); err != nil {
		return err
	}
	if err := measure("while all wait", pass); err != nil {
		return err
	}
	st.say("the receiver returns.  %s", st.memory())
	if err := dead.Accept(); err != nil {
		return err
	}
	if err := measure("while it catches up", func() error { return st.catchUp(ctx, dead) }); err != nil {
		return err
	}
	return measure("after", pass)
}

// others measures the other receivers meanwhile.
func (st *stage) others(aside *lab.Publisher, meanwhile func() error) (spell, error) {
	for i := range others {
		st.receivers.Hook(1 + i).Sampling(true)
	}
	from := aside.Next()
	err := meanwhile()
	until := aside.Next()
	st.clock.Sleep(time.Second) // for the last of them to arrive
	var samples []lab.Sample
	for i := range others {
		for _, s := range st.receivers.Hook(1 + i).Samples() {
			if int(s.Event) >= from && int(s.Event) < until {
				samples = append(samples, s)
			}
		}
	}
	return spell{Latency: lab.LatencyOf(samples), late: until - from - len(samples)}, err
}

// fill publishes what the dead receiver misses, and returns when the queue is empty
// and the nodes have next to nothing at hand.
func (st *stage) fill(ctx context.Context) error {
	const window, little = 1000, 50
	p := lab.Publisher{
		URL: st.Broker.URL(), Book: st.book, Seed: "dead", Accounts: st.tree.Accounts[:1],
		To: st.events, Window: window, Rate: st.options.fill,
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	began := st.clock.Now()
	err := st.tell(ctx, func() (string, bool, error) {
		queued, err := st.Queued()
		if err != nil {
			return "", false, err
		}
		parked, err := st.parked(ctx)
		if err != nil {
			return "", false, err
		}
		taken, err := st.taken(ctx)
		return fmt.Sprintf("%d published, %d in the queue, %d taken, %d parked", p.Next(), queued, taken, parked),
			p.Next() == st.events && queued == 0 && taken <= little, err
	})
	if err != nil {
		return err
	}
	if err := <-ended; err != nil {
		return err
	}
	took := st.clock.Since(began).Seconds()
	parked, err := st.parked(ctx)
	st.say("%d wait after %.0f s, %.0f events/s", parked, took, float64(st.events)/took)
	return err
}

// taken is how many events the nodes have not acknowledged.
func (st *stage) taken(ctx context.Context) (n int, err error) {
	for i, node := range st.nodes {
		m, err := node.Metrics(ctx)
		if err != nil {
			return n, fmt.Errorf("node %d: %w", i, err)
		}
		n += int(m.Sum("kazoolab_webhook_events_in_flight"))
	}
	return n, nil
}

// catchUp returns when nothing waits for the receiver any more, and everything has
// arrived that had not failed before any was parked.
func (st *stage) catchUp(ctx context.Context, dead *lab.Receiver) error {
	began := st.clock.Now()
	err := st.tell(ctx, func() (string, bool, error) {
		parked, err := st.parked(ctx)
		return fmt.Sprintf("%d of %d have arrived, %d parked", dead.Arrived.Len(), st.events, parked), parked == 0, err
	})
	if err != nil {
		return err
	}
	took := st.clock.Since(began).Seconds()
	failed, err := st.failures(ctx, 0)
	if err != nil {
		return err
	}
	lost := 0
	for n := range st.events {
		if !dead.Arrived.Has(n) && !failed.Has(n) {
			lost++
		}
	}
	arrived := dead.Arrived.Len()
	st.say("%d have arrived after %.0f s, %.0f events/s, %d of them twice; %d failed for good and were recorded; %d are lost",
		arrived, took, float64(arrived)/took, dead.Duplicates(), st.events-arrived-lost, lost)
	if lost > 0 {
		return fmt.Errorf("%d events are lost", lost)
	}
	return nil
}

// tell waits until a state is reached, and prints it now and then. The error says that
// it has not changed for long.
func (st *stage) tell(ctx context.Context, state func() (text string, reached bool, err error)) error {
	const look, telling, patience = time.Second, 15 * time.Second, 5 * time.Minute
	before, changed, printed := "", st.clock.Now(), st.clock.Now()
	for {
		text, reached, err := state()
		if err != nil || reached {
			return err
		}
		if text != before {
			before, changed = text, st.clock.Now()
		} else if st.clock.Since(changed) > patience {
			return fmt.Errorf("nothing has changed for %s: %s", patience, text)
		}
		if st.clock.Since(printed) >= telling {
			printed = st.clock.Now()
			st.say("%s  %s", text, st.memory())
		}
		if err := st.wait(ctx, look); err != nil {
			return err
		}
	}
}
