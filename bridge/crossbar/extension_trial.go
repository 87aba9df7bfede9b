package crossbar

import (
	"context"
	"errors"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// Trier sends a sample event to one hook. The error is a *webhooks.DocumentError
// for a hook that could not be loaded either.
type Trier interface {
	Try(ctx context.Context, hook store.Document) (webhooks.Trial, error)
}

// tryHook sends a hook, be it on or off, one sample event, and answers with what
// was sent and what came of it. It is an attempt like others, but no failure of the
// hook's.
func (h *handler) tryHook(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.load(ctx, kapi.DatabaseWebhooks, req.arg(1), store.TypeWebhook, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	if h.Trials == nil {
		req.hint("no events are delivered here")
		return outcome{}, notFound()
	}
	return outcome{data: jobj.Object{}, commit: func(ctx context.Context) (outcome, error) {
		trial, err := h.Trials.Try(ctx, doc)
		if unusable, ok := errors.AsType[*webhooks.DocumentError](err); ok {
			return outcome{}, violation(unusable.Field, "error", unusable.Reason)
		}
		return outcome{data: trialView(trial)}, err
	}}, nil
}

// trialView is the attempt as /webhooks/attempts shows it, with the text that was
// sent in place of req_body, which is none for a GET and a list for a form.
func trialView(trial webhooks.Trial) jobj.Object {
	return jobj.Object{
		{Key: "id", Value: trial.Attempt.ID},
		{Key: "event", Value: trial.Event},
		{Key: "success", Value: trial.Attempt.Success},
		{Key: "elapsed_ms", Value: trial.Elapsed.Milliseconds()},
		{Key: "sent", Value: string(trial.Text)},
	}.Merge(publicMembers(trial.Attempt.Body).Delete("req_body", "try", "retries", "retries_left"))
}
