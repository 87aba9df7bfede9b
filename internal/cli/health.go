package cli

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// askLimit bounds one request to a bridge.
const askLimit = 10 * time.Second

func (a *app) healthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Say whether a bridge is ready: 0 ready, 1 not ready, 3 not there",
		Long: `Ask a bridge's /readyz. The bridge is the one at --url, else the one at
rest.listen where that is set, else the one that up started, else port 8000.`,
		Example: "  kazoolab health --url http://127.0.0.1:8000",
		Args:    noArguments,
	}
	settingFlags(cmd)
	output := outputFlag(cmd)
	base := cmd.Flags().String("url", "", "base URL of the bridge, such as "+exampleURL)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *base == "" {
			loaded, err := a.load(cmd)
			if err != nil {
				return err
			}
			*base = a.bridgeURL(cmd.Context(), loaded)
		} else if err := checkURL("--url", *base, exampleURL); err != nil {
			return err
		}
		return a.health(cmd.Context(), *base, *output)
	}
	return cmd
}

// bridgeURL is where the bridge of this machine answers.
func (a *app) bridgeURL(ctx context.Context, loaded *config.Loaded) string {
	if loaded.IsDefault("rest.listen") {
		if path, err := a.runFilePath(loaded.Config); err == nil {
			if running, err := runfile.Read(ctx, path); err == nil {
				return running.REST
			}
		}
	}
	return localURL(loaded.REST.Listen)
}

// localURL is the URL at which this machine reaches a listener.
func localURL(address string) string { return "http://" + localAddress(address) }

// localAddress is where this machine reaches a listener, which may be on all addresses.
func localAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

func (a *app) health(ctx context.Context, base, output string) error {
	status, body, err := ask(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/readyz", nil)
	if err != nil {
		return err
	}
	if output == outputJSON {
		a.printf("%s\n", strings.TrimSpace(string(body)))
	} else if status == http.StatusOK {
		a.printf("ready\n")
	}
	if status == http.StatusOK {
		return nil
	}
	var state struct {
		Reasons []string `json:"reasons"`
	}
	if json.Unmarshal(body, &state) != nil || len(state.Reasons) == 0 {
		state.Reasons = []string{http.StatusText(status)}
	}
	return &codedError{ExitFailed, notReadyError(state.Reasons)}
}

type notReadyError []string

func (e notReadyError) Error() string { return "not ready: " + strings.Join(e, "; ") }

// maxAnswer is how much of an answer is read, in bytes: an attempt may hold a
// request of 16 MiB.
const maxAnswer = 64 << 20

// ask makes one request to a bridge, past any proxy. The error leads to
// ExitUnreachable, or to ExitUsage for a URL that checkURL would have refused.
func ask(ctx context.Context, method, url string, body io.Reader) (status int, answer []byte, err error) {
	return askWith(ctx, method, url, body, func(*http.Request) {})
}

// askWith is ask for a request that needs more, which add adds.
func askWith(ctx context.Context, method, url string, body io.Reader, add func(*http.Request)) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return askUntil(ctx, method, url, body, add)
}

// askUntil is askWith that waits as long as ctx lets it.
func askUntil(ctx context.Context, method, url string, body io.Reader, add func(*http.Request)) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, nil, usagef("%w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	add(req)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0, nil, unreachablef("no bridge at %s://%s: %w", req.URL.Scheme, req.URL.Host, cause(err))
	}
	defer func() { _ = res.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return 0, nil, unreachablef("the bridge at %s stopped in its answer: %w", req.URL.Host, err)
	}
	return res.StatusCode, answer, nil
}
