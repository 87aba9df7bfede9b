package cli

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
	"github.com/kazoolab/kazoolab/internal/config"
)

// extensionsOff and extensionsListed are words of websockets.extensions.
const (
	extensionsOff    = "off"
	extensionsListed = "listed"
)

// sockets opens the listeners of websockets and reads the certificate.
func (a *app) sockets(ctx context.Context, c config.Websockets, log *slog.Logger) (bridge.Sockets, error) {
	sockets, err := socketSettings(c)
	if err != nil {
		return sockets, err
	}
	if c.TLSListen != "" {
		if c.TLSCertificate == "" || c.TLSKey == "" {
			return sockets, usagef("websockets.tls-listen needs websockets.tls-certificate and websockets.tls-key")
		}
		if sockets.Certificate, err = blackhole.OpenCertificate(c.TLSCertificate, c.TLSKey, log); err != nil {
			return sockets, usagef("websockets.tls-certificate: %w", err)
		}
		if sockets.TLSListener, err = a.open(ctx, c.TLSListen, "--websockets-tls-listen"); err != nil {
			return sockets, err
		}
	}
	if c.Listen != "" && sockets.Listener == nil {
		sockets.Listener, err = a.open(ctx, c.Listen, "--websockets-listen")
	}
	if err != nil {
		closeSockets(sockets)
	}
	return sockets, err
}

// closeSockets closes listeners that nobody serves; the bridge closes its own.
func closeSockets(s bridge.Sockets) {
	for _, listener := range []net.Listener{s.Listener, s.TLSListener} {
		if listener != nil {
			_ = listener.Close()
		}
	}
}

func socketSettings(c config.Websockets) (bridge.Sockets, error) {
	s := blackhole.DefaultConfig()
	s.Extensions = c.Extensions != extensionsOff
	s.MaxFrame, s.IdleTimeout, s.SendTimeout = c.MaxFrame, c.IdleTimeout, c.SendTimeout
	s.QueueFrames, s.QueueBytes = c.MaxQueue, int(c.MaxQueueBytes)
	s.PerAddress, s.PerAccount, s.MaxBindings = c.MaxPerAddress, c.MaxPerAccount, c.MaxBindings
	s.Rate = limits.Rate{Tokens: c.RateBurst, Refill: c.RatePerSecond, Every: time.Second}
	s.Replay = replay.Limits{Events: c.ReplayEvents, Bytes: int(c.ReplayBytes)}
	s.ReplayKeep = c.ReplayKeep
	for _, text := range c.TrustedProxies {
		network, err := config.ParseNetwork(text)
		if err != nil {
			return bridge.Sockets{}, usagef("websockets.trusted-proxies: %w", err)
		}
		s.TrustedProxies = append(s.TrustedProxies, network)
	}
	return bridge.Sockets{Config: s, ListExtensions: c.Extensions == extensionsListed}, nil
}

// socketURLs is what clients connect to, ws before wss; none without sockets.
func socketURLs(s bridge.Sockets) []string {
	var urls []string
	if s.Listener != nil {
		urls = append(urls, "ws://"+s.Listener.Addr().String())
	}
	if s.TLSListener != nil {
		urls = append(urls, "wss://"+s.TLSListener.Addr().String())
	}
	return urls
}

// socketURL is the first of them, "" without any.
func socketURL(s bridge.Sockets) string {
	for _, url := range socketURLs(s) {
		return url
	}
	return ""
}
