package main

import (
	"context"
	"time"
)

// searched is how many events it may take to find the capacity.
const searched = 1_600_000

// capacity finds how many events a second can be delivered for long. It offers more
// and more until what arrives stays behind, and then less and less until a rate is
// borne for a minute: RabbitMQ took 4,660 a second for eight seconds, but after a
// minute of 2,330 its log was behind, and events took 0.4 s. Publisher and receivers
// share the machine with what is measured.
func (st *stage) capacity(ctx context.Context) (float64, error) {
	const (
		first, growth, less = 500, 1.25, 0.85
		step, long          = 6 * time.Second, time.Minute
	)
	rate, held, err := float64(first), true, error(nil)
	for ; held && err == nil; rate *= growth {
		held, err = st.bears(ctx, rate, step)
	}
	for rate /= growth; !held && err == nil; {
		rate *= less
		held, err = st.bears(ctx, rate, long)
	}
	return rate, err
}

// bears tells whether events of a rate arrive for so long, and are not many on their
// way in the end.
func (st *stage) bears(ctx context.Context, offered float64, lasts time.Duration) (bool, error) {
	const (
		warm   = 2 * time.Second
		enough = 0.97                  // of what is offered
		most   = 50 * time.Millisecond // on the way, in the mean
	)
	given, before := st.next, st.arrived()
	p := st.publish(ctx, offered, int(offered*(warm+lasts).Seconds())+1)
	if err := st.wait(ctx, warm); err != nil {
		return false, err
	}
	settled, began := st.arrived(), st.clock.Now()
	if err := st.wait(ctx, lasts); err != nil {
		return false, err
	}
	arrived := st.arrived()
	under := p.Next() - given - (arrived - before)
	rate := float64(arrived-settled) / st.clock.Since(began).Seconds()
	st.say("offered %6.0f events/s  arrived %6.0f events/s for %s, %d on their way", offered, rate, lasts, under)
	if err := st.end(p); err != nil {
		return false, err
	}
	if _, err := st.drained(ctx); err != nil {
		return false, err
	}
	return rate >= enough*offered && float64(under) < offered*most.Seconds(), nil
}
