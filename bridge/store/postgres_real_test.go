//go:build real

package store_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

// newPostgres makes an empty database of PostgreSQL.
func newPostgres() func(testing.TB) string { return postgrestest.New }

func TestPostgres(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		Shared: true,
		URL: func(t *testing.T) string {
			t.Helper()
			return postgrestest.New(t)
		},
		Tamper: func(t *testing.T, url, statement string) {
			t.Helper()
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	})
}
