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
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

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
	began, before := wall.Now(), usage(cmd.Process.Pid)
	if err := wait(ctx, r.last); err != nil {
		return result{}, fmt.Errorf("%w after %d of %d events", err, r.arrived.Load(), events)
	}
	elapsed, after := wall.Since(began), usage(cmd.Process.Pid)
	return result{
		rate: float64(events-1) / elapsed.Seconds(),
		cpu:  (after.cpu - before.cpu) / float64(events-1) * 1000,
		peak: after.peak,
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

type used struct{ cpu, peak, resident float64 }

// usage reads a process's CPU seconds and memory in MB from /proc; zero where there
// is none.
func usage(pid int) used {
	const ticksPerSecond, kilobytes = 100, 1024
	var u used
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name in parentheses may hold blanks; utime and stime are 12th and 13th after it.
	_, rest, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(rest); len(fields) > 12 {
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		u.cpu = (user + system) / ticksPerSecond
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		for name, figure := range map[string]*float64{"VmHWM:": &u.peak, "VmRSS:": &u.resident} {
			if value, ok := strings.CutPrefix(line, name); ok {
				n, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
				*figure = n / kilobytes
			}
		}
	}
	return u
}
