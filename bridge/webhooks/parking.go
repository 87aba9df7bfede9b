package webhooks

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Backlogs is where deliveries are parked, and which node delivers which of them
// (store.Store).
type Backlogs interface {
	Backlogs(ctx context.Context, accountID string) ([]store.Backlog, error)
	ParkedAfter(ctx context.Context, hook store.HookKey, after string, limit, maxBytes int) ([]store.Parked, error)
	Claim(ctx context.Context, node string, hook store.HookKey) (store.Claim, error)
	Unclaim(ctx context.Context, node string, hook store.HookKey) (left int64, err error)
	DropParked(ctx context.Context, hook store.HookKey) (int64, error)
	Seen(ctx context.Context, node string) error
	Reap(ctx context.Context, node string, after time.Duration) error
	Leave(ctx context.Context, node string) error
}

// Times of parking, all of the machine's clock.
const (
	// secureAfter is how long a delivery holds its message. One that waits or runs
	// longer is written to the store meanwhile, so that a thousand silent receivers
	// hold no place in the broker's window. Where all deliveries take long because the
	// machine is busy, that would make it busier still: it is done to those that take
	// overlong times as long as most.
	secureAfter = time.Second
	overlong    = 4
	// lookPause is the time between two looks at what has become due.
	lookPause = 250 * time.Millisecond
	// seenPause and deadAfter: a node that has not been seen for that long holds
	// nothing any more. What it held is delivered by others, perhaps again.
	seenPause = 5 * time.Second
	deadAfter = 30 * time.Second
	longDead  = 24 * time.Hour
	// A receiver that gives no answer is asked again after a pause, which doubles.
	firstProbePause, longestProbePause = 2 * time.Second, 30 * time.Second
	// chance is how many deliveries in a row without an answer are none any more.
	chance = 3
)

// parking keeps what cannot be delivered now in the store, and takes it out again. A
// hook with parked deliveries has all further ones parked behind them; they are
// taken out in order, by one node at a time, as fast as the receiver answers. One that
// gives no answer is probed with a single delivery.
type parking struct {
	backlogs Backlogs
	recorder *recorder
	metrics  *metrics
	clock    clock.Clock // the machine's
	ids      *ids.Source
	log      *slog.Logger
	node     string
	width    int // deliveries of one hook at once
	// resume puts a delivery from the store in its lane.
	resume func(context.Context, *inHand)
	// unpack reads the event of a delivery from the store; false when there is nothing to
	// deliver any more.
	unpack func(*inHand) bool
	// state tells whether a hook is live, or at least exists.
	state func(context.Context, store.HookKey) (hookState, error)

	wake   chan struct{}
	taking sync.Mutex // held while deliveries are taken out
	living sync.Mutex // held while a sign of life is given

	mu      sync.Mutex
	hooks   map[store.HookKey]*backlog
	due     []*backlog    // asked for before the next look
	fresh   []*inHand     // those from the bus in order of arrival, until they are secured or over
	out     int           // deliveries from the store that are in hand
	order   int64         // of the last delivery
	stopped bool          // nothing is taken out any more
	left    bool          // no sign of life is given any more
	seen    time.Time     // since when the store has taken each sign of life; only live's
	shown   time.Time     // the last of them; only live's
	takes   time.Duration // a delivery from the bus, smoothed
	pace    pace
	// answering is how many of the hooks have a receiver that answers, as of the last look.
	answering int
}

// hookState is what is known of a hook that has parked deliveries.
type hookState int

const (
	hookLive hookState = iota
	hookOff            // it may be switched on again
	hookGone
)

// backlog is what this node knows of a hook with parked deliveries.
type backlog struct {
	store.HookKey
	writing int             // deliveries on their way to the store
	parked  int             // counts them, to see whether there have been any meanwhile
	hand    map[string]bool // rows in memory
	after   string          // the row that was read last
	allowed int             // rows in memory at most: one while the receiver is silent
	taken   time.Time       // when some were last taken out
	answers time.Duration   // how long a row is in memory until its answer, smoothed; 0 when silent
	silent  time.Duration   // the present pause; 0 while it answers
	resume  time.Time       // not before
	claimed bool            // this node takes the deliveries out
	passed  bool            // all are in hand: what comes now goes to its lane, behind them
	reading bool            // rows are being read now
	ended   map[string]bool // those that have ended meanwhile, and may be among what is read
	unheard int             // deliveries without an answer since the last one with
	off     bool            // the hook is switched off
	queued  bool            // in due
}

func newParking(e *Engine, machine clock.Clock) *parking {
	return &parking{
		backlogs: e.dep.Backlogs, recorder: e.recorder, metrics: e.metrics,
		clock: machine, ids: e.dep.IDs, log: e.dep.Log, node: e.dep.Node, width: e.cfg.Concurrency,
		resume: e.resume, unpack: e.unpack, state: e.hookState,
		wake: make(chan struct{}, 1), hooks: map[store.HookKey]*backlog{}, pace: newPace(),
	}
}

