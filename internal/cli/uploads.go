package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// uploads stores the recordings of a simulated switch at web servers, as far as the guard lets it reach
// them.
type uploads struct {
	ctx    context.Context //nolint:containedctx // its own life: the switch asks without one
	line   *timeline.Timeline
	client *http.Client
}

func newUploads(ctx context.Context, line *timeline.Timeline, g guard.Guard, tlsVerify bool) *uploads {
	dialer := &net.Dialer{Timeout: askLimit, Control: g.Control()}
	return &uploads{ctx: ctx, line: line, client: &http.Client{
		Transport: &http.Transport{
			DialContext:     dialer.DialContext,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !tlsVerify}, //nolint:gosec // the user's choice
			MaxIdleConns:    10, IdleConnTimeout: time.Minute,
		},
		Timeout: 3 * askLimit,
	}}
}

// store uploads a recording beside the timeline; then is told on it.
func (u *uploads) store(upload control.Upload, then func(error)) {
	leave := u.line.Stay()
	go func() {
		err := u.send(upload)
		_ = u.line.Do(u.ctx, func() { // its end is the simulation's
			leave()
			then(err)
		})
	}()
}

func (u *uploads) send(upload control.Upload) error {
	to, err := url.Parse(upload.URL)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" {
		return fmt.Errorf("a recording is stored at an http or https URL, not at %q", upload.URL)
	}
	r, err := http.NewRequestWithContext(u.ctx, upload.Method, upload.URL, bytes.NewReader(upload.Body()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", upload.ContentType)
	for _, h := range upload.Headers {
		r.Header.Add(h[0], h[1])
	}
	answer, err := u.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)) // so that the connection can be used again
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s answered %d", upload.Method, to.Redacted(), answer.StatusCode)
	}
	return nil
}
