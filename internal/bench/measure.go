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

// result is one run, from the first arrival to the last: start-up is left out.
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

func measure(ctx context.Context, c contender, r *receiver, events int) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	r.expect(events, c.failing)
	var pids []int
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
		pids = append(pids, cmd.Process.Pid)
	}
	if err := wait(ctx, r.first); err != nil {
		return result{}, err
	}
	wall := clock.System()
	began, before := wall.Now(), used(pids)
	if err := wait(ctx, r.last); err != nil {
		return result{}, fmt.Errorf("%w after %d of %d events", err, r.arrived.Load(), events)
	}
	elapsed, after := wall.Since(began), used(pids)
	return result{
		rate: float64(events-1) / elapsed.Seconds(),
		cpu:  (after.CPU - before.CPU) / float64(events-1) * 1000,
		peak: after.Peak,
	}, nil
}

// used adds up what processes have used.
func used(pids []int) (sum figures.Used) {
	for _, pid := range pids {
		u := figures.Process(pid)
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
