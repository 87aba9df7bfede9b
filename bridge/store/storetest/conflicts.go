package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func conflicts() []contract {
	return []contract{
		{"an id is used once, until its document is deleted", func(t *testing.T, f *fixture) {
			doc := f.save(t, store.Document{DB: "d", ID: "x", Body: object(t, `{"n":1}`)})
			expectConflict(t, f, store.Document{DB: "d", ID: "x"})
			doc.Deleted = true
			f.save(t, doc)
			again := f.save(t, store.Document{DB: "d", ID: "x", Body: object(t, `{"n":3}`)})
			if !strings.HasPrefix(again.Rev, "3-") || again.Deleted {
				t.Errorf("made anew: %+v", again)
			}
		}},
		{"a stale, invented or outlived revision is refused and changes nothing", func(t *testing.T, f *fixture) {
			first := f.save(t, store.Document{DB: "d", ID: "x", Body: object(t, `{"n":1}`)})
			second := first
			second.Body = object(t, `{"n":2}`)
			second = f.save(t, second)

			expectConflict(t, f, first)
			expectConflict(t, f, store.Document{DB: "d", ID: "x", Rev: "2-00000000000000000000000000000000"})
			expectConflict(t, f, store.Document{DB: "d", ID: "x", Rev: "nonsense"})
			expectConflict(t, f, store.Document{DB: "d", ID: "never", Rev: first.Rev})
			if got := f.get(t, "d", "x"); got.Rev != second.Rev || text(got.Body) != `{"n":2}` {
				t.Errorf("got %+v", got)
			}
		}},
		{"each revision has a number of its own", func(t *testing.T, f *fixture) {
			seen := map[int64]string{}
			for life := range 3 {
				doc := store.Document{DB: "d", ID: "x", Body: jobj.Object{{Key: "life", Value: life}}}
				for range 3 {
					doc = f.save(t, doc)
					if earlier, ok := seen[doc.Revision()]; ok || doc.Revision() != f.get(t, "d", "x").Revision() {
						t.Errorf("%s and %s: %d", doc.Rev, earlier, doc.Revision())
					}
					seen[doc.Revision()] = doc.Rev
				}
				if err := f.Remove(t.Context(), "d", "x"); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"of documents that are saved together, one conflict refuses all", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "d", ID: "x"})
			docs := []store.Document{{DB: "d", ID: "new"}, {DB: "d", ID: "x"}, {DB: "d"}}
			if err := f.SaveAll(t.Context(), docs); !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "d/x") {
				t.Errorf("got %v", err)
			}
			expectList(t, f, store.Query{DB: "d"}, "x")
			docs[1].ID = "y"
			if err := f.SaveAll(t.Context(), docs); err != nil {
				t.Error(err)
			}
			if got, err := f.List(t.Context(), store.Query{DB: "d"}); err != nil || len(got) != 4 || docs[2].ID != "" {
				t.Errorf("%d documents, %v; the caller's own: %+v", len(got), err, docs)
			}
		}},
		{"of writers who race for one revision exactly one wins", func(t *testing.T, f *fixture) {
			const writers, rounds = 8, 10
			doc := f.save(t, store.Document{DB: "d", ID: "x", Body: jobj.Object{}})
			for round := range rounds {
				won := race(t, writers, func(writer int) error {
					mine := doc
					mine.Body = jobj.Object{{Key: "writer", Value: fmt.Sprint(round, "/", writer)}}
					_, err := f.Save(t.Context(), mine)
					return err
				})
				next := f.get(t, "d", "x")
				if want := fmt.Sprintf(`{"writer":"%d/%d"}`, round, won); text(next.Body) != want {
					t.Fatalf("stored %s, want %s", text(next.Body), want)
				}
				doc = next
			}
		}},
		{"of creators who race for one id exactly one wins", func(t *testing.T, f *fixture) {
			won := race(t, 8, func(writer int) error {
				_, err := f.Save(t.Context(), store.Document{DB: "d", ID: "x", Type: fmt.Sprint(writer)})
				return err
			})
			if got := f.get(t, "d", "x"); got.Type != fmt.Sprint(won) {
				t.Errorf("stored that of %s, %d won", got.Type, won)
			}
		}},
		{"writers of different documents all succeed, readers beside them", func(t *testing.T, f *fixture) {
			const writers, each = 4, 25
			var group sync.WaitGroup
			for writer := range writers {
				group.Go(func() {
					for i := range each {
						doc := store.Document{DB: "d", ID: fmt.Sprintf("%d-%02d", writer, i)}
						if _, err := f.Save(t.Context(), doc); err != nil {
							t.Error(err)
						}
						if _, err := f.Get(t.Context(), doc.DB, doc.ID); err != nil {
							t.Errorf("own write not read: %v", err)
						}
					}
				})
			}
			group.Wait()
			if docs, err := f.List(t.Context(), store.Query{DB: "d"}); err != nil || len(docs) != writers*each {
				t.Errorf("%d documents, %v", len(docs), err)
			}
		}},
	}
}

func expectConflict(t *testing.T, f *fixture, doc store.Document) {
	t.Helper()
	if got, err := f.Save(t.Context(), doc); !errors.Is(err, store.ErrConflict) {
		t.Errorf("save at revision %q: %+v, %v", doc.Rev, got, err)
	}
}

// race lets writers try at once and returns the one that won. All others must
// have met a conflict.
func race(t *testing.T, writers int, try func(writer int) error) int {
	t.Helper()
	var (
		group   sync.WaitGroup
		begin   = make(chan struct{})
		winners atomic.Int64
		winner  atomic.Int64
	)
	for writer := range writers {
		group.Go(func() {
			<-begin
			switch err := try(writer); {
			case err == nil:
				winners.Add(1)
				winner.Store(int64(writer))
			case !errors.Is(err, store.ErrConflict):
				t.Error(err)
			}
		})
	}
	close(begin)
	group.Wait()
	if winners.Load() != 1 {
		t.Fatalf("%d writers won", winners.Load())
	}
	return int(winner.Load())
}
