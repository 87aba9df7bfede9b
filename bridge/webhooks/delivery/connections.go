package delivery

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// connections dials receivers and keeps the connections to them. Who asks writes the
// request and reads the answer itself: net/http's Transport hands both to two more
// goroutines for each connection and back, which took a sixth of all CPU that an event
// costs. What is written and read is net/http's all the same.
type connections struct {
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	tls       *tls.Config
	handshake time.Duration // at most
	keep      int           // unused ones to a place, at most

	mu    sync.Mutex
	idle  map[place][]*connection // the one used last stands last; no list is empty
	sweep clockwork.Timer         // runs while there is any
}

// place is where connections lead to.
type place struct{ scheme, host string }

const (
	// idleLimit is how long an unused connection is kept.
	idleLimit = 2 * time.Minute
	// idleTrusted is how long one is used again without a look at it. Receivers close
	// theirs after seconds.
	idleTrusted = 100 * time.Millisecond
)

// ask makes one request. The error has no connection where there was none to ask
// on; else the caller reads the answer's body and then calls done. A connection that
// was used before and ends without a byte of an answer was closed by a receiver that
// had waited long enough: it may not even have seen the request, which is made again
// on a new one. Of 600 such requests 80 failed without that.
func (cs *connections) ask(ctx context.Context, deadline time.Time, o outgoing) (*connection, *http.Response, error) {
	if c := cs.take(o.to); c != nil {
		resp, err := c.ask(ctx, deadline, o)
		if err == nil || c.answered() || ctx.Err() != nil || timedOut(err) {
			return c, resp, err
		}
	}
	c, err := cs.connect(ctx, deadline, o.to)
	if err != nil {
		return nil, nil, err
	}
	resp, err := c.ask(ctx, deadline, o)
	return c, resp, err
}

// done keeps the connection, if its answer was read to the end and another can follow.
func (cs *connections) done(c *connection, resp *http.Response, complete bool) {
	if !c.release() || !complete || resp.Close || resp.StatusCode < http.StatusOK {
		_ = c.Close()
		return
	}
	_ = c.SetDeadline(time.Time{}) // it would end the look at an unused one, too
	c.since = clock.System().Now()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.idle[c.to]) >= cs.keep {
		_ = c.Close()
		return
	}
	cs.idle[c.to] = append(cs.idle[c.to], c)
	if cs.sweep == nil {
		cs.sweep = clock.System().AfterFunc(idleLimit, cs.expire)
	}
}

// take gives a connection that seems to be in order; nil for none.
func (cs *connections) take(to place) *connection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for idle := cs.idle[to]; len(idle) > 0; {
		last := len(idle) - 1
		c := idle[last]
		idle[last], idle = nil, idle[:last]
		if cs.idle[to] = idle; last == 0 {
			delete(cs.idle, to)
		}
		if clock.System().Since(c.since) < idleTrusted || quiet(c.socket) {
			return c
		}
		_ = c.Close()
	}
	return nil
}

func (cs *connections) connect(ctx context.Context, deadline time.Time, to place) (*connection, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	at := url.URL{Host: to.host}
	host, port := at.Hostname(), at.Port()
	if port == "" {
		port = defaultPort(to.scheme)
	}
	socket, err := cs.dial(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if to.scheme != "https" {
		return newConnection(to, socket, socket), nil
	}
	config := cs.tls.Clone()
	config.ServerName = host
	secure := tls.Client(socket, config)
	ctx, stop := context.WithTimeout(ctx, cs.handshake)
	defer stop()
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = socket.Close()
		return nil, err
	}
	return newConnection(to, socket, secure), nil
}

// expire closes what has not been used for idleLimit.
func (cs *connections) expire() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	before := clock.System().Now().Add(-idleLimit)
	cs.closeIdle(func(c *connection) bool { return c.since.Before(before) })
	if cs.sweep = nil; len(cs.idle) > 0 {
		cs.sweep = clock.System().AfterFunc(idleLimit/2, cs.expire)
	}
}

// close drops all connections that are not in use.
func (cs *connections) close() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.closeIdle(func(*connection) bool { return true })
	if cs.sweep != nil {
		cs.sweep.Stop()
		cs.sweep = nil
	}
}

// closeIdle is called with the lock held.
func (cs *connections) closeIdle(which func(*connection) bool) {
	for to, idle := range cs.idle {
		left := slices.DeleteFunc(idle, func(c *connection) bool {
			if !which(c) {
				return false
			}
			_ = c.Close()
			return true
		})
		if cs.idle[to] = left; len(left) == 0 {
			delete(cs.idle, to)
		}
	}
}
