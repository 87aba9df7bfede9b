package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// bench is one measurement.
type bench struct {
	options

	clock   clock.Clock
	began   time.Time
	dir     string
	samples string // the file of recorded requests
	stores  int    // that were made
}

func newBench(o options, dir string) *bench {
	b := &bench{options: o, clock: clock.System(), dir: dir, samples: filepath.Join(dir, "samples.json")}
	b.began = b.clock.Now()
	return b
}

func (b *bench) note(format string, args ...any) {
	fmt.Fprintf(b.out, "%6.1f s  %s\n", b.clock.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// result is what a side did.
type result struct {
	noted

	took     float64 // seconds
	cpu      float64 // seconds of all parts for 1,000 requests
	app      float64 // the same of the application
	others   float64 // the share of the machine that nobody here took
	each     string  // of several parts, each's CPU
	resident float64 // MB of all parts, in the end
}

func (r result) rate() float64  { return float64(r.Requests) / r.took }
func (r result) calls() float64 { return float64(r.Calls) / r.took }

func (r result) String() string {
	return fmt.Sprintf("%6.0f calls/s  %7.0f requests/s  p50 %6.2f ms  p99 %7.2f ms  max %7.1f ms  CPU %.4f s/1,000%s (application %.4f, others %2.0f %% of the machine)  %4.0f MB",
		r.calls(), r.rate(), r.P50, r.P99, r.Max, r.cpu, r.each, r.app, r.others*100, r.resident)
}

// warm is how long a side works before anything counts.
const warm = 2 * time.Second

// measure has a side work for so long.
func (b *bench) measure(ctx context.Context, begin starter, l load, lasts time.Duration) (r result, err error) {
	s, err := begin(ctx, l)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	if err := clock.Sleep(ctx, b.clock, warm); err != nil {
		return r, err
	}
	var none struct{}
	if err := ask(ctx, s.app.URL+beginPath, &none); err != nil {
		return r, err
	}
	before, appBefore, busy, began := s.used(), s.app.used().CPU, figures.Busy(), b.clock.Now()
	if err := clock.Sleep(ctx, b.clock, lasts); err != nil {
		return r, err
	}
	r.took = b.clock.Since(began).Seconds()
	after, app := s.used(), s.app.used().CPU-appBefore
	all := figures.Busy() - busy
	if err := ask(ctx, s.app.URL+endPath, &r.noted); err != nil {
		return r, err
	}
	if r.Requests == 0 {
		return r, errors.New("the application was asked nothing: give more time")
	}
	var parts []string
	for i, p := range s.parts {
		cpu := after[i].CPU - before[i].CPU
		all -= cpu
		r.cpu += cpu / float64(r.Requests) * 1000
		r.resident += after[i].Resident
		parts = append(parts, fmt.Sprintf("%s %.4f", p.name, cpu/float64(r.Requests)*1000))
	}
	if len(parts) > 1 {
		r.each = ": " + strings.Join(parts, ", ")
	}
	r.app = app / float64(r.Requests) * 1000
	r.others = max(all-app, 0) / r.took / float64(runtime.NumCPU())
	return r, nil
}

func (s *side) used() []figures.Used {
	var all []figures.Used
	for _, p := range s.parts {
		all = append(all, p.used())
	}
	return all
}

// ask fetches what an application has noted.
func ask(ctx context.Context, url string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Timeout: startLimit}).Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	return json.NewDecoder(answer.Body).Decode(into)
}

// record has an engine work for a moment, and keeps what it asked.
func (b *bench) record(ctx context.Context, engine starter) error {
	const moment = time.Second
	r, err := b.measure(ctx, engine, load{}, moment)
	if err != nil {
		return err
	}
	size := 0
	for n, text := range r.Samples {
		if text == "" {
			return fmt.Errorf("no call came to its request %d", n+1)
		}
		size += len(text)
	}
	b.note("%d requests a call, of %d bytes in the mean", b.requests, size/len(r.Samples))
	text, err := json.Marshal(r.Samples)
	if err != nil {
		return err
	}
	return os.WriteFile(b.samples, text, 0o600)
}
