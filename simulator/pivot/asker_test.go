package pivot_test

import (
	"context"
	"testing"

	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// newFlows checks JSON answers; no address is refused, as the records were taken below REST.
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
