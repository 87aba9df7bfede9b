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
	"path/filepath"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
)

const (
	startLimit = time.Minute
	// pollPause is the resolution of what is measured; asking more often would
	// take the processor from what is asked.
	pollPause = 2 * time.Millisecond
	// restAfter is how long the program may settle before its memory is read.
	restAfter = 2 * time.Second
)

// start is one start of kazoolab up, from the start of its process.
type start struct {
	ready  float64 // ms until /readyz first answers 200
	cpu    float64 // ms of processor time by then, which a busy machine changes little
	banner float64 // ms until it prints its banner, with a token
	rest   float64 // resident memory at rest, MB
}

func (s start) String() string {
	return fmt.Sprintf("ready after %4.0f ms (%3.0f ms CPU)  banner after %4.0f ms  %4.0f MB at rest", s.ready, s.cpu, s.banner, s.rest)
}

// measureStarts starts kazoolab up so many times, each from nothing, and writes
// each and the medians to out.
func measureStarts(ctx context.Context, out io.Writer, kazoolab string, times int) error {
	var all []start
	for i := range times {
		s, err := measureStart(ctx, kazoolab)
		if err != nil {
			return fmt.Errorf("kazoolab up: %w", err)
		}
		fmt.Fprintf(out, "start %-2d   %s\n", i+1, s)
		all = append(all, s)
	}
	if len(all) > 0 {
		fmt.Fprintf(out, "median     %s\n", start{
			ready:  figures.Median(all, func(s start) float64 { return s.ready }),
			cpu:    figures.Median(all, func(s start) float64 { return s.cpu }),
			banner: figures.Median(all, func(s start) float64 { return s.banner }),
			rest:   figures.Median(all, func(s start) float64 { return s.rest }),
		})
	}
	return nil
}

func measureStart(ctx context.Context, kazoolab string) (s start, err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "kazoolab-bench-")
	if err != nil {
		return s, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	address, err := freeAddress()
	if err != nil {
		return s, err
	}
	cmd := exec.CommandContext(ctx, kazoolab, "up", "--rest-listen", address, "--run-file", filepath.Join(dir, "run.json")) //nolint:gosec // the program that the user names
	cmd.Env = []string{"TMPDIR=" + dir}
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	wall := clock.System()
	began := wall.Now()
	since := func() float64 { return float64(wall.Since(began)) / float64(time.Millisecond) }
	if err := cmd.Start(); err != nil {
		return s, err
	}
	banner := make(chan float64, 1)
	go func() {
		_, _ = stdout.Read(make([]byte, 1))
		banner <- since()
		_, _ = io.Copy(io.Discard, stdout)
	}()
	defer func() {
		cancel()
		_ = cmd.Wait()
	}()
	if err := untilReady(ctx, "http://"+address+"/readyz"); err != nil {
		return s, err
	}
	s.ready, s.cpu = since(), figures.Process(cmd.Process.Pid).CPU*1000
	select {
	case s.banner = <-banner:
	case <-ctx.Done():
		return s, errors.New("it prints no banner")
	}
	if err := clock.Sleep(ctx, wall, restAfter); err != nil {
		return s, err
	}
	s.rest = figures.Process(cmd.Process.Pid).Resident
	return s, nil
}

// untilReady asks until the answer is 200.
func untilReady(ctx context.Context, url string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if clock.Sleep(ctx, clock.System(), pollPause) != nil {
			return errors.New("it does not get ready in time")
		}
	}
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
