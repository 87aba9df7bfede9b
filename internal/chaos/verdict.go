package main

import (
	"fmt"
	"io"

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
