package pivot_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// recordedFlows checks JSON answers as the recorded engine: with the client black-lists that Kazoo has
// where nobody has set any.
func recordedFlows(t *testing.T) *flow.Checker {
	t.Helper()
	c, err := flow.New(func(address string) string {
		_, rest, _ := strings.Cut(address, "://")
		host := strings.ToLower(rest)
		if end := strings.IndexAny(host, "/?#"); end >= 0 {
			host = host[:end]
		}
		host = host[strings.LastIndexByte(host, '@')+1:]
		host, _, _ = strings.Cut(host, ":")
		if slices.Contains([]string{"localhost", "127.0.0.1", "0.0.0.0"}, host) {
			return host + " is on the block list"
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newFlows checks JSON answers; no address is refused.
func newFlows(t *testing.T) *flow.Checker {
	t.Helper()
	c, err := flow.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newAsker is the real client.
func newAsker(t *testing.T) func(context.Context, request.Request) (client.Answer, error) {
	t.Helper()
	c := client.New(client.Config{Guard: client.Local(), TLSUnverified: true, MaxBody: pivot.MaxBody})
	t.Cleanup(c.Close)
	return c.Ask
}
