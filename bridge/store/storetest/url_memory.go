//go:build !real

package storetest

import "testing"

// URL is the address of an empty database for a test of something that has a store:
// SQLite in memory, or with the build tag real a database of PostgreSQL.
func URL(testing.TB) string { return "sqlite::memory:" }
