package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// The benchmarks write about what a hook and an attempt weigh: 1.6 kB.
func bulk() jobj.Object {
	body := jobj.Object{{Key: "name", Value: "New Calls"}}
	for i := range 30 {
		body = append(body, jobj.Member{Key: fmt.Sprintf("member_%02d", i), Value: strings.Repeat("x", 36)})
	}
	return body
}

// onEach runs a benchmark on a new database of each kind.
func onEach(b *testing.B, run func(b *testing.B, s *store.Store)) {
	b.Helper()
	for name, url := range map[string]func(testing.TB) string{
		"sqlite":   func(testing.TB) string { return "sqlite:" + filepath.Join(b.TempDir(), "bench.db") },
		"postgres": newPostgres(),
	} {
		if url != nil {
			b.Run(name, func(b *testing.B) { run(b, openStore(b, url(b))) })
		}
	}
}

func BenchmarkSave(b *testing.B) {
	body := bulk()
	onEach(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for i := 0; b.Loop(); i++ {
			doc := store.Document{DB: "webhooks", ID: fmt.Sprintf("%032x", i), Type: "webhook", AccountID: "a1", Body: body}
			if _, err := s.Save(b.Context(), doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	onEach(b, benchmarkGet)
}

func benchmarkGet(b *testing.B, s *store.Store) {
	b.Helper()
	if _, err := s.Save(b.Context(), store.Document{DB: "webhooks", ID: "h1", Body: bulk()}); err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Get(b.Context(), "webhooks", "h1"); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkAddAttempts(b *testing.B) {
	body := bulk()
	for _, size := range []int{1, 10, 200, 1000} {
		run := func(b *testing.B, s *store.Store) {
			b.Helper()
			batch := make([]store.Attempt, size)
			at := time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC)
			for b.Loop() {
				for i := range batch {
					at = at.Add(time.Millisecond)
					batch[i] = store.Attempt{
						AccountID: fmt.Sprint("account", i%50), HookID: fmt.Sprint("hook", i%200),
						Created: at.Unix(), CreatedAt: at, Body: body,
					}
				}
				if err := s.AddAttempts(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "attempts/s")
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) { onEach(b, run) })
	}
}

// BenchmarkFailures writes what hooks that fail ten times a second have each second,
// and reads it as a check does.
func BenchmarkFailures(b *testing.B) {
	onEach(b, benchmarkFailures)
}

func benchmarkFailures(b *testing.B, s *store.Store) {
	b.Helper()
	const hooks = 10_000
	rows := make([]store.Failures, hooks)
	for i := range rows {
		rows[i] = store.Failures{
			AccountID: fmt.Sprintf("%032x", i/5), HookID: fmt.Sprintf("%032x", i), Revision: int64(i), Node: "node",
			Times: make([]int64, 128), Expires: 1,
		}
		for j := range rows[i].Times {
			rows[i].Times[j] = 1_700_000_000_000 + int64(i+j*100)
		}
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			for chunk := range slices.Chunk(rows, 200) {
				if err := s.SaveFailures(b.Context(), chunk); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*hooks), "µs/hook")
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			for _, err := range s.EachFailures(b.Context(), store.FailureQuery{NotNode: "other"}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*hooks), "µs/hook")
	})
}
