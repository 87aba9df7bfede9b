package lab

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Line stands between a node and a server and can be cut. Its methods may be called
// from any goroutine.
type Line struct {
	URL string // the server's, through the line

	mu    sync.Mutex
	proxy *toxiproxy.Proxy
}

// NewLine forwards to the server at address. The caller closes it.
func NewLine(name, address string) (*Line, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("line to %s: %w", name, err)
	}
	log := zerolog.Nop()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), log)
	l := &Line{proxy: toxiproxy.NewProxy(server, name, "127.0.0.1:0", u.Host)}
	if err := l.proxy.Start(); err != nil {
		return nil, fmt.Errorf("line to %s: %w", name, err)
	}
	u.Host = l.proxy.Listen
	l.URL = u.String()
	return l, nil
}

// Cut breaks every connection and refuses new ones, until Mend.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop()
}

// Silence lets nothing through either way, and tells neither end, until Mend.
func (l *Line) Silence() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, stream := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"type": "timeout", "stream": %q, "attributes": {"timeout": 0}}`, stream)
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return fmt.Errorf("silence a line: %w", err)
		}
	}
	return nil
}

// Delay has what goes through, either way, come later by half of latency, give or take
// half of jitter: an answer then takes that much longer.
func (l *Line) Delay(latency, jitter time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, stream := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"type": "latency", "stream": %q, "attributes": {"latency": %d, "jitter": %d}}`, stream, (latency / 2).Milliseconds(), (jitter / 2).Milliseconds())
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return fmt.Errorf("delay a line: %w", err)
		}
	}
	return nil
}

// Mend ends what Cut or Silence began. Connections that were silenced are broken.
func (l *Line) Mend(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.proxy.Enabled {
		return l.proxy.Start()
	}
	// Each end of a connection would otherwise be told in its own time.
	l.proxy.Stop()
	l.proxy.Toxics.ResetToxics(ctx)
	return l.proxy.Start()
}

// Close cuts the line for good.
func (l *Line) Close() { l.Cut() }
