//go:build !real

package store_test

import "testing"

// newPostgres is nil: without the tag real there is SQLite alone.
func newPostgres() func(testing.TB) string { return nil }
