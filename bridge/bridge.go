package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/deadletter"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Config says what a bridge works with. Fields without a remark are required.
type Config struct {
	AMQPURL string
	// Store is opened and closed by the caller.
	Store *store.Store
	// Listener serves REST and the health endpoints. The bridge closes it.
	Listener net.Listener
	// AllowLoopbackTargets lets hooks be created for this machine's own
	// addresses, which the reference refuses, and be delivered there: it is an
	// exception of REST's guard and of Webhooks.Guard.
	AllowLoopbackTargets bool
	// Tools answers below /_dev/. Without it there is nothing there.
	Tools    http.Handler
	Webhooks webhooks.Config
	// ExplainEvents is how many events are remembered, to be explained; 0 is none.
	ExplainEvents int
	Sockets       Sockets
	// NodeName stands in messages as Node: name@host.
	NodeName string
	Version  string
	// DrainTimeout bounds what is still finished after Run's context has ended.
	// What takes longer is left to the broker, or to the store where it is parked.
	DrainTimeout time.Duration
	Clock        clock.Clock
	IDs          *ids.Source
	Log          *slog.Logger
}

// WorkQueue holds the events that wait for a bridge. It is durable and
// replicated, shared by all nodes, and under a name of our own: the reference's
// webhooks_shared_listener has other arguments, which would refuse ours.
const WorkQueue = "kazoolab.webhooks"

// WorkQueueArguments declares WorkQueue. The limit of deliveries is high: from
// RabbitMQ 4 on its default of 20 would drop an event that 20 lost connections
// interrupted.
func WorkQueueArguments() map[string]any {
	return map[string]any{"x-queue-type": "quorum", "x-delivery-limit": int32(1_000_000)}
}

// DeadQueue holds what became no delivery because it is broken, until somebody deals
// with it. See package deadletter.
const DeadQueue = deadletter.Queue

// Bridge is one node.
type Bridge struct {
	cfg       Config
	bus       *bus.Bus
	metrics   *prometheus.Registry
	directory *account.Directory
	hooks     *webhooks.Registry
	changes   *changes
	disabling *disabling
	engine    *webhooks.Engine
	tokens    *account.Tokens
	journal   *journal.Journal
	depths    *depths
	switches  *switches
	sockets   *sockets

	ready    chan struct{}
	draining atomic.Bool
	subs     atomic.Pointer[[]*bus.Subscription]
	taking   atomic.Pointer[time.Time] // since when events are taken
}

// New prepares a node without any I/O.
func New(cfg Config) *Bridge {
	b := &Bridge{
		cfg:       cfg,
		metrics:   prometheus.NewRegistry(),
		directory: account.NewDirectory(),
		hooks:     webhooks.NewRegistry(),
		ready:     make(chan struct{}),
	}
	b.bus = bus.New(bus.Config{
		URL: cfg.AMQPURL, Name: "kazoolab bridge", Node: cfg.NodeName,
		Clock: cfg.Clock, IDs: cfg.IDs, Log: cfg.Log,
	})
	b.bus.DeclareQueue(bus.Queue{Name: DeadQueue, Durable: true, Args: deadletter.Arguments()})
	b.switches = newSwitches(clock.System())
	b.depths = newDepths(b.bus, cfg.Clock, cfg.Log)
	b.disabling = newDisabling(cfg, b.hooks, func(accountID string) string {
		owner, _ := b.directory.Get(accountID)
		return owner.ResellerID
	})
	b.metrics.MustRegister(
		b.disabling.disabled,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		b.depths.messages, b.depths.consumers,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "kazoolab_broker_connected", Help: "1 while the broker is connected.",
		}, func() float64 {
			if b.bus.State().Connected {
				return 1
			}
			return 0
		}),
	)
	return b
}

// Ready is closed when hooks are loaded and events are being taken.
func (b *Bridge) Ready() <-chan struct{} { return b.ready }

// Broker returns what the connection to the broker is like, and a channel that is
// closed when that changes.
func (b *Bridge) Broker() (bus.State, <-chan struct{}) {
	changed := b.bus.Changed()
	return b.bus.State(), changed
}

