package blackhole

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// Limits of a request for a socket.
const (
	handshakeTime = 10 * time.Second
	maxHeader     = 64 << 10
	// readBuffer is small, as clients say little; larger frames are read in pieces.
	readBuffer = 1 << 10
)

// Serve takes sockets on a listener, which may be one of TLS, until Drain is called or
// the listener is closed. Its sockets go on until they end or ctx does.
func (h *Hub) Serve(ctx context.Context, listener net.Listener) error {
	upgrader := &websocket.Upgrader{
		ReadBufferSize: readBuffer, WriteBufferSize: readBuffer, // frames that are prepared need none
		CheckOrigin: func(*http.Request) bool { return true }, // Kazoo asks none: tokens decide
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			http.Error(w, reason.Error(), status)
		},
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.metrics.upgrades.WithLabelValues(strconv.Itoa(h.upgrade(ctx, upgrader, w, r))).Inc()
		}),
		ReadHeaderTimeout: handshakeTime,
		ReadTimeout:       handshakeTime,
		WriteTimeout:      handshakeTime,
		IdleTimeout:       handshakeTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(h.dep.Log.Handler(), slog.LevelDebug),
	}
	defer func() { _ = server.Close() }() // connections that became no socket
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve websockets: %w", err)
	}
	return nil
}

// upgrade answers one request, and returns the status (blackhole_socket_handler:init/2).
func (h *Hub) upgrade(ctx context.Context, upgrader *websocket.Upgrader, w http.ResponseWriter, r *http.Request) int {
	refuse := func(status int) int {
		w.WriteHeader(status)
		return status
	}
	if _, there := r.Header["Sec-Websocket-Protocol"]; there {
		return refuse(http.StatusBadRequest)
	}
	peer, source := h.addressesOf(r)
	if !h.addresses.Add(source) {
		return refuse(http.StatusTooManyRequests)
	}
	status, ok := h.upgradeFrom(ctx, upgrader, w, r, peer, source)
	if !ok {
		h.addresses.Remove(source)
	}
	return status
}

func (h *Hub) upgradeFrom(ctx context.Context, upgrader *websocket.Upgrader, w http.ResponseWriter, r *http.Request, peer, source string) (status int, ok bool) {
	if h.isDraining() {
		w.Header().Set("Connection", "close")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return http.StatusServiceUnavailable, false
	}
	if r.Method != http.MethodGet || !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Connection", "upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusUpgradeRequired)
		return http.StatusUpgradeRequired, false
	}
	hijacking := &lineWriter{ResponseWriter: w}
	conn, err := upgrader.Upgrade(hijacking, r, nil)
	if err != nil {
		h.dep.Log.Debug("no socket", "peer", peer, "error", err)
		return http.StatusBadRequest, false // as the upgrader has answered, if it could
	}
	// A prepared message is made for the level of its first use: with the connection's
	// own, which means nothing without compression, each was made twice.
	_ = conn.SetCompressionLevel(0)
	ctx, cancel := context.WithCancel(ctx)
	s := &session{
		hub: h, cancel: cancel, id: peer, source: source, connected: h.dep.Clock.Now(),
		conn: conn, line: hijacking.line,
		out:     newOutbox(h.cfg.QueueFrames, h.cfg.QueueBytes),
		bucket:  limits.NewBucket(h.cfg.Rate, h.dep.Clock.Now()),
		written: make(chan struct{}), calls: make(chan struct{}, maxCalls),
	}
	if !h.enter(s) {
		cancel()
		_ = conn.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.CloseGoingAway, goingAway), s.deadline()) // or it finds out by itself
		_ = conn.Close()
		return http.StatusSwitchingProtocols, false
	}
	// A goroutine of its own is smaller than that of the request.
	go func() {
		defer h.served.Done()
		h.serve(ctx, s)
	}()
	return http.StatusSwitchingProtocols, true
}

// addressesOf are the peer with its port, which names the socket, and the address of
// the client, which differs where a proxy stands between that may say so (quirk
// peer-budget).
func (h *Hub) addressesOf(r *http.Request) (peer, source string) {
	at, source := h.cfg.TrustedProxies.Source(r)
	if !at.IsValid() { // no TCP: a listener of tests
		return source, source
	}
	peer = written(at.Addr().Unmap()) + ":" + strconv.Itoa(int(at.Port()))
	if address, err := netip.ParseAddr(source); err == nil {
		source = written(address)
	}
	return peer, source
}

// written is an address in Kazoo's letters: that of IPv6 has all its eight groups
// (kz_network_utils:iptuple_to_binary/1).
func written(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	groups := make([]string, 8)
	bytes := a.As16()
	for i := range groups {
		groups[i] = strconv.FormatUint(uint64(bytes[2*i])<<8|uint64(bytes[2*i+1]), 16)
	}
	return strings.Join(groups, ":")
}

// enter counts a new socket, unless there are to be none any more.
func (h *Hub) enter(s *session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return false
	}
	h.served.Add(1)
	for peer, n := s.id, 2; h.sockets[s.id] != nil; n++ { // one port of a client's at both of ours
		s.id = peer + "-" + strconv.Itoa(n)
	}
	h.sockets[s.id] = s
	return true
}

func (h *Hub) isDraining() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.draining
}

// Open is how many sockets there are.
func (h *Hub) Open() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.sockets)
}

// goingAway is the text of the close frames of a node that stops.
const goingAway = "the node is going away, connect again"

// maxSpread is the time over which clients are told to go, so that not all come to the
// next node at once.
const maxSpread = 2 * time.Second

// Drain takes no more sockets, tells the clients of all to go and returns when they
// have, or ctx ends: then they are cut off.
func (h *Hub) Drain(ctx context.Context) {
	h.mu.Lock()
	h.draining = true
	open := make([]*session, 0, len(h.sockets))
	for _, s := range h.sockets { // in no order
		open = append(open, s)
	}
	h.mu.Unlock()
	h.dep.Log.Info("the node stops; sockets are told to connect again", "sockets", len(open))
	spread := maxSpread
	if deadline, bounded := ctx.Deadline(); bounded {
		spread = min(spread, clock.System().Until(deadline)/4)
	}
	const steps = 20
	for step := range steps {
		for _, s := range open[len(open)*step/steps : len(open)*(step+1)/steps] {
			s.part(websocket.CloseGoingAway, goingAway, "drain")
		}
		if len(open) < steps {
			continue // a few come at once; no need to wait
		}
		if clock.Sleep(ctx, clock.System(), spread/steps) != nil {
			break
		}
	}
	ended := make(chan struct{})
	go func() {
		h.served.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		h.cut()
		<-ended
	}
}

// cut ends what is left of sockets.
func (h *Hub) cut() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, s := range h.sockets {
		s.cancel()
		s.out.close()
		_ = s.conn.Close()
	}
}
