package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Secret returns the secret called name, or stores what create makes and returns
// that. Callers that race, on any node, all get the value that was stored first;
// create may therefore run in vain, and runs outside any transaction.
func (s *Store) Secret(ctx context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	value, err := s.secret(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		value, err = s.createSecret(ctx, name, create)
	}
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return value, nil
}

func (s *Store) createSecret(ctx context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	value, err := create()
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO secrets (name, value, created) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO NOTHING`, name, value, s.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.secret(ctx, name)
}

func (s *Store) secret(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var value []byte
	err := s.read.QueryRowContext(ctx, "SELECT value FROM secrets WHERE name=$1", name).Scan(&value)
	return value, err
}
