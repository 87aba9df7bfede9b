package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
	"github.com/kazoolab/kazoolab/internal/socketclient"
)

// followers are clients that resume, of two nodes in turn. Accounts have events and
// followers in turn, as in a crowd.
type followers struct {
	stage    *stage
	nodes    []*server
	accounts []string
	book     *lab.Book
	all      []*follower
	released chan struct{} // closed when the first node's may come back

	subscribed *counter     // answers that say so
	received   atomic.Int64 // frames of events
	refused    atomic.Int64 // subscriptions
}

// follower is one of them; all but place is its client's goroutine's until it is judged.
type follower struct {
	place int
	moved atomic.Bool // to the other node
	seen  *lab.Bits   // the account's events, in their turn
	twice atomic.Int64
	gaps  atomic.Int64
}

func newFollowers(st *stage, nodes []*server, book *lab.Book) *followers {
	f := &followers{
		stage: st, nodes: nodes, accounts: st.tree.Accounts, book: book,
		released: make(chan struct{}), subscribed: newCounter(),
	}
	for place := range st.sockets {
		f.all = append(f.all, &follower{place: place, seen: lab.NewBits(book.Events/len(f.accounts) + 1)})
	}
	return f
}

// node is where a follower is at first: those of an account are at both.
func (f *followers) node(one *follower) int { return one.place / len(f.accounts) % 2 }

// of is how many are at a node at first.
func (f *followers) of(node int) (n int) {
	for _, one := range f.all {
		if f.node(one) == node {
			n++
		}
	}
	return n
}

// start has them connect, some at a time, and returns when all are subscribed.
func (f *followers) start(ctx context.Context, group *errgroup.Group) error {
	const atOnce = 50
	random := ids.New()
	for i, one := range f.all {
		client := socketclient.New(f.config(one, random))
		group.Go(func() error { return client.Run(ctx) })
		if i%atOnce == 0 || i == len(f.all)-1 {
			if err := f.subscribed.within(ctx, patience, "clients are subscribed", int64(i+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// find says where to connect to: those whose node has died wait until they may.
func (f *followers) find(ctx context.Context, one *follower) (socketclient.Place, error) {
	at := f.node(one)
	if one.moved.Swap(true) {
		select {
		case <-f.released:
		case <-ctx.Done():
			return socketclient.Place{}, ctx.Err()
		}
		at = 1
	}
	return socketclient.Place{URL: f.nodes[at].url, Token: f.nodes[at].token}, nil
}

func (f *followers) take(one *follower, frame socketclient.Frame) error {
	refused := frame.Refused() != nil
	switch frame.Fields.String("action") {
	case "event":
		n, numbered := lab.Number(frame.Text)
		if !numbered || n%len(f.accounts) != one.place%len(f.accounts) {
			return fmt.Errorf("client %d got a frame that is not its own: %s", one.place, frame.Text)
		}
		f.received.Add(1)
		if !one.seen.Add(n / len(f.accounts)) {
			one.twice.Add(1)
		}
	case "gap":
		one.gaps.Add(1)
	case "reply":
		if refused {
			f.refused.Add(1) // where it was subscribed before, it asks again
		} else {
			f.subscribed.add()
		}
	}
	return nil
}

// tally sums up the followers of a node.
type tally struct {
	clients, due, missed, twice, gaps int
	told                              int // clients that were told of a gap
	untold                            int // events that clients missed who were not
}

func (f *followers) tally(node int) (t tally) {
	for _, one := range f.all {
		if f.node(one) != node {
			continue
		}
		due := 0
		for n := one.place % len(f.accounts); n < f.book.Events; n += len(f.accounts) {
			if f.book.Sent.Has(n) {
				due++
			}
		}
		missed, gaps := due-one.seen.Len(), int(one.gaps.Load())
		t.clients++
		t.due += due
		t.missed += missed
		t.twice += int(one.twice.Load())
		t.gaps += gaps
		if gaps > 0 {
			t.told++
		} else {
			t.untold += missed
		}
	}
	return t
}

// judge tells what became of the events, and what should not have.
func (f *followers) judge(a act) error {
	var faults []error
	for node, which := range []string{"the node that died", "the other one"} {
		t := f.tally(node)
		f.stage.say("%s: %d events sent; %d clients of %s: %d frames due, %d missed, %d twice; %d gaps told to %d clients; missed by who was not told: %d",
			a.name, f.book.Sent.Len(), t.clients, which, t.due, t.missed, t.twice, t.gaps, t.told, t.untold)
		if t.untold > 0 || t.twice > 0 {
			faults = append(faults, fmt.Errorf("%s: clients of %s missed %d events without a word and got %d twice", a.name, which, t.untold, t.twice))
		}
		if a.kept == 0 && t.missed+t.gaps > 0 {
			faults = append(faults, fmt.Errorf("%s: clients of %s missed %d events of a node that keeps them", a.name, which, t.missed))
		}
	}
	return errors.Join(faults...)
}
