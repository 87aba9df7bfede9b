package bridge

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// keepKey is where nodes tell each other, on ExchangeApplications, of which keys events
// are kept for clients that come back. It is no message of Kazoo's.
const keepKey = "kazoolab.websockets.keep"

// keepLimit is about how long it takes until all is announced again.
const keepLimit = 30 * time.Second

// keepBatch bounds one message.
const keepBatch = 200

// keepMessage lists keys that are needed at one node.
type keepMessage struct {
	Category string           `json:"Event-Category"`
	Name     string           `json:"Event-Name"`
	Node     string           `json:"Node"`
	MsgID    string           `json:"Msg-ID"`
	App      string           `json:"App-Name"`
	Version  string           `json:"App-Version"`
	Keep     []blackhole.Kept `json:"Keep"`
}

// announce tells the other nodes.
func (s *sockets) announce(needed []blackhole.Kept) {
	for batch := range slices.Chunk(needed, keepBatch) {
		body, err := json.Marshal(keepMessage{
			Category: kapi.CategoryWebsockets, Name: "keep", Node: s.cfg.NodeName, MsgID: s.cfg.IDs.Hex(16),
			App: "kazoolab", Version: s.cfg.Version, Keep: batch,
		})
		if err != nil {
			s.cfg.Log.Error("not told what to keep", "error", err)
			return
		}
		go s.publishKeep(bus.Message{Exchange: kapi.ExchangeApplications, Key: keepKey, Body: body})
	}
}

// publishKeep gives up in time: without a broker announcements would pile up, to be
// published all at once when there is one, and stale.
func (s *sockets) publishKeep(m bus.Message) {
	ctx, cancel := context.WithTimeout(s.changes.running, keepLimit)
	defer cancel()
	if err := s.bus.Publish(ctx, m); err != nil {
		s.cfg.Log.Debug("other nodes not told what to keep; they are in a while", "error", err)
	}
}

// keep keeps what a node has announced, this one or another.
func (s *sockets) keep(body []byte) {
	var m keepMessage
	if err := json.Unmarshal(body, &m); err != nil {
		s.cfg.Log.Warn("announcement of another node not readable", "error", err)
		return
	}
	s.hub.KeepFor(m.Keep)
}
