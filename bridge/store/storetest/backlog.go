package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
)

func backlog() []contract {
	h1, h2 := store.HookKey{AccountID: "a1", HookID: "h1"}, store.HookKey{AccountID: "a1", HookID: "h2"}
	return []contract{
		{"a delivery is read back as it was parked", func(t *testing.T, f *fixture) {
			want := parked(h1, "1", "")
			want.ContentType, want.ContentEncoding, want.RoutingKey = "application/json", "gzip", "call.CHANNEL_CREATE"
			want.Body = []byte("\x00\xff{}")
			record(t, f, store.Batch{Park: []store.Parked{want}})
			got, err := f.ParkedAfter(t.Context(), h1, "", 10, 1<<20)
			if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
		}},
		{"in order, page by page", func(t *testing.T, f *fixture) {
			record(t, f, store.Batch{Park: []store.Parked{
				parked(h1, "3", ""), parked(h2, "1", ""), parked(h1, "1", ""), parked(h1, "4", "n"), parked(h1, "2", ""),
			}})
			expectParked(t, f, h1, "", 2, "1", "2")
			expectParked(t, f, h1, "2", 2, "3")
			expectParked(t, f, h1, "3", 2)
			expectParked(t, f, h2, "", 2, "1")
			expectBacklogs(t, f, "", "a1/h1 3 by \"\"", "a1/h2 1 by \"\"")
			expectBacklogs(t, f, "a2")
		}},
		{"a page ends when it is large", func(t *testing.T, f *fixture) {
			record(t, f, store.Batch{Park: []store.Parked{parked(h1, "1", ""), parked(h1, "2", "")}})
			got, err := f.ParkedAfter(t.Context(), h1, "", 10, 1)
			if err != nil || len(got) != 1 {
				t.Errorf("%d, %v", len(got), err)
			}
		}},
		{"a batch is as a whole, and can be given again", func(t *testing.T, f *fixture) {
			b := store.Batch{
				Attempts: []store.Attempt{attempt("t1", "a1", "h1", 0)},
				Park:     []store.Parked{parked(h1, "1", ""), parked(h1, "2", "n"), parked(h1, "3", "n")},
				Release:  []store.ParkedKey{parked(h1, "2", "").ParkedKey},
				Done:     []store.ParkedKey{parked(h1, "3", "").ParkedKey},
			}
			for range 2 {
				record(t, f, b)
			}
			expectParked(t, f, h1, "", 9, "1", "2")
			expectBacklogs(t, f, "", "a1/h1 2 by \"\"")
			expectAttempts(t, f, store.AttemptQuery{}, "t1")
			for range 2 {
				record(t, f, store.Batch{Done: []store.ParkedKey{parked(h1, "1", "").ParkedKey, parked(h1, "9", "").ParkedKey}})
			}
			expectBacklogs(t, f, "", "a1/h1 1 by \"\"")
		}},
		{"what can never be stored is refused, and nothing of its batch is kept", func(t *testing.T, f *fixture) {
			err := f.Record(t.Context(), store.Batch{Park: []store.Parked{parked(h1, "1", ""), parked(h1, "2\x00", "")}})
			if !errors.Is(err, store.ErrInvalid) {
				t.Error(err)
			}
			expectParked(t, f, h1, "", 9)
		}},
		{"one node takes out", func(t *testing.T, f *fixture) {
			expectClaim(t, f, "n1", h1, store.NoBacklog)
			record(t, f, store.Batch{Park: []store.Parked{parked(h1, "1", "")}})
			expectClaim(t, f, "n1", h1, store.Claimed)
			expectClaim(t, f, "n1", h1, store.Claimed)
			expectClaim(t, f, "n2", h1, store.ClaimedByOther)
			if left, err := f.Unclaim(t.Context(), "n1", h1); left != 1 || err != nil {
				t.Errorf("%d, %v", left, err)
			}
			expectClaim(t, f, "n2", h1, store.Claimed)
			record(t, f, store.Batch{Done: []store.ParkedKey{parked(h1, "1", "").ParkedKey}})
			if left, err := f.Unclaim(t.Context(), "n2", h1); left != 0 || err != nil {
				t.Errorf("%d, %v", left, err)
			}
			expectBacklogs(t, f, "")
		}},
		{"what is free is dropped", func(t *testing.T, f *fixture) {
			many := []store.Parked{parked(h1, "held", "n"), parked(h2, "1", "")}
			for i := range 250 {
				many = append(many, parked(h1, fmt.Sprintf("%03d", i), ""))
			}
			record(t, f, store.Batch{Park: many})
			if n, err := f.DropParked(t.Context(), h1); n != 250 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			expectBacklogs(t, f, "", "a1/h2 1 by \"\"")
			record(t, f, store.Batch{Release: []store.ParkedKey{parked(h1, "held", "").ParkedKey}})
			expectParked(t, f, h1, "", 9, "held")
		}},
		{"since when they wait begins anew when a claimed backlog has been emptied", func(t *testing.T, f *fixture) {
			since := func() time.Time {
				found, err := f.Backlogs(t.Context(), "a1")
				if err != nil || len(found) != 1 {
					t.Fatalf("%+v, %v", found, err)
				}
				return found[0].Since
			}
			park := func(id string) {
				f.clock.Advance(time.Hour)
				record(t, f, store.Batch{Park: []store.Parked{parked(h1, id, "")}})
			}
			park("1")
			first := since()
			expectClaim(t, f, "n1", h1, store.Claimed)
			if park("2"); !since().Equal(first) {
				t.Errorf("with some waiting: since %v, not %v", since(), first)
			}
			if _, err := f.DropParked(t.Context(), h1); err != nil {
				t.Fatal(err)
			}
			if park("3"); !since().Equal(first.Add(2 * time.Hour)) {
				t.Errorf("after a drop: since %v, first %v", since(), first)
			}
			record(t, f, store.Batch{Done: []store.ParkedKey{parked(h1, "3", "").ParkedKey}})
			if park("4"); !since().Equal(first.Add(3 * time.Hour)) {
				t.Errorf("after the last was delivered: since %v, first %v", since(), first)
			}
		}},
		{"no delivery is without its backlog, whoever comes and goes at once", func(t *testing.T, f *fixture) {
			var all sync.WaitGroup
			for writer := range 4 {
				all.Go(func() {
					for i := range 25 {
						p := parked(h1, fmt.Sprint(writer, "-", i), "")
						if err := f.Record(context.WithoutCancel(t.Context()), store.Batch{Park: []store.Parked{p}}); err != nil {
							t.Error(err)
						}
						if _, err := f.Unclaim(context.WithoutCancel(t.Context()), fmt.Sprint(writer), h1); err != nil {
							t.Error(err)
						}
						if i%2 == 0 {
							continue
						}
						if err := f.Record(context.WithoutCancel(t.Context()), store.Batch{Done: []store.ParkedKey{p.ParkedKey}}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			expectBacklogs(t, f, "", "a1/h1 52 by \"\"")
		}},
	}
}

func nodes() []contract {
	h1 := store.HookKey{AccountID: "a1", HookID: "h1"}
	held := func(t *testing.T, f *fixture) {
		t.Helper()
		for _, node := range []string{"n1", "n2"} {
			if err := f.Seen(t.Context(), node, true); err != nil {
				t.Fatal(err)
			}
		}
		record(t, f, store.Batch{Park: []store.Parked{parked(h1, "1", "n1"), parked(h1, "2", "n2"), parked(h1, "3", "gone")}})
	}
	return []contract{
		{"those with sockets that have been seen are counted", func(t *testing.T, f *fixture) {
			held(t, f)
			for _, sockets := range []bool{true, false} {
				if err := f.Seen(t.Context(), "n3", sockets); err != nil {
					t.Fatal(err)
				}
			}
			for within, want := range map[time.Duration]int{time.Minute: 2, -time.Minute: 0} {
				if n, err := f.WithSockets(t.Context(), within); err != nil || n != want {
					t.Errorf("within %v: %d, %v", within, n, err)
				}
			}
			if err := f.Leave(t.Context(), "n1"); err != nil {
				t.Fatal(err)
			}
			if n, err := f.WithSockets(t.Context(), time.Minute); err != nil || n != 1 {
				t.Errorf("%d, %v", n, err)
			}
		}},
		{"what a node held is free when it leaves", func(t *testing.T, f *fixture) {
			held(t, f)
			expectBacklogs(t, f, "")
			if err := f.Leave(t.Context(), "n1"); err != nil {
				t.Fatal(err)
			}
			expectParked(t, f, h1, "", 9, "1")
			expectBacklogs(t, f, "", "a1/h1 1 by \"\"")
			expectClaim(t, f, "n2", h1, store.Claimed)
			if err := f.Leave(t.Context(), "n2"); err != nil {
				t.Fatal(err)
			}
			expectParked(t, f, h1, "", 9, "1", "2")
			expectBacklogs(t, f, "", "a1/h1 2 by \"\"")
		}},
		{"what nodes held that are not seen is free", func(t *testing.T, f *fixture) {
			held(t, f)
			if err := f.Reap(t.Context(), "n1", time.Hour); err != nil {
				t.Fatal(err)
			}
			got, err := f.ParkedAfter(t.Context(), h1, "", 9, 1<<20)
			if err != nil || !slices.ContainsFunc(got, func(p store.Parked) bool { return p.ID == "3" }) {
				t.Errorf("%+v, %v", got, err)
			}
			if slices.ContainsFunc(got, func(p store.Parked) bool { return p.ID == "1" }) {
				t.Errorf("one's own: %+v", got)
			}
			if err := f.Reap(t.Context(), "n1", -time.Hour); err != nil {
				t.Fatal(err)
			}
			expectParked(t, f, h1, "", 9, "2", "3")
		}},
	}
}

func parked(hook store.HookKey, id, holder string) store.Parked {
	return store.Parked{
		ParkedKey: store.ParkedKey{HookKey: hook, ID: id}, Holder: holder, EventID: "e" + id, At: start(), Body: []byte("{}"),
	}
}

func record(t *testing.T, f *fixture, b store.Batch) {
	t.Helper()
	if err := f.Record(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func expectParked(t *testing.T, f *fixture, hook store.HookKey, after string, limit int, ids ...string) {
	t.Helper()
	got, err := f.ParkedAfter(t.Context(), hook, after, limit, 1<<20)
	var found []string
	for _, p := range got {
		found = append(found, p.ID)
		if is, err := f.IsParked(t.Context(), p.ParkedKey); !is || err != nil {
			t.Errorf("%s is parked: %t, %v", p.ID, is, err)
		}
	}
	if is, err := f.IsParked(t.Context(), store.ParkedKey{HookKey: hook, ID: "no such"}); is || err != nil {
		t.Errorf("what there is not is parked: %t, %v", is, err)
	}
	if err != nil || !slices.Equal(found, ids) {
		t.Errorf("after %q: %q, %v; want %q", after, found, err, ids)
	}
}

func expectBacklogs(t *testing.T, f *fixture, accountID string, want ...string) {
	t.Helper()
	got, err := f.Backlogs(t.Context(), accountID)
	var found []string
	for _, b := range got {
		found = append(found, fmt.Sprintf("%s/%s %d by %q", b.AccountID, b.HookID, b.Waiting, b.Holder))
	}
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("%q, %v; want %q", found, err, want)
	}
}

func expectClaim(t *testing.T, f *fixture, node string, hook store.HookKey, want store.Claim) {
	t.Helper()
	if got, err := f.Claim(t.Context(), node, hook); got != want || err != nil {
		t.Errorf("node %s: claim %d, %v; want %d", node, got, err, want)
	}
}
