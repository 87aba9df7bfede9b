package lanes

import (
	"context"
	"slices"
	"time"
)

// Await returns when there is room for fresh jobs, or with ctx's error. Meanwhile those
// are put off that wait for a receiver which does not answer: before that is known of
// it, its jobs may have taken all the room (512 events come in a tenth of a second).
func (l *Lanes) Await(ctx context.Context) error {
	for {
		roomy := l.full()
		if roomy == nil {
			return nil
		}
		off := l.putOff()
		for _, j := range off {
			j.Later()
		}
		if len(off) > 0 {
			continue
		}
		if err := l.wait(ctx, roomy); err != nil {
			return err
		}
	}
}

// full returns nil when there is room, else what is closed when there is.
func (l *Lanes) full() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting < l.cfg.Room {
		return nil
	}
	if l.roomy == nil {
		l.roomy = make(chan struct{})
	}
	return l.roomy
}

// wait returns when there is room, when it is worth while to look for stuck jobs, or
// with ctx's error.
func (l *Lanes) wait(ctx context.Context, roomy <-chan struct{}) error {
	var look <-chan time.Time
	if l.cfg.Patience > 0 {
		timer := l.cfg.Clock.NewTimer(l.cfg.Patience)
		defer timer.Stop()
		look = timer.Chan()
	}
	select {
	case <-roomy:
	case <-look:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// putOff takes out the fresh jobs that wait for silent receivers. It looks no more often
// than patience asks for, since there may be thousands.
func (l *Lanes) putOff() (off []Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Clock.Now()
	if l.cfg.Patience == 0 || now.Sub(l.looked) < l.cfg.Patience {
		return nil
	}
	l.looked = now
	all := l.allStuck(now)
	for _, ln := range l.lines {
		if ln.waiting == 0 || !all && !ln.silent(now, l.cfg.Patience) {
			continue
		}
		off = append(off, ln.putOff()...)
		l.dequeue(ln)
		if ln.idle() {
			l.forget(ln)
		}
	}
	l.left(len(off))
	return off
}

// dequeue takes a hook out of the line if nothing of it is ready any more.
func (l *Lanes) dequeue(ln *line) {
	if !ln.queued || len(ln.ready) > 0 {
		return
	}
	ln.queued = false
	of := ln.share
	of.ready = slices.DeleteFunc(of.ready, func(other *line) bool { return other == ln })
	if len(of.ready) == 0 && of.queued {
		of.queued = false
		l.turns = slices.DeleteFunc(l.turns, func(other *share) bool { return other == of })
	}
}

// left notes that fresh jobs wait no more.
func (l *Lanes) left(jobs int) {
	l.waiting -= jobs
	if l.roomy != nil && l.waiting < l.cfg.Room {
		close(l.roomy)
		l.roomy = nil
	}
}
