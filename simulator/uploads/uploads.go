// Package uploads takes the recordings of a simulated switch to web servers, as its store command
// says. It owns one HTTP request for each, how many are made at once, and how long one may take. It never
// decides what is recorded, nor which addresses may be dialled: the HTTP client that it is given does.
package uploads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Config is what uploads are made with. Line and Client are required.
type Config struct {
	// Line is the switch's, which hears of what came of an upload.
	Line   *timeline.Timeline
	Client *http.Client
	// Await has the switch's time wait for an upload until what it returns is called; nil has the time
	// stand still, so that the same happens each time. Where other calls go on, Timeline.Stay does.
	Await func() (over func())
	// Timeout of an upload on the wall; 0 is 30 s.
	Timeout time.Duration
}

const (
	patience = 30 * time.Second
	// AtOnce uploads are made at a time: an hour of WAV is 29 MB of each. Others wait for their turn, in the
	// order in which they came.
	AtOnce = 8
	// Waiting is how many wait, at most.
	Waiting = 1000
	// most is how much of an answer is read, so that the connection can be used again.
	most = 64 << 10
)

// StatusError says that a web server did not take a recording.
type StatusError struct {
	Method, URL string // without a password
	Status      int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s was answered with %d %s: a server that takes a recording answers with 200, 201 or 204",
		e.Method, e.URL, e.Status, http.StatusText(e.Status))
}

// ErrFull says that a recording is not uploaded because too many are.
var ErrFull = fmt.Errorf("%d recordings are being uploaded and %d wait for that, as many as may: "+
	"this one is dropped; the servers that take them are too slow", AtOnce, Waiting)

// uploads are those of a timeline, whose goroutine uses them.
type uploads struct {
	Config

	ctx     context.Context //nolint:containedctx // its own life: the switch asks without one
	running int
	waiting []job
}

// job is an upload that somebody waits for.
type job struct {
	control.Upload

	over func()
	then func(error)
}

// New returns a Store of a control.Config, which makes uploads until ctx ends. What came of one is
// told on the goroutine of the timeline: nil, a *StatusError, ErrFull, or why nothing was answered.
func New(ctx context.Context, c Config) func(control.Upload, func(error)) {
	if c.Await == nil {
		c.Await = c.Line.Hold
	}
	if c.Timeout == 0 {
		c.Timeout = patience
	}
	all := &uploads{Config: c, ctx: ctx}
	return func(u control.Upload, then func(error)) {
		j := job{u, c.Await(), then}
		switch {
		case all.running < AtOnce:
			all.begin(j)
		case len(all.waiting) < Waiting:
			all.waiting = append(all.waiting, j)
		default:
			c.Line.After(0, func() {
				j.over()
				then(ErrFull)
			})
		}
	}
}

func (all *uploads) begin(j job) {
	all.running++
	go func() {
		err := all.upload(all.ctx, j.Upload)
		_ = all.Line.Do(all.ctx, func() { // that the switch has ended is no one's fault
			all.running--
			if len(all.waiting) > 0 {
				next := all.waiting[0]
				all.waiting = all.waiting[1:]
				all.begin(next)
			}
			j.over()
			j.then(err)
		})
	}()
}

func (c Config) upload(ctx context.Context, u control.Upload) (err error) {
	to, err := url.Parse(u.URL)
	switch {
	case err != nil:
		return fmt.Errorf("the Media-Transfer-Destination is no URL: %w", err)
	case to.Scheme != "http" && to.Scheme != "https":
		return fmt.Errorf("a recording is uploaded to an http or https URL, not to %q", to.Redacted())
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, u.Method, u.URL, bytes.NewReader(u.Body()))
	if err != nil {
		return fmt.Errorf("the upload cannot be requested: %w", err)
	}
	request.Header.Set("Content-Type", u.ContentType)
	for _, line := range u.Headers {
		request.Header.Add(line[0], line[1])
	}
	answer, err := c.Client.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if _, err := io.CopyN(io.Discard, answer.Body, most); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return &StatusError{u.Method, to.Redacted(), answer.StatusCode}
	}
	return nil
}
