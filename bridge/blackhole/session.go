package blackhole

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// partingTime is how long a client may take to answer a close frame.
const partingTime = 2 * time.Second

// session is one socket. One goroutine reads and does what is asked, one writes.
type session struct {
	hub       *Hub
	id        string // address:port of the peer
	source    string // the client's address, which may stand behind proxies
	connected time.Time
	conn      *websocket.Conn
	line      *line
	out       *outbox
	bucket    *limits.Bucket
	written   chan struct{} // closed when nobody writes any more
	parting   atomic.Bool   // a close frame has been sent
	calls     chan struct{} // room for requests of the action api
	cancel    func()        // ends what it has asked for

	last  jobj.Object // data of the last reply; of the reading goroutine
	pivot *pivoting   // nil for who serves no application; guarded by the hub's table

	// Guarded by the hub; changed by the reading goroutine alone, which reads them
	// without the lock.
	account        string // "" until a token was accepted
	token          string
	name, metadata any
	listed         bool // a command has succeeded
	subscriptions  []*subscription
}

// maxCalls of the action api are under way for one socket.
const maxCalls = 4

// serve runs a socket until it ends. The connection is closed when it returns.
func (h *Hub) serve(ctx context.Context, s *session) {
	defer s.cancel()
	go func() {
		defer close(s.written)
		s.write()
	}()
	s.read(ctx)
	select {
	case <-s.written:
	case <-clock.System().After(partingTime): // a close frame that cannot be sent
		_ = s.conn.Close()
		<-s.written
	}
	s.out.close()
	_ = s.conn.Close()
	h.leavePivot(s)
	h.leave(s)
}

// read returns when the socket has ended, in order or not.
func (s *session) read(ctx context.Context) {
	s.conn.SetReadLimit(s.hub.cfg.MaxFrame)
	s.conn.SetPingHandler(func(data string) error {
		s.extend()
		s.out.answerPing(data)
		return nil
	})
	s.conn.SetPongHandler(func(string) error {
		s.extend()
		return nil
	})
	s.conn.SetCloseHandler(func(code int, _ string) error {
		s.part(code, "", "client")
		return nil
	})
	s.extend()
	for {
		kind, text, err := s.conn.ReadMessage()
		if err != nil {
			s.ended(err)
			return
		}
		s.extend()
		switch {
		case s.parting.Load(), kind != websocket.TextMessage:
			// what comes after the end; binary frames have no meaning
		case !utf8.Valid(text):
			s.part(websocket.CloseInvalidFramePayloadData, "not UTF-8", "not_utf8")
		case s.out.awaitRoom():
			s.answer(ctx, text)
		}
	}
}

// extend gives the client another idle time, or little once it has been told to go.
func (s *session) extend() {
	limit := s.hub.cfg.IdleTimeout
	_ = s.conn.SetReadDeadline(clock.System().Now().Add(limit)) // fails with the connection
	if s.parting.Load() {
		_ = s.conn.SetReadDeadline(clock.System().Now().Add(partingTime))
	}
}

// ended sees to the last words of a socket from which nothing more can be read.
func (s *session) ended(err error) {
	switch {
	case timedOut(err):
		s.part(websocket.CloseNormalClosure, "idle", "idle")
	case errors.Is(err, websocket.ErrReadLimit):
		s.part(websocket.CloseMessageTooBig, "", "too_large") // the close frame is sent already
	case protocolError(err):
		s.part(websocket.CloseProtocolError, "", "protocol") // likewise
	default:
		s.part(websocket.CloseNoStatusReceived, "", "lost") // so that the writing ends
	}
}

// protocolError tells what the library refuses from the end of a connection.
func protocolError(err error) bool {
	if _, lost := errors.AsType[*websocket.CloseError](err); lost { // which the end of the stream is made, too
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return !network && !errors.Is(err, net.ErrClosed)
}

// part tells the client to go. Reason is that of the metric.
func (s *session) part(code int, text, reason string) {
	if s.out.finish(code, text) {
		s.hub.metrics.closed(reason)
		s.hub.leavePivot(s)
	}
}

// tooSlow ends a socket whose client does not take what it is sent.
func (s *session) tooSlow() {
	s.endSlow()
	s.hub.leavePivot(s)
}

func (s *session) endSlow() {
	if s.out.finish(websocket.ClosePolicyViolation, "slow reader") {
		s.hub.metrics.closed("slow")
		s.hub.dep.Log.Info("socket closed: its client reads too slowly", "socket", s.id, "account_id", s.accountOf())
	}
}

func (s *session) accountOf() string {
	s.hub.mu.RLock()
	defer s.hub.mu.RUnlock()
	return s.account
}

// write writes until the socket ends. What waits goes out together.
func (s *session) write() {
	room := make([]waiting, 0, 4)
	for {
		b := s.out.take(room)
		room = b.frames
		switch err := s.send(b); {
		case err != nil:
			s.failed(err)
			return
		case b.over:
			return
		case b.end != nil:
			s.sendClose(b.end)
			return
		case len(b.frames) == 0 && b.pong == nil:
			if cap(room) > 4 {
				room = make([]waiting, 0, 4)
			}
			<-s.out.wake
		}
	}
}

func (s *session) deadline() time.Time { return clock.System().Now().Add(s.hub.cfg.SendTimeout) }

func (s *session) send(b batch) error {
	if b.pong != nil {
		if err := s.conn.WriteControl(websocket.PongMessage, b.pong, s.deadline()); err != nil {
			return err
		}
	}
	if len(b.frames) == 0 {
		return nil
	}
	if err := s.conn.SetWriteDeadline(s.deadline()); err != nil {
		return err
	}
	if len(b.frames) == 1 {
		return s.sendOne(b.frames[0])
	}
	s.line.collect()
	for _, w := range b.frames {
		if err := s.sendOne(w); err != nil {
			return errors.Join(err, s.line.release())
		}
	}
	return s.line.release()
}

func (s *session) sendOne(w waiting) error {
	message, err := w.prepared()
	if err != nil {
		return err
	}
	return s.conn.WritePreparedMessage(message)
}

// sendClose says goodbye and has the reading end soon.
func (s *session) sendClose(end *goodbye) {
	text := websocket.FormatCloseMessage(end.code, end.text)
	_ = s.conn.WriteControl(websocket.CloseMessage, text, s.deadline()) // sent already, or nobody is there
	s.parting.Store(true)
	s.extend()
}

// failed ends a socket to which nothing can be written.
func (s *session) failed(err error) {
	if errors.Is(err, websocket.ErrCloseSent) || errors.Is(err, net.ErrClosed) {
		return
	}
	if timedOut(err) && s.out.finish(websocket.ClosePolicyViolation, "slow reader") {
		s.hub.metrics.closed("slow")
		s.hub.dep.Log.Info("socket closed: its client has stopped reading", "socket", s.id, "account_id", s.accountOf())
		s.hub.leavePivot(s)
	}
	s.part(websocket.CloseNoStatusReceived, "", "lost") // so that the reading ends, which may wait for room
	s.parting.Store(true)
	_ = s.conn.Close()
}

// timedOut tells the end of a deadline, which the library hides behind its own error.
func timedOut(err error) bool {
	timeout, is := errors.AsType[net.Error](err)
	return is && timeout.Timeout()
}
