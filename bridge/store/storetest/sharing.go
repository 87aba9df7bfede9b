package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
)

// sharing is what holds for two nodes, each with a Store of its own at one database.
func sharing(t *testing.T, driver Driver) {
	tests := []struct {
		name string
		run  func(t *testing.T, one, other *fixture)
	}{
		{"what one has written the other reads", func(t *testing.T, one, other *fixture) {
			doc := one.save(t, store.Document{DB: "accounts", ID: "a1", Type: "account", Body: object(t, `{"name":"one"}`)})
			expectFound(t, other, store.AccountsByName, "one", "a1")
			doc.Body = object(t, `{"name":"two"}`)
			other.save(t, doc)
			expectFound(t, one, store.AccountsByName, "one")
			expectFound(t, one, store.AccountsByName, "two", "a1")
			add(t, one, attempt("t1", "a1", "h1", 0))
			add(t, other, attempt("t1", "a1", "h1", 0), attempt("t2", "a1", "h1", 0))
			expectAttempts(t, one, store.AttemptQuery{}, "t2", "t1")
		}},
		{"of writers who race for one revision exactly one wins", func(t *testing.T, one, other *fixture) {
			doc := one.save(t, store.Document{DB: "d", ID: "x"})
			for range 20 {
				race(t, 4, func(writer int) error {
					_, err := either(writer, one, other).Save(t.Context(), doc)
					return err
				})
				doc = other.get(t, "d", "x")
			}
		}},
		{"who saves the same documents in another order waits or is refused, and is not stuck", func(t *testing.T, one, other *fixture) {
			var forth, back []store.Document
			for i := range 20 {
				doc := one.save(t, store.Document{DB: "d", ID: fmt.Sprintf("%02d", i)})
				forth, back = append(forth, doc), append([]store.Document{doc}, back...)
			}
			race(t, 2, func(writer int) error {
				docs := forth
				if writer == 1 {
					docs = back
				}
				return either(writer, one, other).SaveAll(t.Context(), docs)
			})
		}},
		{"a removal and an edit: either comes first, and no key is left behind", func(t *testing.T, one, other *fixture) {
			for range 10 {
				doc := one.save(t, store.Document{DB: "accounts", ID: "a1", Type: "account", Body: object(t, `{"name":"one"}`)})
				together(
					func() {
						if err := one.Remove(t.Context(), "accounts", "a1"); err != nil {
							t.Error(err)
						}
					},
					func() {
						if _, err := other.Save(t.Context(), doc); err != nil && !errors.Is(err, store.ErrConflict) {
							t.Error(err)
						}
					},
				)
				expectFound(t, one, store.AccountsByName, "one")
			}
		}},
		{"both get the secret that was made first", func(t *testing.T, one, other *fixture) {
			var made [2][]byte
			ask := func(n int, f *fixture) func() {
				return func() {
					var err error
					made[n], err = f.Secret(t.Context(), "key", func() ([]byte, error) { return fmt.Append(nil, n), nil })
					if err != nil {
						t.Error(err)
					}
				}
			}
			together(ask(0, one), ask(1, other))
			if string(made[0]) == "" || string(made[0]) != string(made[1]) {
				t.Errorf("%q and %q", made[0], made[1])
			}
		}},
		{"trimmed by both, the attempts are as many as they were to be", func(t *testing.T, one, other *fixture) {
			batch := make([]store.Attempt, 1500)
			for i := range batch {
				batch[i] = attempt(fmt.Sprintf("t%04d", i), "a1", "h1", time.Duration(i)*time.Second)
			}
			add(t, one, batch...)
			trim := func(f *fixture) func() {
				return func() {
					if _, err := f.TrimAttempts(t.Context(), 700); err != nil {
						t.Error(err)
					}
				}
			}
			together(trim(one), trim(other))
			if left, err := one.Attempts(t.Context(), store.AttemptQuery{}); err != nil || len(left) != 700 {
				t.Errorf("%d left, %v", len(left), err)
			}
			erase := func(f *fixture) func() {
				return func() {
					if err := f.DeleteAttemptsOf(t.Context(), "a1"); err != nil {
						t.Error(err)
					}
				}
			}
			together(erase(one), erase(other))
			expectAttempts(t, one, store.AttemptQuery{})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			url := driver.URL(t)
			test.run(t, newFixture(t, url), newFixture(t, url))
		})
	}
}

func either(n int, one, other *fixture) *fixture {
	if n%2 == 0 {
		return one
	}
	return other
}

func together(tasks ...func()) {
	var group sync.WaitGroup
	for _, task := range tasks {
		group.Go(task)
	}
	group.Wait()
}
