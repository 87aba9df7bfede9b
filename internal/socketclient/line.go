package socketclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/internal/clock"
)

const (
	// pingEvery keeps the server, which waits for a sign of life for an hour, and what
	// stands between, from giving up; and shows when they have gone without a word.
	pingEvery = 30 * time.Second
	// silence is how long nothing may come, not even the answer to a ping.
	silence = 75 * time.Second
	// sendLimit is how long a write may take.
	sendLimit = 10 * time.Second
)

// line is one connection.
type line struct {
	conn  *websocket.Conn
	token string
	mu    sync.Mutex // of writing
	ended chan struct{}
	once  sync.Once
}

// dial connects. The error says what the server has answered instead.
func dial(ctx context.Context, place Place) (*line, error) {
	dialer := &websocket.Dialer{HandshakeTimeout: sendLimit, NetDialContext: (&net.Dialer{}).DialContext, Proxy: http.ProxyFromEnvironment}
	conn, response, err := dialer.DialContext(ctx, place.URL, nil) //nolint:bodyclose // it is in memory, or the connection itself
	if err != nil {
		if response != nil && errors.Is(err, websocket.ErrBadHandshake) {
			hint := ""
			if response.StatusCode == http.StatusBadRequest && strings.HasPrefix(place.URL, "ws://") {
				hint = "; where it speaks TLS, begin with wss://"
			}
			return nil, fmt.Errorf("no websocket at %s: it answered %s%s", place.URL, response.Status, hint)
		}
		return nil, fmt.Errorf("no connection to %s: %w", place.URL, err)
	}
	l := &line{conn: conn, token: place.Token, ended: make(chan struct{})}
	conn.SetPongHandler(func(string) error { return l.heard() })
	if err := l.heard(); err != nil {
		return nil, err
	}
	go l.keepAlive()
	return l, nil
}

func (l *line) heard() error { return l.conn.SetReadDeadline(clock.System().Now().Add(silence)) }

func (l *line) keepAlive() {
	ticker := clock.System().NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.Chan():
			// One that fails shows when the deadline of reading comes.
			_ = l.conn.WriteControl(websocket.PingMessage, nil, clock.System().Now().Add(sendLimit))
		case <-l.ended:
			return
		}
	}
}

func (l *line) read() ([]byte, error) {
	_, text, err := l.conn.ReadMessage()
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		return nil, fmt.Errorf("closed by the server: %d %s", closed.Code, closed.Text)
	}
	if err != nil {
		return nil, fmt.Errorf("the connection broke off: %w", err)
	}
	return text, l.heard()
}

func (l *line) write(text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(clock.System().Now().Add(sendLimit)); err != nil {
		return err
	}
	return l.conn.WriteMessage(websocket.TextMessage, text)
}

// close ends the connection, with a word to the server if that can be had at once.
func (l *line) close() {
	l.once.Do(func() {
		close(l.ended)
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = l.conn.WriteControl(websocket.CloseMessage, bye, clock.System().Now().Add(time.Second))
		_ = l.conn.Close()
	})
}
