package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func attempts() []contract {
	return []contract{
		{"an attempt is read back as it was given", func(t *testing.T, f *fixture) {
			want := store.Attempt{
				ID: "t1", AccountID: "a1", HookID: "h1", Success: true,
				Created: startSeconds, CreatedAt: start().Add(123456 * time.Microsecond),
				Body: object(t, `{"resp_status_code":"200","try":2,"req_body":[["a","=","1"],"&"],"nul":"\u0000"}`),
				Sent: []byte("a=1&\xff\x00"),
			}
			add(t, f, want)
			got := expectAttempts(t, f, store.AttemptQuery{}, "t1")
			if !reflect.DeepEqual(got[0], want) {
				t.Errorf("got  %+v\nwant %+v", got[0], want)
			}
		}},
		{"one attempt by its id", func(t *testing.T, f *fixture) {
			add(t, f, attempt("t1", "a1", "h1", 0), attempt("t2", "a1", "h1", 0))
			if got, err := f.Attempt(t.Context(), "t2"); err != nil || got.ID != "t2" || got.Sent != nil {
				t.Errorf("%+v, %v", got, err)
			}
			for _, id := range []string{"t3", "", "t2\x00", "\xff"} {
				if _, err := f.Attempt(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%q: %v", id, err)
				}
			}
		}},
		{"newest first, to the microsecond", func(t *testing.T, f *fixture) {
			add(t, f, attempt("t2", "a1", "h1", 2*time.Microsecond), attempt("t4", "a1", "h1", time.Second),
				attempt("t1", "a1", "h1", time.Microsecond), attempt("t3", "a1", "h1", 2*time.Microsecond))
			expectAttempts(t, f, store.AttemptQuery{AccountID: "a1"}, "t4", "t3", "t2", "t1")
			expectAttempts(t, f, store.AttemptQuery{HookID: "h1", Limit: 2}, "t4", "t3")
			expectAttempts(t, f, store.AttemptQuery{AccountID: "a1", Ascending: true, Limit: 3}, "t1", "t2", "t3")
			expectAttempts(t, f, store.AttemptQuery{
				AccountID: "a1", Ascending: true, After: attempt("t2", "a1", "h1", 2*time.Microsecond),
			}, "t3", "t4")
		}},
		{"by account, hook and range of time", func(t *testing.T, f *fixture) {
			add(t, f, attempt("t1", "a1", "h1", 0), attempt("t2", "a1", "h2", time.Second),
				attempt("t3", "a2", "h3", 2*time.Second), attempt("t4", "a1", "h1", 3*time.Second))
			expectAttempts(t, f, store.AttemptQuery{AccountID: "a1"}, "t4", "t2", "t1")
			expectAttempts(t, f, store.AttemptQuery{AccountID: "a1", HookID: "h1"}, "t4", "t1")
			expectAttempts(t, f, store.AttemptQuery{AccountID: "a2", HookID: "h1"})
			expectAttempts(t, f, store.AttemptQuery{From: startSeconds + 1, To: startSeconds + 2}, "t3", "t2")
			expectAttempts(t, f, store.AttemptQuery{AccountID: "a1", From: startSeconds + 1}, "t4", "t2")
			expectAttempts(t, f, store.AttemptQuery{HookID: "h1", To: startSeconds}, "t1")
		}},
		{"page by page, while new ones come in", func(t *testing.T, f *fixture) {
			var batch []store.Attempt
			var want []string
			for i := range 10 {
				batch = append(batch, attempt(fmt.Sprintf("t%02d", i), "a1", "h1", time.Duration(i/3)*time.Microsecond))
				want = append(want, batch[i].ID)
			}
			add(t, f, batch...)
			slices.Reverse(want)
			var got []string
			q := store.AttemptQuery{AccountID: "a1", Limit: 4}
			for {
				page, err := f.Attempts(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				for _, a := range page {
					got = append(got, a.ID)
				}
				q.After = page[len(page)-1]
				add(t, f, attempt("new-"+q.After.ID, "a1", "h1", time.Hour))
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}},
		{"an answer ends where it is large enough", func(t *testing.T, f *fixture) {
			var batch []store.Attempt
			for i := range 5 {
				a := attempt(fmt.Sprintf("t%d", i), "a1", "h1", time.Duration(i)*time.Second)
				a.Body = jobj.Object{{Key: "k", Value: "0123456789"}} // 18 bytes
				batch = append(batch, a)
			}
			add(t, f, batch...)
			expectAttempts(t, f, store.AttemptQuery{MaxBytes: 1}, "t4")
			expectAttempts(t, f, store.AttemptQuery{MaxBytes: 36}, "t4", "t3")
			expectAttempts(t, f, store.AttemptQuery{MaxBytes: 37}, "t4", "t3", "t2")
			expectAttempts(t, f, store.AttemptQuery{MaxBytes: 37, Limit: 1}, "t4")
		}},
		{"a batch is stored whole or not at all", func(t *testing.T, f *fixture) {
			bad := attempt("t2", "a1", "h1", 0)
			bad.Body = jobj.Object{{Key: "n", Value: json.Number("one")}}
			err := f.AddAttempts(t.Context(), []store.Attempt{attempt("t1", "a1", "h1", 0), bad})
			if !errors.Is(err, store.ErrInvalid) {
				t.Error(err)
			}
			expectAttempts(t, f, store.AttemptQuery{})
		}},
		{"a batch given twice is stored once", func(t *testing.T, f *fixture) {
			batch := []store.Attempt{attempt("t1", "a1", "h1", 0), attempt("t2", "a1", "h1", 0)}
			add(t, f, batch...)
			add(t, f, append(batch, attempt("t3", "a1", "h1", 0))...)
			expectAttempts(t, f, store.AttemptQuery{}, "t3", "t2", "t1")
		}},
		{"an attempt without id gets one, and no attempts are no error", func(t *testing.T, f *fixture) {
			add(t, f)
			add(t, f, attempt("", "a1", "h1", 0), attempt("", "a1", "h1", 0))
			got, err := f.Attempts(t.Context(), store.AttemptQuery{})
			if err != nil || len(got) != 2 || len(got[0].ID) != 32 || got[0].ID == got[1].ID {
				t.Errorf("%+v, %v", got, err)
			}
		}},
		{"the old are deleted, however many", func(t *testing.T, f *fixture) {
			var batch []store.Attempt
			for i := range 2500 {
				batch = append(batch, attempt(fmt.Sprintf("t%04d", i), "a1", "h1", time.Duration(i)*time.Second))
			}
			add(t, f, batch...)
			if n, err := f.DeleteAttempts(t.Context(), startSeconds+2498); err != nil || n != 2498 {
				t.Errorf("deleted %d, %v", n, err)
			}
			expectAttempts(t, f, store.AttemptQuery{}, "t2499", "t2498")
			if n, err := f.DeleteAttempts(t.Context(), startSeconds+2498); err != nil || n != 0 {
				t.Errorf("deleted %d more, %v", n, err)
			}
		}},
		{"the oldest beyond a number are deleted", func(t *testing.T, f *fixture) {
			var batch []store.Attempt
			for i := range 2500 {
				batch = append(batch, attempt(fmt.Sprintf("t%04d", i), "a1", "h1", time.Duration(i)*time.Second))
			}
			add(t, f, batch...)
			for _, c := range []struct{ keep, gone int64 }{{3000, 0}, {2500, 0}, {2, 2498}, {2, 0}} {
				if n, err := f.TrimAttempts(t.Context(), c.keep); err != nil || n != c.gone {
					t.Errorf("to keep %d, %d went, %v", c.keep, n, err)
				}
			}
			expectAttempts(t, f, store.AttemptQuery{}, "t2499", "t2498")
		}},
		{"those of one account are deleted, and no others", func(t *testing.T, f *fixture) {
			add(t, f, attempt("t1", "a1", "h1", 0), attempt("t2", "a2", "h1", 0), attempt("t3", "a1", "h2", 0))
			if err := f.DeleteAttemptsOf(t.Context(), "a1"); err != nil {
				t.Error(err)
			}
			expectAttempts(t, f, store.AttemptQuery{}, "t2")
		}},
	}
}

func attempt(id, accountID, hookID string, after time.Duration) store.Attempt {
	return store.Attempt{
		ID: id, AccountID: accountID, HookID: hookID,
		Created: startSeconds + int64(after/time.Second), CreatedAt: start().Add(after),
	}
}

func add(t *testing.T, f *fixture, batch ...store.Attempt) {
	t.Helper()
	if err := f.AddAttempts(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

func expectAttempts(t *testing.T, f *fixture, q store.AttemptQuery, want ...string) []store.Attempt {
	t.Helper()
	found, err := f.Attempts(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range found {
		got = append(got, a.ID)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v: got %v, want %v", q, got, want)
	}
	return found
}
