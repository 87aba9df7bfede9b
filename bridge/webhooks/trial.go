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
	t := e.prepare(hook, e.newEvent(read, owner))
	t.left = 1
	t.outcome = e.client.Do(ctx, t.request)
	if ctx.Err() != nil {
		return Trial{}, ctx.Err()
	}
	e.dep.Log.InfoContext(ctx, "webhook tried", "event", read.Name, "account_id", hook.AccountID, "hook_id", hook.ID,
		"status", t.outcome.Status, "client_error", t.outcome.ClientError, "ms", t.outcome.Elapsed.Milliseconds())
	trial := Trial{
		Event: read.Name, Attempt: t.document(e.dep.IDs.Hex(32), e.dep.Clock.Now()),
		Text: t.request.Text, Elapsed: t.outcome.Elapsed,
	}
	return trial, e.recorder.record(ctx, trial.Attempt, len(t.request.Text)+len(t.outcome.Body))
}
