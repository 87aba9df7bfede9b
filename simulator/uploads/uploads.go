// Package uploads takes the recordings of a simulated switch to web servers, as its store command
// says. It owns one HTTP request for each, and how long that may take. It never decides what is
// recorded, nor which addresses may be dialled: the HTTP client that it is given does.
package uploads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	// most is how much of an answer is read, so that the connection can be used again.
	most = 64 << 10
)

// StatusError says that a web server did not take a recording.
type StatusError struct {
	Method, URL string
	Status      int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s was answered with %d %s: a server that takes a recording answers with 200, 201 or 204",
		e.Method, e.URL, e.Status, http.StatusText(e.Status))
}

// New returns a Store of a control.Config, which makes uploads until ctx ends. What came of one is
// told on the goroutine of the timeline: nil, a *StatusError, or why nothing was answered.
func New(ctx context.Context, c Config) func(control.Upload, func(error)) {
	if c.Await == nil {
		c.Await = c.Line.Hold
	}
	if c.Timeout == 0 {
		c.Timeout = patience
	}
	return func(u control.Upload, then func(error)) {
		over := c.Await()
		go func() {
			err := c.upload(ctx, u)
			_ = c.Line.Do(ctx, func() { // that the switch has ended is no one's fault
				over()
				then(err)
			})
		}()
	}
}

func (c Config) upload(ctx context.Context, u control.Upload) (err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, u.Method, u.URL, bytes.NewReader(u.Body()))
	if err != nil {
		return fmt.Errorf("the Media-Transfer-Destination is no URL: %w", err)
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
		return &StatusError{u.Method, u.URL, answer.StatusCode}
	}
	return nil
}
