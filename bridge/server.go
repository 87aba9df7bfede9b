package bridge

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/crossbar"
)

// Limits of the REST listener. Bodies may take bodyTime: a client with 8 MB on a
// slow line needs it, one that sends nothing must not hold a connection for ever.
const (
	headerTime = 10 * time.Second
	bodyTime   = time.Minute
	idleTime   = 2 * time.Minute // crossbar's own idle timeout
	maxHeader  = 64 << 10
)

// server answers REST under /v2, and beside it what operators ask.
func (b *Bridge) server(rest http.Handler) *http.Server {
	return &http.Server{
		Handler:           b.routes(rest),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      2 * bodyTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(b.cfg.Log.Handler(), slog.LevelDebug),
	}
}

// routes sends everything but our own paths to REST, as it was sent: http.ServeMux
// would clean paths, to which the reference has answers of its own.
func (b *Bridge) routes(rest http.Handler) http.Handler {
	metrics := promhttp.HandlerFor(b.metrics, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/livez":
			b.livez(w, r)
		case path == "/readyz":
			b.readyz(w, r)
		case path == "/metrics":
			metrics.ServeHTTP(w, r)
		case b.cfg.Tools != nil && strings.HasPrefix(path, "/_dev/"):
			b.cfg.Tools.ServeHTTP(w, r)
		default:
			rest.ServeHTTP(w, r)
		}
	})
}

func (b *Bridge) rest(clusterID string) (http.Handler, error) {
	return crossbar.New(crossbar.Config{
		Store: b.cfg.Store, Accounts: b.directory, Tokens: b.tokens, Changes: b.changes,
		Failures: b.disabling, FailureLimit: b.cfg.Webhooks.FailureLimit, Trials: trier{b},
		Clock: b.cfg.Clock, IDs: b.cfg.IDs, Log: b.cfg.Log,
		Version: b.cfg.Version, NodeName: b.cfg.NodeName, ClusterID: clusterID,
		Dialect: b.cfg.Webhooks.Dialect, Compat: b.cfg.Webhooks.Compat,
		AllowLoopbackTargets: b.cfg.AllowLoopbackTargets, TrustedProxies: b.cfg.Sockets.TrustedProxies,
		Events: b.explainer(), Listening: b.listening, Replays: trier{b},
		Backlogs: backlogs{b}, Bus: asker{b},
		Bindings: bindings.Listing(b.cfg.Webhooks.Dialect, b.cfg.Sockets.ListExtensions),
	})
}
