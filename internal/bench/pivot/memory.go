package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
)

// taken is what an engine takes that only holds calls.
type taken struct {
	heap, resident float64 // bytes
	goroutines     int
}

// memory tells what calls take that wait for a digit in the engine's hands.
func memory(ctx context.Context, b *bench) error {
	counts := []int{0, b.calls, 10 * b.calls}
	all := map[int][]taken{}
	for i := range b.runs {
		for _, n := range counts {
			t, err := b.hold(ctx, n)
			if err != nil {
				return fmt.Errorf("%d calls: %w", n, err)
			}
			all[n] = append(all[n], t)
			b.note("run %d   %6d calls wait  heap %7.2f MB  resident %7.2f MB  %d goroutines", i+1, n, t.heap/(1<<20), t.resident/(1<<20), t.goroutines)
		}
	}
	none := middle(all[0])
	for _, n := range counts[1:] {
		m := middle(all[n])
		b.note("median  %6d calls wait  heap %.0f bytes a call  resident %.0f bytes a call  %.2f goroutines a call",
			n, (m.heap-none.heap)/float64(n), (m.resident-none.resident)/float64(n), float64(m.goroutines-none.goroutines)/float64(n))
	}
	return nil
}

func (b *bench) hold(ctx context.Context, n int) (t taken, err error) {
	s, err := b.httpEngine(ctx, load{held: n, idle: true})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	return taken{heap: s.asker.Heap, resident: s.asker.used().Resident * (1 << 20), goroutines: s.asker.Goroutines}, nil
}

func middle(runs []taken) taken {
	return taken{
		heap:       figures.Median(runs, func(t taken) float64 { return t.heap }),
		resident:   figures.Median(runs, func(t taken) float64 { return t.resident }),
		goroutines: figures.Median(runs, func(t taken) int { return t.goroutines }),
	}
}
