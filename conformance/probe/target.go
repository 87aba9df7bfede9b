// Package probe drives a target for a group of requirements: REST, receivers of webhooks,
// websockets, the bus, and bare TCP, all written into the log as it happens. It owns how
// things are said to a target and how long is waited; it never judges what comes back.
package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// ErrHarness marks faults of this program, as opposed to the target's.
var ErrHarness = errors.New("fault of the harness")

// Target is a deployment as the harness can reach it.
type Target struct {
	REST    string // base URL, http://host:8000
	Sockets string // ws://host:5555, "" without
	AMQP    string // URL, "" without
	// Management is the URL of the broker's management API, without /api; "" without. Who gives
	// it allows that the target's connections are closed.
	Management string
	Clock      Clock // how its time is put forward
	Dialect    string
	// Parent is the account beneath which accounts are made, with a token for it.
	Parent Account
	// Advertise is the URL under which the target reaches the harness's receivers; their
	// paths are appended.
	Advertise string
	Features  []string
	Patience  Patience
}

// Has tells whether a feature can be used.
func (t Target) Has(feature string) bool { return slices.Contains(t.Features, feature) }

// Clock puts a target's time forward.
type Clock interface {
	// Advance moves it by d, or waits until d has passed where time cannot be moved.
	Advance(ctx context.Context, d time.Duration) error
}

// Account is an account and a token that may do everything in it.
type Account struct {
	ID    string
	Name  string
	Realm string
	Token string
}

// Patience names every wait. All are real time, and grow with the target's latency. Where
// something comes meanwhile, an Await goes on from then, for as long as Flow in all.
type Patience struct {
	Reply    time.Duration // to a REST request or a command on a socket
	Delivery time.Duration // from an event to the request at a receiver, or the frame on a socket
	Retry    time.Duration // from a failed try to the next
	Disable  time.Duration // from the last failure until a hook is disabled, once its time has come
	Close    time.Duration // until a connection ends that must end
	Remove   time.Duration // for each thing that is deleted at a group's end
	Quiet    time.Duration // after which what has not come does not come: it follows something that did
	Flow     time.Duration // for what comes one after the other, from the first to the last; 0 is no longer than without
}

// NewPatience returns waits for a target that answers a request within latency.
func NewPatience(latency time.Duration) Patience {
	more := func(base time.Duration, trips int) time.Duration { return base + time.Duration(trips)*latency }
	return Patience{
		Reply: more(10*time.Second, 20), Delivery: more(10*time.Second, 20), Retry: more(12*time.Second, 20),
		Disable: more(30*time.Second, 20), Close: more(10*time.Second, 20), Remove: more(time.Second, 4), Quiet: more(250*time.Millisecond, 4),
		Flow: more(90*time.Second, 200),
	}
}

// Harness is what all groups of a run share.
type Harness struct {
	Target    Target
	Log       *capture.Log
	Clock     clock.Clock
	IDs       *ids.Source
	HTTP      *http.Client
	Receivers *Receivers // nil without
	// Renew logs in to Target.Parent once more; nil where nobody can.
	Renew func(context.Context) (token string, err error)
}

// Probe drives the target for one group. It is for one goroutine, unless a method says
// otherwise.
type Probe struct {
	*Harness
	group    string
	account  Account
	hooks    []Hook
	fresh    bool // a hook was made, and its being in force not waited for since
	sequence int
	cleaner  string // token with which things are removed, once there is one of its own
	renewed  bool   // which is not the first

	making sync.Mutex // guards what follows
	made   []Account

	open    sync.Mutex // guards what follows
	sockets []*Socket
	bus     *bus
	cut     bool

	wire sync.Mutex // guards what follows, and is never held while something is waited for
	line net.Conn   // to the broker
	over bool       // there is to be none any more
}

// errCut says that the group has run out of time and is to end.
var errCut = errors.New("the group is over")

// keepOpen remembers a socket, unless the group is over.
func (p *Probe) keepOpen(s *Socket) bool {
	p.open.Lock()
	defer p.open.Unlock()
	if p.cut {
		return false
	}
	p.sockets = append(p.sockets, s)
	return true
}

