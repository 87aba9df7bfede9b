package store_test

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

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
