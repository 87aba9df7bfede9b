package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/internal/buildinfo"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func (a *app) bridgeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bridge",
		Short: "Deliver a cluster's events to webhooks and websockets, in production",
		Long: `Run the bridge alone: webhooks, websockets and the REST API against a broker that is there.
It starts while the broker is away, and /readyz says so. With bootstrap.account-name
and bootstrap.password set, an empty store gets its first account.`,
		Example: "  KAZOOLAB_BOOTSTRAP_PASSWORD=secret kazoolab bridge --amqp-url amqp://guest:guest@127.0.0.1:5672/ \\\n" +
			"    --store sqlite:kazoolab.db --bootstrap-account-name Master",
		Args: noArguments,
	}
	settingFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		return orderly(cmd.Context(), a.bridge(cmd.Context(), loaded.Config))
	}
	return cmd
}

func (a *app) bridge(ctx context.Context, c config.Config) error {
	log, err := a.logger(c)
	if err != nil {
		return err
	}
	if err := checkBootstrap(c.Bootstrap); err != nil {
		return err
	}
	listener, err := a.open(ctx, c.REST.Listen, "--rest-listen")
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the bridge closes it, if it comes to that
	sockets, err := a.sockets(ctx, c.Websockets, log)
	if err != nil {
		return err
	}
	defer closeSockets(sockets)
	source := newIDs("")
	s, err := a.openStore(ctx, c.Store, source, log)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := bootstrap(ctx, s, c.Bootstrap, source, log); err != nil {
		return err
	}
	log.Info("bridge starts", "node", a.nodeName(), "rest", listener.Addr().String(), "websockets", strings.Join(socketURLs(sockets), " "), "broker", config.MaskURL(c.AMQPURL), "store", config.MaskURL(c.Store), "version", buildinfo.Read().Version)
	for _, relaxed := range relaxed(c) {
		log.Warn("not what production should allow", "relaxed", relaxed)
	}
	collectLess(300)
	cfg := a.bridgeConfig(c, c.AMQPURL, s, listener, source, log)
	cfg.Sockets = sockets
	b := bridge.New(cfg)
	return a.runBridge(ctx, b, func(why string) {
		log.Warn("waiting for the broker", "url", config.MaskURL(c.AMQPURL), "setting", "amqp-url", "cause", why)
	})
}

// nodeName is what this node is called on the bus, in dead letters and by queues list.
func (a *app) nodeName() string { return "kazoolab@" + a.Hostname }

func (a *app) openStore(ctx context.Context, url string, source *ids.Source, log *slog.Logger) (*store.Store, error) {
	s, err := store.Open(ctx, url, store.Options{Clock: a.Clock, IDs: source, Log: log})
	switch {
	case errors.Is(err, store.ErrNewerSchema): // there, and will not take this program
		return nil, err
	case err != nil:
		return nil, unreachablef("%w (store is %s)", err, config.MaskURL(url))
	}
	return s, nil
}

// collectLess has memory collected when it has grown by so many percent, unless GOGC says
// when. With 300, three times the usual, a busy node has 160 MB where it had 125 with 200, and
// takes 6 % less of the processor.
func collectLess(percent int) {
	const usual = 100
	if before := debug.SetGCPercent(percent); before != usual {
		debug.SetGCPercent(before)
	}
}

func (a *app) bridgeConfig(c config.Config, amqpURL string, s *store.Store, listener net.Listener, source *ids.Source, log *slog.Logger) bridge.Config {
	hooks := webhooks.DefaultConfig()
	hooks.Dialect, hooks.Compat = fidelity.Dialect(c.Dialect), fidelity.Compat(c.Compat)
	hooks.Concurrency = c.Webhooks.Concurrency
	hooks.Prefetch = c.Webhooks.Prefetch
	hooks.MaxRequests = c.Webhooks.MaxRequests
	hooks.DeliveryLimit = c.Webhooks.DeliveryLimit
	hooks.ConnectTimeout = c.Webhooks.ConnectTimeout
	hooks.RequestTimeout = c.Webhooks.RequestTimeout
	hooks.RetryMaxWait = c.Webhooks.RetryMaxWait
	hooks.Guard.Level = guard.Level(c.Webhooks.Guard)
	hooks.TLSUnverified = !c.Webhooks.TLSVerify
	hooks.LogSuccessfulAttempts = c.Webhooks.LogSuccessfulAttempts
	hooks.AttemptsKeep = c.Webhooks.AttemptsKeep
	hooks.AttemptsMax = c.Webhooks.AttemptsMax
	hooks.FailureLimit = disabler.Limit{Failures: c.Webhooks.AttemptFailureCount, Within: c.Webhooks.AttemptFailureExpiry}
	hooks.DisableDisabler = c.Webhooks.DisableDisabler
	return bridge.Config{
		AMQPURL:              amqpURL,
		Store:                s,
		Listener:             listener,
		AllowLoopbackTargets: c.AllowLoopbackTargets,
		Webhooks:             hooks,
		ExplainEvents:        c.Webhooks.ExplainEvents,
		NodeName:             a.nodeName(),
		Version:              buildinfo.Read().Version,
		DrainTimeout:         c.DrainTimeout,
		Clock:                a.Clock,
		IDs:                  source,
		Log:                  log,
	}
}

// checkBootstrap refuses an account that no one could use.
func checkBootstrap(b config.Bootstrap) error {
	if b.AccountName != "" && b.Password == "" && b.APIKey == "" {
		return usagef("bootstrap.account-name needs bootstrap.password or bootstrap.api-key: without them nobody could log in")
	}
	return nil
}

// bootstrap makes the first account of an empty store, as the settings say. Of nodes
// that start at once, one makes it.
func bootstrap(ctx context.Context, s *store.Store, b config.Bootstrap, source *ids.Source, log *slog.Logger) error {
	has, err := hasAccounts(ctx, s)
	if err != nil || has {
		return err
	}
	if b.AccountName == "" {
		log.Warn("the store has no account, so nobody can log in: start once with bootstrap.account-name and bootstrap.password")
		return nil
	}
	return s.InTurn(ctx, func() error {
		if has, err := hasAccounts(ctx, s); err != nil || has {
			return err
		}
		master := masterAccount(b, source)
		if err := saveAccounts(ctx, s, []fixtures.Account{master}); err != nil {
			return err
		}
		log.Info("first account made", "account_id", master.ID, "name", master.Name)
		return nil
	})
}

func masterAccount(b config.Bootstrap, source *ids.Source) fixtures.Account {
	master := fixtures.Account{
		ID: source.Hex(32), Name: b.AccountName, Realm: source.Hex(6) + ".sip.example.com", APIKey: b.APIKey,
		IsReseller: true, IsSuperduper: true,
	}
	master.ResellerID = master.ID
	if master.APIKey == "" {
		master.APIKey = source.Hex(64)
	}
	if b.Password != "" {
		master.Users = []fixtures.User{{
			Person: fixtures.Person{First: b.AccountName, Last: "Administrator"},
			ID:     source.Hex(32), Username: b.User, Password: b.Password, IsAdmin: true,
		}}
	}
	return master
}
