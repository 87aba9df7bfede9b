// Package replay plays a capture: it publishes each message at its moment, or as much
// faster as the timeline passes, the bytes as they were. It owns what may be changed on the
// way: the times in messages, so that they are of today, and the accounts they belong to. It
// reads one message ahead, whatever a capture's size, and knows no broker.
package replay

import (
	"errors"
	"io"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Config is what a replay needs.
type Config struct {
	Capture *capture.Reader
	// Publish publishes, in order; name is what an error calls the message.
	Publish func(name string, m capture.Message)
	// Only chooses messages by their names; nil takes all.
	Only func(names []string) bool
	// Late is told how long after its time on the wall each message is published; nil is not.
	Late func(time.Duration)
}

// Alteration changes a message; at is when it was recorded.
type Alteration func(at time.Time, m capture.Message) capture.Message

// Player plays one capture.
type Player struct {
	cfg   Config
	alter []Alteration
	line  *timeline.Timeline
	count Count
	err   error
	next  capture.Entry
}

// Count is what was played.
type Count struct {
	Messages int64
	Skipped  int64 // not chosen
	Gaps     int64
	Played   time.Duration // from the first message to the last, as recorded
}

// New returns a player that has not begun.
func New(cfg Config) *Player { return &Player{cfg: cfg} }

// First is the moment of the first message that is played. ok is false where there is
// none; Err says why.
func (p *Player) First() (at time.Time, ok bool) {
	if !p.advance() {
		return time.Time{}, false
	}
	return p.moment(), true
}

// Begin plans the first message, after First, on a line that begins with it. Each message
// is altered in turn.
func (p *Player) Begin(line *timeline.Timeline, alter ...Alteration) {
	p.line, p.alter = line, alter
	first := p.next.At
	start := line.Now()
	var step func()
	step = func() {
		if p.cfg.Late != nil {
			p.cfg.Late(line.Behind())
		}
		p.publish()
		p.count.Played = p.next.At - first
		if p.advance() {
			line.At(start.Add(p.next.At-first), step)
		}
	}
	line.At(start, step)
}

func (p *Player) moment() time.Time { return p.cfg.Capture.Header.Began.Add(p.next.At) }

// advance reads up to the next message that is chosen.
func (p *Player) advance() bool {
	for p.err == nil {
		e, err := p.cfg.Capture.Next()
		switch {
		case err != nil:
			p.err = err
		case e.Gap != "":
			p.count.Gaps++
		case p.cfg.Only != nil && !p.cfg.Only(Names(e.Message)):
			p.count.Skipped++
		default:
			p.next = e
			return true
		}
	}
	return false
}

func (p *Player) publish() {
	m := p.next.Message
	for _, alter := range p.alter {
		m = alter(p.moment(), m)
	}
	name := m.Key
	if names := Names(m); len(names) > 0 {
		name = names[0]
	}
	p.count.Messages++
	p.cfg.Publish(name, m)
}

// Count is how much was played by now.
func (p *Player) Count() Count { return p.count }

// Err is why the capture could not be read to its end: capture.ErrCut or a
// *capture.DamageError; nil where it could.
func (p *Player) Err() error {
	if errors.Is(p.err, io.EOF) {
		return nil
	}
	return p.err
}

// Names are a message's Event-Name and, in a conference, its Event.
func Names(m capture.Message) (names []string) {
	text, ok := capture.Unpack(m)
	if !ok {
		return nil
	}
	for _, name := range []string{"Event-Name", "Event"} {
		if found := gjson.GetBytes(text, name); found.Type == gjson.String {
			names = append(names, found.Str)
		}
	}
	return names
}
