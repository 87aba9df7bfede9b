package store_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const benchAttempts = 1_000_000

// filled is a database on disk with a million attempts: one account in a hundred
// has half of them, one in a thousand of its hooks nearly none.
func filled(b *testing.B) (s *store.Store, newest time.Time) {
	b.Helper()
	clock := clockwork.NewFakeClockAt(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC))
	s, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "bench.db"),
		store.Options{Clock: clock, IDs: ids.Seeded("bench"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	body := jobj.Object{
		{Key: "resp_status_code", Value: "503"}, {Key: "resp_body", Value: "busy"},
		{Key: "result", Value: "failure"}, {Key: "reason", Value: "bad response code"},
		{Key: "req_body", Value: fmt.Sprintf("%0700d", 1)},
	}
	const batch = 5000
	attempts := make([]store.Attempt, batch)
	for n := 0; n < benchAttempts; n += batch {
		for i := range attempts {
			at := clock.Now().Add(time.Duration(n+i) * 2 * time.Millisecond)
			account, hook := "busy", fmt.Sprint("h", i%1000)
			if i%2 == 1 {
				account = fmt.Sprint("a", i%100)
			}
			attempts[i] = store.Attempt{AccountID: account, HookID: hook, Created: kapi.Gregorian(at), CreatedAt: at, Body: body}
			newest = at
		}
		if err := s.AddAttempts(b.Context(), attempts); err != nil {
			b.Fatal(err)
		}
	}
	return s, newest
}

// BenchmarkAttempts reads pages out of a million attempts, and deletes the oldest.
func BenchmarkAttempts(b *testing.B) {
	s, newest := filled(b)
	now := kapi.Gregorian(newest)
	deep, err := s.Attempts(b.Context(), store.AttemptQuery{AccountID: "busy", To: now - 1000, Limit: 1})
	if err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]store.AttemptQuery{
		"account":        {AccountID: "busy", From: now - 2_682_000, To: now},
		"account deep":   {AccountID: "busy", From: now - 2_682_000, To: now, After: deep[0]},
		"account oldest": {AccountID: "busy", From: now - 2_682_000, To: now, Ascending: true},
		"hook":           {AccountID: "busy", HookID: "h10", From: now - 2_682_000, To: now},
		"unknown hook":   {AccountID: "busy", HookID: "none", From: now - 2_682_000, To: now},
	} {
		b.Run(name, func(b *testing.B) {
			q.Limit = 51
			for b.Loop() {
				if _, err := s.Attempts(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.TrimAttempts(b.Context(), benchAttempts); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("trim 100", func(b *testing.B) { // a chunk, which other writers wait for
		keep := int64(benchAttempts)
		for b.Loop() {
			keep -= 100
			if _, err := s.TrimAttempts(b.Context(), keep); err != nil {
				b.Fatal(err)
			}
		}
	})
}
