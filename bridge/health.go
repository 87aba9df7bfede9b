package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/kazoolab/kazoolab/internal/bus"
)

// readiness says whether events flow, and if not why. Every reason is a fixed
// sentence: addresses and causes are for the log.
type readiness struct {
	Ready  bool     `json:"ready"`
	Reason []string `json:"reasons,omitempty"`
}

// storeLimit is how long the store may take to answer before it counts as gone.
const storeLimit = 2 * time.Second

func (b *Bridge) readiness(ctx context.Context) readiness {
	var why []string
	state := b.bus.State()
	switch {
	case b.draining.Load():
		why = append(why, "the bridge is shutting down")
	case !state.Connected:
		why = append(why, whyNotConnected(state.LastError))
	case !b.subscribed() && errors.Is(state.LastError, bus.ErrForbidden):
		why = append(why, "the broker's user lacks a permission on an exchange or queue, which the log names")
	case !b.subscribed():
		why = append(why, "the queues are not declared and bound yet")
	}
	if state.Blocked != "" {
		why = append(why, "the broker takes no messages: it is short of memory or disk")
	}
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	switch {
	case b.cfg.Store.Ping(ctx) != nil:
		why = append(why, "the store does not answer")
	case b.engine != nil && b.engine.Stored() != nil:
		why = append(why, "the store takes nothing: it is full, read-only or locked")
	}
	return readiness{Ready: len(why) == 0, Reason: why}
}

func whyNotConnected(err error) string {
	switch {
	case errors.Is(err, bus.ErrLogin):
		return "the broker refuses the login: its URL has a wrong user or password"
	case errors.Is(err, bus.ErrNoVhost):
		return "the broker has no such virtual host as its URL names"
	case errors.Is(err, bus.ErrVhost):
		return "the broker refuses its user the virtual host"
	}
	return "the broker is not connected"
}

// livez answers as long as the process serves requests at all.
func (b *Bridge) livez(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readyz answers 200 when events flow and 503 with the reasons when they do not.
func (b *Bridge) readyz(w http.ResponseWriter, r *http.Request) {
	state := b.readiness(r.Context())
	w.Header().Set("Content-Type", "application/json")
	if !state.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if err := json.NewEncoder(w).Encode(state); err != nil {
		b.cfg.Log.Debug("readiness not sent", "error", err)
	}
}
