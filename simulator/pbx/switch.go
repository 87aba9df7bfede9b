package pbx

import (
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Config is what a switch needs. Clock and IDs are required.
type Config struct {
	Clock Clock
	IDs   *ids.Source
	// Host names the machines; the zero value means DefaultHost.
	Host Host
}

// Clock tells the time that stands in messages.
type Clock interface{ Now() time.Time }

// Host names the machines that appear in messages.
type Host struct {
	Switch  string // host name of the switch
	Address string // its IP address
	Apps    string // host name of the applications that control calls
	Carrier string // IP address from which calls of the telephone network come
	Public  string // IP address to which the carrier sends them
	Proxy   string // host name of the SIP proxy, which registers phones
	Phone   string // IP address of a phone
}

// DefaultHost uses names and networks that are reserved for documentation.
func DefaultHost() Host {
	return Host{
		Switch:  "fs001.example.com",
		Address: "10.0.0.11",
		Apps:    "apps001.example.com",
		Carrier: "203.0.113.20",
		Public:  "203.0.113.5",
		Proxy:   "sip001.example.com",
		Phone:   "192.0.2.10",
	}
}

// Switch makes calls. It may be used by many goroutines, but which call gets
// which ids is repeatable only from one.
type Switch struct {
	clock Clock
	ids   *ids.Source
	host  Host
	// channel is how events of channels are published.
	channel *kapi.Publication
}

// New returns a switch without calls.
func New(c Config) *Switch {
	if c.Host == (Host{}) {
		c.Host = DefaultHost()
	}
	channel, _ := kapi.FindPublication(kapi.CategoryCallEvent, kapi.ChannelCreate)
	channel = channel.Ready()
	return &Switch{clock: c.Clock, ids: c.IDs, host: c.Host, channel: &channel}
}

// now is the clock in the resolution of the wire.
func (s *Switch) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// node is the switch's name among the Erlang nodes.
func (s *Switch) node() string { return "freeswitch@" + s.host.Switch }

// url is where its SIP stack is.
func (s *Switch) url() string { return "sip:mod_sofia@" + s.host.Address + ":11000" }

// micros is how the switch writes times of its own: Unix microseconds as a string.
func micros(t time.Time) string { return fmt.Sprintf("%d", t.UnixMicro()) }
