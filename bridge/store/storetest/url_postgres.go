//go:build real

package storetest

import (
	"testing"

	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

// URL is the address of an empty database for a test of something that has a store:
// SQLite in memory, or with the build tag real a database of PostgreSQL.
func URL(t testing.TB) string {
	t.Helper()
	return postgrestest.New(t)
}
