package blackhole

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/proxies"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Config is how sockets are served. DefaultConfig has what Kazoo has, but for limits
// where it has none.
type Config struct {
	Dialect fidelity.Dialect
	Compat  fidelity.Compat
	// Extensions answers clients that ask for more than Kazoo has: api, resume, and
	// bindings of our own.
	Extensions bool

	MaxFrame    int64         // bytes of a client's frame; a larger one closes the socket
	IdleTimeout time.Duration // without anything from the client
	SendTimeout time.Duration // for a client to take what is written
	QueueFrames int           // events that may wait for a socket, …
	QueueBytes  int           // … and their bytes, before its reader is too slow
	// Rate is that of a socket's commands (token_buckets of the system configuration).
	Rate limits.Rate
	// Of sockets, for each address and each account; 0 is no limit.
	PerAddress, PerAccount int
	MaxBindings            int // of a socket; 0 is no limit
	// TrustedProxies are those whose X-Forwarded-For is believed.
	TrustedProxies proxies.Trusted

	// Replay is how much is kept for clients that come back, of all bindings that are
	// used with resume, and ReplayKeep for how long after the last socket has left one.
	Replay     replay.Limits
	ReplayKeep time.Duration
	// ExplainEvents is how many events are remembered with the sockets they went to.
	ExplainEvents int
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Dialect: fidelity.Talk, Compat: fidelity.Kazoo, Extensions: true,
		MaxFrame: 1 << 20, IdleTimeout: time.Hour, SendTimeout: 5 * time.Second,
		QueueFrames: 1000, QueueBytes: 1 << 20,
		Rate:        limits.Rate{Tokens: 100, Refill: 10, Every: time.Second},
		MaxBindings: 10_000,
		Replay:      replay.Limits{Events: 10_000, Bytes: 16 << 20}, ReplayKeep: 5 * time.Minute,
	}
}

func (c Config) corrected() bool { return c.Compat == fidelity.Corrected }

// Broker is where the queue of this node is bound. Want and Drop return at once.
type Broker interface {
	Want(b kapi.Binding)
	Drop(b kapi.Binding)
	// Bound returns nil once the broker has a binding that is wanted.
	Bound(ctx context.Context, b kapi.Binding) error
}

// Accounts is the account tree.
type Accounts interface {
	Get(id string) (account.Account, bool)
	NumberOwner(e164 string) (accountID string, ok bool)
}

// Tokens checks tokens. The error wraps account.ErrExpired or account.ErrInvalidToken
// when the token is to blame.
type Tokens interface {
	Verify(ctx context.Context, token string) (account.Claims, error)
}

// Dependencies are what a Hub works with. All are required, but for what is said.
type Dependencies struct {
	Broker   Broker
	Accounts Accounts
	Tokens   Tokens
	// OwnsConference says whether a conference is an account's. Commands to a
	// conference do not say whose it is.
	OwnsConference func(ctx context.Context, accountID, conferenceID string) bool
	// REST answers the requests of the action api; nil where there is none.
	REST http.Handler
	// Announce tells the other nodes what is to be kept for replay here, be it nothing. Agree
	// returns true when all of them keep it.
	Announce func([]Kept)
	Agree    func(context.Context, []Kept) bool
	// Engines run calls that applications at sockets decide about; nil where there are none.
	Engines Engines
	Clock   clock.Clock
	IDs     *ids.Source
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Host is the name of this machine, which tracking shows as destination.
	Host string
}
