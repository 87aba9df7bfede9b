package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// stage is a deployment with its receivers, ready to be published to.
type stage struct {
	options
	lab.Servers

	clock     clock.Clock
	began     time.Time
	nodes     []*lab.Node
	tree      lab.Planted
	book      *lab.Book
	receivers *lab.Receivers
	store     *store.Store // read only
	of        func(event int) int
	// unconfirmed is how many events may be, of those given to the broker.
	unconfirmed int
	first       int // event that missing looks at
	next        int // the first event that no publisher has used
}

// setting says how many accounts there are, each with one hook, and the most events
// that will be published.
type setting struct {
	accounts int
	events   int
	owned    func(hook int) bool // receivers that can refuse
	// spare receivers belong to no account.
	spare int
}

// work is how long a healthy receiver takes to answer.
const work = time.Millisecond

// on starts a stage, has do play on it, and clears it.
func on(ctx context.Context, o options, s setting, do func(context.Context, *stage) error) (err error) {
	dir, err := os.MkdirTemp("", "kazoolab-shared-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	st := &stage{options: o, clock: clock.System(), book: lab.NewBook(s.events), unconfirmed: 1000}
	st.of = func(event int) int { return event % s.accounts }
	if st.Servers, err = lab.StartServers(ctx, o.store, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	if st.receivers, err = lab.NewReceivers(st.book, s.accounts+s.spare, s.owned); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.receivers.Close()) }()
	tree := lab.Tree{Seed: "shared", Accounts: s.accounts, Hooks: 1, Tries: 2}
	st.tree, err = tree.Plant(ctx, st.StoreURL, func(hook int) string { return st.receivers.Hook(hook).URI })
	if err != nil {
		return err
	}
	if st.store, err = lab.OpenStore(ctx, st.StoreURL); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.store.Close()) }()
	for i := range s.accounts + s.spare {
		st.receivers.Hook(i).Set(lab.Healthy(work))
	}
	defer func() {
		for _, node := range st.nodes {
			node.Kill()
		}
	}()
	if err := st.join(ctx); err != nil {
		return err
	}
	st.began = st.clock.Now()
	return do(ctx, st)
}

// join starts the nodes, one after the other.
func (st *stage) join(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for range st.options.nodes {
		node, err := lab.NewNode(lab.NodeOptions{
			Binary: st.binary, AMQPURL: st.Broker.URL(), Store: st.StoreURL,
			Args: []string{"--webhooks-disable-disabler"},
		})
		if err != nil {
			return err
		}
		st.nodes = append(st.nodes, node)
		if err := node.Start(); err != nil {
			return err
		}
		if err := node.AwaitReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (st *stage) say(format string, args ...any) {
	fmt.Fprintf(st.out, "%6.1f s  %s\n", st.clock.Since(st.began).Seconds(), fmt.Sprintf(format, args...))
}

// publishing is a publisher at work.
type publishing struct {
	*lab.Publisher

	ended chan error
}

// publish gives the next events to accounts in turn, so many at the most, until it is
// ended. One publisher at a time.
func (st *stage) publish(ctx context.Context, rate float64, events int) publishing {
	p := publishing{&lab.Publisher{
		URL: st.Broker.URL(), Book: st.book, Seed: "shared", Accounts: st.tree.Accounts,
		From: st.next, To: min(st.next+events, st.book.Events), Rate: rate, Window: st.unconfirmed,
	}, make(chan error, 1)}
	go func() { p.ended <- p.Run(ctx) }()
	return p
}

// end ends a publisher and returns when all that it gave to the broker is sent.
func (st *stage) end(p publishing) error {
	p.End()
	err := <-p.ended
	st.next = p.Next()
	return err
}

// arrived counts the first arrivals at all receivers.
func (st *stage) arrived() (n int) {
	for i := range st.tree.Hooks {
		n += st.receivers.Hook(i).Arrived.Len()
	}
	return n
}

// drained returns when every event of the book that was sent has arrived, but for
// those that failed for good and have their record, which it counts. The error says
// how many have neither when nothing has come for a minute.
func (st *stage) drained(ctx context.Context) (failed int, err error) {
	const look, quiet, patience = 200 * time.Millisecond, 2 * time.Second, time.Minute
	arrived, changed := st.arrived(), st.clock.Now()
	for {
		missing := st.missing()
		if len(missing) == 0 {
			return 0, nil
		}
		if now := st.arrived(); now != arrived {
			arrived, changed = now, st.clock.Now()
		}
		if since := st.clock.Since(changed); since > quiet {
			lost, err := st.unrecorded(ctx, missing)
			if err != nil || lost == 0 {
				return len(missing), err
			}
			if since > patience {
				return 0, fmt.Errorf("%d of the events that were sent have neither arrived nor failed, and none has arrived for %s", lost, patience)
			}
		}
		if err := st.wait(ctx, look); err != nil {
			return 0, err
		}
	}
}

// missing are the events that were sent and have not arrived.
func (st *stage) missing() (events []int) {
	for event := st.first; event < st.book.Events; event++ {
		if st.book.Sent.Has(event) && !st.receivers.Hook(st.of(event)).Arrived.Has(event) {
			events = append(events, event)
		}
	}
	return events
}

// unrecorded counts those of some events that have no record of a failure for good.
func (st *stage) unrecorded(ctx context.Context, events []int) (lost int, err error) {
	of := map[int]*lab.Bits{}
	for _, event := range events {
		hook := st.of(event)
		if of[hook] == nil {
			if of[hook], err = st.failures(ctx, hook); err != nil {
				return 0, err
			}
		}
		if !of[hook].Has(event) {
			lost++
		}
	}
	return lost, nil
}

// failures are the events that have failed at a hook for good.
func (st *stage) failures(ctx context.Context, hook int) (*lab.Bits, error) {
	owned := st.tree.Hooks[hook]
	return lab.Failures(ctx, st.store, st.tree.Accounts[owned.Account], owned.ID, st.book.Events)
}

func (st *stage) wait(ctx context.Context, d time.Duration) error {
	return clock.Sleep(ctx, st.clock, d)
}

func (st *stage) duplicates() (n int) {
	for i := range st.tree.Hooks {
		n += st.receivers.Hook(i).Duplicates()
	}
	return n
}

// parked is how many deliveries wait in the store.
func (st *stage) parked(ctx context.Context) (n int, err error) {
	backlogs, err := st.store.Backlogs(ctx, "")
	for _, b := range backlogs {
		n += int(b.Waiting)
	}
	return n, err
}

// memory is what the nodes take, now and at the most.
func (st *stage) memory() string {
	var all []string
	for i, node := range st.nodes {
		used := node.Used()
		all = append(all, fmt.Sprintf("node %d %.0f MB (%.0f at the most)", i, used.Resident, used.Peak))
	}
	return strings.Join(all, "  ")
}
