package broker

import (
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// ConnectionView is a connection, for people and tools.
type ConnectionView struct {
	Name       string
	User       string // empty before the login
	Vhost      string
	Since      time.Time
	State      string // starting, running, blocked or closing
	Channels   int
	ChannelMax int
	FrameMax   int
	Heartbeat  int // s
	Client     wire.Table
	Session    *vhost.Session
}

// Memory is how many bytes of messages are held and may be.
type Memory struct {
	Used, Limit int64
	Alarm       bool
}

// Connections lists the connections in the order of their names.
func (b *Broker) Connections() []ConnectionView {
	var views []ConnectionView
	for _, c := range b.open() {
		views = append(views, c.view())
	}
	return views
}

func (c *connection) view() ConnectionView {
	v := ConnectionView{Name: c.name, Since: c.since, State: "starting"}
	if opened := c.login.Load(); opened != nil {
		v.User, v.Vhost, v.Session, v.Client = opened.user, opened.vhost, opened.session, c.client.properties
		v.ChannelMax, v.FrameMax, v.Heartbeat = c.channelMax, c.frameMax, int(c.heartbeat.Load())
		v.State, v.Channels = "running", opened.session.Channels()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closing != nil:
		v.State = "closing"
	case c.blocked:
		v.State = "blocked"
	}
	return v
}

// Vhosts lists the virtual hosts in the order of their names.
func (b *Broker) Vhosts() []*vhost.Vhost {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*vhost.Vhost, 0, len(b.vhosts))
	for _, v := range b.vhosts {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b *vhost.Vhost) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

// Memory reads the meter.
func (b *Broker) Memory() Memory {
	m := b.env.Meter
	return Memory{Used: m.Used(), Limit: m.Limit(), Alarm: m.Raised()}
}

// Uptime is how long ago the broker was made.
func (b *Broker) Uptime() time.Duration { return clock.System().Since(b.since) }

// Version is the program's.
func (b *Broker) Version() string { return b.version }
