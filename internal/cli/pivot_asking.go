package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/simulator/pivot/apps"
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
	if name, ok := apps.Of(r.URL); ok {
		return pivotclient.Answer{}, fmt.Errorf("%s is an app at a websocket, which is asked in kazoolab up alone, by kazoolab call", name)
	}
	answer, err := a.client.Ask(ctx, r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if failed, ok := errors.AsType[*pivotclient.Error](err); ok &&
		(failed.Kind == pivotclient.Refused || failed.Kind == pivotclient.Forbidden && failed.URL == r.URL) { // else it redirects there
		a.refused = failed.Error()
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

// uploader takes recordings to where an app wants them, with the same guard as its requests.
func uploader() *http.Client {
	guarded := pivotclient.Local()
	dialer := &net.Dialer{Timeout: patience, Control: guarded.Control()}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
}

// unlogged is a log for calls of which nobody wants to read one by one.
func unlogged() *slog.Logger { return slog.New(slog.DiscardHandler) }
