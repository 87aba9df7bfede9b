package cli

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	pivotclient "github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// asking asks the app, and remembers whether it could ever be reached. It is used by many
// goroutines.
type asking struct {
	client *pivotclient.Client

	mu      sync.Mutex
	reached bool
	refused string // why there was no connection
}

func newAsking(compat fidelity.Compat) *asking {
	return &asking{client: pivotclient.New(pivotclient.Config{Compat: compat, Guard: pivotclient.Local()})}
}

// Ask is that of the engine's Asker.
func (a *asking) Ask(ctx context.Context, r request.Request) (pivotclient.Answer, error) {
	answer, err := a.client.Ask(ctx, r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if failed, ok := errors.AsType[*pivotclient.Error](err); ok &&
		(failed.Kind == pivotclient.Refused || failed.Kind == pivotclient.Forbidden && failed.URL == r.URL) { // else it redirects there
		a.refused = strings.TrimPrefix(failed.Error(), failed.URL+": ")
	} else {
		a.reached = true
	}
	return answer, err
}

// away is why the app cannot be reached; "" where it could, or was not asked.
func (a *asking) away() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reached {
		return ""
	}
	return a.refused
}

// again forgets what it remembers.
func (a *asking) again() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reached, a.refused = false, ""
}

// unlogged is a log for calls of which nobody wants to read one by one.
func unlogged() *slog.Logger { return slog.New(slog.DiscardHandler) }
