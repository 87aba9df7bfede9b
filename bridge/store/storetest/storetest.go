// Package storetest is the contract that every database behind a store.Store keeps,
// as a suite of tests that a driver runs. It knows a store by its exported methods
// alone and never looks at tables, but for the one statement that it tampers with.
package storetest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Driver is a kind of database.
type Driver struct {
	// URL returns the address of a new, empty database, which is gone when the test ends.
	URL func(t *testing.T) string
	// Tamper runs a statement on the closed database at url. It is nil for a
	// database that does not outlive its Store, to which the tests of reopening
	// do not apply.
	Tamper func(t *testing.T, url, statement string)
	// Shared says that several processes may have the database open.
	Shared bool
}

// Run runs the suite.
func Run(t *testing.T, driver Driver) {
	t.Helper()
	groups := []struct {
		name  string
		tests []contract
	}{
		{"documents", documents()},
		{"conflicts", conflicts()},
		{"lists", lists()},
		{"views", views()},
		{"objects", objects()},
		{"writes", writes()},
		{"attempts", attempts()},
		{"failures", failures()},
		{"backlog", backlog()},
		{"nodes", nodes()},
		{"files", files()},
		{"secrets", secrets()},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, newFixture(t, driver.URL(t))) })
			}
		})
	}
	if driver.Tamper != nil {
		t.Run("reopening", func(t *testing.T) { reopening(t, driver) })
	}
	if driver.Shared {
		t.Run("sharing", func(t *testing.T) { sharing(t, driver) })
	}
}

type contract struct {
	name string
	run  func(t *testing.T, f *fixture)
}

// fixture is a store on a clock that stands still unless a test moves it.
type fixture struct {
	*store.Store
	clock *clockwork.FakeClock
}

// start is when each test begins.
func start() time.Time { return time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC) }

// startSeconds is start in Gregorian seconds, spelled out: the suite does not
// compute what it expects with the code under test.
const startSeconds = 63961963200

func newFixture(t *testing.T, url string) *fixture {
	t.Helper()
	f, err := open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func open(ctx context.Context, url string) (*fixture, error) {
	clock := clockwork.NewFakeClockAt(start())
	s, err := store.Open(ctx, url, store.Options{
		Clock: clock, IDs: ids.Seeded("storetest"), Log: slog.New(slog.DiscardHandler),
	})
	return &fixture{Store: s, clock: clock}, err
}

func (f *fixture) save(t *testing.T, doc store.Document) store.Document {
	t.Helper()
	saved, err := f.Save(t.Context(), doc)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func (f *fixture) get(t *testing.T, db, id string) store.Document {
	t.Helper()
	doc, err := f.Get(t.Context(), db, id)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func object(t *testing.T, text string) jobj.Object {
	t.Helper()
	obj, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func text(body jobj.Object) string { return string(jobj.Append(nil, body)) }

func documentIDs(docs []store.Document) []string {
	found := make([]string, len(docs))
	for i, doc := range docs {
		found[i] = doc.ID
	}
	return found
}
