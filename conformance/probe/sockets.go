package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Socket is a websocket of the harness. What it gets is in the log under its name.
type Socket struct {
	probe *Probe
	name  string
	conn  *websocket.Conn
	write sync.Mutex
	done  chan struct{} // closed when nothing more comes
	// reading has begun: at once, but for a deaf socket.
	reading sync.Once
}

// maxFrame bounds a frame that the harness reads, in bytes.
const maxFrame = 4 << 20

// Dial opens a websocket. The answer to the upgrade is written down whatever it is; a refusal
// is no error, and gives no socket.
func (p *Probe) Dial(ctx context.Context, name string, header http.Header) (*Socket, error) {
	return p.DialPath(ctx, name, "/", header)
}

// DialPath is Dial for another path.
func (p *Probe) DialPath(ctx context.Context, name, path string, header http.Header) (*Socket, error) {
	dialer := websocket.Dialer{HandshakeTimeout: p.Target.Patience.Reply}
	conn, resp, err := dialer.DialContext(ctx, p.Target.Sockets+path, header)
	if resp == nil {
		return nil, fmt.Errorf("socket %s: %w", name, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if conn == nil {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // what the library kept of it
		p.add(capture.Entry{Kind: capture.SocketRefused, Name: name, Head: strconv.Itoa(resp.StatusCode), Header: fields(resp.Header), Body: body})
		return nil, nil //nolint:nilnil // a refusal is what was seen, not an error
	}
	p.add(capture.Entry{Kind: capture.SocketOpen, Name: name, Head: strconv.Itoa(resp.StatusCode), Header: fields(resp.Header)})
	conn.SetReadLimit(maxFrame)
	s := &Socket{probe: p, name: name, conn: conn, done: make(chan struct{})}
	s.watch()
	if !p.keepOpen(s) {
		_ = conn.Close()
		return nil, errCut
	}
	s.Hear()
	return s, nil
}

// MustDial is Dial for what a group stands on: a refusal is an error.
func (p *Probe) MustDial(ctx context.Context, name string) (*Socket, error) {
	s, err := p.Dial(ctx, name, nil)
	if err == nil && s == nil {
		err = errors.New("socket " + name + ": the upgrade was refused")
	}
	return s, err
}

// watch writes down control frames, which the library answers by itself.
func (s *Socket) watch() {
	pong, ping := s.conn.PongHandler(), s.conn.PingHandler()
	s.conn.SetPongHandler(func(text string) error {
		s.add(capture.SocketGot, "pong", []byte(text))
		return pong(text)
	})
	s.conn.SetPingHandler(func(text string) error {
		s.add(capture.SocketGot, "ping", []byte(text))
		return ping(text)
	})
}

func (s *Socket) add(kind capture.Kind, head string, body []byte) {
	s.probe.add(capture.Entry{Kind: kind, Name: s.name, Head: head, Body: body})
}

func (s *Socket) read() {
	defer close(s.done)
	for {
		kind, body, err := s.conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			s.add(capture.SocketClosed, strconv.Itoa(closed.Code), []byte(closed.Text))
			return
		case err != nil:
			s.add(capture.SocketClosed, "", []byte(err.Error()))
			return
		}
		s.add(capture.SocketGot, frameName(kind), body)
	}
}

func frameName(kind int) string {
	switch kind {
	case websocket.TextMessage:
		return "text"
	case websocket.BinaryMessage:
		return "binary"
	case websocket.PingMessage:
		return "ping"
	}
	return strconv.Itoa(kind)
}

// Send sends a text frame. A connection that has ended is no error: what came of it is in
// the log.
func (s *Socket) Send(text string) { s.SendFrame(websocket.TextMessage, []byte(text)) }

// SendFrame sends a frame of any type (RFC 6455 section 11.8).
func (s *Socket) SendFrame(kind int, body []byte) {
	s.write.Lock()
	defer s.write.Unlock()
	s.add(capture.SocketSent, frameName(kind), body)
	// Bounded by the peer's machine, not by the lab's clock.
	_ = s.conn.SetWriteDeadline(time.Time{})
	if kind == websocket.PingMessage {
		_ = s.conn.WriteControl(kind, body, time.Time{})
		return
	}
	_ = s.conn.WriteMessage(kind, body)
}

// SendBytes puts bytes on the wire as they are: frames of one's own making, which need not
// be sound. In the log their type is "bytes".
func (s *Socket) SendBytes(frames []byte) {
	s.write.Lock()
	defer s.write.Unlock()
	s.add(capture.SocketSent, "bytes", frames)
	_, _ = s.conn.NetConn().Write(frames) // a target that has closed already shows in what is read
}

// Name is that under which the log has the socket.
func (s *Socket) Name() string { return s.name }

// Command sends a command and waits for the reply with its request_id, or the end of the
// connection. It returns the reply, none when there was none in time.
func (s *Socket) Command(ctx context.Context, requestID, text string) gjson.Result {
	s.Send(text)
	var reply gjson.Result
	s.probe.Await(ctx, "the reply to "+requestID+" on "+s.name, s.probe.Target.Patience.Reply, func(v capture.View) bool {
		if len(v.Named(capture.SocketClosed, s.name)) > 0 {
			return true
		}
		for _, f := range v.Frames(s.name) {
			r := gjson.ParseBytes(f.Body)
			if r.Get("action").Str == "reply" && r.Get("request_id").Str == requestID {
				reply = r
				return true
			}
		}
		return false
	})
	return reply
}

// Subscribe subscribes to a binding of an account and wants success.
func (s *Socket) Subscribe(ctx context.Context, account Account, binding string) error {
	id := "subscribe " + binding
	reply := s.Command(ctx, id, subscription(s.probe.tokenOf(account), account, binding))
	if reply.Get("status").Str != "success" {
		return fmt.Errorf("socket %s: subscribing to %s was answered with %q", s.name, binding, s.probe.short([]byte(reply.Raw)))
	}
	return nil
}

func subscription(token string, account Account, binding string) string {
	return fmt.Sprintf(`{"action":"subscribe","auth_token":%q,"request_id":%q,"data":{"account_id":%q,"binding":%q}}`,
		token, "subscribe "+binding, account.ID, binding)
}

// Ended waits until the connection has ended and tells whether it did in time.
func (s *Socket) Ended(ctx context.Context) bool {
	return s.probe.Await(ctx, "the end of socket "+s.name, s.probe.Target.Patience.Close, func(v capture.View) bool {
		return len(v.Named(capture.SocketClosed, s.name)) > 0
	})
}

// Close ends the connection as a client does.
func (s *Socket) Close(ctx context.Context) {
	s.SendFrame(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	s.Ended(ctx)
	s.drop()
}

// Cut ends the connection without a word.
func (s *Socket) Cut() { s.drop() }

func (s *Socket) drop() {
	_ = s.conn.Close()
	s.Hear() // a deaf one would never end
	<-s.done
}

// AwaitFrames waits for a number of events on a socket.
func (p *Probe) AwaitFrames(ctx context.Context, socket string, n int) bool {
	return p.Await(ctx, fmt.Sprintf("%d events on %s", n, socket), p.Target.Patience.Delivery, func(v capture.View) bool {
		return len(Events(v, socket)) >= n
	})
}

// Events returns the frames of a socket that are events.
func Events(v capture.View, socket string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.SocketGot && e.Name == socket && gjson.GetBytes(e.Body, "action").Str == "event"
	})
}

