package webhooks

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// verdict is what becomes of a delivery when its turn is over.
type verdict int

const (
	concluded   verdict = iota // nothing is left to be done for it
	postponed                  // it is parked
	recording                  // its outcome is on its way to the store
	interrupted                // ctx ended, or the broker has the message again
)

// run makes a delivery and tells its message what came of it.
func (e *Engine) run(ctx context.Context, d *inHand) {
	defer e.metrics.deliveries.Dec()
	switch e.deliver(ctx, d) {
	case concluded:
		d.settle(true)
		d.forget()
	case interrupted:
		d.settle(false)
	case postponed, recording: // whoever stores it settles it
	}
}

// deliver makes the tries of one hook for one event.
func (e *Engine) deliver(ctx context.Context, d *inHand) (became verdict) {
	hook, ev := d.hook, d.ev
	defer func() {
		if problem := recover(); problem != nil {
			e.metrics.drops.WithLabelValues("panic").Inc()
			e.dep.Log.Error("an event broke its delivery", "hook_id", hook.ID, "panic", problem, "stack", string(debug.Stack()))
			ev.record.GaveUp(hook.AccountID, hook.ID, journal.Panicked)
			became = e.broke(ctx, d, "panic", fmt.Sprintf("hook %s: panic: %v", hook.ID, problem))
		}
	}()
	if d.stale() {
		return interrupted
	}
	if e.parking != nil && e.parking.keeps(d) {
		return postponed
	}
	if d.broken != nil {
		return e.broke(ctx, d, cmp.Or(dropReason(d.broken), "invalid"), d.broken.Error())
	}
	if hook = e.current(d); hook == nil {
		return e.giveUp(d)
	}
	t := e.prepare(hook, ev, d.what.EventID)
	if len(t.request.Text) > payload.MaxEncoded {
		e.metrics.drops.WithLabelValues("too_large_encoded").Inc()
		e.dep.Log.Warn("event not sent: its text is too large", "hook_id", hook.ID, ev.IDKind, ev.label, "limit", payload.MaxEncoded)
		ev.record.GaveUp(hook.AccountID, hook.ID, journal.TooLarge)
		return e.broke(ctx, d, "too_large_encoded", fmt.Sprintf("hook %s: its text is larger than %d bytes", hook.ID, payload.MaxEncoded))
	}
	ev.record.Sending(hook.AccountID, hook.ID, remembered(t))
	tries := hook.Tries(e.cfg.Compat)
	for t.left = tries; ; t.left-- {
		t.outcome = e.client.Do(ctx, t.request)
		if ctx.Err() != nil {
			return interrupted
		}
		later := e.reached(d, t)
		final := t.final() && !later
		e.note(ctx, t, d, final)
		if final {
			return e.end(t, d)
		}
		if e.keep(ctx, t, d) != nil {
			return interrupted
		}
		if later && e.parking.silent(d) {
			e.rememberParking(ev, hook, d, journal.NoAnswer)
			return postponed
		}
		if t.final() { // nothing waits any more
			return e.conclude(d)
		}
		if clock.Sleep(ctx, e.dep.Clock, e.pause(t, tries-t.left)) != nil {
			return interrupted
		}
		if e.live(hook) == nil {
			return e.giveUp(d)
		}
	}
}

// reached notes whether a receiver answers. It reports true when it does not and has
// parked deliveries, to which this one belongs then.
func (e *Engine) reached(d *inHand, t try) (later bool) {
	switch {
	case e.parking == nil || t.blocked():
		return false
	case t.outcome.Err == nil:
		e.parking.answered(d)
		return false
	}
	return e.parking.has(d)
}

// conclude ends a delivery that leaves no attempt.
func (e *Engine) conclude(d *inHand) verdict {
	if e.parking != nil {
		e.parking.done(d, entry{})
	}
	return concluded
}

// giveUp ends a delivery whose hook is there no more, or takes it no more. One that is
// stored waits there: the hook may be switched on again.
func (e *Engine) giveUp(d *inHand) verdict {
	if e.parking != nil && e.live(d.hook) == nil && e.parking.putBack(d) {
		return postponed
	}
	return e.conclude(d)
}

// prepare makes the request of a hook for an event, the same for all tries.
func (e *Engine) prepare(hook *Hook, ev *event, id string) try {
	base, data := ev.rendition(hook), e.reader.CustomData(hook.Event, hook.CustomData)
	t := try{
		hook: hook, eventID: id[:eventIDLength], dialect: e.cfg.Dialect, compat: e.cfg.Compat,
		request: request(hook, base.Text(hook.JSON && hook.Verb != "get", data)),
		payload: func() payload.Payload { return base.Merged(data) },
	}
	if len(id) == messageIDLength {
		t.messageID = id
	}
	e.addExtras(&t)
	return t
}

