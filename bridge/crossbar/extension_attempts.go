package crossbar

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
)

// Replayer makes a stored attempt once more and stores what came of it. hook is the
// document of the attempt's hook, nil when it is gone. The error is a
// *webhooks.ReplayError for an attempt that cannot be made.
type Replayer interface {
	Replay(ctx context.Context, r webhooks.Replay, hook *store.Document) (store.Attempt, error)
}

// listMarkedAttempts is Kazoo's list with what that leaves out, the ids, and two
// choices more: hook_id and failed.
func (h *handler) listMarkedAttempts(ctx context.Context, req *request) (outcome, error) {
	q := store.AttemptQuery{HookID: req.text("hook_id"), Failed: req.flag("failed", false)}
	return h.attempts(ctx, req, q, markedAttempt)
}

// markedAttempt is an attempt as Kazoo shows it, between its id and what marks it.
func markedAttempt(a store.Attempt) jobj.Object {
	o := append(jobj.Object{{Key: "id", Value: a.ID}}, publicMembers(a.Body)...)
	if original := a.Body.String("req_headers", delivery.ReplayHeader); original != "" {
		o = append(o, jobj.Member{Key: "replay_of", Value: original})
	}
	return append(o,
		jobj.Member{Key: "success", Value: a.Success},
		jobj.Member{Key: "timestamp", Value: a.Created})
}

// loadAttempt reads an attempt of the path's account or of one below it. To everyone
// else it does not exist.
func (h *handler) loadAttempt(ctx context.Context, req *request) (store.Attempt, error) {
	id := req.arg(1)
	a, err := h.Store.Attempt(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a, badIdentifier(id)
	case err != nil:
		return a, err
	case a.AccountID != req.account.ID && !slices.Contains(h.Accounts.Ancestors(a.AccountID), req.account.ID):
		return a, badIdentifier(id)
	}
	return a, nil
}

// getAttempt shows the text that was sent, too, for people who want to change it.
func (h *handler) getAttempt(ctx context.Context, req *request) (outcome, error) {
	a, err := h.loadAttempt(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	shown := markedAttempt(a)
	if text, err := webhooks.SentText(a); err == nil && utf8.Valid(text) {
		shown = append(shown, jobj.Member{Key: "sent", Value: string(text)})
	}
	return outcome{data: shown}, nil
}

// replayAttempt makes the attempt once more, to another address (to) or with another
// text (body) where the request says so. The answer is the attempt that came of it.
func (h *handler) replayAttempt(ctx context.Context, req *request) (outcome, error) {
	a, err := h.loadAttempt(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	again := webhooks.Replay{Attempt: a}
	doc, err := h.load(ctx, kapi.DatabaseWebhooks, a.HookID, store.TypeWebhook, a.AccountID)
	if _, gone := errors.AsType[*fault](err); err != nil && !gone {
		return outcome{}, err
	}
	var hook *store.Document
	if err == nil {
		hook = &doc
	}
	var v violations
	for _, m := range req.object() {
		text, isText := m.Value.(string)
		switch {
		case m.Key != "to" && m.Key != "body":
			v.add(m.Key, "additionalProperties", "a replay takes to and body")
		case !isText:
			v.add(m.Key, "type", "Value did not match type(s): string")
		case m.Key == "body":
			again.Text = []byte(text)
		case h.guard.refuses(text) != "":
			req.hint("to: %s", h.guard.refuses(text))
			v.add("to", "error", "invalid client URL", jobj.Member{Key: "value", Value: text})
		default:
			again.To = text
		}
	}
	if err := v.err(); err != nil {
		return outcome{}, err
	}
	return outcome{data: markedAttempt(a), commit: func(ctx context.Context) (outcome, error) {
		made, err := h.Replays.Replay(ctx, again, hook)
		if refused, ok := errors.AsType[*webhooks.ReplayError](err); ok {
			return outcome{}, systemFault(http.StatusConflict, "not_replayable", refused.Error())
		}
		if err != nil {
			return outcome{}, err
		}
		return outcome{data: markedAttempt(made)}, nil
	}}, nil
}
