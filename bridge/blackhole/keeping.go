package blackhole

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/blackhole/frames"
	"github.com/kazoolab/kazoolab/bridge/blackhole/index"
	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// maxKept is how many keys are kept for one account. What it subscribes to beyond that
// has a gap when it comes back.
const maxKept = 10_000

// Kept is a key whose events are kept for clients that come back. Every node keeps it,
// so that they may come back to any.
type Kept struct {
	AccountID  string // whose events; "*" for all
	Key        string
	Conference string // as in bindings.Entry; Owned says that it is the account's
	Owned      bool
	Bind       []kapi.Binding
	// Follows is the name of what was kept until a month turned; "" for most.
	Follows string
}

// name tells patterns apart in the buffer.
func (k Kept) name() string {
	if k.Owned {
		return k.AccountID + " own " + k.Key
	}
	return k.AccountID + " " + k.Key
}

func (k Kept) scope() scope { return scope{conference: k.Conference, owned: k.Owned} }

// kept is what is kept for replay, and for whom. Guarded by the hub, but for add.
type kept struct {
	keep     time.Duration
	buffer   *replay.Buffer[*frames.Event]
	index    *index.Index[*pattern]
	patterns map[string]*pattern
	counts   map[string]int // of patterns, by account
	others   int64          // counts how often the other nodes have become different ones
	starting []*pattern     // not known to be bound yet
	started  chan struct{}  // there are some
}

// pattern is kept as long as a socket of this node holds it, and for a while after it
// left or another node last said that it is needed.
type pattern struct {
	Kept
	holders int
	until   time.Time
	live    bool            // the broker has its bindings: events are kept
	late    []*subscription // which began before that
	agreed  map[string]bool // nodes that know that it is kept here
	known   int64           // kept.others when the others were known to keep it; 0 for never
}

func newKept(cfg Config) *kept {
	return &kept{
		keep: cfg.ReplayKeep, buffer: replay.New[*frames.Event](cfg.Replay),
		index: index.New[*pattern](), patterns: map[string]*pattern{}, counts: map[string]int{}, others: 1,
		started: make(chan struct{}, 1),
	}
}

// add keeps an event for the patterns that it matches. It is called for one event at a
// time, with the hub locked for reading.
func (k *kept) add(d *delivery, now time.Time) {
	var wanted map[string][]string
	k.index.Match(d.event.Key, func(p *pattern) bool {
		if p.scope().covers(p.AccountID, d) {
			if wanted == nil {
				wanted = map[string][]string{}
			}
			wanted[p.AccountID] = append(wanted[p.AccountID], p.name())
		}
		return true
	})
	if wanted != nil {
		event := d.event // without the message
		entry := replay.Entry[*frames.Event]{ID: d.identity(), Value: &event, Bytes: len(d.message.Body)}
		k.buffer.Add(entry, now, wanted)
	}
}

func keptOf(sub *subscription) []Kept {
	all := make([]Kept, len(sub.entries))
	for i, e := range sub.entries {
		all[i] = keptAs(sub, e)
	}
	return all
}

func keptAs(sub *subscription, e bindings.Entry) Kept {
	one := Kept{AccountID: sub.account, Key: e.Key, Conference: e.Conference, Owned: sub.owned, Bind: e.Bind}
	if e.Monthly {
		one.Follows = sub.month
	}
	return one
}

// hold keeps what a subscription gets. It returns what was not kept before.
func (k *kept) hold(sub *subscription, h *Hub) (news []Kept) {
	for _, one := range keptOf(sub) {
		p, there := k.patterns[one.name()]
		if !there {
			if p = k.begin(one, h); p == nil {
				continue
			}
			news = append(news, one)
		}
		p.holders++
		sub.kept = append(sub.kept, p)
	}
	return news
}

// begin has a pattern kept as soon as the broker has its bindings. It is nil where the
// account has as many as it may.
func (k *kept) begin(one Kept, h *Hub) *pattern {
	if k.counts[one.AccountID] >= maxKept {
		return nil
	}
	k.counts[one.AccountID]++
	p := &pattern{Kept: one}
	k.patterns[one.name()] = p
	k.index.Add(one.Key, p)
	h.broker.hold(one.Bind)
	k.starting = append(k.starting, p)
	select {
	case k.started <- struct{}{}:
	default:
	}
	return p
}

// start keeps the events of a pattern from now on.
func (k *kept) start(p *pattern, now time.Time) {
	if p.live {
		return
	}
	p.live = true
	if p.Follows != "" {
		k.buffer.Follow(p.AccountID, p.name(), p.Follows, now)
		return
	}
	k.buffer.Keep(p.AccountID, p.name(), now)
}

// before is what a pattern takes the place of, while that is kept.
func (k *kept) before(name string) *pattern {
	if p := k.patterns[name]; p != nil {
		return k.patterns[p.Follows]
	}
	return nil
}

// end forgets a pattern.
func (k *kept) end(p *pattern, h *Hub) {
	delete(k.patterns, p.name())
	if k.counts[p.AccountID]--; k.counts[p.AccountID] == 0 {
		delete(k.counts, p.AccountID)
	}
	k.index.Remove(p.Key, p)
	k.buffer.Drop(p.AccountID, p.name())
	h.broker.release(p.Bind)
}

func (k *kept) release(held []*pattern, now time.Time) {
	for _, p := range held {
		p.holders--
		p.until = later(p.until, now.Add(k.keep))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
