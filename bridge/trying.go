package bridge

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/samples"
)

// trier makes the requests that people ask for: sample events, and attempts once
// more.
type trier struct{ *Bridge }

// Try sends a hook one event of its kind.
func (t trier) Try(ctx context.Context, doc store.Document) (webhooks.Trial, error) {
	hook, err := t.changes.read(doc)
	if err != nil {
		return webhooks.Trial{}, err
	}
	owner, _ := t.directory.Get(doc.AccountID)
	body, err := samples.Message(samples.Wish{
		Hook: hook.Event, Type: doc.Body.String("custom_data", "type"), Action: doc.Body.String("custom_data", "action"),
		Account: owner, At: t.cfg.Clock.Now(), IDs: t.cfg.IDs,
	})
	if err != nil {
		return webhooks.Trial{}, &webhooks.DocumentError{HookID: doc.ID, Field: "custom_data", Reason: err.Error()}
	}
	ctx, cancel := t.whileRunning(ctx)
	defer cancel()
	return t.engine.Try(ctx, hook, owner, webhooks.Message{Body: body, ContentType: kapi.ContentType})
}

// Replay makes a stored attempt once more.
func (t trier) Replay(ctx context.Context, r webhooks.Replay, hook *store.Document) (store.Attempt, error) {
	if hook != nil {
		r.Hook, _ = t.changes.read(*hook) // nil when it cannot be read
	}
	ctx, cancel := t.whileRunning(ctx)
	defer cancel()
	return t.engine.Replay(ctx, r)
}

// whileRunning is ctx until the node ends: a REST write outlives its request, but
// not the node that would record it.
func (t trier) whileRunning(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.changes.running, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
