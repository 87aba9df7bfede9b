package broker

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// connection is one client's. Its goroutine reads and does what is asked for; a
// second one writes.
type connection struct {
	broker *Broker
	socket net.Conn
	name   string // as RabbitMQ's tools show it
	log    *slog.Logger
	since  time.Time

	frames  *wire.FrameReader
	out     *outbox
	written chan struct{} // closed when the writer has ended

	// Agreed in the handshake.
	client     client
	channelMax int
	frameMax   int
	heartbeat  atomic.Int64 // s; 0 is none
	session    *vhost.Session
	login      atomic.Pointer[login]

	// Of the reader's goroutine.
	channels map[uint16]*channel
	current  *channel   // that the last frame was for
	unsent   []*channel // that have publishes to confirm
	parting  bool       // only the client's goodbye is waited for
	// overdrawn says that the connection is blocked and read on all the same.
	overdrawn bool
	partial   int // bytes of bodies that are coming in, as the meter counts them

	handshakeEnd time.Time

	// nudges wakes a reader that waits for room or for the end of an alarm.
	nudges  chan struct{}
	woken   atomic.Bool // the deadline of the socket was moved to wake the reader
	mu      sync.Mutex
	blocked bool        // the client was told to stop publishing
	closing *wire.Error // why the broker closes the connection
	// saidGoodbye says that the deadlines of the socket are set for good.
	saidGoodbye bool
}

// client is what a client says of itself in the handshake.
type client struct {
	properties   wire.Table
	capabilities wire.Table
}

func (c client) can(capability string) bool {
	value, _ := c.capabilities.Get(capability)
	yes, _ := value.(bool)
	return yes
}

// login is who opened which virtual host. It is set once, after all that was
// agreed in the handshake.
type login struct {
	user, vhost string
	session     *vhost.Session
}

// opened is the login; empty before there is one.
func (c *connection) opened() login {
	if l := c.login.Load(); l != nil {
		return *l
	}
	return login{}
}

// Limits that the broker offers: RabbitMQ's defaults.
const (
	channelMax       = 2047
	frameMax         = 128 << 10
	frameMin         = 4096 // what every client must be able to take
	heartbeatSeconds = 60
)

// How long a client may take, in real time.
const (
	handshakeLimit = 10 * time.Second // rabbit_reader: handshake_timeout
	goodbyeLimit   = 3 * time.Second  // to answer connection.close, and to read what is left
)

func newConnection(b *Broker, socket net.Conn) *connection {
	c := &connection{
		broker: b, socket: socket, name: socket.RemoteAddr().String() + " -> " + socket.LocalAddr().String(),
		since: clock.System().Now(), out: newOutbox(), written: make(chan struct{}),
		channelMax: channelMax, frameMax: frameMax, channels: map[uint16]*channel{}, nudges: make(chan struct{}, 1),
	}
	c.log = b.log.With("connection", c.name)
	c.handshakeEnd = c.since.Add(handshakeLimit)
	c.frames = wire.NewFrameReader(patientReader{c}, frameMax)
	return c
}

var (
	errGoodbye  = errors.New("closed by the client")
	errShut     = errors.New("closed by the broker")
	errProtocol = errors.New("the client speaks another protocol")
)

// run serves the client until the connection has ended, and leaves nothing of it.
func (c *connection) run() {
	go c.write()
	err := c.converse()
	if refusal, ok := errors.AsType[*wire.Error](err); ok {
		c.shut(refusal)
	}
	goodbye := errors.Is(err, errGoodbye)
	reason := c.leaving()
	c.tell(err)
	c.sayGoodbye()
	c.broker.env.Meter.Add(-c.partial)
	if c.session != nil {
		c.session.Close()
	}
	switch {
	case goodbye:
		c.answerGoodbye()
		c.awaitEnd()
	case reason != nil:
		c.awaitEnd()
	case errors.Is(err, errProtocol):
		c.out.seal([]byte(wire.ProtocolHeader))
	default:
		_ = c.socket.Close()
	}
	c.out.seal(nil)
	<-c.written
	_ = c.socket.Close()
}

// tell logs why the connection ends: a warning when the client did something
// wrong, which it may not be told.
func (c *connection) tell(err error) {
	_, network := errors.AsType[*net.OpError](err)
	hungUp := network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.log.Warn("connection closed: nothing was heard of the client for too long", "heartbeat_seconds", c.heartbeat.Load())
	case hungUp, errors.Is(err, errGoodbye), errors.Is(err, errShut):
		c.log.Debug("connection ended", "reason", err)
	default:
		c.log.Warn("connection closed for what its client did", "reason", err)
	}
}

// sayGoodbye gives reading and writing a last limit.
func (c *connection) sayGoodbye() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saidGoodbye = true
	_ = c.socket.SetDeadline(clock.System().Now().Add(goodbyeLimit))
}

// converse does what the client asks for until there is an error: errGoodbye,
// errShut, errProtocol, a *wire.Error that the client is to know of, or the
// socket's.
func (c *connection) converse() (err error) {
	// A fault in what one client asks for must not take the others along.
	defer func() {
		if fault := recover(); fault != nil {
			c.log.Error("internal error", "fault", fault, "stack", string(debug.Stack()))
			err = wire.Errorf(wire.InternalError, "%v", fault)
		}
	}()
	if err := c.handshake(); err != nil {
		return err
	}
	for {
		frame, err := c.frames.Next()
		if err == nil {
			err = c.frame(frame)
		}
		if err == nil && c.out.overflows() {
			err = c.pause()
		}
		if err != nil {
			return err
		}
	}
}

