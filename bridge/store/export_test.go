package store

import (
	"context"
	"log/slog"
	"time"
)

// OpenImpatient opens a PostgreSQL of which each statement has so long.
func OpenImpatient(ctx context.Context, address string, statement time.Duration, opts Options) (*Store, error) {
	d := postgresDialect(slog.New(slog.DiscardHandler), openPatience)
	d.patience = statement
	return openWith(ctx, d, address, opts)
}