// Reply returns a socket's reply to a command.
func Reply(v capture.View, socket, requestID string) (capture.Entry, bool) {
	for _, e := range v.Frames(socket) {
		if gjson.GetBytes(e.Body, "action").Str == "reply" && gjson.GetBytes(e.Body, "request_id").Str == requestID {
			return e, true
		}
	}
	return capture.Entry{}, false
}

// Door is a TCP port of a target.
type Door string

// Doors.
const (
	RESTDoor   Door = "rest"
	SocketDoor Door = "sockets"
)

// maxRaw bounds what is read from a bare connection, in bytes.
const maxRaw = 1 << 20

// Raw opens a bare TCP connection, sends bytes and reads as long as until is not true of what
// came, the target does not close, and Patience.Close has not passed. until may be nil.
func (p *Probe) Raw(ctx context.Context, name string, door Door, sent []byte, until func(got []byte) bool) error {
	base := p.Target.REST
	if door == SocketDoor {
		base = p.Target.Sockets
	}
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHarness, err)
	}
	conn, err := p.dialRaw(ctx, u)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	late := p.Clock.AfterFunc(p.Target.Patience.Close, func() { _ = conn.Close() })
	defer late.Stop()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	seq := p.add(capture.Entry{Kind: capture.RawSent, Name: name, Body: sent})
	_, _ = conn.Write(sent) // a target that has closed already shows in what is read
	var got []byte
	ended := "target"
	for buffer := make([]byte, 64<<10); ; {
		n, err := conn.Read(buffer)
		got = append(got, buffer[:n]...)
		if errors.Is(err, net.ErrClosed) {
			ended = "deadline"
		}
		if len(got) > maxRaw {
			ended, err = "limit", io.EOF
		}
		if err == nil && until != nil && until(got) {
			ended, err = "harness", io.EOF
		}
		if err != nil {
			break
		}
	}
	p.add(capture.Entry{Kind: capture.RawGot, Name: name, Body: got, Ref: seq})
	p.add(capture.Entry{Kind: capture.RawClosed, Name: name, Head: ended, Ref: seq})
	return nil
}

// dialRaw connects to a URL's host, with TLS where its scheme says so.
func (p *Probe) dialRaw(ctx context.Context, u *url.URL) (net.Conn, error) {
	secure := u.Scheme == "https" || u.Scheme == "wss"
	port := u.Port()
	switch {
	case port != "":
	case secure:
		port = "443"
	default:
		port = "80"
	}
	address, dialer := net.JoinHostPort(u.Hostname(), port), &net.Dialer{Timeout: p.Target.Patience.Reply}
	if secure {
		return (&tls.Dialer{NetDialer: dialer}).DialContext(ctx, "tcp", address)
	}
	return dialer.DialContext(ctx, "tcp", address)
}
