package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// contender is what empties the queue: a process or several.
type contender struct {
	name     string
	commands [][]string
	failing  int // one in so many requests is answered 500; 0 is none
}

// result is one run, from when the events are there to the last arrival: start-up is left
// out.
type result struct {
	rate float64 // events a second
	cpu  float64 // seconds for 1,000 events, of the contender's own processes
	peak float64 // resident memory at its highest, MB, of all
}

func (r result) String() string {
	return fmt.Sprintf("%7.0f events/s  %.3f CPU s/1,000  %4.0f MB peak", r.rate, r.cpu, r.peak)
}

// runLimit ends a run that does not finish.
const runLimit = 5 * time.Minute

// measure has a contender empty the work queue, which is filled once it takes from it: with
// several processes the last may be there a second after the first, which would have done
// much of the work by then. They stand still while the queue fills.
func measure(ctx context.Context, c contender, q *queue, r *receiver, deliveries int) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	r.expect(deliveries, c.failing)
	var processes []*os.Process
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for _, command := range c.commands {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the contender that the user names
		cmd.Stderr = os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		if err := cmd.Start(); err != nil {
			return result{}, err
		}
		running.Go(func() {
			defer cancel() // without it the rest will not do
			_ = cmd.Wait()
		})
		processes = append(processes, cmd.Process)
	}
	if err := q.awaitConsumers(ctx, len(c.commands)); err != nil {
		return result{}, err
	}
	signal(processes, syscall.SIGSTOP)
	defer signal(processes, syscall.SIGCONT) // which ends must go on for it
	if err := q.fill(ctx); err != nil {
		return result{}, fmt.Errorf("fill the queue: %w", err)
	}
	wall := clock.System()
	began, before := wall.Now(), used(processes)
	signal(processes, syscall.SIGCONT)
	if err := wait(ctx, r.last); err != nil {
		return result{}, fmt.Errorf("%w after %d of %d requests", err, r.arrived.Load(), deliveries)
	}
	elapsed, after := wall.Since(began), used(processes)
	return result{
		rate: float64(deliveries) / elapsed.Seconds(),
		cpu:  (after.CPU - before.CPU) / float64(deliveries) * 1000,
		peak: after.Peak,
	}, nil
}

// signal tells it to processes that have not ended.
func signal(processes []*os.Process, s os.Signal) {
	for _, p := range processes {
		_ = p.Signal(s)
	}
}

// used adds up what processes have used.
func used(processes []*os.Process) (sum figures.Used) {
	for _, p := range processes {
		u := figures.Process(p.Pid)
		sum.CPU += u.CPU
		sum.Peak += u.Peak
	}
	return sum
}

func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("nothing more arrived")
	}
}
