package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// contender is a process that empties the queue.
type contender struct {
	name    string
	command []string
}

// result is one run, from the first arrival to the last: start-up is left out.
type result struct {
	rate float64 // events a second
	cpu  float64 // seconds for 1,000 events, of the contender's process
	peak float64 // resident memory at its highest, MB
}

func (r result) String() string {
	return fmt.Sprintf("%7.0f events/s  %.3f CPU s/1,000  %4.0f MB peak", r.rate, r.cpu, r.peak)
}

// receiver counts what arrives and answers 200.
type receiver struct {
	listener net.Listener
	server   *http.Server
	arrived  atomic.Int64
	first    chan struct{}
	last     chan struct{}
	want     int64
}

func newReceiver() (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{listener: listener}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) url() string { return "http://" + r.listener.Addr().String() + "/hook" }

func (r *receiver) close() { _ = r.server.Close() }

// expect prepares for a run; no request may be under way.
func (r *receiver) expect(n int) {
	r.arrived.Store(0)
	r.want = int64(n)
	r.first, r.last = make(chan struct{}), make(chan struct{})
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	switch r.arrived.Add(1) {
	case 1:
		close(r.first)
	case r.want:
		close(r.last)
	}
}

// runLimit ends a run that does not finish.
const runLimit = 5 * time.Minute

func measure(ctx context.Context, c contender, r *receiver, events int) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	r.expect(events)
	cmd := exec.CommandContext(ctx, c.command[0], c.command[1:]...) //nolint:gosec // the contender that the user names
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	defer func() { _ = cmd.Wait() }()
	defer cancel()
	if err := wait(ctx, r.first); err != nil {
		return result{}, err
	}
	wall := clock.System()
	began, before := wall.Now(), figures.Process(cmd.Process.Pid)
	if err := wait(ctx, r.last); err != nil {
		return result{}, fmt.Errorf("%w after %d of %d events", err, r.arrived.Load(), events)
	}
	elapsed, after := wall.Since(began), figures.Process(cmd.Process.Pid)
	return result{
		rate: float64(events-1) / elapsed.Seconds(),
		cpu:  (after.CPU - before.CPU) / float64(events-1) * 1000,
		peak: after.Peak,
	}, nil
}

func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("nothing more arrived")
	}
}
