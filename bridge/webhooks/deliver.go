package webhooks

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
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
			ev.record.GaveUp(hook.AccountID, hook.ID, "panic")
			recorded = true
		}
	}()
	if msg.Stale != nil && msg.Stale() {
		return false
	}
	body := e.encode(hook, ev)
	if len(body.text) > payload.MaxEncoded {
		e.metrics.drops.WithLabelValues("too_large_encoded").Inc()
		e.dep.Log.Warn("event not sent: its text is too large", "hook_id", hook.ID, "call_id", ev.ID, "limit", payload.MaxEncoded)
		ev.record.GaveUp(hook.AccountID, hook.ID, "too_large_encoded")
		return true
	}
	t := try{hook: hook, eventID: e.dep.IDs.Hex(10), payload: body.payload, request: request(hook, body.text)}
	ev.record.Sending(hook.AccountID, hook.ID, t.eventID, t.request.ContentType, body.text)
	for t.left = hook.Tries; ; t.left-- {
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
		if clock.Sleep(ctx, e.dep.Clock, e.cfg.RetryPause) != nil {
			return false
		}
	}
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
	case t.outcome.Err != nil:
		outcome = "no_answer"
	}
	e.metrics.tries.WithLabelValues(outcome).Inc()
	e.metrics.latency.Observe(t.outcome.Elapsed.Seconds())
	level := slog.LevelDebug
	if !t.succeeded() {
		level = slog.LevelInfo
	}
	e.dep.Log.Log(ctx, level, "webhook", "outcome", outcome, "event", ev.Hook, "call_id", ev.ID,
		"account_id", t.hook.AccountID, "hook_id", t.hook.ID, "event_id", t.eventID,
		"tries_left", t.left, "status", t.outcome.Status, "client_error", t.outcome.ClientError,
		"cause", t.outcome.Err, "ms", t.outcome.Elapsed.Milliseconds())
	now := e.dep.Clock.Now()
	if t.succeeded() && !e.cfg.LogSuccessfulAttempts {
		rememberTry(ev.record, t, now, "")
		return nil
	}
	id := e.dep.IDs.Hex(32)
	if err := e.recorder.record(ctx, t.document(id, now)); err != nil {
		return err
	}
	rememberTry(ev.record, t, now, id)
	return nil
}

// encode gives the bytes of one hook's request.
func (e *Engine) encode(hook *Hook, ev *event) encoded {
	asJSON := hook.JSON && hook.Verb != "get"
	switch {
	case hook.CustomData == nil && asJSON:
		return ev.json()
	case hook.CustomData == nil:
		return ev.form()
	}
	merged := ev.base().Merge(hook.CustomData, e.dep.ClusterID)
	if asJSON {
		return encoded{merged, merged.JSON()}
	}
	return encoded{merged, merged.Form()}
}
