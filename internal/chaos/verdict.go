package main

import (
	"context"
	"fmt"
	"io"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// tally is what became of the events of one hook, or of several.
type tally struct {
	hooks   int
	sent    int // events of the hooks' accounts that the broker has confirmed
	arrived int // and were answered 200
	failed  int // never arrived, and there is the record that they failed for good
	parked  int // neither, and wait in the store
	lost    int // none of these
	again   int // arrivals of what had arrived before
}

func (t *tally) add(other tally) {
	t.hooks += other.hooks
	t.sent += other.sent
	t.arrived += other.arrived
	t.failed += other.failed
	t.parked += other.parked
	t.lost += other.lost
	t.again += other.again
}

// judge says what became of the events of one hook. mine tells which are its account's,
// failed which have a final record, and waiting is how many deliveries are parked.
func judge(book *lab.Book, mine func(event int) bool, arrived, failed *lab.Bits, waiting int) tally {
	t := tally{hooks: 1}
	for n := range book.Events {
		if !mine(n) || !book.Sent.Has(n) {
			continue
		}
		t.sent++
		switch {
		case arrived.Has(n):
			t.arrived++
		case failed.Has(n):
			t.failed++
		case t.parked < waiting:
			t.parked++
		default:
			t.lost++
		}
	}
	return t
}

// failures reads from the store which events of a hook failed for good.
func failures(ctx context.Context, s *store.Store, accountID, hookID string, events int) (*lab.Bits, error) {
	const page = 2000
	failed := lab.NewBits(events)
	q := store.AttemptQuery{AccountID: accountID, HookID: hookID, Failed: true, Limit: page, Ascending: true}
	for {
		attempts, err := s.Attempts(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, a := range attempts {
			if !final(a) {
				continue
			}
			if n, found := eventOf(a); found {
				failed.Add(n)
			}
		}
		if len(attempts) < page {
			return failed, nil
		}
		q.After = attempts[len(attempts)-1]
	}
}

// final tells whether no try follows a failed one: the receiver has answered, which is
// final as the reference has it, or it was the last try.
func final(a store.Attempt) bool {
	return a.Body.String("resp_status_code") != "" || a.Body.String("retries_left") == "retries exceeded"
}

func eventOf(a store.Attempt) (int, bool) {
	if n, found := lab.Number(a.Sent); found {
		return n, true
	}
	body, _ := a.Body.Get("req_body")
	return lab.Number(jobj.Append(nil, body))
}

// table prints tallies, one for each role and their sum.
func table(out io.Writer, tallies map[role]tally) {
	fmt.Fprintf(out, "%-9s %5s  %8s  %8s  %8s  %8s  %8s  %8s\n", "receivers", "hooks", "sent", "arrived", "failed", "parked", "lost", "twice")
	line := func(name string, t tally) {
		fmt.Fprintf(out, "%-9s %5d  %8d  %8d  %8d  %8d  %8d  %8d\n", name, t.hooks, t.sent, t.arrived, t.failed, t.parked, t.lost, t.again)
	}
	for _, r := range roles() {
		line(r.String(), tallies[r])
	}
	line("all", total(tallies))
}

func total(tallies map[role]tally) (sum tally) {
	for _, t := range tallies {
		sum.add(t)
	}
	return sum
}
