package lanes

import (
	"slices"
	"time"
)

// share is what the hooks of one account have.
type share struct {
	lines   int     // hooks with jobs
	running int     // their jobs that run
	ready   []*line // those with a job that may run, in the order of their turns
	queued  bool    // it stands in line itself
}

// line is one hook's jobs. It is there only while it has any.
type line struct {
	key     Key
	share   *share
	busy    int              // jobs that run
	waiting int              // jobs that do not yet
	calls   map[string][]job // what waits of each call; present = waits or is served
	ready   []string         // calls that are not served and have a job, in order of arrival
	queued  bool             // it stands in its account's line

	// What a job takes, on the whole, and those that are quick. On a machine that is
	// busy all jobs take long at times, but those that are quick show what the
	// receiver needs: 64 at once took 128 ms where it needs 1.
	takes, quick time.Duration
	progress     time.Time // when a job ended last, or the first of those that run began
}

func (ln *line) add(call string, j job) {
	ln.waiting++
	jobs, known := ln.calls[call]
	ln.calls[call] = append(jobs, j)
	if !known {
		ln.ready = append(ln.ready, call)
	}
}

// take takes the first job of the first call that is ready.
func (ln *line) take() (string, job) {
	call := ln.ready[0]
	ln.ready = ln.ready[1:]
	jobs := ln.calls[call]
	j := jobs[0]
	jobs[0] = job{} // a long queue must not keep finished events alive
	ln.calls[call] = jobs[1:]
	ln.waiting--
	ln.busy++
	return call, j
}

// ended notes that a job of a call has run. A busy call goes to the end, so that it
// cannot starve the others.
func (ln *line) ended(call string, at time.Time, took time.Duration) {
	const smooth, down, up = 8, 2, 64 // jobs, about, that count
	ln.busy--
	ln.progress = at
	if ln.takes == 0 {
		ln.takes, ln.quick = took, took
	}
	ln.takes += (took - ln.takes) / smooth
	if took < ln.quick {
		ln.quick += (took - ln.quick) / down
	} else {
		ln.quick += (took - ln.quick) / up
	}
	if len(ln.calls[call]) > 0 {
		ln.ready = append(ln.ready, call)
	} else {
		delete(ln.calls, call)
	}
}

// turn is how long the next job has to wait where a job takes so long.
func (ln *line) turn(takes time.Duration) time.Duration {
	return takes * time.Duration(ln.waiting+1) / time.Duration(ln.busy)
}

// silence is how many times as long as between two of its answers a receiver may say
// nothing before it counts as one that does not answer.
const silence = 8

// silent tells that jobs run, and none has ended for longer than is usual, and than most.
func (ln *line) silent(now time.Time, most time.Duration) bool {
	return ln.busy > 0 && now.Sub(ln.progress) > max(most, silence*ln.takes/time.Duration(ln.busy))
}

// putOff takes out the fresh jobs that wait, those of one call in their order.
func (ln *line) putOff() (off []Job) {
	isFresh := func(j job) bool { return j.fresh }
	for call, jobs := range ln.calls {
		for _, j := range jobs {
			if j.fresh {
				off = append(off, j.Job)
			}
		}
		ln.calls[call] = slices.DeleteFunc(jobs, isFresh)
	}
	ln.waiting -= len(off)
	ln.ready = slices.DeleteFunc(ln.ready, func(call string) bool {
		gone := len(ln.calls[call]) == 0
		if gone {
			delete(ln.calls, call) // those that are not ready are being served
		}
		return gone
	})
	return off
}

func (ln *line) idle() bool { return ln.busy == 0 && len(ln.calls) == 0 }
