package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// crowd are the clients of a server, of which each knows which events of the book it
// has received. Accounts have events and clients in turn: event n is for client c where
// both leave the same rest when divided by how many accounts there are.
type crowd struct {
	server   *server
	accounts []string
	book     *lab.Book
	clients  []*client

	got      *counter // first arrivals at clients of no manner
	twice    atomic.Int64
	stray    atomic.Int64 // frames that are none of the client's events
	size     atomic.Int64 // bytes of the latest frame
	sampling atomic.Bool

	reading sync.WaitGroup
	mu      sync.Mutex
	ended   map[string]int // connections that are over, by manner and how
	leaving bool
}

// manner is how some clients read; nil is at once.
type manner struct {
	name string
	*brake
}

// newCrowd connects so many clients. mannered says how each reads; nil is for all at
// once.
func newCrowd(ctx context.Context, s *server, accounts []string, book *lab.Book, clients int, mannered func(place int) *manner) (*crowd, error) {
	c := &crowd{server: s, accounts: accounts, book: book, got: newCounter(), ended: map[string]int{}}
	for place := range clients {
		one := &client{crowd: c, place: place, seen: lab.NewBits(book.Events/len(accounts) + 1)}
		if mannered != nil {
			one.manner = mannered(place)
		}
		c.clients = append(c.clients, one)
	}
	if err := c.connect(ctx, c.clients); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// connect has clients connect, some at a time, and returns when all are subscribed.
func (c *crowd) connect(ctx context.Context, clients []*client) error {
	const atOnce = 32
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, one := range clients {
		group.Go(func() error {
			if err := one.connect(ctx); err != nil {
				return fmt.Errorf("client %d: %w", one.place, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// account is that of a place.
func (c *crowd) account(place int) string { return c.accounts[place%len(c.accounts)] }

// fan is how many clients an event is for.
func (c *crowd) fan() int { return len(c.clients) / len(c.accounts) }

// close ends all connections.
func (c *crowd) close() {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	for _, one := range c.clients {
		one.close()
	}
	c.reading.Wait()
}

// end notes how a connection ended: by the code of its close frame, or cut.
func (c *crowd) end(m *manner, how string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving {
		return
	}
	name := "reading"
	if m != nil {
		name = m.name
	}
	c.ended[name+", "+how]++
}

// endings takes what end has noted.
func (c *crowd) endings() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.ended
	c.ended = map[string]int{}
	return taken
}

// faults says what must never be: events twice, of others, or connections that ended.
func (c *crowd) faults() error {
	var faults []error
	if n := c.twice.Load(); n > 0 {
		faults = append(faults, fmt.Errorf("%d frames came twice", n))
	}
	if n := c.stray.Load(); n > 0 {
		faults = append(faults, fmt.Errorf("%d frames came to the wrong client", n))
	}
	for how, n := range c.endings() {
		faults = append(faults, fmt.Errorf("%d connections ended: %s", n, how))
	}
	return errors.Join(faults...)
}

// sample begins to keep the time of each arrival, or ends it.
func (c *crowd) sample(on bool) {
	c.sampling.Store(on)
	for _, one := range c.clients {
		one.taken()
	}
}

// spell is what the clients of no manner saw of some events.
type spell struct {
	lab.Latency

	late int // events that had not arrived
}

func (s spell) String() string {
	if s.late == 0 {
		return s.Latency.String()
	}
	return fmt.Sprintf("%s, and %d that had not arrived", s.Latency, s.late)
}

// spells sorts the samples by the marks between which an event was published.
func (c *crowd) spells(marks ...int) []spell {
	samples := make([][]lab.Sample, len(marks)-1)
	clients := 0
	for _, one := range c.clients {
		if one.manner != nil {
			continue
		}
		clients++
		for _, s := range one.taken() {
			for i := range samples {
				if int(s.Event) >= marks[i] && int(s.Event) < marks[i+1] {
					samples[i] = append(samples[i], s)
				}
			}
		}
	}
	all := make([]spell, len(samples))
	for i := range samples {
		due := (marks[i+1] - marks[i]) * clients / len(c.accounts)
		all[i] = spell{Latency: lab.LatencyOf(samples[i]), late: due - len(samples[i])}
	}
	return all
}
