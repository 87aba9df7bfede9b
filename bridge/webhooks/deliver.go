package webhooks

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// deliver makes the tries of one hook for one event. It reports whether the
// outcome is safe; false means that ctx ended, or that the broker has the message
// again.
func (e *Engine) deliver(ctx context.Context, hook *Hook, ev *event, msg Message) (recorded bool) {
	defer func() {
		if problem := recover(); problem != nil {
			e.metrics.drops.WithLabelValues("panic").Inc()
			e.dep.Log.Error("an event broke its delivery", "hook_id", hook.ID, "panic", problem, "stack", string(debug.Stack()))
			ev.record.GaveUp(hook.AccountID, hook.ID, journal.Panicked)
			ev.fail("panic", fmt.Sprintf("hook %s: panic: %v", hook.ID, problem))
			recorded = true
		}
	}()
	if msg.Stale != nil && msg.Stale() {
		return false
	}
	hook = e.current(hook, ev)
	if hook == nil {
		return true
	}
	t := e.prepare(hook, ev)
	if len(t.request.Text) > payload.MaxEncoded {
		e.metrics.drops.WithLabelValues("too_large_encoded").Inc()
		e.dep.Log.Warn("event not sent: its text is too large", "hook_id", hook.ID, ev.IDKind, ev.label, "limit", payload.MaxEncoded)
		ev.record.GaveUp(hook.AccountID, hook.ID, journal.TooLarge)
		ev.fail("too_large_encoded", fmt.Sprintf("hook %s: its text is larger than %d bytes", hook.ID, payload.MaxEncoded))
		return true
	}
	ev.record.Sending(hook.AccountID, hook.ID, remembered(t))
	tries := hook.Tries(e.cfg.Compat)
	for t.left = tries; ; t.left-- {
		t.outcome = e.client.Do(ctx, t.request)
		if ctx.Err() != nil {
			return false
		}
		if e.note(ctx, t, ev) != nil {
			return false
		}
		if t.final() {
			return true
		}
		if clock.Sleep(ctx, e.dep.Clock, e.pause(t, tries-t.left)) != nil {
			return false
		}
		if e.live(hook) == nil {
			ev.record.GaveUp(hook.AccountID, hook.ID, journal.HookGone)
			return true
		}
	}
}

// prepare makes the request of a hook for an event, the same for all tries.
func (e *Engine) prepare(hook *Hook, ev *event) try {
	base, data := ev.rendition(hook), e.reader.CustomData(hook.Event, hook.CustomData)
	t := try{
		hook: hook, eventID: e.dep.IDs.Hex(10), dialect: e.cfg.Dialect, compat: e.cfg.Compat,
		request: request(hook, base.Text(hook.JSON && hook.Verb != "get", data)),
		payload: func() payload.Payload { return base.Merged(data) },
	}
	e.addExtras(&t)
	return t
}

// current is a hook as it stands when its turn comes: an event may have waited long
// behind others. It is nil when the hook has gone, or has been changed so that it
// does not take the event any more.
func (e *Engine) current(hook *Hook, ev *event) *Hook {
	now := e.live(hook)
	if now == nil {
		ev.record.GaveUp(hook.AccountID, hook.ID, journal.HookGone)
		return nil
	}
	if now == hook {
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

// note counts, logs and, where that is asked for, stores a try.
func (e *Engine) note(ctx context.Context, t try, ev *event) error {
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
	now := e.dep.Clock.Now()
	if !t.succeeded() && e.dep.Failures != nil {
		e.dep.Failures.Failed(t.hook, now)
	}
	if t.succeeded() && !e.cfg.LogSuccessfulAttempts {
		rememberTry(ev.record, t, now, "")
		return nil
	}
	id := e.dep.IDs.Hex(32)
	if err := e.recorder.record(ctx, t.document(id, now), len(t.request.Text)+len(t.outcome.Body)); err != nil {
		return err
	}
	rememberTry(ev.record, t, now, id)
	return nil
}
