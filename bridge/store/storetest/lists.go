package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
)

func lists() []contract {
	return []contract{
		{"oldest first, within a second by id", func(t *testing.T, f *fixture) {
			for _, id := range []string{"c", "a"} {
				f.save(t, store.Document{DB: "d", ID: id})
			}
			f.clock.Advance(time.Second)
			for _, id := range []string{"b", "B"} {
				f.save(t, store.Document{DB: "d", ID: id})
			}
			first := f.get(t, "d", "c")
			f.save(t, first) // an edit does not move a document
			expectList(t, f, store.Query{DB: "d"}, "a", "c", "B", "b")
		}},
		{"by database, type and account, without the deleted", func(t *testing.T, f *fixture) {
			for _, doc := range []store.Document{
				{DB: "webhooks", ID: "h1", Type: "webhook", AccountID: "a1"},
				{DB: "webhooks", ID: "h2", Type: "webhook", AccountID: "a2"},
				{DB: "webhooks", ID: "h3", Type: "webhook", AccountID: "a1", Deleted: true},
				{DB: "webhooks", ID: "m1", Type: "webhook_meta", AccountID: "a1"},
				{DB: "accounts", ID: "a1", Type: "account", AccountID: "a1"},
			} {
				f.save(t, doc)
			}
			expectList(t, f, store.Query{DB: "webhooks"}, "h1", "h2", "m1")
			expectList(t, f, store.Query{DB: "webhooks", Type: "webhook"}, "h1", "h2")
			expectList(t, f, store.Query{DB: "webhooks", AccountID: "a1"}, "h1", "m1")
			expectList(t, f, store.Query{DB: "webhooks", Type: "webhook", AccountID: "a1", IncludeDeleted: true}, "h1", "h3")
			expectList(t, f, store.Query{DB: "web"})
		}},
		{"one by one, each once, until there is enough", func(t *testing.T, f *fixture) {
			for i := range 5 {
				f.save(t, store.Document{DB: "d", ID: fmt.Sprint(i), Type: "webhook", Deleted: i == 3})
			}
			f.save(t, store.Document{DB: "d", ID: "other", Type: "user"})
			q := store.Query{DB: "d", Type: "webhook"}
			for _, enough := range []int{1, 2, 100} {
				var got []store.Document
				for doc, err := range f.Each(t.Context(), q) {
					if err != nil {
						t.Fatal(err)
					}
					if got = append(got, doc); len(got) == enough {
						break
					}
				}
				if ids := documentIDs(got); len(slices.Compact(slices.Sorted(slices.Values(ids)))) != min(enough, 4) || slices.Contains(ids, "3") {
					t.Errorf("got %v", ids)
				}
			}
			f.save(t, store.Document{DB: "d"}) // nothing is held any more
		}},
		{"one by one, until the context ends", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "d", ID: "a"})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var errs []error
			for _, err := range f.Each(ctx, store.Query{DB: "d"}) {
				errs = append(errs, err)
			}
			if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
				t.Errorf("got %v", errs)
			}
		}},
		{"page by page, while others write", func(t *testing.T, f *fixture) {
			var want []string
			for i := range 10 {
				if i%3 == 0 {
					f.clock.Advance(time.Second)
				}
				want = append(want, f.save(t, store.Document{DB: "d", ID: fmt.Sprintf("%02d", i)}).ID)
			}
			var got []string
			q := store.Query{DB: "d", Limit: 4}
			for {
				page, err := f.List(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				got = append(got, documentIDs(page)...)
				q.After = page[len(page)-1]
				if err := f.Remove(t.Context(), "d", q.After.ID); err != nil {
					t.Fatal(err)
				}
				f.save(t, store.Document{DB: "d", ID: "early-" + q.After.ID, Created: 1})
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}},
	}
}

func expectList(t *testing.T, f *fixture, q store.Query, want ...string) {
	t.Helper()
	docs, err := f.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if got := documentIDs(docs); !slices.Equal(got, want) {
		t.Errorf("%+v: got %v, want %v", q, got, want)
	}
}
