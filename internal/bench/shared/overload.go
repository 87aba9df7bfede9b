package main

import (
	"context"
	"time"
)

// overload offers three times what arrives at the most, and measures what arrives
// then, every five seconds. The broker confirms what it takes, which may be less: with
// a second's events unconfirmed it is offered all that it can take.
func overload(ctx context.Context, o options) error {
	const (
		accounts = 100
		most     = 20_000 // events a second that the book has room for
		times    = 3
		every    = 5 * time.Second
	)
	s := setting{accounts: accounts, events: searched + most*int(o.lasts.Seconds())}
	return on(ctx, o, s, func(ctx context.Context, st *stage) error {
		best, err := st.capacity(ctx)
		if err != nil {
			return err
		}
		rate := o.rate
		if rate == 0 {
			rate = times * best
		}
		st.say("%.0f events/s at the best; now %.0f are offered for %s", best, rate, o.lasts)
		st.unconfirmed = int(rate)
		given, began, before := st.next, st.clock.Now(), st.arrived()
		publisher := st.publish(ctx, rate, st.book.Events)
		first := before
		for st.clock.Since(began) < o.lasts {
			mark, from := st.clock.Now(), publisher.Next()
			if err := st.wait(ctx, every); err != nil {
				return err
			}
			took, now := st.clock.Since(mark).Seconds(), st.arrived()
			queued, err := st.Queued()
			if err != nil {
				return err
			}
			arrived := float64(now-before) / took
			st.say("offered %6.0f events/s  arrived %6.0f events/s, %.2f of the best  %d in the queue  %s",
				float64(publisher.Next()-from)/took, arrived, arrived/best, queued, st.memory())
			before = now
		}
		took := st.clock.Since(began).Seconds()
		whole := float64(before-first) / took
		if err := st.end(publisher); err != nil {
			return err
		}
		st.say("all of it: offered %.0f events/s, arrived %.0f events/s, %.2f of the best",
			float64(st.next-given)/took, whole, whole/best)
		failed, err := st.drained(ctx)
		if err != nil {
			return err
		}
		st.say("every event that was sent has arrived but for %d that failed for good, %d of them twice, %.1f s after the first",
			failed, st.duplicates(), st.clock.Since(began).Seconds())
		return nil
	})
}