// take gives a delivery its place behind all before it. It is parked at once when
// others of its hook are; else, which false says, it is secured if it takes long.
func (p *parking) take(d *inHand) (parked bool) {
	p.mu.Lock()
	p.order = max(p.order+1, d.what.At.UnixMicro())
	d.order = p.order
	b := p.hooks[d.key().HookKey]
	parked = b != nil && !b.passed
	if parked {
		b.comes()
	} else {
		p.fresh = append(p.fresh, d)
	}
	p.mu.Unlock()
	if parked {
		p.write(d, b)
	}
	return parked
}

// has tells whether deliveries of the same hook are parked.
func (p *parking) has(d *inHand) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.hooks[d.key().HookKey]
	return b != nil && !b.passed
}

// keeps tells a delivery that is better left in the store: no more are begun.
func (p *parking) keeps(d *inHand) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped && d.isStored()
}

// putBack leaves a delivery that is stored where it is, and reports false for one that
// is not.
func (p *parking) putBack(d *inHand) bool {
	if !d.isStored() {
		return false
	}
	p.park(d)
	return true
}

// park parks a delivery and what follows of its hook.
func (p *parking) park(d *inHand) {
	p.mu.Lock()
	b := p.hook(d.key().HookKey)
	b.comes()
	p.mu.Unlock()
	p.write(d, b)
}

// comes notes that a delivery is on its way to the store.
func (b *backlog) comes() {
	b.writing++
	b.parked++
	b.passed = false
}

// hook is what is known of a hook, from now on one with parked deliveries.
func (p *parking) hook(key store.HookKey) *backlog {
	b := p.hooks[key]
	if b == nil {
		b = &backlog{HookKey: key, hand: map[string]bool{}, allowed: 1}
		p.hooks[key] = b
	}
	return b
}

func (p *parking) write(d *inHand, b *backlog) {
	p.metrics.parked.Inc()
	d.mu.Lock()
	first, taken := !d.stored, d.from == nil
	d.stored, d.over = true, true
	if first {
		d.what.ID = p.rowID(d)
	}
	d.mu.Unlock()
	e := entry{bytes: len(d.what.Body), stored: func() {
		d.settle(true)
		p.written(d, b, taken)
	}}
	if first {
		e.park = &d.what
	} else {
		e.release = d.key()
	}
	p.recorder.add(e)
}

// rowID is unique, and in the order in which deliveries came.
func (p *parking) rowID(d *inHand) string { return fmt.Sprintf("%016x-%s", d.order, p.ids.Hex(8)) }

// written has a delivery that is stored taken out in its turn. One that was taken out of the store
// itself is in hand no more. One from the bus never was: its row may have been taken out since it was
// stored, so that what is in hand by its id is another.
func (p *parking) written(d *inHand, b *backlog, taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.writing--
	if taken {
		p.returned(d, b)
		return
	}
	b.after = "" // it may stand before what was read last
	p.askIfFree(b)
}

// returned notes that a delivery from the store is in hand no more.
func (p *parking) returned(d *inHand, b *backlog) {
	if b.hand[d.what.ID] {
		delete(b.hand, d.what.ID)
		p.out--
		if b.reading {
			b.ended[d.what.ID] = true
		}
	}
	p.askIfFree(b)
}

// askIfFree asks for a hook of which no more than half of what may be is in hand.
func (p *parking) askIfFree(b *backlog) {
	if len(b.hand) <= b.allowed/2 {
		p.ask(b)
	}
}

// ask has a hook looked at soon.
func (p *parking) ask(b *backlog) {
	if !b.queued {
		b.queued = true
		p.due = append(p.due, b)
	}
	signal(p.wake)
}

// took notes how long a delivery from the bus was in hand.
func (p *parking) took(d time.Duration) {
	const smooth = 64 // deliveries, about, that count
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takes += (d - p.takes) / smooth
	p.pace.heard = true
}

// done removes the row of a delivery that has its outcome, together with what else is
// stored of that, if anything is.
func (p *parking) done(d *inHand, e entry) {
	if d.close() {
		before := e.stored
		e.done = d.key()
		e.stored = func() {
			if before != nil {
				before()
			}
			p.removed(d)
		}
	}
	if e.attempt != nil || e.done != nil {
		p.recorder.add(e)
	}
}

func (p *parking) removed(d *inHand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.hooks[d.key().HookKey]; b != nil {
		p.returned(d, b)
	}
}

