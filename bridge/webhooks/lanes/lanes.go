// Package lanes says which delivery runs next. It owns who waits in memory, for how
// long that is worth while, how many run at once for one hook and for all, and
// whose turn it is: accounts take turns, in an account its hooks, and for one hook its
// calls, each of which is served in order. It never knows what a job does, and keeps
// nothing that has not been given to it.
package lanes

import (
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Key names a hook: its owner and its id.
type Key struct{ AccountID, HookID string }

// Config bounds what runs and what waits.
type Config struct {
	// Width is how many jobs of one hook run at once, at the most.
	Width int
	// Total is how many run at once of all hooks. Of what is free of it a hook may
	// take a quarter, and an account all: however many of them are stuck, there is
	// something left for the next, as in a switch whose ports share their memory.
	Total int
	// Room is how many fresh jobs wait before Await holds up who brings more.
	Room int
	// Patience is how long a fresh job may have to wait for its turn before Add refuses
	// it; 0 is for ever.
	Patience time.Duration
	// Clock measures how long jobs take.
	Clock clock.Clock
}

// Lanes runs jobs. Safe for use by many goroutines.
type Lanes struct {
	cfg     Config
	serving sync.WaitGroup

	mu       sync.Mutex
	lines    map[Key]*line
	shares   map[string]*share // by account
	turns    []*share          // those with jobs that may run, in the order of their turns
	running  int
	waiting  int           // fresh jobs
	progress time.Time     // when a job ended last, or the first of those that run began
	roomy    chan struct{} // closed when there is room again; nil while there is
	looked   time.Time     // when those that wait were last looked through for stuck ones
}

// Job is what there is to do for a hook.
type Job struct {
	Do func()
	// Later is called instead when the job's turn would be too long in coming because
	// receivers are slow; not of jobs that are resumed, nor where there is no Patience.
	Later func()
}

type job struct {
	Job
	fresh bool
}

// New makes lanes without jobs.
func New(cfg Config) *Lanes {
	return &Lanes{cfg: cfg, lines: map[Key]*line{}, shares: map[string]*share{}}
}

// Add gives a fresh job of a hook; jobs with the same call keep their order.
func (l *Lanes) Add(key Key, call string, j Job) {
	if !l.take(key, call, j) {
		j.Later()
	}
}

func (l *Lanes) take(key Key, call string, j Job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cfg.Patience > 0 && l.slow(l.lines[key]) {
		return false
	}
	l.waiting++
	l.put(key, call, job{j, true})
	return true
}

// Resume gives a job that was put off before, and is taken now whatever waits.
func (l *Lanes) Resume(key Key, call string, do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(key, call, job{Job{Do: do}, false})
}

// Running is how many jobs run now.
func (l *Lanes) Running() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

// Wait returns when every job has run.
func (l *Lanes) Wait() { l.serving.Wait() }

// slow tells that the next job of a hook, nil for one without any, would wait too
// long because of its receiver, and not because all is busy here.
func (l *Lanes) slow(ln *line) bool {
	now := l.cfg.Clock.Now()
	if l.allStuck(now) {
		return true
	}
	if ln == nil || ln.busy == 0 {
		return false
	}
	switch {
	case ln.silent(now, hangs*l.cfg.Patience):
		return true // whatever place is free
	case ln.busy < l.limit(ln) && ln.waiting < l.cfg.Width:
		return false
	case ln.silent(now, l.cfg.Patience), ln.turn(ln.quick) > l.cfg.Patience:
		return true
	}
	// What is quick at times may be slow on the whole; that matters where it leaves
	// no room for others.
	most := l.waiting >= l.cfg.Room/2 && ln.waiting > l.waiting/2 && len(l.lines) > 1
	return most && ln.turn(ln.takes) > l.cfg.Patience
}

// allStuck tells that every place is taken, and none has become free for long.
func (l *Lanes) allStuck(now time.Time) bool {
	return l.free() <= 0 && now.Sub(l.progress) > l.cfg.Patience
}

// hangs is for how many times the patience a receiver may say nothing before it counts
// as one that hangs even though there are places free for it.
const hangs = 4

// limit is how many jobs of a hook may run at once now. Until one has ended it is
// unknown whether its receiver answers at all.
func (l *Lanes) limit(ln *line) int {
	const part, unknown = 4, 8
	most := l.cfg.Width
	if ln.takes == 0 && l.cfg.Patience > 0 {
		most = min(most, unknown)
	}
	return min(most, max(1, l.free()/part))
}

func (l *Lanes) free() int { return l.cfg.Total - l.running }

func (l *Lanes) put(key Key, call string, j job) {
	ln := l.lines[key]
	if ln == nil {
		ln = l.newLine(key)
	}
	ln.add(call, j)
	l.queue(ln)
	l.start()
}

func (l *Lanes) newLine(key Key) *line {
	of := l.shares[key.AccountID]
	if of == nil {
		of = &share{}
		l.shares[key.AccountID] = of
	}
	of.lines++
	ln := &line{key: key, share: of, calls: map[string][]job{}}
	l.lines[key] = ln
	return ln
}

// queue has a hook stand in line for its next turn, if it has a use for one.
func (l *Lanes) queue(ln *line) {
	if ln.queued || len(ln.ready) == 0 || ln.busy >= l.cfg.Width {
		return
	}
	ln.queued = true
	ln.share.ready = append(ln.share.ready, ln)
	if !ln.share.queued {
		ln.share.queued = true
		l.turns = append(l.turns, ln.share)
	}
}

// start runs what may run.
func (l *Lanes) start() {
	for {
		ln, call, j := l.next()
		if ln == nil {
			return
		}
		l.serving.Add(1)
		go l.serve(ln, call, j)
	}
}

// serve runs one job after the other, of whichever hook has its turn, until there is
// none that may run.
func (l *Lanes) serve(ln *line, call string, j job) {
	defer l.serving.Done()
	for ln != nil {
		began := l.cfg.Clock.Now()
		j.Do()
		ln, call, j = l.end(ln, call, began)
	}
}

// end notes that a job has run, and gives the next one its turn.
func (l *Lanes) end(ln *line, call string, began time.Time) (*line, string, job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Clock.Now()
	l.progress = now
	l.running--
	ln.share.running--
	ln.ended(call, now, now.Sub(began))
	l.queue(ln)
	if ln.idle() {
		l.forget(ln)
	}
	defer l.start() // with one more that is free, more than one hook may have become so
	return l.next()
}

// forget drops a hook that has no job.
func (l *Lanes) forget(ln *line) {
	delete(l.lines, ln.key)
	if ln.share.lines--; ln.share.lines == 0 {
		delete(l.shares, ln.key.AccountID)
	}
}

// look bounds how many of those that stand in line are asked for one that may run:
// with thousands of stuck receivers each end of a job would ask them all.
const look = 32

// next takes the job whose turn it is out of the line; nil when none may run.
func (l *Lanes) next() (*line, string, job) {
	if l.free() <= 0 {
		return nil, "", job{}
	}
	for range min(len(l.turns), look) {
		of := l.turns[0]
		l.turns = l.turns[1:]
		ln := l.nextOf(of)
		if ln != nil {
			call, j := l.begin(ln)
			l.queue(ln)
			l.requeue(of)
			return ln, call, j
		}
		l.requeue(of)
	}
	return nil, "", job{}
}

// requeue puts an account that has had its turn at the end of the line.
func (l *Lanes) requeue(of *share) {
	if of.queued = len(of.ready) > 0; of.queued {
		l.turns = append(l.turns, of)
	}
}

// nextOf is the hook of an account whose turn it is.
func (l *Lanes) nextOf(of *share) *line {
	if of.running > l.free() {
		return nil
	}
	for range min(len(of.ready), look) {
		ln := of.ready[0]
		of.ready = of.ready[1:]
		ln.queued = false
		if ln.busy < l.limit(ln) {
			return ln
		}
		if ln.busy < l.cfg.Width { // else its own next end has it stand in line again
			ln.queued = true
			of.ready = append(of.ready, ln)
		}
	}
	return nil
}

func (l *Lanes) begin(ln *line) (string, job) {
	if ln.busy == 0 {
		ln.progress = l.cfg.Clock.Now()
	}
	if l.running == 0 {
		l.progress = ln.progress
	}
	l.running++
	ln.share.running++
	call, j := ln.take()
	if j.fresh {
		l.left(1)
	}
	return call, j
}
