package explain

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// Socket is a websocket that was sent the event.
type Socket struct {
	ID        string
	AccountID string // of its token
	Binding   string // that the event came by, as its client has it
}

// SocketsSent are the websockets of this node that were sent an event. Other nodes know
// of theirs.
type SocketsSent struct {
	Sockets  []Socket
	Unlisted int // frames sent to others, or to the same by other bindings
}

// sockets are those that the asker may know of.
func (x *Explainer) sockets(e *journal.Event, mayKnow MayKnow) *SocketsSent {
	if x.Sockets == nil || e.Cut {
		return nil
	}
	sent := x.Sockets(message(e))
	sent.Sockets = slices.DeleteFunc(slices.Clone(sent.Sockets), func(s Socket) bool { return !mayKnow(s.AccountID) })
	if !mayKnow("") {
		sent.Unlisted = 0
	}
	return &sent
}
