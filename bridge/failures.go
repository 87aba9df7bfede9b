package bridge

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// failures are those of all nodes. This node's are in memory, and about a second
// later in the store, where each node has a row for each hook that fails; those of
// other nodes, and of this one before it was started again, are read from there. Each
// row is of one version of a hook, so nobody has to delete anything when a hook is
// edited: what a node that has not heard of it yet still writes is not counted.
//
// Nodes compare times, so their clocks should agree to a fraction of the window.
type failures struct {
	tracker *disabler.Tracker
	store   failureStore
	node    string
	clock   clock.Clock
	log     *slog.Logger
	changed chan struct{} // of 1: there is something to write
	away    bool          // the last write failed
}

type failureStore interface {
	SaveFailures(ctx context.Context, failures []store.Failures) error
	EachFailures(ctx context.Context, q store.FailureQuery) iter.Seq2[store.Failures, error]
	DeleteFailures(ctx context.Context, now int64) error
}

const (
	// writePause is the time between two writes; writeChunk hooks are written in one
	// transaction, and writeChunks of them at a time: a million hooks that fail take
	// no more of the store than 2,000 a second. Each costs SQLite some 50 µs.
	writePause  = time.Second
	writeChunk  = 200
	writeChunks = 10
	// lastLimit is how long the last write may take.
	lastLimit = 2 * time.Second
	// sweepPause is the time between two deletions of what has expired.
	sweepPause = time.Minute
)

func newFailures(cfg Config) *failures {
	return &failures{
		tracker: disabler.New(disabler.Options{Collapse: cfg.Webhooks.Compat != fidelity.Corrected}),
		store:   cfg.Store,
		// Never the same twice, whatever the seed: a node that took its own earlier
		// rows for what it has in memory would forget them.
		node:  ids.New().Hex(8),
		clock: cfg.Clock, log: cfg.Log, changed: make(chan struct{}, 1),
	}
}

func (f *failures) failed(hook disabler.Key, at time.Time, limit disabler.Limit) {
	f.tracker.Failed(hook, at, limit)
	f.wake()
}

// forget drops what this node knows of a hook, here and with the next write in the
// store.
func (f *failures) forget(hook disabler.Key) {
	f.tracker.Forget(hook)
	f.wake()
}

func (f *failures) wake() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// everywhere goes through the hooks that have failed on any node, each with the times
// that other nodes remember. An error ends it.
func (f *failures) everywhere(ctx context.Context) iter.Seq2[hookFailures, error] {
	return func(yield func(hookFailures, error) bool) {
		own := map[disabler.Key]struct{}{}
		for _, key := range f.tracker.Hooks() {
			own[key] = struct{}{}
		}
		var next hookFailures
		for row, err := range f.store.EachFailures(ctx, store.FailureQuery{NotNode: f.node, Now: f.clock.Now().UnixMilli()}) {
			if err != nil {
				yield(hookFailures{}, err)
				return
			}
			if key := keyOf(row); key != next.hook {
				if next.others != nil && !yield(next, nil) {
					return
				}
				next = hookFailures{hook: key}
				delete(own, key)
			}
			next.others = append(next.others, row.Times)
		}
		if next.others != nil && !yield(next, nil) {
			return
		}
		for key := range own {
			if !yield(hookFailures{hook: key}, nil) {
				return
			}
		}
	}
}

// hookFailures are those of one hook that this node has not met itself.
type hookFailures struct {
	hook   disabler.Key
	others [][]int64
}

// look says what is to be done about a hook now.
func (f *failures) look(h hookFailures, limit disabler.Limit) disabler.Verdict {
	return f.tracker.Look(h.hook, f.clock.Now(), limit, h.others...)
}

// count says of some hooks of an account how many of their failures count now.
func (f *failures) count(ctx context.Context, accountID string, hooks map[disabler.Key]disabler.Limit) (map[disabler.Key]int, error) {
	others := map[disabler.Key][][]int64{}
	q := store.FailureQuery{AccountID: accountID, NotNode: f.node, Now: f.clock.Now().UnixMilli()}
	for row, err := range f.store.EachFailures(ctx, q) {
		if err != nil {
			return nil, err
		}
		if _, asked := hooks[keyOf(row)]; asked {
			others[keyOf(row)] = append(others[keyOf(row)], row.Times)
		}
	}
	counts := make(map[disabler.Key]int, len(hooks))
	for key, limit := range hooks {
		counts[key] = f.look(hookFailures{key, others[key]}, limit).Failures
	}
	return counts, nil
}

func keyOf(row store.Failures) disabler.Key {
	return disabler.Key{AccountID: row.AccountID, HookID: row.HookID, Revision: row.Revision}
}

// run writes what changes and deletes what has expired, until ctx ends and once more.
func (f *failures) run(ctx context.Context) {
	f.sweep(ctx) // what nodes that are no more have left
	ticker := f.clock.NewTicker(sweepPause)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-f.changed:
			if clock.Sleep(ctx, f.clock, writePause) == nil {
				f.write(ctx)
			}
		case <-ticker.Chan():
			f.sweep(ctx)
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLimit)
	defer cancel()
	for more := true; more; {
		more = f.write(last)
	}
}

// write writes what has changed, and says whether it left something for the next
// time. What cannot be written stays in memory, and is tried again.
func (f *failures) write(ctx context.Context) (more bool) {
	for range writeChunks {
		changed := f.tracker.Changed(writeChunk)
		if len(changed) == 0 {
			return false
		}
		rows := make([]store.Failures, len(changed))
		for i, c := range changed {
			rows[i] = store.Failures{
				AccountID: c.AccountID, HookID: c.HookID, Revision: c.Revision, Node: f.node, Times: c.Times, Expires: c.Expires,
			}
		}
		if err := f.store.SaveFailures(ctx, rows); err != nil {
			f.tracker.Again(changed)
			f.wake()
			if !f.away && ctx.Err() == nil {
				f.log.Error("failures of webhooks cannot be stored; they stay in memory and are tried again", "error", err, "retry_in", writePause)
			}
			f.away = true
			return false
		}
		if f.away {
			f.away = false
			f.log.Info("failures of webhooks are stored again")
		}
	}
	f.wake()
	return true
}

func (f *failures) sweep(ctx context.Context) {
	if err := f.store.DeleteFailures(ctx, f.clock.Now().UnixMilli()); err != nil && ctx.Err() == nil {
		f.log.Error("old failures cannot be deleted", "error", err, "retry_in", sweepPause)
	}
}
