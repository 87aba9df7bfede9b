package store_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSQLiteFile(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		URL: func(t *testing.T) string {
			t.Helper()
			return "sqlite:" + filepath.Join(t.TempDir(), "kazoolab.db")
		},
		Tamper: func(t *testing.T, url, statement string) {
			t.Helper()
			db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		},
	})
}

func TestSQLiteMemory(t *testing.T) {
	storetest.Run(t, storetest.Driver{URL: func(*testing.T) string { return "sqlite::memory:" }})
}

func TestOpenRefusesOtherAddressesWithoutShowingThem(t *testing.T) {
	for _, url := range []string{"", "sqlite", "sqlite:", "/path/file.db", "mysql://user:hunter2@host/db"} {
		s, err := store.Open(t.Context(), url, options())
		if err == nil {
			t.Errorf("%q: opened %v", url, s.Close())
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestMemoryDatabasesAreApart(t *testing.T) {
	one, other := openStore(t, "sqlite::memory:"), openStore(t, "sqlite::memory:")
	if _, err := one.Save(t.Context(), store.Document{DB: "d", ID: "x"}); err != nil {
		t.Fatal(err)
	}
	if docs, err := other.List(t.Context(), store.Query{DB: "d"}); err != nil || len(docs) != 0 {
		t.Errorf("%v, %v", docs, err)
	}
}

func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1,"a":[{},null,true,-0.0,1E400]}`, `{"\u0000":"\ud800\udc00\ud800"}`, "{\"\xff\":\"\u2028\"}", `[1]`,
	} {
		f.Add([]byte(seed))
	}
	s := openStore(f, "sqlite::memory:")
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := jobj.ParseObject(data)
		if err != nil {
			return
		}
		doc, err := s.Save(t.Context(), store.Document{DB: "d", Body: body})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(t.Context(), "d", doc.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want, have := jobj.Append(nil, body), jobj.Append(nil, got.Body); string(want) != string(have) {
			t.Errorf("saved %s, got %s", want, have)
		}
		if err := s.Remove(t.Context(), "d", doc.ID); err != nil {
			t.Fatal(err)
		}
	})
}

// The benchmarks write about what a hook and an attempt weigh: 1.6 kB.
func bulk() jobj.Object {
	body := jobj.Object{{Key: "name", Value: "New Calls"}}
	for i := range 30 {
		body = append(body, jobj.Member{Key: fmt.Sprintf("member_%02d", i), Value: strings.Repeat("x", 36)})
	}
	return body
}

func BenchmarkSave(b *testing.B) {
	s := openStore(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"))
	body := bulk()
	for i := 0; b.Loop(); i++ {
		doc := store.Document{DB: "webhooks", ID: fmt.Sprintf("%032x", i), Type: "webhook", AccountID: "a1", Body: body}
		if _, err := s.Save(b.Context(), doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s := openStore(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"))
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
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := openStore(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"))
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
		})
	}
}

// BenchmarkFailures writes what hooks that fail ten times a second have each second,
// and reads it as a check does.
func BenchmarkFailures(b *testing.B) {
	const hooks = 10_000
	s := openStore(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"))
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

func options() store.Options {
	return store.Options{
		Clock: clockwork.NewFakeClock(), IDs: ids.Seeded("store"), Log: slog.New(slog.DiscardHandler),
	}
}

func openStore(tb testing.TB, url string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), url, options())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}
