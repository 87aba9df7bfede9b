package bridge

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/samples"
)

// trier tries hooks with sample events.
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
	// A REST write outlives its request, but not the node that would record it.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(t.changes.running, cancel) //nolint:contextcheck // it can only end the one there is
	defer stop()
	return t.engine.Try(ctx, hook, owner, webhooks.Message{Body: body, ContentType: kapi.ContentType})
}