// answered notes that a receiver has answered, whatever it said.
func (p *parking) answered(d *inHand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.hooks[d.key().HookKey]
	if b == nil {
		return
	}
	if b.silent > 0 {
		p.log.Info("a receiver answers again; what waited for it is delivered", "hook_id", b.HookID, "account_id", b.AccountID)
	}
	if d.from == nil && b.silent == 0 {
		b.answered(p.clock.Now().Sub(d.since))
	}
	b.silent, b.unheard, b.resume = 0, 0, time.Time{}
	if most := p.usual(); b.allowed < most {
		b.allowed = min(2*b.allowed, most)
		p.ask(b)
	}
}

// usual is how many rows a hook has in memory whose receiver answers.
func (p *parking) usual() int { return 4 * p.width }

// silent notes that a receiver has given no answer. It reports false when nothing of
// its hook is parked: then the delivery is tried again as the reference does. Else it
// is parked with all its tries, since an outage must not use up those of everything
// that waits.
func (p *parking) silent(d *inHand) bool {
	p.mu.Lock()
	b := p.hooks[d.key().HookKey]
	if b == nil || b.passed {
		p.mu.Unlock()
		return false
	}
	// One of many may be lost by chance; several in a row are not.
	now := p.clock.Now()
	b.allowed = max(b.allowed/2, 1)
	if b.unheard++; (b.unheard >= chance || b.allowed == 1) && !now.Before(b.resume) {
		b.allowed = 1
		if b.silent == 0 {
			p.log.Warn("a receiver gives no answer; what comes for it is parked", "hook_id", b.HookID, "account_id", b.AccountID)
		}
		b.silent = min(max(2*b.silent, firstProbePause), longestProbePause)
		b.answers = 0
		b.resume = now.Add(b.silent)
	}
	b.comes()
	p.mu.Unlock()
	p.write(d, b)
	return true
}

// run secures and takes out until ctx ends.
func (p *parking) run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	// None waits for another: each asks the store, which may be slow.
	running.Go(func() { p.every(ctx, lookPause, p.secure) })
	running.Go(func() {
		p.live(ctx)
		p.every(ctx, seenPause, func() { p.live(ctx) })
	})
	look := p.clock.NewTicker(lookPause)
	defer look.Stop()
	for {
		select {
		case <-p.wake:
		case <-look.Chan():
			p.look()
		case <-ctx.Done():
			return
		}
		for _, b := range p.asked() {
			p.takeOut(ctx, b)
		}
	}
}

func (p *parking) every(ctx context.Context, pause time.Duration, do func()) {
	for clock.Sleep(ctx, p.clock, pause) == nil {
		do()
	}
}

// secure writes what has been in hand for long.
func (p *parking) secure() {
	p.mu.Lock()
	limit := p.clock.Now().Add(-max(secureAfter, overlong*p.takes))
	n := 0
	for n < len(p.fresh) && !p.fresh[n].since.After(limit) {
		n++
	}
	old := p.fresh[:n]
	if p.fresh = p.fresh[n:]; len(p.fresh) == 0 {
		p.fresh = nil
	}
	p.mu.Unlock()
	for _, d := range old {
		p.secureOne(d)
	}
}

func (p *parking) secureOne(d *inHand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over || d.stored {
		return
	}
	d.stored = true
	d.what.ID, d.what.Holder = p.rowID(d), p.node
	p.metrics.secured.Inc()
	p.recorder.add(entry{park: &d.what, bytes: len(d.what.Body), stored: func() { d.settle(true) }})
}

// look asks for the hooks whose pause is over, and for those that were off.
func (p *parking) look() {
	now := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.adjust(p.out, p.takes)
	p.answering = 0
	for _, b := range p.hooks {
		if b.answers > 0 {
			p.answering++
		}
		if len(b.hand) <= b.allowed/2 && !now.Before(b.resume) {
			p.ask(b)
		}
	}
}

func (p *parking) asked() []*backlog {
	p.mu.Lock()
	defer p.mu.Unlock()
	due := p.due
	p.due = nil
	for _, b := range due {
		b.queued = false
	}
	return due
}

// probe has a silent receiver asked without delay.
func (p *parking) probe(key store.HookKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.hooks[key]; b != nil {
		b.resume = time.Time{}
		p.ask(b)
	}
}

// waiting tells whether a hook is switched off, and how long its silent receiver will not
// be asked, where this node is the one that asks.
func (p *parking) waiting(key store.HookKey) (off bool, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.hooks[key]
	switch {
	case b == nil:
		return false, 0
	case b.off || b.silent == 0 || !b.claimed:
		return b.off, 0
	}
	return false, b.resume.Sub(p.clock.Now())
}

// stop ends taking out. What is in hand goes on.
func (p *parking) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.taking.Lock() // what is being taken out is in its lane then
	defer p.taking.Unlock()
}
