package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/internal/buildinfo"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// DefaultMaxMemory is the bytes of messages that are held unless the
// configuration says otherwise: some 130,000 events of 1.6 KB.
const DefaultMaxMemory = 256 << 20

// Config holds what a Broker needs. Clock and IDs are required.
type Config struct {
	// Users may log in; nil is guest with the password guest, from this machine only.
	Users []User
	// Vhosts are there at the start; nil is the one called "/".
	Vhosts []string
	// MaxMemory is how many bytes of messages are held before publishers have to
	// wait (RabbitMQ's memory alarm); 0 is DefaultMaxMemory. The process takes
	// about twice as much.
	MaxMemory int64

	Clock clock.Clock // of message and queue expiry; sockets stay on real time
	IDs   *ids.Source // of names that the broker makes up
	Log   *slog.Logger
}

// User may log in.
type User struct {
	Name, Password string
	LoopbackOnly   bool // from this machine only
}

// ErrNoVhost says that there is no virtual host of that name.
var ErrNoVhost = errors.New("no such virtual host")

// Broker is a running broker. It is safe for use by several goroutines.
type Broker struct {
	users      []User
	env        vhost.Environment
	log        *slog.Logger
	since      time.Time
	version    string
	properties wire.Table // of the server, as each client is told

	// mu guards the maps. Nobody who holds it asks a virtual host for anything: a
	// virtual host may tell of the alarm while it is locked.
	mu          sync.Mutex
	vhosts      map[string]*vhost.Vhost
	connections map[*connection]struct{}
}

// New makes a broker, which does nothing before Serve.
func New(config Config) *Broker {
	if config.Users == nil {
		config.Users = []User{{Name: "guest", Password: "guest", LoopbackOnly: true}}
	}
	if config.Vhosts == nil {
		config.Vhosts = []string{"/"}
	}
	if config.MaxMemory == 0 {
		config.MaxMemory = DefaultMaxMemory
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	version := buildinfo.Read().Version
	b := &Broker{
		users: config.Users, log: config.Log, since: clock.System().Now(), version: version, properties: serverProperties(version),
		vhosts: map[string]*vhost.Vhost{}, connections: map[*connection]struct{}{},
	}
	b.env = vhost.Environment{Clock: config.Clock, IDs: config.IDs, Meter: vhost.NewMeter(config.MaxMemory, b.alarm)}
	for _, name := range config.Vhosts {
		b.AddVhost(name)
	}
	return b
}

// Serve takes connections until ctx ends. Then clients are told (320) and have a
// few seconds to say goodbye, and Serve returns nil once all are gone. When the
// listener fails, its connections end too, and its error is returned.
func (b *Broker) Serve(ctx context.Context, listener net.Listener) error {
	var open sync.WaitGroup
	defer open.Wait()
	// Clients learn of the end once nobody can come any more, so that one who comes
	// back at once is refused.
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	stop := context.AfterFunc(ctx, func() {
		_ = listener.Close()
		end()
	})
	defer stop()
	for {
		socket, err := listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = socket.Close()
			}
			return nil
		}
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) {
			b.log.Warn("a connection cannot be taken", "error", err)
			_ = clock.Sleep(ctx, clock.System(), acceptPause) // its end is seen at the next turn
			continue
		}
		if err != nil {
			return fmt.Errorf("broker: %w", err)
		}
		open.Go(func() { b.serve(serving, socket) })
	}
}

// acceptPause is how long no connection is taken when there is no file descriptor
// for one.
const acceptPause = 100 * time.Millisecond

func (b *Broker) serve(ctx context.Context, socket net.Conn) {
	c := newConnection(b, socket)
	b.mu.Lock()
	b.connections[c] = struct{}{}
	b.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		c.shut(wire.Errorf(wire.ConnectionForced, "broker forced connection closure with reason 'shutdown'"))
	})
	defer stop()
	c.run()
	b.mu.Lock()
	delete(b.connections, c)
	b.mu.Unlock()
}

// CheckVhostName refuses names that no client could open: connection.open has room
// for 255 bytes of UTF-8.
func CheckVhostName(name string) error {
	const most = 255
	switch {
	case name == "":
		return errors.New("the name of a virtual host is empty")
	case len(name) > most:
		return fmt.Errorf("the name of a virtual host has %d bytes; %d is the most that a client can send", len(name), most)
	case !utf8.ValidString(name):
		return errors.New("the name of a virtual host is not UTF-8")
	}
	return nil
}

// AddVhost makes a virtual host; one that is there stays as it is.
func (b *Broker) AddVhost(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.vhosts[name] == nil {
		b.vhosts[name] = vhost.New(name, b.env)
	}
}

// DeleteVhost ends a virtual host with all in it, and closes its connections.
func (b *Broker) DeleteVhost(name string) error {
	b.mu.Lock()
	v := b.vhosts[name]
	delete(b.vhosts, name)
	b.mu.Unlock()
	if v == nil {
		return fmt.Errorf("%w: %s", ErrNoVhost, name)
	}
	for _, open := range v.Delete() {
		if c, ok := open.(*connection); ok {
			c.shut(wire.Errorf(wire.ConnectionForced, "vhost '%s' is deleted", name))
		}
	}
	return nil
}

// CloseConnections closes the connections of a virtual host, telling clients why,
// and returns how many there were.
func (b *Broker) CloseConnections(vhost, reason string) int {
	return b.closeWhere(reason, func(c *connection) bool { return c.opened().vhost == vhost })
}

// CloseConnection closes the connection of that name; it reports whether there
// was one.
func (b *Broker) CloseConnection(name, reason string) bool {
	return b.closeWhere(reason, func(c *connection) bool { return c.name == name }) > 0
}

func (b *Broker) closeWhere(reason string, chosen func(*connection) bool) int {
	n := 0
	for _, c := range b.open() {
		if chosen(c) {
			c.shut(wire.Errorf(wire.ConnectionForced, "%s", reason))
			n++
		}
	}
	return n
}

// SetMaxMemory changes Config.MaxMemory, in bytes. A value below what is held raises
// the alarm at once; a negative one does so even when nothing is.
func (b *Broker) SetMaxMemory(bytes int64) { b.env.Meter.SetLimit(bytes) }

// alarm is told when publishers have to wait, and when no longer.
func (b *Broker) alarm(raised bool) {
	if raised {
		return // each connection learns of it with its next publish
	}
	for _, c := range b.open() {
		c.unblock()
	}
}

func (b *Broker) open() []*connection {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*connection, 0, len(b.connections))
	for c := range b.connections {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *connection) int { return strings.Compare(a.name, b.name) })
	return all
}

func (b *Broker) vhost(name string) *vhost.Vhost {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.vhosts[name]
}

// Authenticate reports whether a user may log in from that host.
func (b *Broker) Authenticate(name, password string, loopback bool) bool {
	for _, u := range b.users {
		if u.Name == name {
			return u.Password == password && (loopback || !u.LoopbackOnly)
		}
	}
	return false
}
