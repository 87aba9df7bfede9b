package pbx

import (
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Account is what a switch knows of whose call it is.
type Account struct {
	ID         string // 32 hexadecimal digits
	Name       string
	Realm      string
	ResellerID string // "" for one without
	Number     string // E.164, which its callers show in the telephone network; "" for one of nobody
}

// Device is a telephone of an account's user.
type Device struct {
	ID        string // of its document
	Username  string // with which it registers
	OwnerID   string // of its user, "" for one without
	Name      string // what it shows of itself
	Extension string
	UserAgent string // "" for the usual one
}

// Party is somebody in the telephone network.
type Party struct {
	Name   string // "" where the carrier sends none
	Number string // E.164
}

// orNobody is who is shown where nobody is named: the switch's own default.
func (p Party) orNobody() Party {
	if p.Number == "" {
		p.Number = "0000000000"
	}
	return p
}

// Core is the calls that a switch has now: its channels, and who is connected with
// whom. Each change says its events at once, in the order of the wire. It is used by
// the goroutine of its timeline alone.
type Core struct {
	*Switch

	line     *timeline.Timeline
	say      func(Event)
	channels map[string]*Channel
	last     time.Time // of the last event; each has a microsecond of its own
	kinds    map[[2]string]*kapi.Publication
	rooms    map[string]*Room // by account and id
	begun    int              // channels, ever
	// registered are the Call-IDs of the telephones' registrations, by user@realm.
	registered map[string]string
	cdr        *kapi.Publication
	coreID     string // of the switch's run

	// Who follows what becomes of channels; nil for nobody.
	connected func(a, b *Channel)
	ended     func(ch *Channel, cause string)
}

// NewCore returns a core without channels. The switch's clock must be the timeline.
func NewCore(s *Switch, line *timeline.Timeline, say func(Event)) *Core {
	return &Core{
		Switch: s, line: line, say: say,
		channels: map[string]*Channel{}, kinds: map[[2]string]*kapi.Publication{}, rooms: map[string]*Room{},
		registered: map[string]string{}, cdr: callRecord(), coreID: newCoreID(s.host.Switch),
	}
}

// Follow has somebody told when two channels have been connected, and when one has ended, for
// which cause, whatever has led to it. There is one who follows.
func (c *Core) Follow(connected func(a, b *Channel), ended func(ch *Channel, cause string)) {
	c.connected, c.ended = connected, ended
}

// over tells that channels have ended.
func (c *Core) over(cause string, channels ...*Channel) {
	for _, ch := range channels {
		if c.ended != nil {
			c.ended(ch, cause)
		}
	}
}

// Channel finds a channel that is up.
func (c *Core) Channel(callID string) (*Channel, bool) {
	ch, ok := c.channels[callID]
	return ch, ok
}

// Channels is how many there are.
func (c *Core) Channels() int { return len(c.channels) }

// StateError says that a channel is not in the state for something.
type StateError struct {
	CallID string
	Doing  string // such as "answer"
	State  string // such as "answered"
}

func (e *StateError) Error() string {
	return fmt.Sprintf("cannot %s call %s: it is %s", e.Doing, e.CallID, e.State)
}

// errTaken says that a Call-ID is in use.
var errTaken = errors.New("the Call-ID is that of another call")

// next is the time of the next event, which it will be by tick.
func (c *Core) next() time.Time {
	now := c.now()
	if !now.After(c.last) {
		now = c.last.Add(time.Microsecond)
	}
	return now
}

func (c *Core) tick() time.Time {
	c.last = c.next()
	return c.last
}

// event says what has happened to a channel, with fields beyond those that all have, and
// returns all.
func (c *Core) event(name string, ch *Channel, more ...jobj.Member) jobj.Object {
	at := c.tick()
	fields := c.compose(name, ch.leg, at)
	for _, m := range more {
		fields = fields.Put(m.Key, m.Value)
	}
	c.say(Event{c.channel, c.sender(bySwitch()), fields})
	return fields
}

// brief is event with little more than the channel's name and variables: so are digits
// and tones.
func (c *Core) brief(name string, ch *Channel, more ...jobj.Member) {
	at := c.tick()
	fields := append(jobj.Object{
		{Key: "Event-Name", Value: name},
		{Key: "Msg-ID", Value: micros(at)},
		{Key: "Timestamp", Value: kapi.GregorianCeil(at)},
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Origination-Call-ID", Value: ch.originationID},
		{Key: "Channel-Created-Time", Value: micros(ch.created)},
		{Key: "Custom-Channel-Vars", Value: ch.customChannelVars()},
	}, more...)
	fields = append(fields, ch.applicationVars()...)
	c.say(Event{c.channel, c.sender(bySwitch()), fields})
}

// tell says a message that an application makes.
func (c *Core) tell(category, name string, by origin, fields jobj.Object) error {
	kind, ok := c.kinds[[2]string{category, name}]
	if !ok { // to look it up makes the whole list
		found, ok := kapi.FindPublication(category, name)
		if !ok {
			return &UnknownEventError{category + " / " + name}
		}
		found = found.Ready()
		kind = &found
		c.kinds[[2]string{category, name}] = kind
	}
	sender := c.sender(by)
	c.say(Event{kind, sender, c.stamp(fields.Set("Event-Name", name), by, sender)})
	return nil
}
