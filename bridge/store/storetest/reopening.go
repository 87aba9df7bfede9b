package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/store"
)

func reopening(t *testing.T, driver Driver) {
	t.Run("everything is still there", func(t *testing.T) {
		url := driver.URL(t)
		var saved store.Document
		session(t, url, func(f *fixture) {
			saved = f.save(t, store.Document{DB: "accounts", ID: "a1", Type: "account", Body: object(t, `{"name":"kept"}`)})
			add(t, f, attempt("t1", "a1", "h1", 0))
			if _, err := f.Secret(t.Context(), "key", func() ([]byte, error) { return []byte("kept"), nil }); err != nil {
				t.Fatal(err)
			}
		})
		session(t, url, func(f *fixture) {
			if got := f.get(t, "accounts", "a1"); !reflect.DeepEqual(got, saved) {
				t.Errorf("got  %+v\nwant %+v", got, saved)
			}
			expectFound(t, f, store.AccountsByName, "kept", "a1")
			expectAttempts(t, f, store.AttemptQuery{}, "t1")
			secret, err := f.Secret(t.Context(), "key", func() ([]byte, error) { return nil, errors.New("made again") })
			if err != nil || string(secret) != "kept" {
				t.Errorf("secret %q, %v", secret, err)
			}
		})
	})
	t.Run("a database of a later version is refused with both versions", func(t *testing.T) {
		url := driver.URL(t)
		session(t, url, func(*fixture) {})
		driver.Tamper(t, url, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9001, 'true')")
		_, err := open(t.Context(), url)
		if !errors.Is(err, store.ErrNewerSchema) {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`version 9001, this program knows \d`).MatchString(err.Error()) {
			t.Error(err)
		}
	})
	t.Run("views that another version derived are derived again", func(t *testing.T) {
		url := driver.URL(t)
		session(t, url, func(f *fixture) {
			f.save(t, store.Document{DB: "accounts", ID: "a1", Type: "account", Body: object(t, `{"name":"one"}`)})
			f.save(t, store.Document{DB: "accounts", ID: "a2", Type: "account", Deleted: true, Body: object(t, `{"name":"two"}`)})
			var many []store.Document
			for i := range 1100 { // more than are read at once
				many = append(many, store.Document{DB: "numbers", ID: fmt.Sprintf("+1%04d", i), Type: "number", AccountID: "a1"})
			}
			if err := f.SaveAll(t.Context(), many); err != nil {
				t.Fatal(err)
			}
		})
		driver.Tamper(t, url, "UPDATE view_rows SET key='outdated'")
		driver.Tamper(t, url, "UPDATE store_state SET value='0' WHERE name='views'")
		session(t, url, func(f *fixture) {
			expectFound(t, f, store.AccountsByName, "outdated")
			expectFound(t, f, store.AccountsByName, "one", "a1")
			expectFound(t, f, store.AccountsByName, "two")
			if numbers, err := f.Find(t.Context(), store.NumbersByAccount, "a1"); err != nil || len(numbers) != 1100 {
				t.Errorf("%d numbers, %v", len(numbers), err)
			}
		})
	})
}

// session opens the database at url, and closes it when do is done.
func session(t *testing.T, url string, do func(*fixture)) {
	t.Helper()
	f, err := open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	do(f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
