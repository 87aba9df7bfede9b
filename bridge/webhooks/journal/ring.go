package journal

// What the memory of an event is taken to be beside its texts, in bytes: the sizes
// of the structs with what their strings point to, rounded up.
const (
	eventBytes    = 400
	deliveryBytes = 250
	tryBytes      = 200
)

// ring holds the last events, at most len(slots) of them and at most limit bytes.
type ring struct {
	slots []*Event // grows to its capacity and then turns round
	max   int
	first int // of the oldest
	count int
	bytes int
	limit int
}

func newRing(events, limit int) ring { return ring{max: events, limit: limit} }

func (r *ring) add(e *Event) {
	if r.count == r.max {
		r.drop()
	}
	if r.count == len(r.slots) && len(r.slots) < r.max {
		r.widen()
	}
	r.slots[(r.first+r.count)%len(r.slots)] = e
	r.count++
	r.bytes += e.bytes
	r.shrink()
}

// widen doubles the room: most journals never hold what they may.
func (r *ring) widen() {
	wider := make([]*Event, min(max(64, 2*len(r.slots)), r.max))
	for i := range r.count {
		wider[i] = r.slots[(r.first+i)%len(r.slots)]
	}
	r.slots, r.first = wider, 0
}

// grow counts bytes that came to an event.
func (r *ring) grow(e *Event, bytes int) {
	e.bytes += bytes
	r.bytes += bytes
	r.shrink()
}

// shrink drops the oldest until the limit is kept; the last one stays.
func (r *ring) shrink() {
	for r.bytes > r.limit && r.count > 1 {
		r.drop()
	}
}

func (r *ring) drop() {
	oldest := r.slots[r.first]
	r.slots[r.first] = nil
	r.first = (r.first + 1) % len(r.slots)
	r.count--
	r.bytes -= oldest.bytes
	oldest.ring = nil
}

func (r *ring) newest() []*Event {
	all := make([]*Event, r.count)
	for i := range all {
		all[i] = r.slots[(r.first+r.count-1-i)%len(r.slots)]
	}
	return all
}