// Run works until ctx ends, then takes no more events and requests, finishes
// what it has within DrainTimeout, and returns nil. It returns an error when it
// cannot start or loses what it cannot work without.
func (b *Bridge) Run(ctx context.Context) error {
	clusterID, err := ClusterID(ctx, b.cfg.Store, b.cfg.IDs)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	// Deliveries, change messages and the connection outlive ctx by the drain.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	b.changes = &changes{
		bus: b.bus, store: b.cfg.Store, directory: b.directory, hooks: b.hooks,
		limits: b.disabling.settings,
		clock:  b.cfg.Clock, ids: b.cfg.IDs, log: b.cfg.Log, node: b.cfg.NodeName,
		dialect: b.cfg.Webhooks.Dialect, names: webhooks.Names(b.cfg.Webhooks.Dialect), compat: b.cfg.Webhooks.Compat,
		running: running, loaded: make(chan struct{}), waiting: map[string]chan struct{}{},
	}
	b.disabling.publish, b.disabling.send = b.changes.Publish, b.changes.send
	if err := b.changes.migrate(ctx); err != nil {
		return err
	}
	// Once before there is a broker, so that REST serves without one.
	if err := b.changes.load(ctx); err != nil {
		return fmt.Errorf("load accounts and hooks: %w", err)
	}
	b.tokens = account.NewTokens(b.tokenConfig()) //nolint:contextcheck // its key pair is made in the background
	b.journal = journal.New(journal.Config{
		Events: b.cfg.ExplainEvents, Bytes: journal.DefaultBytes, Mark: b.cfg.IDs.Hex(4),
	})
	hooks := b.cfg.Webhooks
	hooks.Guard.AllowLoopback = b.cfg.AllowLoopbackTargets
	engine := webhooks.New(hooks, webhooks.Dependencies{
		Hooks: b.hooks, Accounts: b.directory, Records: b.cfg.Store, Backlogs: presence{b.cfg.Store, b.cfg.Sockets.served()}, Documents: b.cfg.Store,
		Failures: b.disabling, Clock: b.cfg.Clock, IDs: b.cfg.IDs, Log: b.cfg.Log, Metrics: b.metrics,
		ClusterID: clusterID, Journal: b.journal, Node: newRun(b.cfg.NodeName),
		Graveyard: graveyard{bus: b.bus, clock: b.cfg.Clock, ids: b.cfg.IDs, node: b.cfg.NodeName},
	})
	b.engine = engine
	rest, err := b.rest(clusterID)
	if err != nil {
		return fmt.Errorf("REST: %w", err)
	}
	server := b.server(rest)
	if b.sockets, err = b.newSockets(rest); err != nil {
		return err
	}
	if b.sockets != nil {
		b.changes.moved = b.sockets.hub.AccountsChanged
	}

	group, failed := errgroup.WithContext(running)
	group.Go(func() error { return b.bus.Run(running) })
	group.Go(func() error { engine.Run(running); return nil })
	group.Go(func() error {
		webhooks.Retention{
			Bin: b.cfg.Store, Clock: b.cfg.Clock, Log: b.cfg.Log,
			Keep: b.cfg.Webhooks.AttemptsKeep, Max: b.cfg.Webhooks.AttemptsMax,
		}.Run(running)
		return nil
	})
	group.Go(func() error { b.changes.run(running); return nil })
	group.Go(func() error { b.disabling.failures.run(running); return nil })
	group.Go(func() error { b.disabling.run(running); return nil })
	group.Go(func() error { b.depths.run(running, b.ready); return nil })
	group.Go(func() error { return b.serve(server) })
	group.Go(func() error { return b.sockets.run(running) })
	group.Go(func() error {
		defer stop()
		work, err := b.subscribe(ctx, failed, engine)
		if err == nil {
			select {
			case <-ctx.Done():
			case <-failed.Done():
			}
		}
		b.drain(context.WithoutCancel(ctx), server, work, engine, stop)
		return err
	})
	return group.Wait()
}

