// Package target finds out what a deployment is and what of it can be reached: its profile,
// whether what the profile says is so, and its clock. It never judges it.
package target

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// LabClock puts the time of a lab (`kazoolab up`) forward over HTTP.
type LabClock struct {
	URL, Token string // http://127.0.0.1:8000/_dev/clock/advance
	HTTP       *http.Client
}

// Advance moves the target's clock.
func (l LabClock) Advance(ctx context.Context, d time.Duration) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL, strings.NewReader(fmt.Sprintf(`{"by":%q}`, d.String())))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+l.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := l.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)); resp.StatusCode/100 != 2 {
		return fmt.Errorf("clock: %s answered %d: %s", l.URL, resp.StatusCode, body)
	}
	return nil
}

// RealClock waits: for targets whose time cannot be moved.
type RealClock struct{ Clock clock.Clock }

// Advance returns when d has passed.
func (r RealClock) Advance(ctx context.Context, d time.Duration) error {
	return clock.Sleep(ctx, r.Clock, d)
}
