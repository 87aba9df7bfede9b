package webhooks

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// remember notes a message in the journal with the hooks that take it.
func (e *Engine) remember(msg Message, what journal.Event, hooks []*Hook) *journal.Event {
	if e.dep.Journal == nil {
		return nil
	}
	deliveries := make([]journal.Delivery, len(hooks))
	for i, hook := range hooks {
		deliveries[i] = journal.Delivery{
			HookID: hook.ID, AccountID: hook.AccountID, Request: journal.Request{URI: hook.URI, Method: hook.Verb},
		}
	}
	what.At = e.dep.Clock.Now()
	what.Message = journal.Message{
		Body: msg.Body, ContentType: msg.ContentType, ContentEncoding: msg.ContentEncoding, RoutingKey: msg.RoutingKey,
	}
	return e.dep.Journal.Add(what, deliveries)
}

// remembered is what a delivery sends.
func remembered(t try) journal.Request {
	return journal.Request{
		URI: t.hook.URI, Method: t.hook.Verb, EventID: t.eventID, ContentType: t.request.ContentType, Sent: t.request.Text,
	}
}

func rememberTry(record *journal.Event, t try, now time.Time, attemptID string) {
	record.Tried(t.hook.AccountID, t.hook.ID, journal.Try{
		At: now, Status: t.outcome.Status, Success: t.succeeded(), ClientError: t.outcome.ClientError,
		Answer: t.outcome.Body, Elapsed: t.outcome.Elapsed, AttemptID: attemptID, Final: t.final(),
	})
}

// rememberParking notes where a delivery waits that has just been parked.
func (e *Engine) rememberParking(ev *event, hook *Hook, d *inHand, reason string) {
	ev.record.Park(hook.AccountID, hook.ID, journal.Parking{
		At: e.dep.Clock.Now(), Reason: reason, HookID: d.key().HookID, Row: d.key().ID,
	})
}
