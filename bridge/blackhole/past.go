package blackhole

import (
	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/bridge/blackhole/frames"
	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
)

// past is what a client is replayed, of which frames are made as they are written: it
// takes little however much it is, and however many bindings get the same.
type past struct {
	entries  []replay.Entry[*frames.Event]
	bindings map[string][]pastBinding // by pattern
	binding  int                      // the next, of the first entry
}

type pastBinding struct{ client, key string }

// size is how many frames there are, and about how many bytes.
func (p *past) size() (frames, bytes int) {
	for _, e := range p.entries {
		n := len(p.bindings[e.Pattern])
		frames += n
		bytes += n * e.Bytes
	}
	return frames, bytes
}

// next is the next frame, still to be made, and whether there are more. Each pattern of
// an entry has bindings.
func (p *past) next() (w waiting, more bool) {
	e := p.entries[0]
	all := p.bindings[e.Pattern]
	b := all[p.binding]
	w = waiting{frame: frame{size: e.Bytes}, kind: replayFrame, make: func() []byte { return e.Value.Frame(b.client, b.key, e.ID) }}
	if p.binding++; p.binding == len(all) {
		p.entries, p.binding = p.entries[1:], 0
	}
	return w, len(p.entries) > 0
}

// prepared is a frame, made now if need be.
func (w waiting) prepared() (*websocket.PreparedMessage, error) {
	if w.make == nil {
		return w.message, nil
	}
	return websocket.NewPreparedMessage(websocket.TextMessage, w.make())
}