// Cut ends the connections of a group that goes on after its time, so that whatever it waits
// for at them ends. It may be called beside the group.
func (p *Probe) Cut() {
	p.cutBroker() // who waits for it may have the lock
	p.open.Lock()
	defer p.open.Unlock()
	p.cut = true
	for _, s := range p.sockets {
		_ = s.conn.Close()
	}
	if p.bus != nil {
		_ = p.closeBus() // it was given up
	}
}

// New returns a probe for a group.
func New(h *Harness, group string) *Probe { return &Probe{Harness: h, group: group} }

// Note writes down a fact for the judges: what was drawn, who is who.
func (p *Probe) Note(name, value string) {
	p.add(capture.Entry{Kind: capture.Note, Name: name, Body: []byte(value)})
}

func (p *Probe) add(e capture.Entry) int {
	e.Group = p.group
	return p.Log.Add(e)
}

// Seen is what the group has seen so far.
func (p *Probe) Seen() capture.View { return p.Log.Of(p.group) }

// Await waits until holds is true of what the group has seen, and writes down when it was not:
// at most limit, and where receivers or sockets are sent something meanwhile, limit from the last
// of it, since on a busy machine it is the next that is waited for. In all that is Patience.Flow at
// most. What did not come is the judges' to find.
func (p *Probe) Await(ctx context.Context, what string, limit time.Duration, holds func(capture.View) bool) bool {
	began := p.Clock.Now()
	for left := limit; left > 0 && ctx.Err() == nil; left = p.left(began, limit) {
		if p.Log.Await(ctx, p.group, left, holds) {
			return true
		}
	}
	if ctx.Err() == nil {
		p.add(capture.Entry{Kind: capture.WaitedOut, Name: what, Head: limit.String()})
	}
	return false
}

// left is how much longer an Await may take that has begun then.
func (p *Probe) left(began time.Time, limit time.Duration) time.Duration {
	now, last := p.Clock.Now(), began
	for _, e := range p.Seen().Entries {
		if at := p.Log.Began().Add(e.At); (e.Kind == capture.HookRequest || e.Kind == capture.SocketGot) && at.After(last) {
			last = at
		}
	}
	return min(limit-now.Sub(last), p.Target.Patience.Flow-now.Sub(began))
}

// AwaitRequests waits for a number of requests at a receiver, as long as a delivery may take.
func (p *Probe) AwaitRequests(ctx context.Context, receiver string, n int) bool {
	return p.Await(ctx, fmt.Sprintf("%d requests at %s", n, receiver), p.Target.Patience.Delivery, func(v capture.View) bool {
		return len(v.Requests(receiver)) >= n
	})
}

// Settle waits until nothing of this group has been seen for as long as Patience.Quiet. It
// is for what must not come, behind something that did. Time in which this process stood still is
// no quiet: what came then may not have been read yet. Hence it is waited in slices, and one that
// took far too long has the count begin anew.
func (p *Probe) Settle(ctx context.Context) {
	const slices, forgiven = 5, 20 // on a machine where every slice is late it must end, too
	slice := p.Target.Patience.Quiet / slices
	seen, stood := len(p.Seen().Entries), 0
	for quiet := 0; quiet < slices && ctx.Err() == nil; quiet++ {
		began := p.Clock.Now()
		p.Log.Await(ctx, p.group, slice, func(v capture.View) bool { return len(v.Entries) > seen })
		late := p.Clock.Since(began) > 2*slice
		now := len(p.Seen().Entries)
		switch {
		case now > seen:
			seen, quiet = now, -1
		case late && stood < forgiven:
			stood++
			quiet = -1
		}
	}
}

// Pause lets real time pass, which is written down. It is for rules that are about time
// itself; what comes is awaited.
func (p *Probe) Pause(ctx context.Context, why string, d time.Duration) error {
	p.add(capture.Entry{Kind: capture.Note, Name: "pause", Body: []byte(why + ": " + d.String())})
	return clock.Sleep(ctx, p.Clock, d)
}

// Advance puts the target's time forward; see Clock.
func (p *Probe) Advance(ctx context.Context, d time.Duration) error {
	p.Note("time put forward", d.String())
	return p.Target.Clock.Advance(ctx, d)
}

// id draws a name that no other group uses.
func (p *Probe) id(prefix string) string {
	p.sequence++
	return fmt.Sprintf("%s-%s-%d", prefix, p.IDs.Hex(8), p.sequence)
}

// ID draws 32 hex digits, as documents and calls have.
func (p *Probe) ID() string { return p.IDs.Hex(32) }
