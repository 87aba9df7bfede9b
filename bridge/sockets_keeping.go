package bridge

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// keepKey is where nodes tell each other, on ExchangeApplications, of which keys events
// are kept for clients that come back. It is no message of Kazoo's.
const keepKey = "kazoolab.websockets.keep"

const (
	// keepLimit is about how long it takes until all is announced again.
	keepLimit = 30 * time.Second
	// agreeLimit is how long a subscriber waits for the other nodes.
	agreeLimit = time.Second
	// keepBatch bounds one message.
	keepBatch = 200
)

// Event-Names of those messages.
const (
	keepHello = "hello" // a node begins, or has its broker again
	keepThis  = "keep"  // what a node needs; who is asked by Server-ID answers with keepKept
	keepKept  = "kept"
)

// keepMessage is any of them.
type keepMessage struct {
	Category string           `json:"Event-Category"`
	Name     string           `json:"Event-Name"`
	Node     string           `json:"Node"`
	Run      string           `json:"Run"` // of the node, which marks name
	MsgID    string           `json:"Msg-ID"`
	App      string           `json:"App-Name"`
	Version  string           `json:"App-Version"`
	ServerID string           `json:"Server-ID,omitempty"`
	Keep     []blackhole.Kept `json:"Keep,omitempty"`
}

// peers are the other nodes with websockets, by their runs. One that does not answer is
// none until it is heard again.
type peers struct {
	mu   sync.Mutex
	runs map[string]bool
}

// heard is true for a node that was not known.
func (p *peers) heard(run string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.runs[run]
	if p.runs == nil {
		p.runs = map[string]bool{}
	}
	p.runs[run] = true
	return !known
}

// missing are those that are not among the given.
func (p *peers) missing(given map[string]bool) (runs []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for run := range p.runs {
		if !given[run] {
			runs = append(runs, run)
		}
	}
	return runs
}

func (p *peers) forget(runs []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, run := range runs {
		delete(p.runs, run)
	}
}

func (s *sockets) keepMessage(name string) keepMessage {
	return keepMessage{
		Category: kapi.CategoryWebsockets, Name: name, Node: s.cfg.NodeName, Run: s.hub.Node(), MsgID: s.cfg.IDs.Hex(16),
		App: "kazoolab", Version: s.cfg.Version,
	}
}

// up is called when the node's queue is there, for the first time or again.
func (s *sockets) up() {
	s.hub.Missed()
	s.publishKeep(s.keepMessage(keepHello))
}

// announce tells the other nodes what is needed here, be it nothing: that this one lives.
func (s *sockets) announce(needed []blackhole.Kept) {
	if len(needed) == 0 {
		s.publishKeep(s.keepMessage(keepThis))
	}
	for batch := range slices.Chunk(needed, keepBatch) {
		m := s.keepMessage(keepThis)
		m.Keep = batch
		s.publishKeep(m)
	}
}

// publishKeep gives up in time: without a broker announcements would pile up, to be
// published all at once when there is one, and stale.
func (s *sockets) publishKeep(m keepMessage) {
	body, err := json.Marshal(m)
	if err != nil {
		s.cfg.Log.Error("not told what to keep", "error", err)
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(s.changes.running, keepLimit)
		defer cancel()
		if err := s.bus.Publish(ctx, bus.Message{Exchange: kapi.ExchangeApplications, Key: keepKey, Body: body}); err != nil {
			s.cfg.Log.Debug("other nodes not told what to keep; they are in a while", "error", err)
		}
	}()
}

// agree returns true when every other node that is known keeps what is needed.
func (s *sockets) agree(ctx context.Context, needed []blackhole.Kept) bool {
	ctx, cancel := context.WithTimeout(ctx, agreeLimit)
	defer cancel()
	for batch := range slices.Chunk(needed, keepBatch) {
		if !s.agreeOn(ctx, batch) {
			return false
		}
	}
	return true
}

func (s *sockets) agreeOn(ctx context.Context, needed []blackhole.Kept) bool {
	if len(s.peers.missing(nil)) == 0 {
		return true
	}
	kept := map[string]bool{}
	m := s.keepMessage(keepThis)
	m.Keep = needed
	_, err := s.bus.Collect(ctx, bus.Request{
		Exchange: kapi.ExchangeApplications, Key: keepKey, Fields: jobj.Object{{Key: "Msg-ID", Value: m.MsgID}},
		Encode: func(addressed jobj.Object) ([]byte, error) {
			m.MsgID, m.ServerID = addressed.String("Msg-ID"), addressed.String("Server-ID")
			return json.Marshal(m)
		},
	}, bus.Gathering{Enough: func(replies []bus.Delivery) bool {
		kept[gjson.GetBytes(replies[len(replies)-1].Body, "Run").Str] = true
		return len(s.peers.missing(kept)) == 0
	}})
	silent := s.peers.missing(kept)
	if len(silent) == 0 {
		return err == nil
	}
	s.peers.forget(silent)
	s.cfg.Log.WarnContext(ctx, "another node does not say that it keeps what is needed; who resumes there may be told of a gap", "nodes", len(silent), "error", err)
	return false
}

// keep reads what a node has said, this one or another.
func (s *sockets) keep(body []byte) {
	var m keepMessage
	if err := json.Unmarshal(body, &m); err != nil {
		s.cfg.Log.Warn("announcement of another node not readable", "error", err)
		return
	}
	if m.Run == s.hub.Node() || m.Run == "" {
		return
	}
	if s.peers.heard(m.Run) || m.Name == keepHello {
		go s.hub.OthersChanged()
	}
	switch {
	case m.Name != keepThis:
	case m.ServerID == "":
		s.hub.KeepFor(m.Keep)
	default:
		go s.keepWith(m)
	}
}

// keepWith keeps what a node needs, and says so when it does.
func (s *sockets) keepWith(m keepMessage) {
	ctx, cancel := context.WithTimeout(s.changes.running, agreeLimit)
	defer cancel()
	if !s.hub.AgreeWith(ctx, m.Run, m.Keep) {
		return
	}
	reply := s.keepMessage(keepKept)
	reply.MsgID = m.MsgID
	body, err := json.Marshal(reply)
	if err != nil {
		s.cfg.Log.Error("another node not answered", "error", err)
		return
	}
	key, headers := kapi.ReplyAddress(m.ServerID)
	s.changes.send(bus.Message{Exchange: kapi.ExchangeTargeted, Key: key, Headers: headers, Body: body})
}
