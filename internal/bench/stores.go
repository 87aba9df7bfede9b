package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/kazoolab/kazoolab/internal/lab"
	"github.com/kazoolab/kazoolab/internal/postgres"
)

// stores are where bridges keep what they keep: files, and databases of a private
// PostgreSQL.
type stores struct {
	kinds  []string
	dir    string
	files  int
	server postgres.Running // nil where none is asked for
}

func openStores(ctx context.Context, kinds []string) (*stores, error) {
	dir, err := os.MkdirTemp("", "kazoolab-bench-")
	if err != nil {
		return nil, err
	}
	s := &stores{kinds: kinds, dir: dir}
	if slices.Contains(kinds, lab.PostgreSQL) {
		if s.server, err = postgres.Start(ctx, postgres.Options{}); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	return s, nil
}

// fresh gives an empty store.
func (s *stores) fresh(ctx context.Context, kind string) (url string, err error) {
	if kind == lab.PostgreSQL {
		return s.server.NewDatabase(ctx)
	}
	s.files++
	return "sqlite:" + filepath.Join(s.dir, fmt.Sprintf("%d.db", s.files)), nil
}

func (s *stores) close() {
	if s.server != nil {
		_ = s.server.Stop()
	}
	_ = os.RemoveAll(s.dir)
}
