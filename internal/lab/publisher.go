package lab

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Publisher sends numbered CHANNEL_CREATE events, mandatory and with confirms. What
// the broker does not take, it sends again: an event that is sent may be there twice.
type Publisher struct {
	URL  string // the broker's
	Book *Book
	Seed string // the same seed makes the same calls, but for their time
	// Accounts own the events in turn, unless Of chooses the account of each.
	Accounts []string
	Of       func(event int) int
	From, To int // the events to send: From and on, not To
	// Rate is events a second; 0 is as many as the window lets through. A publisher
	// that was held up makes good for it, as fast as it can.
	Rate float64
	// Window is how many may be unconfirmed; 0 is 256.
	Window int
	// Gate, if set, is waited for before each event is given. Its error is Run's.
	Gate func(ctx context.Context, event int) error

	ended atomic.Bool
	next  atomic.Int64 // past the last event given
}

// End has Run return once what has been given to the broker is sent.
func (p *Publisher) End() { p.ended.Store(true) }

// Next is the event that is given to the broker next.
func (p *Publisher) Next() int { return max(p.From, int(p.next.Load())) }

// Run returns when every event is sent, or with ctx's error.
func (p *Publisher) Run(ctx context.Context) error {
	random := ids.Seeded("publisher " + p.Seed)
	texts, err := p.templates(random)
	if err != nil {
		return err
	}
	wall := clock.System()
	line := bus.New(bus.Config{
		URL: p.URL, Name: "publisher", Node: "publisher@localhost", Clock: wall, IDs: random, PublishWindow: p.window(),
	})
	line.DeclareExchange(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents))
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = line.Run(running)
	}()
	defer func() {
		stop()
		<-ended
	}()
	group, failed := errgroup.WithContext(ctx)
	group.SetLimit(p.window())
	began, closed := wall.Now(), error(nil)
	for n := p.From; n < p.To && !p.ended.Load(); n++ {
		if p.Rate > 0 {
			due := time.Duration(float64(n-p.From) / p.Rate * float64(time.Second))
			if err := clock.Sleep(failed, wall, due-wall.Since(began)); err != nil {
				break
			}
		}
		if p.Gate != nil {
			if closed = p.Gate(failed, n); closed != nil {
				break
			}
		}
		message := texts[p.of(n)].number(n)
		p.next.Store(int64(n + 1))
		group.Go(func() error {
			p.Book.publish(n)
			if err := line.Publish(failed, message); err != nil {
				return fmt.Errorf("event %d: %w", n, err)
			}
			p.Book.Sent.Add(n)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return cmp.Or(closed, ctx.Err())
}

func (p *Publisher) window() int {
	const otherwise = 256
	if p.Window == 0 {
		return otherwise
	}
	return p.Window
}

func (p *Publisher) of(n int) int {
	if p.Of != nil {
		return p.Of(n)
	}
	return n % len(p.Accounts)
}

// template is an event of one account, of which only the number changes: to compose
// each anew would take more of the processor than what is measured.
type template struct{ message bus.Message }

func (p *Publisher) templates(random *ids.Source) ([]template, error) {
	sw := pbx.New(pbx.Config{Clock: clock.System(), IDs: random})
	all := make([]template, len(p.Accounts))
	for i, account := range p.Accounts {
		call, err := sw.NewCall(kapi.ChannelCreate, pbx.Spec{AccountID: account, CallID: callID(0)})
		if err != nil {
			return nil, err
		}
		m, err := call.Event().Message()
		if err != nil {
			return nil, err
		}
		all[i] = template{bus.Message{Exchange: m.Exchange, Key: m.Key, Body: m.Body, Mandatory: true, UntilRouted: true}}
	}
	return all, nil
}

func (t template) number(n int) bus.Message {
	m := t.message
	key := []byte(m.Key)
	stamp(key, n)
	m.Key = string(key)
	m.Body = append([]byte(nil), m.Body...)
	stamp(m.Body, n)
	return m
}
