package store

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
)

// migrate brings the schema up to date, or refuses one that it does not know.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := goose.NewProvider(s.dialect.name, s.write, s.dialect.migrations,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, know, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > know {
		return fmt.Errorf("%w: it has version %d, this program knows %d; run the version of the program that wrote it, or a later one",
			ErrNewerSchema, have, know)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate schema from version %d to %d: %w", have, know, err)
	}
	for _, r := range results {
		s.log.InfoContext(ctx, "store schema migrated", "version", r.Source.Version, "duration", r.Duration)
	}
	return nil
}
