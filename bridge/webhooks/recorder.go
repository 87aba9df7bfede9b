package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// Records keeps attempts and parked deliveries. A nil error means that a batch
// survives a crash.
type Records interface {
	Record(ctx context.Context, batch store.Batch) error
}

// recorder writes in batches: whatever has gathered while the last batch was being
// written goes into the next, so that a commit, the dear part (1,500 a second), is
// shared under load and immediate at rest. What waits is bounded by the deliveries
// in hand.
type recorder struct {
	records Records
	clock   clock.Clock
	disk    clock.Clock // always the machine's: it has nothing to do with the product's time
	log     *slog.Logger
	kick    chan struct{}         // something is in the queue
	hurry   chan struct{}         // so much that it is to be written without delay
	wrote   time.Time             // when the last batch was begun; only run's
	over    chan struct{}         // closed when run has ended
	failing atomic.Pointer[error] // why the last write failed; nil when it did not

	mu    sync.Mutex
	queue []entry
	roomy chan struct{}   // closed when there is room again; nil while there is
	busy  bool            // a batch is being written
	idle  []chan struct{} // closed when nothing is left to write
}

// entry is what belongs to one delivery and is written together.
type entry struct {
	attempt       *store.Attempt
	park          *store.Parked
	release, done *store.ParkedKey
	bytes         int    // about, of what is written
	stored        func() // called when it is; must not block
}

// Bounds of a batch: maxBatch is where sharing a commit brings no more (performance
// measured with 100 rows a commit: 20,000 a second), maxBatchBytes keeps a batch of
// large attempts from holding the store, and their printed copies, for long.
const (
	maxBatch      = 200
	maxBatchBytes = 4 << 20
)

// writeLimit is how long one write may take: where the network to the store is cut
// without a word, nothing else ends it.
const writeLimit = 30 * time.Second

// apart is how long after one batch the next is begun, unless it is full. Without that,
// 600 attempts a second were as many commits, and took 0.5 ms of CPU each.
const apart = 50 * time.Millisecond

func newRecorder(r Records, c clock.Clock, log *slog.Logger) *recorder {
	return &recorder{
		records: r, clock: c, disk: clock.System(), log: log,
		kick: make(chan struct{}, 1), hurry: make(chan struct{}, 1), over: make(chan struct{}),
	}
}

// add has an entry written after all that were added before, and returns at once.
func (r *recorder) add(e entry) {
	r.mu.Lock()
	r.queue = append(r.queue, e)
	full := len(r.queue) >= maxBatch
	r.mu.Unlock()
	signal(r.kick)
	if full {
		signal(r.hurry)
	}
}

// signal leaves word for whoever reads from to, if there is none yet.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// maxQueue is how many entries may wait before no more events are taken: one event can
// have thousands of deliveries to park.
const maxQueue = 10_000

// await returns when there is room for what another event brings, or when ctx ends.
func (r *recorder) await(ctx context.Context) {
	r.mu.Lock()
	if len(r.queue) < maxQueue {
		r.mu.Unlock()
		return
	}
	if r.roomy == nil {
		r.roomy = make(chan struct{})
	}
	roomy := r.roomy
	r.mu.Unlock()
	select {
	case <-roomy:
	case <-ctx.Done():
	}
}

// record returns when the entry is stored, or with ctx's error.
func (r *recorder) record(ctx context.Context, e entry) error {
	done := make(chan struct{})
	before := e.stored
	e.stored = func() {
		if before != nil {
			before()
		}
		close(done)
	}
	r.add(e)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush returns when all that was added is stored, or when ctx or run ends.
func (r *recorder) flush(ctx context.Context) {
	r.mu.Lock()
	if len(r.queue) == 0 && !r.busy {
		r.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	r.idle = append(r.idle, idle)
	r.mu.Unlock()
	signal(r.hurry)
	select {
	case <-idle:
	case <-r.over:
	case <-ctx.Done():
	}
}

// run writes until ctx ends. While the store refuses, entries wait and with
// them the messages they belong to: nothing is acknowledged that is not safe.
func (r *recorder) run(ctx context.Context) {
	defer close(r.over)
	for {
		r.gathering(ctx)
		batch := r.gather()
		if len(batch) == 0 {
			select {
			case <-r.kick:
				continue
			case <-ctx.Done():
				return
			}
		}
		r.wrote = r.disk.Now()
		if !r.write(ctx, batch) {
			return
		}
		for _, e := range batch {
			if e.stored != nil {
				e.stored()
			}
		}
	}
}

// gathering returns when it is time for the next batch.
func (r *recorder) gathering(ctx context.Context) {
	pause := apart - r.disk.Since(r.wrote)
	if pause <= 0 {
		return
	}
	timer := r.disk.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.Chan():
	case <-r.hurry:
	case <-ctx.Done():
	}
}

func (r *recorder) gather() []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, bytes := 0, 0
	for n < len(r.queue) && n < maxBatch && bytes < maxBatchBytes {
		bytes += r.queue[n].bytes
		n++
	}
	batch := r.queue[:n:n]
	r.queue = r.queue[n:]
	if r.roomy != nil && len(r.queue) < maxQueue {
		close(r.roomy)
		r.roomy = nil
	}
	if r.busy = n > 0; !r.busy {
		r.queue = nil
		for _, idle := range r.idle {
			close(idle)
		}
		r.idle = nil
	}
	return batch
}

// write returns true when the entries are stored, or can never be.
func (r *recorder) write(ctx context.Context, batch []entry) bool {
	const firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := r.try(ctx, batch)
		if err == nil {
			r.failing.Store(nil)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if errors.Is(err, store.ErrInvalid) {
			return r.writeEach(ctx, batch, err)
		}
		r.failing.Store(&err)
		r.log.Error("the store takes nothing; messages stay unacknowledged", "entries", len(batch), "error", err, "retry_in", pause)
		if clock.Sleep(ctx, r.clock, pause) != nil {
			return false
		}
	}
}

func (r *recorder) try(ctx context.Context, batch []entry) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	var b store.Batch
	for _, e := range batch {
		if e.attempt != nil {
			b.Attempts = append(b.Attempts, *e.attempt)
		}
		if e.park != nil {
			b.Park = append(b.Park, *e.park)
		}
		if e.release != nil {
			b.Release = append(b.Release, *e.release)
		}
		if e.done != nil {
			b.Done = append(b.Done, *e.done)
		}
	}
	return r.records.Record(ctx, b)
}

// writeEach stores what a batch has beside an entry that can never be stored,
// such as one whose hook, made up by a message, has NUL in its id. To try that
// again would keep every later entry waiting for ever.
func (r *recorder) writeEach(ctx context.Context, batch []entry, err error) bool {
	if len(batch) == 1 {
		r.log.Error("an attempt or delivery can never be stored and is left out", "error", err)
		if batch[0].park != nil {
			batch[0].stored = nil // its message comes again, and is a dead letter in the end
		}
		return true
	}
	for i := range batch {
		if !r.write(ctx, batch[i:i+1]) {
			return false
		}
	}
	return true
}
