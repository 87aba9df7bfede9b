// Package postgrestest gives a test a PostgreSQL database of its own, at the server
// that the environment names, as internal/brokertest/with sets it up for
// `make test-real`. It owns making and removing databases; it never touches
// another test's, nor one that was there before.
package postgrestest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/postgres"
)

// URLVariable is the environment variable that names the PostgreSQL to test with: the
// address of a database there, with credentials that may make others.
const URLVariable = "KAZOOLAB_TEST_POSTGRES_URL"

// patience bounds the making and the removal of a database.
const patience = 30 * time.Second

// Server is the address of the server to test with. Without one the test fails.
func Server(t testing.TB) string {
	t.Helper()
	address := os.Getenv(URLVariable)
	if address == "" {
		t.Fatalf("no PostgreSQL to test with: run `make test-real`, or set %s", URLVariable)
	}
	return address
}

// New makes an empty database that is gone when the test ends, and returns its address.
func New(t testing.TB) string {
	t.Helper()
	server := Server(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	address, err := postgres.CreateDatabase(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := postgres.DropDatabase(ctx, server, address); err != nil {
			t.Error(err)
		}
	})
	return address
}
