package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/lab"
)

const (
	// A rolling restart may take so many times the events that are asked for.
	roomFor = 50
	// arrivalLimit is how long the last event may take to arrive: what a killed node
	// held in the store is freed after half a minute.
	arrivalLimit = 2 * time.Minute
	lookAgain    = 50 * time.Millisecond
)

// scene is what is sent and what arrives.
type scene struct {
	*stack

	book    *lab.Book
	arrived *arrivals
}

// show does what the command is for.
func show(ctx context.Context, out io.Writer, s *stack, events int, rate float64) (err error) {
	account, err := s.hook(ctx)
	if err != nil {
		return err
	}
	broker, err := s.address(ctx, "rabbitmq", amqpPort)
	if err != nil {
		return err
	}
	most := roomFor * events
	arrived, stop, err := s.follow(ctx, most)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	sc := &scene{stack: s, book: lab.NewBook(most), arrived: arrived}
	send := func(from, to int) *lab.Publisher {
		return &lab.Publisher{
			URL: "amqp://kazoolab:" + s.password + "@" + broker + "/", Book: sc.book, Accounts: []string{account},
			From: from, To: to, Rate: rate,
		}
	}

	if err := sc.play(ctx, out, "kill:   ", send(0, events), sc.kill); err != nil {
		return err
	}
	if err := s.start(ctx, node1); err != nil {
		return err
	}
	err = sc.play(ctx, out, "rolling:", send(events, most), func(ctx context.Context, p *lab.Publisher) (string, error) {
		return sc.roll(ctx, p, 2*events)
	})
	// What the killed node held in the store comes again when it has been silent for half
	// a minute: what is counted is which events those are, not when they come.
	fmt.Fprintf(out, "twice:   %d of the %d events of the kill, %d of the others\n", arrived.twice(0, events), events, arrived.twice(events, most))
	return err
}

// play sends events while something is done, and waits for all of them to arrive.
func (sc *scene) play(ctx context.Context, out io.Writer, name string, p *lab.Publisher,
	do func(context.Context, *lab.Publisher) (string, error),
) error {
	wall := clock.System()
	began := wall.Now()
	var what string
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return p.Run(both) })
	group.Go(func() (err error) {
		what, err = do(both, p)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	sent := p.Next() - p.From
	limit, cancel := context.WithTimeout(ctx, arrivalLimit)
	defer cancel()
	missing := sc.missing(p)
	for ; missing > 0; missing = sc.missing(p) {
		if clock.Sleep(limit, wall, lookAgain) != nil {
			break
		}
	}
	fmt.Fprintf(out, "%s %d sent, %d arrived, %d lost, in %s; %s\n", name,
		sent, sent-missing, missing, wall.Since(began).Round(time.Second), what)
	if missing > 0 {
		return errors.Join(fmt.Errorf("%d of %d events have not arrived within %s", missing, sent, arrivalLimit), ctx.Err())
	}
	return nil
}

// missing counts the events that the broker has and the receiver has not seen.
func (sc *scene) missing(p *lab.Publisher) (n int) {
	for event := p.From; event < p.Next(); event++ {
		if sc.book.Sent.Has(event) && !sc.arrived.seen.Has(event) {
			n++
		}
	}
	return n
}

// kill ends a node at once, in the middle of the events: on a busy machine the command
// took as long as 675 of them.
func (sc *scene) kill(ctx context.Context, p *lab.Publisher) (string, error) {
	const early = 4
	if err := sc.reach(ctx, p, p.From+(p.To-p.From)/early); err != nil {
		return "", err
	}
	_, err := sc.compose(ctx, "kill", "--signal", "KILL", node1)
	return fmt.Sprintf("%s got SIGKILL by event %d", node1, p.Next()), err
}

// roll starts the nodes anew, one after the other, and ends the events when at least
// so many were sent.
func (sc *scene) roll(ctx context.Context, p *lab.Publisher, atLeast int) (string, error) {
	defer p.End()
	const some = 10
	if err := sc.reach(ctx, p, p.From+some); err != nil {
		return "", err
	}
	var what []string
	for _, node := range []string{node1, node2} {
		from := p.Next()
		if err := sc.renew(ctx, node); err != nil {
			return "", err
		}
		what = append(what, fmt.Sprintf("%s anew during %d to %d", node, from, p.Next()))
	}
	return strings.Join(what, ", "), sc.reach(ctx, p, atLeast)
}

// reach waits until the event before n is given to the broker.
func (sc *scene) reach(ctx context.Context, p *lab.Publisher, n int) error {
	for p.Next() < n {
		if err := clock.Sleep(ctx, clock.System(), lookAgain); err != nil {
			return err
		}
	}
	return nil
}
