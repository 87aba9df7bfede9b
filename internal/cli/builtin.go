package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/broker/management"
)

// builtIn is the broker in this process and where it listens.
type builtIn struct {
	config broker.Config
	amqp   net.Listener
	http   net.Listener // of the management API; nil is none
}

// serve runs the broker until ctx ends or a listener fails. It closes the listeners.
func (b builtIn) serve(ctx context.Context) error {
	br := broker.New(b.config)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return br.Serve(ctx, b.amqp) })
	if b.http != nil {
		server := &http.Server{Handler: management.Handler(br), ReadHeaderTimeout: 10 * time.Second}
		group.Go(func() error {
			if err := server.Serve(b.http); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("management API: %w", err)
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			return server.Close()
		})
	}
	return group.Wait()
}

// managementURL is where the management API answers, "" where there is none.
func (b builtIn) managementURL() string {
	if b.http == nil {
		return ""
	}
	return localURL(b.http.Addr().String())
}
