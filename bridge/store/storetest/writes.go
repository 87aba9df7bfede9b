package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/store"
)

func writes() []contract {
	return []contract{
		{"those of documents that nodes keep are numbered, removals too", func(t *testing.T, f *fixture) {
			expectWrites(t, f, 0)
			hook := f.save(t, store.Document{DB: "webhooks", ID: "h1", Type: "webhook", AccountID: "a1"})
			f.save(t, store.Document{DB: "account/a1", ID: "u1", Type: "user", AccountID: "a1"})
			f.save(t, store.Document{DB: "account/a1", ID: "a1", Type: "account", AccountID: "a1"})
			hook.Deleted = true
			f.save(t, hook)
			if err := f.SaveAll(t.Context(), []store.Document{
				{DB: "account/a1", ID: "configs_webhooks", Type: "account_config", AccountID: "a1"},
				{DB: "accounts", ID: "a1", Type: "account", AccountID: "a1"},
				{DB: "services", ID: "a1"},
				{DB: "numbers", ID: "+1", Type: "number", AccountID: "a2"},
			}); err != nil {
				t.Fatal(err)
			}
			for db, id := range map[string]string{"numbers": "+1", "services": "a1"} {
				if err := f.Remove(t.Context(), db, id); err != nil {
					t.Fatal(err)
				}
			}
			all := []store.Write{
				{Seq: 1, DB: "webhooks", ID: "h1", Type: "webhook", AccountID: "a1"},
				{Seq: 2, DB: "webhooks", ID: "h1", Type: "webhook", AccountID: "a1"},
				{Seq: 3, DB: "account/a1", ID: "configs_webhooks", Type: "account_config", AccountID: "a1"},
				{Seq: 4, DB: "accounts", ID: "a1", Type: "account", AccountID: "a1"},
				{Seq: 5, DB: "numbers", ID: "+1", Type: "number", AccountID: "a2"},
				{Seq: 6, DB: "numbers", ID: "+1", Type: "number", AccountID: "a2"},
			}
			expectWrites(t, f, 0, all...)
			expectWrites(t, f, 4, all[4:]...)
			expectWrites(t, f, 6)
			if some, err := f.Writes(t.Context(), 1, 2); err != nil || !reflect.DeepEqual(some, all[1:3]) {
				t.Errorf("%+v, %v", some, err)
			}
			if last, err := f.LastWrite(t.Context()); err != nil || last != 6 {
				t.Errorf("last %d, %v", last, err)
			}
		}},
		{"one that fails has no number", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "webhooks", ID: "h1"})
			expectConflict(t, f, store.Document{DB: "webhooks", ID: "h1"})
			err := f.SaveAll(t.Context(), []store.Document{{DB: "webhooks", ID: "h2"}, {DB: "webhooks", ID: "h1"}})
			if !errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
			if err := f.Remove(t.Context(), "webhooks", "h3"); !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
			f.save(t, store.Document{DB: "webhooks", ID: "h3"})
			expectWrites(t, f, 0, store.Write{Seq: 1, DB: "webhooks", ID: "h1"}, store.Write{Seq: 2, DB: "webhooks", ID: "h3"})
		}},
		{"who asks for what follows a write that was never made is told", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "webhooks", ID: "h1"})
			expectWrites(t, f, 1)
			if got, err := f.Writes(t.Context(), 2, 1); !errors.Is(err, store.ErrForgotten) {
				t.Errorf("%+v, %v", got, err)
			}
		}},
		{"who follows them misses none, however many write", func(t *testing.T, f *fixture) {
			const writers, each = 4, 25
			var group sync.WaitGroup
			for writer := range writers {
				group.Go(func() {
					for i := range each {
						doc := store.Document{DB: "webhooks", ID: fmt.Sprint(writer, "-", i)}
						if _, err := f.Save(t.Context(), doc); err != nil {
							t.Error(err)
						}
						if err := f.Remove(t.Context(), doc.DB, doc.ID); err != nil {
							t.Error(err)
						}
					}
				})
			}
			written := make(chan struct{})
			go func() {
				group.Wait()
				close(written)
			}()
			var seen int64
			for done, more := false, true; !done || more; {
				select {
				case <-written:
					done = true
				default:
				}
				got, err := f.Writes(t.Context(), seen, 7)
				if err != nil {
					t.Fatal(err) // of a gap
				}
				if more = len(got) > 0; more {
					seen = got[len(got)-1].Seq
				}
			}
			if seen != writers*each*2 {
				t.Errorf("%d writes", seen)
			}
		}},
	}
}

func expectWrites(t *testing.T, f *fixture, after int64, want ...store.Write) {
	t.Helper()
	if got, err := f.Writes(t.Context(), after, 100); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("after %d: %v\ngot  %+v\nwant %+v", after, err, got, want)
	}
}
