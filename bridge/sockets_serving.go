package bridge

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// Sockets is how websockets are served. Without a listener there are none.
type Sockets struct {
	// Listener takes ws, TLSListener, with Certificate, wss. The bridge closes them.
	Listener, TLSListener net.Listener
	Certificate           *blackhole.Certificate
	// ListExtensions has GET /websockets list what no Kazoo has.
	ListExtensions bool
	// Settings; Dialect and Compat are those of Config.Webhooks.
	blackhole.Config
}

func (s Sockets) served() bool { return s.Listener != nil || s.TLSListener != nil }

// maxSocketEvents wait in a node's queue at the broker before the oldest are dropped:
// the reference's holds 100.
const maxSocketEvents = 1_000_000

// sockets are the websockets of a node: the hub, and its queue.
type sockets struct {
	*Bridge
	hub     *blackhole.Hub
	sub     *bus.Subscription
	engines *engines // nil without extensions
	peers   peers
}

// newSockets declares the node's queue. It is the node's own and goes with it; what is
// bound to it follows what clients subscribe to. rest answers the action api.
func (b *Bridge) newSockets(rest http.Handler) (*sockets, error) {
	if !b.cfg.Sockets.served() {
		return nil, nil //nolint:nilnil // there are none
	}
	s := &sockets{Bridge: b}
	for _, exchange := range append(kapi.CallEventExchanges(),
		kapi.ExchangeConfiguration, kapi.ExchangeFaxes, kapi.ExchangeConference, kapi.ExchangePresence,
		kapi.ExchangeNotifications, kapi.ExchangeSystemConfig, kapi.ExchangeApplications, kapi.ExchangeTargeted,
	) {
		b.bus.DeclareExchange(exchange, kapi.ExchangeType(exchange))
	}
	cfg := b.cfg.Sockets.Config
	cfg.Dialect, cfg.Compat, cfg.ExplainEvents = b.cfg.Webhooks.Dialect, b.cfg.Webhooks.Compat, b.cfg.ExplainEvents
	dep := blackhole.Dependencies{
		Broker: s, Accounts: b.directory, Tokens: b.tokens, OwnsConference: s.ownsConference, REST: rest,
		Announce: s.announce, Agree: s.agree, Clock: b.cfg.Clock, IDs: b.cfg.IDs, Log: b.cfg.Log, Metrics: b.metrics,
		Host: s.host(),
	}
	if cfg.Extensions {
		s.engines = newEngines(s)
		dep.Engines = s.engines
	}
	s.hub = blackhole.New(cfg, dep)
	if s.engines != nil {
		if err := s.engines.consume(); err != nil {
			return nil, err
		}
	}
	var err error
	s.sub, err = b.bus.Consume(bus.Consumer{
		Queue: bus.Queue{
			Module: "blackhole", Exclusive: true, AutoDelete: true,
			Args: map[string]any{"x-max-length": int32(maxSocketEvents)},
		},
		Bindings: []bus.Binding{
			{Exchange: kapi.ExchangeSystemConfig, Key: kapi.SocketsRequestKey},
			{Exchange: kapi.ExchangeApplications, Key: keepKey},
		},
		// Acknowledged, unlike the reference's: what comes faster than it can be handled
		// then waits at the broker, and not in memory.
		Prefetch: 1000,
		// The first time, too: sockets are served before there is a broker.
		OnUp:   s.up,
		Handle: s.handle,
	})
	return s, err
}

// flowing says whether messages come in, whatever clients are adding at the moment.
func (s *sockets) flowing() bool {
	return s.sub.Flowing() && (s.engines == nil || s.engines.sub.Ready())
}

func (s *sockets) handle(d bus.Delivery) {
	body, err := kapi.Unpack(d.Body, d.ContentEncoding, s.cfg.Webhooks.MaxEvent)
	switch {
	case err != nil:
		s.cfg.Log.Debug("message for sockets dropped", "key", d.RoutingKey, "error", err)
	case d.Exchange == kapi.ExchangeSystemConfig:
		s.answer(body)
	case d.Exchange == kapi.ExchangeApplications:
		s.keep(body)
	default:
		s.hub.Handle(blackhole.Message{Exchange: d.Exchange, RoutingKey: d.RoutingKey, Body: body})
	}
	if err := d.Ack(); err != nil {
		s.cfg.Log.Debug("message for sockets not acknowledged", "error", err)
	}
}

// Want adds a binding; it, Drop and Bound are those of blackhole.Broker.
func (s *sockets) Want(b kapi.Binding) { s.sub.Want(bus.Binding(b)) }

// Drop removes a binding.
func (s *sockets) Drop(b kapi.Binding) { s.sub.Drop(bus.Binding(b)) }

// Bound waits for a binding.
func (s *sockets) Bound(ctx context.Context, b kapi.Binding) error {
	return s.sub.Bound(ctx, bus.Binding(b))
}

// host is this machine's name, as the node's has it.
func (s *sockets) host() string {
	_, host, _ := strings.Cut(s.cfg.NodeName, "@")
	return host
}

// ownsConference says whether a conference is an account's: of those that have a
// document of that id, the one that had it first.
func (s *sockets) ownsConference(ctx context.Context, accountID, conferenceID string) bool {
	docs, err := s.cfg.Store.Find(ctx, store.ConferencesByID, conferenceID)
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "conference not looked up", "account_id", accountID, "error", err)
	}
	return len(docs) > 0 && docs[0].AccountID == accountID
}

// run serves until the listeners are closed and ctx ends.
func (s *sockets) run(ctx context.Context) error {
	if s == nil {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { s.hub.Run(ctx); return nil })
	if s.engines != nil {
		group.Go(func() error { s.engines.teller.Run(ctx); return nil })
	}
	cfg := s.cfg.Sockets
	if cfg.Listener != nil {
		group.Go(func() error { return s.hub.Serve(ctx, cfg.Listener) })
	}
	if cfg.TLSListener != nil {
		group.Go(func() error { return s.hub.Serve(ctx, tls.NewListener(cfg.TLSListener, cfg.Certificate.Config())) })
	}
	return group.Wait()
}

// drain takes no more sockets and has clients go elsewhere.
func (s *sockets) drain(ctx context.Context) {
	if s == nil {
		return
	}
	for _, listener := range []net.Listener{s.cfg.Sockets.Listener, s.cfg.Sockets.TLSListener} {
		if listener != nil {
			_ = listener.Close()
		}
	}
	s.hub.Drain(ctx)
}
