package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/store"
)

func failures() []contract {
	return []contract{
		{"they are read as they were saved, a version's next to each other", func(t *testing.T, f *fixture) {
			many := make([]int64, 10_000)
			for i := range many {
				many[i] = 1_700_000_000_000 + int64(i/3)*7
			}
			saved := []store.Failures{
				{AccountID: "a1", HookID: "h1", Revision: -9_223_372_036_854_775_808, Node: "n1", Times: []int64{-1, 0, 0, 1_700_000_000_000}, Expires: 9},
				{AccountID: "a1", HookID: "h1", Revision: -9_223_372_036_854_775_808, Node: "n2", Times: []int64{5}, Expires: 9_223_372_036_854_775_807},
				{AccountID: "a1", HookID: "h1", Revision: 9_223_372_036_854_775_807, Node: "n1", Times: []int64{6}, Expires: 9},
				{AccountID: "a1", HookID: "h2", Revision: 1, Node: "n1", Times: many, Expires: 9},
				{AccountID: "a2", HookID: "h1", Revision: 1, Node: "n1", Times: []int64{7}, Expires: 9},
			}
			given := slices.Clone(saved)
			slices.Reverse(given)
			saveFailures(t, f, given...)
			expectFailures(t, f, store.FailureQuery{}, saved...)
		}},
		{"a node's take the place of its earlier ones, none of them delete", func(t *testing.T, f *fixture) {
			one, other := failed("a", "h", "n1", 1, 2), failed("a", "h", "n2", 3)
			saveFailures(t, f, one, other)
			one.Times, one.Expires = []int64{2, 4}, 2000
			edited := one
			edited.Revision = 2
			saveFailures(t, f, one, edited)
			expectFailures(t, f, store.FailureQuery{}, one, other, edited)

			one.Times = nil
			edited.Times = []int64{9}
			saveFailures(t, f, one, edited)
			saveFailures(t, f, one, failed("a", "never", "n1"))
			saveFailures(t, f)
			expectFailures(t, f, store.FailureQuery{}, other, edited)
		}},
		{"one that cannot be stored keeps the others out", func(t *testing.T, f *fixture) {
			bad := failed("a\x00", "h", "n", 1)
			if err := f.SaveFailures(t.Context(), []store.Failures{failed("a", "h", "n", 1), bad}); err == nil || !strings.Contains(err.Error(), "hook h") {
				t.Error(err)
			}
			expectFailures(t, f, store.FailureQuery{})
		}},
		{"they are chosen by account, by node and by whether they count", func(t *testing.T, f *fixture) {
			one, other, third := failed("a1", "h1", "n1", 1), failed("a1", "h1", "n2", 2), failed("a2", "h2", "n2", 3)
			third.Expires = 2000
			saveFailures(t, f, one, other, third)
			expectFailures(t, f, store.FailureQuery{AccountID: "a1"}, one, other)
			expectFailures(t, f, store.FailureQuery{NotNode: "n1"}, other, third)
			expectFailures(t, f, store.FailureQuery{AccountID: "a1", NotNode: "n2"}, one)
			expectFailures(t, f, store.FailureQuery{AccountID: "a3"})
			expectFailures(t, f, store.FailureQuery{Now: 999}, one, other, third)
			expectFailures(t, f, store.FailureQuery{Now: 1000}, third)
			expectFailures(t, f, store.FailureQuery{Now: 2000})
		}},
		{"what has expired is deleted, whoever wrote it", func(t *testing.T, f *fixture) {
			var rows []store.Failures
			for i := range 350 { // more than go at once
				row := failed("a", fmt.Sprintf("h%03d", i), fmt.Sprint("n", i%3), 1)
				row.Expires = int64(1000 + i)
				rows = append(rows, row)
			}
			saveFailures(t, f, rows...)
			if err := f.DeleteFailures(t.Context(), 1299); err != nil {
				t.Fatal(err)
			}
			expectFailures(t, f, store.FailureQuery{}, rows[300:]...)
		}},
		{"nodes that write at once do not disturb each other", func(t *testing.T, f *fixture) {
			const nodes, rounds, hooks = 4, 10, 20
			var group sync.WaitGroup
			for node := range nodes {
				group.Go(func() {
					for round := range rounds {
						var rows []store.Failures
						for hook := range hooks {
							row := failed("a", fmt.Sprintf("h%02d", (hook+node*7)%hooks), fmt.Sprint("n", node), int64(round))
							row.Expires = int64(1 + round)
							rows = append(rows, row)
						}
						if err := f.SaveFailures(t.Context(), rows); err != nil {
							t.Error(err)
						}
						if err := f.DeleteFailures(t.Context(), int64(round)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			group.Wait()
			found := 0
			for row, err := range f.EachFailures(t.Context(), store.FailureQuery{}) {
				if err != nil {
					t.Fatal(err)
				}
				if row.Expires != rounds || len(row.Times) != 1 || row.Times[0] != rounds-1 {
					t.Errorf("%+v", row)
				}
				found++
			}
			if found != nodes*hooks {
				t.Errorf("%d rows", found)
			}
		}},
	}
}

func failed(account, hook, node string, times ...int64) store.Failures {
	return store.Failures{AccountID: account, HookID: hook, Revision: 1, Node: node, Times: times, Expires: 1000}
}

func saveFailures(t *testing.T, f *fixture, rows ...store.Failures) {
	t.Helper()
	if err := f.SaveFailures(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

func expectFailures(t *testing.T, f *fixture, q store.FailureQuery, want ...store.Failures) {
	t.Helper()
	var got []store.Failures
	for row, err := range f.EachFailures(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\ngot  %.300s\nwant %.300s", q, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	}
}
