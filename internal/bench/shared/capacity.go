package main

import (
	"context"
	"time"
)

// capacity finds how many events a second arrive at the most: it offers more and more
// until what arrives stays behind, and returns the best that arrived. Publisher and
// receivers share the machine with what is measured.
func (st *stage) capacity(ctx context.Context) (float64, error) {
	const (
		first, growth = 500, 1.25
		warm, lasts   = 2 * time.Second, 6 * time.Second
		enough        = 0.97 // of what is offered
	)
	best := 0.0
	for offered := float64(first); ; offered *= growth {
		p := st.publish(ctx, offered, int(offered*(warm+lasts).Seconds())+1)
		if err := st.wait(ctx, warm); err != nil {
			return 0, err
		}
		before, began := st.arrived(), st.clock.Now()
		if err := st.wait(ctx, lasts); err != nil {
			return 0, err
		}
		rate := float64(st.arrived()-before) / st.clock.Since(began).Seconds()
		st.say("offered %6.0f events/s  arrived %6.0f events/s", offered, rate)
		if err := st.end(p); err != nil {
			return 0, err
		}
		if _, err := st.drained(ctx); err != nil {
			return 0, err
		}
		best = max(best, rate)
		if rate < enough*offered {
			return best, nil
		}
	}
}
