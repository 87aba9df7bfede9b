package pivot_test

import (
	"context"
	"testing"

	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// newAsker is the real client.
func newAsker(t *testing.T) func(context.Context, request.Request) (client.Answer, error) {
	t.Helper()
	c := client.New(client.Config{Guard: client.Local(), TLSUnverified: true, MaxBody: 2 << 20})
	t.Cleanup(c.Close)
	return c.Ask
}
