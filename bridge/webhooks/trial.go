package webhooks

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// Trial is one event sent to one hook to try it.
type Trial struct {
	Event   string // Event-Name
	Attempt store.Attempt
	Text    []byte // what was sent: the body, or the query of a GET
	Elapsed time.Duration
}

// Try sends one message to one hook, live or not, whatever it listens to and
// filters, as an event of owner. The request is as a real event's, and made once.
// The attempt is stored in any case, and counts neither as a failure nor in the
// metrics. The error is why the message is no event, the store's, or ctx's.
func (e *Engine) Try(ctx context.Context, hook *Hook, owner account.Account, msg Message) (Trial, error) {
	read, err := e.read(msg)
	if err != nil {
		return Trial{}, err
	}
	t := e.prepare(hook, e.newEvent(read, owner), e.dep.IDs.Hex(eventIDLength))
	attempt, err := e.once(ctx, &t, "sample", read.Name)
	return Trial{Event: read.Name, Attempt: attempt, Text: t.request.Text, Elapsed: t.outcome.Elapsed}, err
}

// once makes a request that somebody asked for: a single try, which is logged, is
// no failure of its hook, and is stored in any case. The error is ctx's or the store's.
func (e *Engine) once(ctx context.Context, t *try, about ...any) (store.Attempt, error) {
	t.left = 1
	t.outcome = e.client.Do(ctx, t.request)
	if ctx.Err() != nil {
		return store.Attempt{}, ctx.Err()
	}
	e.dep.Log.InfoContext(ctx, "webhook sent on request", append(about, "account_id", t.hook.AccountID, "hook_id", t.hook.ID,
		"status", t.outcome.Status, "client_error", t.outcome.ClientError, "ms", t.outcome.Elapsed.Milliseconds())...)
	now := e.dep.Clock.Now()
	made := t.document(e.dep.IDs.Ordered(now), now)
	return made, e.recorder.record(ctx, entry{attempt: &made, bytes: len(t.request.Text) + len(t.outcome.Body)})
}