// current is a delivery's hook as it stands when its turn comes: an event may have
// waited long behind others. It is nil when the hook has gone, or has been changed so
// that it does not take the event any more.
func (e *Engine) current(d *inHand) *Hook {
	hook, ev := d.hook, d.ev
	now := e.live(hook)
	if now == nil {
		ev.record.GaveUp(hook.AccountID, hook.ID, journal.HookGone)
		return nil
	}
	if now == hook && d.from != nil {
		return now
	}
	if reason := now.refuses(ev); reason != Taken {
		e.dep.Log.Info("webhook not sent: the hook was changed", "hook_id", hook.ID, "reason", string(reason), ev.IDKind, ev.label)
		ev.record.GaveUp(hook.AccountID, hook.ID, journal.HookChanged)
		return nil
	}
	return now
}

// live is a hook's present version; nil when it was disabled or deleted. Between
// two tries only that counts: all tries of a delivery are the same request.
func (e *Engine) live(hook *Hook) *Hook {
	if hook.Own {
		return hook
	}
	now := e.dep.Hooks.Get(hook.AccountID, hook.ID)
	if now == nil {
		e.dep.Log.Info("webhook not sent: the hook is disabled or gone", "hook_id", hook.ID, "account_id", hook.AccountID)
	}
	return now
}

func request(hook *Hook, text []byte) delivery.Request {
	r := delivery.Request{
		HookID: hook.ID, AccountID: hook.AccountID, URI: hook.URI,
		Method: strings.ToUpper(hook.Verb), Text: text,
	}
	switch {
	case r.Method == http.MethodGet:
	case hook.JSON:
		r.ContentType = kapi.ContentType
	default:
		r.ContentType = "application/x-www-form-urlencoded"
	}
	return r
}

// note counts and logs a try.
func (e *Engine) note(ctx context.Context, t try, d *inHand, last bool) {
	ev := d.ev
	outcome := "answered_failure"
	switch {
	case t.succeeded():
		outcome = "success"
	case t.blocked():
		outcome = "blocked"
	case t.outcome.Err != nil:
		outcome = "no_answer"
	}
	e.metrics.tries.WithLabelValues(outcome).Inc()
	e.metrics.latency.Observe(t.outcome.Elapsed.Seconds())
	level := slog.LevelDebug
	if !t.succeeded() {
		level = slog.LevelInfo
	}
	e.dep.Log.Log(ctx, level, "webhook", "outcome", outcome, "event", ev.Name, ev.IDKind, ev.label,
		"account_id", t.hook.AccountID, "hook_id", t.hook.ID, "event_id", t.eventID,
		"tries_left", t.left, "status", t.outcome.Status, "client_error", t.outcome.ClientError,
		"cause", t.outcome.Err, "ms", t.outcome.Elapsed.Milliseconds())
	if !t.succeeded() && e.dep.Failures != nil {
		e.dep.Failures.Failed(t.hook, e.dep.Clock.Now())
	}
	if last && d.from != nil {
		took := clock.Machine(e.dep.Clock).Since(d.since)
		e.metrics.delivered.Observe(took.Seconds())
		if e.parking != nil && t.outcome.Err == nil {
			e.parking.took(took)
		}
	}
}

// end ends a delivery with its last try. The place in its lane is free at once: a
// store that hesitated for 0.3 s let a receiver look slow, so that all that followed
// was parked, at five times the cost.
func (e *Engine) end(t try, d *inHand) verdict {
	now := e.dep.Clock.Now()
	last, id := e.attempt(t, now)
	if last.attempt == nil {
		rememberTry(d.ev.record, t, now, "")
		return e.conclude(d)
	}
	last.stored = func() {
		rememberTry(d.ev.record, t, now, id)
		d.settle(true)
		d.forget()
	}
	if e.parking != nil {
		e.parking.done(d, last)
	} else {
		e.recorder.add(last)
	}
	return recording
}

// keep stores a try after which there will be another.
func (e *Engine) keep(ctx context.Context, t try, d *inHand) error {
	now := e.dep.Clock.Now()
	one, id := e.attempt(t, now)
	if one.attempt != nil {
		if err := e.recorder.record(ctx, one); err != nil {
			return err
		}
	}
	rememberTry(d.ev.record, t, now, id)
	return nil
}

// attempt is what is stored of a try; nothing, unless that is asked for, of one that
// succeeded.
func (e *Engine) attempt(t try, now time.Time) (entry, string) {
	if t.succeeded() && !e.cfg.LogSuccessfulAttempts {
		return entry{}, ""
	}
	// In the order of time: an index of random ids has a page of its own to write for nearly
	// each attempt.
	id := e.dep.IDs.Ordered(now)
	attempt := t.document(id, now)
	return entry{attempt: &attempt, bytes: len(t.request.Text) + len(t.outcome.Body)}, id
}
