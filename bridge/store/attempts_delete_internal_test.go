package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// A writer that comes while attempts are deleted has its turn after a chunk of them.
func TestADeletionLetsWritersIn(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const old = 10 * deleteChunk
	attempts := make([]Attempt, old)
	for i := range attempts {
		attempts[i] = Attempt{ID: fmt.Sprint(i), AccountID: "a", HookID: "h", Created: 1}
	}
	if err := s.AddAttempts(ctx, attempts); err != nil {
		t.Fatal(err)
	}
	// While this holds the one connection that writes, both stand in line for it.
	waited := s.write.Stats().WaitCount
	held, err := s.write.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	deleted, left := make(chan error, 1), make(chan int, 1)
	go func() {
		_, err := s.DeleteAttempts(ctx, 2)
		deleted <- err
	}()
	go func() {
		n := -1
		_ = s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT count(*) FROM attempts").Scan(&n)
		})
		left <- n
	}()
	inLine(ctx, t, s, waited+2)
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	// Which of the two goes first is the pool's choice; after one chunk the other does.
	if n := <-left; n < old-deleteChunk {
		t.Errorf("the writer's turn came when %d of %d were left", n, old)
	}
	if err := <-deleted; err != nil {
		t.Error(err)
	}
	if rest, err := s.Attempts(ctx, AttemptQuery{}); err != nil || len(rest) != 0 {
		t.Errorf("%d left, %v", len(rest), err)
	}
}

// inLine returns when so many in all have waited for the connection that writes.
func inLine(ctx context.Context, t *testing.T, s *Store, n int64) {
	t.Helper()
	NewWithT(t).Eventually(func() int64 { return s.write.Stats().WaitCount }).WithContext(ctx).Should(BeNumerically(">=", n))
}
