package recorder

import (
	"maps"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/simulator/capture"
)

// Event is a kind of message.
type Event struct {
	Exchange string
	Name     string // its Event-Name; "" for a body that names none
}

// Count is what was recorded.
type Count struct {
	Messages int64
	Bytes    int64 // of bodies, as they were on the wire
	Gaps     int64 // how often messages may be missing
	Left     int   // messages that waited when the time was over
	Events   map[Event]int64
}

// maxEvents bounds how many names are told apart; all others count as one.
const maxEvents = 1000

func (c *Count) add(e Event, size int) {
	c.Messages++
	c.Bytes += int64(size)
	if _, known := c.Events[e]; !known && len(c.Events) >= maxEvents {
		e = Event{Name: "others"}
	}
	c.Events[e]++
}

// Count is how much there is by now.
func (r *Recorder) Count() Count {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.count
	c.Events = maps.Clone(c.Events)
	return c
}

// NameOf is the Event-Name of a message; "" where there is none.
func NameOf(m capture.Message) string {
	text, ok := capture.Unpack(m)
	if !ok {
		return ""
	}
	return gjson.GetBytes(text, "Event-Name").Str
}
