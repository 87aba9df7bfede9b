package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/pivot"
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
	return &asking{client: pivotclient.New(pivotclient.Config{Compat: compat, Guard: pivotclient.Local(), MaxBody: pivot.MaxBody})}
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

// away is an error where the app cannot be reached.
func (r *rehearsal) away() error {
	if why := r.asker.away(); why != "" {
		return unreachablef("the app at %s cannot be reached: %s", r.action.String("voice_url"), why)
	}
	return nil
}

// again forgets what it remembers.
func (a *asking) again() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reached, a.refused = false, ""
}

// await returns once something listens where the app is to be, or the time is up, or waiting is of no use: the call
// tells then what is wrong.
func (r *rehearsal) await(ctx context.Context) error {
	u, err := url.Parse(r.action.String("voice_url"))
	if err != nil || r.flags.wait <= 0 {
		return nil //nolint:nilerr // the call tells
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	dialer := &net.Dialer{Timeout: r.flags.wait, Control: pivotclient.Local().Control()}
	for until := r.Clock.Now().Add(r.flags.wait); ; {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
		if err == nil {
			return conn.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || r.Clock.Until(until) <= 0 {
			return nil
		}
		if err := clock.Sleep(ctx, r.Clock, lookingForApp); err != nil {
			return err
		}
	}
}

// lookingForApp is how long it takes from one look for an app that is not there yet to the next.
const lookingForApp = 100 * time.Millisecond

// unlogged is a log for calls of which nobody wants to read one by one.
func unlogged() *slog.Logger { return slog.New(slog.DiscardHandler) }