// shut begins the end of the connection from the broker's side. It may be called
// by any goroutine, and counts once.
func (c *connection) shut(reason *wire.Error) {
	c.mu.Lock()
	first := c.closing == nil
	if first {
		c.closing = reason
	}
	c.mu.Unlock()
	if !first {
		return
	}
	c.out.seal(wire.AppendMethod(nil, 0, &wire.ConnectionClose{
		ReplyCode: reason.Code, ReplyText: reason.ReplyText(), Cause: reason.Method,
	}))
	c.wake()
	c.nudge()
}

// leaving is why the broker closes the connection, nil while it does not.
func (c *connection) leaving() *wire.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// awaitEnd reads until the client has answered our close, hung up or taken too
// long. After its own close it is the client that hangs up, as with RabbitMQ: a
// socket that is closed while more comes in is reset, and the client may never
// read our answer.
func (c *connection) awaitEnd() {
	c.parting = true
	for {
		frame, err := c.frames.Next()
		if err != nil {
			return
		}
		if frame.Type != wire.FrameMethod || frame.Channel != 0 {
			continue
		}
		switch id, _ := wire.ReadMethodID(frame.Payload); id {
		case closeOkID():
			return
		case closeID(): // it crossed ours, or comes from one more thread of the client
			c.answerGoodbye()
		}
	}
}

// answerGoodbye sends close-ok as the last there is to send.
func (c *connection) answerGoodbye() {
	c.out.seal(nil)
	<-c.written
	_, _ = c.socket.Write(wire.AppendMethod(nil, 0, &wire.ConnectionCloseOk{})) // a client that is gone needs none
}

func closeID() wire.MethodID   { return (*wire.ConnectionClose)(nil).ID() }
func closeOkID() wire.MethodID { return (*wire.ConnectionCloseOk)(nil).ID() }

func (c *connection) send(channel uint16, m wire.Method) {
	c.out.add(item{frames: wire.AppendMethod(nil, channel, m)})
}

// frame does what one frame asks for.
func (c *connection) frame(f wire.Frame) error {
	switch {
	case f.Type == wire.FrameHeartbeat && len(f.Payload) == 0:
		if f.Channel != 0 {
			return wire.Errorf(wire.UnexpectedFrame, "%v", f)
		}
		return nil
	case len(f.Payload) < least(f.Type):
		return wire.Errorf(wire.FrameError, "%v: unknown_frame", f)
	case f.Channel == 0 && f.Type != wire.FrameMethod:
		return wire.Errorf(wire.UnexpectedFrame, "%v", f)
	case f.Channel == 0:
		return c.connectionMethod(f.Payload)
	}
	ch := c.current
	if ch == nil || ch.number != f.Channel {
		if ch = c.channels[f.Channel]; ch == nil {
			return c.unopened(f)
		}
		c.current = ch
	}
	return ch.frame(f)
}

// least is how long a payload has to be for its frame to be told what it is; of an
// unknown type none is long enough.
func least(frameType byte) int {
	switch frameType {
	case wire.FrameMethod:
		return 4
	case wire.FrameHeader:
		return 12
	case wire.FrameBody:
		return 0
	}
	return math.MaxInt
}

func (c *connection) connectionMethod(payload []byte) error {
	m, err := decode(payload)
	if err != nil {
		return err
	}
	switch m.(type) {
	case *wire.ConnectionClose:
		return errGoodbye
	case *wire.ConnectionUpdateSecret:
		c.send(0, &wire.ConnectionUpdateSecretOk{})
		return nil
	}
	return fault(wire.ChannelError, m.ID(), "unexpected method in connection state running")
}

// unopened is a frame for a channel that is not open: it may open it.
func (c *connection) unopened(f wire.Frame) error {
	if f.Type != wire.FrameMethod {
		return errNotMethod()
	}
	m, err := decode(f.Payload)
	if err != nil {
		return err
	}
	if _, ok := m.(*wire.ChannelOpen); !ok {
		return fault(wire.ChannelError, m.ID(), "expected 'channel.open'")
	}
	if len(c.channels) >= c.channelMax {
		return wire.Errorf(wire.NotAllowed, "number of channels opened (%d) has reached the negotiated channel_max (%d)",
			len(c.channels), c.channelMax)
	}
	c.channels[f.Channel] = newChannel(c, f.Channel)
	c.send(f.Channel, &wire.ChannelOpenOk{})
	return nil
}

// closeChannel forgets a channel; its number can be used again.
func (c *connection) closeChannel(ch *channel) {
	delete(c.channels, ch.number)
	if c.current == ch {
		c.current = nil
	}
}

// decode reads a method frame.
func decode(payload []byte) (wire.Method, error) {
	id, err := wire.ReadMethodID(payload)
	if err != nil {
		return nil, err
	}
	m := wire.New(id)
	if m == nil {
		return nil, fmt.Errorf("method %v does not exist", id) // RabbitMQ hangs up, too
	}
	return m, malformed(wire.Decode(payload, m), id, payload)
}

// malformed is the refusal of a method whose arguments cannot be read.
func malformed(err error, id wire.MethodID, payload []byte) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, wire.ErrText):
		return wire.Errorf(wire.FrameError, "%v", err)
	case errors.Is(err, wire.ErrTable):
		return fmt.Errorf("method %v: %w", id, err) // RabbitMQ hangs up, too
	}
	return fault(wire.FrameError, id, "cannot decode "+wire.Octets(payload[4:]))
}

func fault(code uint16, id wire.MethodID, text string) *wire.Error {
	return &wire.Error{Code: code, Text: text, Method: id}
}

func errNotMethod() *wire.Error {
	return wire.Errorf(wire.UnexpectedFrame, "expected method frame, got non method frame instead")
}
