package crossbar

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/kapi/schemas"
	"github.com/kazoolab/kazoolab/bridge/proxies"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/bridge/webhooks/samples"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/schema"
)

// DefaultMaxBody is how many bytes a body may have (crossbar.max_upload_size).
const DefaultMaxBody = 8_000_000

// DefaultRealmSuffix ends the realms that accounts get when they bring none.
const DefaultRealmSuffix = "sip.example.com"

// ChangePublisher tells everyone of writes. Publish returns when this node has
// applied them, or after a limit of its own; lost messages are not its caller's
// concern, since every node reads the store again when it has missed some.
type ChangePublisher interface {
	Publish(ctx context.Context, changes ...kapi.DocChange)
}

// Tokens issues and verifies tokens, with the errors of account.Tokens.
type Tokens interface {
	Issue(ctx context.Context, claims account.Claims) (string, error)
	Verify(ctx context.Context, token string) (account.Claims, error)
}

// FailureCounter tells how near hooks are to being switched off.
type FailureCounter interface {
	// Limit is what holds for the hooks of an account that say nothing themselves.
	Limit(accountID string) disabler.Limit
	// Count says of hooks of one account how many of their failures count now, on
	// whichever node they were met, those of another node a second later.
	Count(ctx context.Context, accountID string, hooks map[disabler.Key]disabler.Limit) (map[disabler.Key]int, error)
}

// Config says what the handler works with. Fields without a remark are required.
type Config struct {
	Store    *store.Store
	Accounts *account.Directory
	Tokens   Tokens
	Changes  ChangePublisher
	// Failures counts those of hooks; nil counts none.
	Failures FailureCounter
	// FailureLimit is the system's, which switches hooks off where no account says
	// otherwise; its zero value is disabler.DefaultLimit.
	FailureLimit disabler.Limit
	// Trials sends sample events; nil sends none.
	Trials Trier
	// Events, Listening and Replays are behind /kazoolab/events and
	// /kazoolab/attempts.
	Events    Events
	Listening Listening
	Replays   Replayer
	// Backlogs are behind /kazoolab/backlogs; nil has none.
	Backlogs Backlogs
	// Bus is where channels and websockets are asked for and calls are commanded; nil
	// is one that nobody listens on.
	Bus Bus
	// Bindings is what /websockets lists: what can be subscribed to.
	Bindings jobj.Object
	// Dialect decides which hooks are listed and accepted, and the shapes of
	// answers that differ between versions.
	Dialect fidelity.Dialect
	Compat  fidelity.Compat

	Clock clock.Clock
	IDs   *ids.Source
	Log   *slog.Logger

	Version   string // of the envelope and of /about
	NodeName  string // name@host; the envelope shows a digest
	ClusterID string

	// AllowLoopbackTargets takes localhost and 127.0.0.1 off the default block
	// list of hook addresses.
	AllowLoopbackTargets bool
	// BlockedHosts and BlockedNetworks replace the default block list, localhost,
	// 127.0.0.1/32 and 0.0.0.0/32, unless nil (kazoo_web client.blacklist). Only
	// IPv4 networks have an effect.
	BlockedHosts    []string
	BlockedNetworks []netip.Prefix

	MaxBody     int64  // bytes; 0 is DefaultMaxBody
	RealmSuffix string // "" is DefaultRealmSuffix
	// TrustedProxies are those whose X-Forwarded-For is believed.
	TrustedProxies proxies.Trusted
}

type handler struct {
	Config

	node     string
	families map[string]family
	guard    guard
	buckets  *buckets

	hooks       []catalogue.Hook // of the dialect
	samples     *samples.Set
	schemas     *schema.Set
	hookSchema  *schema.Schema
	accountForm *schema.Schema
	userForm    *schema.Schema
	keyForm     *schema.Schema
	configForm  *schema.Schema
	flowForm    *schema.Schema // of metaflows

	// accountWrites is taken while an account's name and realm are checked and
	// written, so that of two equal ones only one is accepted, on whichever nodes.
	accountWrites *store.Turn
	// objectWrites is taken while it is made sure that an object's names are its own,
	// and it is written.
	objectWrites *store.Turn
}

// New returns the handler of every path: those under /v2, and the answers that
// others get. It must see paths as they were sent: a mux that cleans them, as
// http.ServeMux does, hides what the reference answers to "//". The error is for
// broken data of our own.
func New(cfg Config) (http.Handler, error) {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	cfg.FailureLimit = cfg.FailureLimit.Or(disabler.DefaultLimit())
	if cfg.RealmSuffix == "" {
		cfg.RealmSuffix = DefaultRealmSuffix
	}
	if cfg.Bus == nil {
		cfg.Bus = deserted{}
	}
	digest := md5.Sum([]byte(cfg.NodeName))
	h := &handler{
		Config:  cfg,
		node:    base64.RawURLEncoding.EncodeToString(digest[:]),
		guard:   newGuard(cfg),
		buckets: newBuckets(cfg.Clock),

		accountWrites: cfg.Store.Turn("accounts"),
		objectWrites:  cfg.Store.Turn("objects"),
	}
	if err := h.compile(); err != nil {
		return nil, err
	}
	h.families = h.allFamilies()
	return h, nil
}

func (h *handler) compile() error {
	var err error
	if h.schemas, err = schema.NewSet(schemas.Files(), ".", h.guard.refuses); err != nil {
		return err
	}
	for name, into := range map[string]**schema.Schema{
		"webhooks": &h.hookSchema, "accounts": &h.accountForm,
		"user_auth": &h.userForm, "api_auth": &h.keyForm, "account_config_webhooks": &h.configForm, "metaflow": &h.flowForm,
	} {
		var ok bool
		if *into, ok = h.schemas.Get(name); !ok {
			return fmt.Errorf("there is no schema %s", name)
		}
	}
	if h.samples, err = samples.New(h.Dialect, h.Compat, h.ClusterID); err != nil {
		return err
	}
	return h.loadHooks()
}
