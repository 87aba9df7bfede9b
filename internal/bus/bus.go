// Package bus keeps one supervised AMQP connection. It owns reconnecting, and the
// registry of exchanges, queues, bindings and consumers that it declares anew on
// each connection; publishing with confirms and mandatory returns; and requests
// with their replies. It never interprets a message beyond the ids that tie a
// reply to its request, and never gives up: what cannot be done now is retried
// until the caller's context ends.
//
// Timestamps follow the injected clock. Waiting between attempts, deadlines and
// heartbeats stay on real time, because the broker's clock cannot be moved.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

var (
	// ErrStopped says that Run has ended; nothing more will be published or consumed.
	ErrStopped = errors.New("bus: stopped")
	// ErrUndeclared says that an exchange was used without DeclareExchange.
	ErrUndeclared = errors.New("bus: exchange was never declared")
)

// Config holds what a Bus needs. URL, Clock and IDs are required.
type Config struct {
	URL  string // amqp:// or amqps://, with credentials; never logged
	Name string // shown for the connection in the broker's tools
	Node string // first part of generated queue names, as name@host

	Clock clock.Clock
	IDs   *ids.Source
	Log   *slog.Logger // nil is silent

	DialTimeout   time.Duration // connect, TLS and login together; 5 s
	Heartbeat     time.Duration // 10 s; a peer silent for three of them is given up
	MinBackoff    time.Duration // 500 ms (kz_amqp.hrl)
	MaxBackoff    time.Duration // 5 s (kz_amqp.hrl)
	PublishWindow int           // messages sent and not yet confirmed, at most; 256
}

// Bus is one connection to a broker. Its methods may be called from any
// goroutine, before Run, during it and after.
type Bus struct {
	config Config
	log    *slog.Logger
	status *status

	stopped  chan struct{}  // closed when Run has ended
	handlers sync.WaitGroup // goroutines that may be in a caller's Handle

	mu            sync.Mutex
	exchanges     []exchange
	queues        []Queue
	subscriptions []*Subscription
	session       *session   // nil while there is no connection
	publisher     *publisher // nil while nothing can be published
	publisherNews chan struct{}
	replies       *replies
}

type exchange struct{ name, kind string }

// New makes a Bus. It does nothing until Run.
func New(config Config) *Bus {
	orElse := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	orElse(&config.DialTimeout, 5*time.Second)
	orElse(&config.Heartbeat, 10*time.Second)
	orElse(&config.MinBackoff, 500*time.Millisecond)
	orElse(&config.MaxBackoff, 5*time.Second)
	if config.PublishWindow == 0 {
		config.PublishWindow = 256
	}
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{
		config:        config,
		log:           log,
		status:        newStatus(config.Clock, log),
		stopped:       make(chan struct{}),
		publisherNews: make(chan struct{}),
	}
}

// Run connects, and connects again whenever the connection is lost, until ctx
// ends. It then closes the connection in order, waits for each running Handle to
// return, and returns nil; the error is only for a URL that cannot be used. Run
// may be called once.
func (b *Bus) Run(ctx context.Context) error {
	defer func() {
		close(b.stopped)
		b.handlers.Wait()
	}()
	if _, err := amqp.ParseURI(b.config.URL); err != nil {
		return fmt.Errorf("bus: broker URL: %w", withoutURL(err))
	}
	retry := b.newBackoff()
	for {
		began := clock.System().Now()
		err := b.connect(ctx)
		if ctx.Err() != nil {
			b.status.stopped()
			return nil
		}
		b.status.disconnected(err)
		if retry.wait(ctx, clock.System().Since(began)) != nil {
			return nil
		}
	}
}

// DeclareExchange adds an exchange to the registry, declared as Kazoo does: not
// durable, not auto-delete, without arguments (kz_amqp_util:new_exchange/3). It
// does not wait for the broker.
func (b *Bus) DeclareExchange(name, kind string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.ContainsFunc(b.exchanges, func(e exchange) bool { return e.name == name }) {
		return
	}
	b.exchanges = append(b.exchanges, exchange{name, kind})
	if b.session != nil {
		b.session.topology.refresh()
	}
}

// Consume adds a consumer to the registry. It does not wait for the broker:
// Subscription.WaitReady does.
func (b *Bus) Consume(consumer Consumer) (*Subscription, error) {
	if consumer.Handle == nil {
		return nil, errors.New("bus: a consumer needs Handle")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.consume(consumer), nil
}

// consume registers; the caller holds the lock.
func (b *Bus) consume(consumer Consumer) *Subscription {
	sub := newSubscription(b, consumer)
	b.subscriptions = append(b.subscriptions, sub)
	if b.session != nil {
		b.session.serve(sub)
	}
	return sub
}

func (b *Bus) forget(sub *Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscriptions = slices.DeleteFunc(b.subscriptions, func(s *Subscription) bool { return s == sub })
}

func (b *Bus) declared(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	named := func(e exchange) bool { return e.name == name }
	return name == "" || slices.ContainsFunc(b.exchanges, named) // the default exchange is always there
}

// survivors are the durable queues that consumers have declared before, each with what
// binds it to an exchange.
func (b *Bus) survivors(exchange string) map[string][]Binding {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := map[string][]Binding{}
	for _, sub := range b.subscriptions {
		if queue := sub.consumer.Queue; queue.Durable && queue.Name != "" {
			found[queue.Name] = append(found[queue.Name], sub.standing(exchange)...)
		}
	}
	return found
}

func (b *Bus) registeredExchanges() []exchange {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.exchanges)
}