// subscribe loads accounts and hooks and only then takes events: one that came
// before its hooks would be gone.
func (b *Bridge) subscribe(ctx, failed context.Context, engine *webhooks.Engine) (*bus.Subscription, error) { //nolint:contextcheck // deliveries outlive ctx by the drain
	listening, err := b.changes.subscribe()
	if err != nil {
		return nil, err
	}
	if err := b.hearRetries(); err != nil {
		return nil, err
	}
	if err := b.switches.subscribe(b.bus); err != nil {
		return nil, err
	}
	if err := (pivotDebug{b}).subscribe(); err != nil { //nolint:contextcheck // what is taken outlives ctx by the drain
		return nil, err
	}
	select {
	case <-b.changes.loaded:
	case <-ctx.Done():
		return nil, nil
	case <-failed.Done():
		return nil, nil
	}
	var bindings []bus.Binding
	for _, listener := range kapi.HookListeners() {
		for _, exchange := range listener.Exchanges {
			b.bus.DeclareExchange(exchange, kapi.ExchangeType(exchange))
		}
		for _, binding := range listener.Bindings {
			bindings = append(bindings, bus.Binding{Exchange: binding.Exchange, Key: binding.Key})
		}
	}
	up := make(chan struct{}, 1)
	running := b.changes.running
	work, err := b.bus.Consume(bus.Consumer{
		Queue: bus.Queue{
			Name: WorkQueue, Durable: true,
			Args: WorkQueueArguments(),
		},
		Bindings: bindings,
		Prefetch: b.cfg.Webhooks.Prefetch,
		OnUp: func() {
			// Hooks may have been changed while there was no connection; events
			// that waited must not meet the old ones.
			b.changes.catchUp()
			now := b.cfg.Clock.Now()
			b.taking.Store(&now)
			select {
			case up <- struct{}{}:
			default:
			}
		},
		Handle: func(d bus.Delivery) {
			exchange, key := deadletter.Address(d)
			engine.Handle(running, webhooks.Message{
				Body: d.Body, ContentType: d.ContentType, ContentEncoding: d.ContentEncoding,
				Exchange: exchange, RoutingKey: key, Returns: d.Returns, Ack: d.Ack, Stale: d.Stale,
			})
		},
	})
	if err != nil {
		return nil, err
	}
	b.subs.Store(&[]*bus.Subscription{listening, work})
	select {
	case <-up:
		close(b.ready)
	case <-ctx.Done():
	case <-failed.Done():
	}
	return work, nil
}

func (b *Bridge) subscribed() bool {
	subs := b.subs.Load()
	if subs == nil {
		return false
	}
	for _, sub := range *subs {
		if !sub.Ready() {
			return false
		}
	}
	return b.sockets == nil || b.sockets.flowing()
}

// drain stops in the order that loses nothing: no new events, no new requests,
// finish what is there, leave what is parked to other nodes; the broker connection
// goes last, by stop.
func (b *Bridge) drain(ctx context.Context, server *http.Server, work *bus.Subscription, engine *webhooks.Engine, stop func()) {
	b.draining.Store(true)
	limit, cancel := context.WithTimeout(ctx, b.cfg.DrainTimeout)
	defer cancel()
	if work != nil {
		if err := work.Cancel(limit); err != nil {
			b.cfg.Log.Debug("consumer not cancelled", "error", err)
		}
	}
	var parting sync.WaitGroup
	parting.Go(func() { b.sockets.drain(limit) })
	defer parting.Wait()
	if err := server.Shutdown(limit); err != nil {
		_ = server.Close()
	}
	finished := make(chan struct{})
	go func() {
		engine.Drain(limit)
		close(finished)
	}()
	select {
	case <-finished:
	case <-limit.Done():
		b.cfg.Log.Warn("not everything could be finished in time; the rest stays in the work queue or parked", "limit", b.cfg.DrainTimeout)
		stop()
		<-finished
	}
	leaving, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	engine.Leave(leaving)
}

func (b *Bridge) serve(server *http.Server) error {
	if err := server.Serve(wordless{b.cfg.Listener}); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve REST: %w", err)
	}
	return nil
}

// ClusterID is drawn once and kept in the store, so that all nodes show the same
// (kzd_cluster:id/0).
func ClusterID(ctx context.Context, s *store.Store, source *ids.Source) (string, error) {
	id, err := s.Secret(ctx, "cluster_id", func() ([]byte, error) { return []byte(source.Hex(32)), nil })
	if err != nil {
		return "", fmt.Errorf("cluster id: %w", err)
	}
	return string(id), nil
}
