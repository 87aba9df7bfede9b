package blackhole

// maxReceipts are told of one event; of the others only how many there are.
const maxReceipts = 20

// Receipt says that a socket was sent an event.
type Receipt struct {
	ID        string
	AccountID string // of its token
	Binding   string // that the event came by, as the client has it
}

// Received is what became of an event at a node's sockets.
type Received struct {
	Frames int // that were sent
	First  []Receipt
}

// receipts remember which sockets the last events went to.
type receipts struct {
	byEvent map[string]Received
	ring    []string // ids of events
	next    int
}

func newReceipts(events int) *receipts {
	if events <= 0 {
		return nil
	}
	return &receipts{byEvent: map[string]Received{}, ring: make([]string, events)}
}

// add is called for one event at a time. Events that nobody got need no place.
func (r *receipts) add(d *delivery) {
	if d.sent == 0 {
		return
	}
	id := d.identity()
	delete(r.byEvent, r.ring[r.next])
	r.ring[r.next] = id
	r.next = (r.next + 1) % len(r.ring)
	r.byEvent[id] = Received{d.sent, d.first}
}

// Received says to which sockets of this node an event went, if it is one of the last.
// An event that went to none is not told from one that is forgotten.
func (h *Hub) Received(m Message) Received {
	if h.receipts == nil {
		return Received{}
	}
	id := EventID(m)
	h.handling.Lock()
	defer h.handling.Unlock()
	return h.receipts.byEvent[id]
}
