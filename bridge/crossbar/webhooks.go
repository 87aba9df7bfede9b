package crossbar

import (
	"context"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

// disableReason is how clients see why a hook was switched off by itself.
const disableReason = "disable_reason"

// webhooksFamily is cb_webhooks. A hook belongs to one account and is reached
// under that account's path only; the reference compares no accounts.
func (h *handler) webhooksFamily() family {
	return family{name: "webhooks", clauses: []clause{
		{operations: []operation{
			{method: http.MethodGet, within: h.listHooks, bare: h.listCatalogue, open: true},
			{method: http.MethodPut, within: h.createHook},
			{method: http.MethodPatch, within: h.reenableHooks},
		}},
		{args: []string{"samples"}, operations: []operation{
			{method: http.MethodGet, within: h.listSamples, bare: h.listSamples, open: true},
		}},
		{args: []string{"samples", "*"}, operations: []operation{
			{method: http.MethodGet, within: h.getSamples, bare: h.getSamples, open: true},
		}},
		{args: []string{"attempts"}, operations: []operation{
			{method: http.MethodGet, within: h.listAttempts},
		}},
		{args: []string{"*", "attempts"}, operations: []operation{
			{method: http.MethodGet, within: h.listAttemptsOfHook},
		}},
		{args: []string{"*"}, operations: []operation{
			{method: http.MethodGet, within: h.getHook},
			{method: http.MethodPost, within: h.replaceHook},
			{method: http.MethodPatch, within: h.patchHook},
			{method: http.MethodDelete, within: h.deleteHook},
		}},
	}}
}

func (h *handler) loadHook(ctx context.Context, req *request) (store.Document, error) {
	return h.load(ctx, kapi.DatabaseWebhooks, req.arg(0), store.TypeWebhook, req.account.ID)
}

// hooksOf lists an account's own hooks, on or off.
func (h *handler) hooksOf(ctx context.Context, accountID string) ([]store.Document, error) {
	return h.Store.List(ctx, store.Query{DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook, AccountID: accountID})
}

func (h *handler) listHooks(ctx context.Context, req *request) (outcome, error) {
	docs, err := h.hooksOf(ctx, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	rows := make([]row, len(docs))
	for i, doc := range docs {
		rows[i] = row{key: doc.ID, value: hookSummary(doc), stored: stored(doc)}
	}
	return req.listing(rows, true)
}

// hookSummary is a row of the list (view webhooks/crossbar_listing).
func hookSummary(doc store.Document) jobj.Object {
	summary := jobj.Object{{Key: "id", Value: doc.ID}}
	for _, key := range []string{"hook", "name", "uri", "group"} {
		if value, ok := doc.Body.Get(key); ok {
			summary = append(summary, jobj.Member{Key: key, Value: value})
		}
	}
	var enabled any = true
	if value, ok := doc.Body.Get("enabled"); ok {
		enabled = value
	}
	summary = append(summary, jobj.Member{Key: "enabled", Value: enabled})
	if reason := doc.Body.String(disabler.MessageKey); reason != "" {
		summary = append(summary, jobj.Member{Key: disableReason, Value: reason})
	}
	return summary
}

func (h *handler) getHook(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadHook(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: publicHook(explained(doc)), revision: doc.Rev}, nil
}

// explained shows why a hook was switched off as a public member.
func explained(doc store.Document) store.Document {
	if reason := doc.Body.String(disabler.MessageKey); reason != "" {
		doc.Body = doc.Body.Set(disableReason, reason)
	}
	return doc
}

func (h *handler) createHook(_ context.Context, req *request) (outcome, error) {
	body, err := h.checkHook(req, req.data, nil)
	if err != nil {
		return outcome{}, err
	}
	doc := store.Document{
		DB: kapi.DatabaseWebhooks, ID: req.chosenID, Type: store.TypeWebhook, AccountID: req.account.ID,
		Body: keepSecrets(publicMembers(body)),
	}
	if err := nameable(doc); err != nil {
		return outcome{}, err
	}
	req.adviseID(req.chosenID)
	return outcome{data: publicHook(doc), commit: func(ctx context.Context) (outcome, error) {
		// Looked up at the last moment: Save itself lets a new document follow a
		// deleted one.
		if err := h.unused(ctx, doc.DB, doc.ID); err != nil {
			return outcome{}, err
		}
		saved, err := h.create(ctx, req, doc)
		return outcome{data: publicHook(saved), revision: saved.Rev, created: saved.ID}, err
	}}, nil
}

func (h *handler) replaceHook(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadHook(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	body, err := h.checkHook(req, req.data, doc.Body)
	if err != nil {
		return outcome{}, err
	}
	return h.hookUpdate(req, doc, body), nil
}

// patchHook lays data over the hook as clients see it, so that the reason why it
// was switched off becomes a member that stays (cb_webhooks, recorded).
func (h *handler) patchHook(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadHook(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	if _, ok := req.data.([]any); ok { // laid over a hook it would mean nothing
		_, err := h.checkHook(req, req.data, doc.Body)
		return outcome{}, err
	}
	merged := patched(publicMembers(explained(doc).Body), req.object())
	if value, given := req.object().Get(signingSecrets); given && value == nil {
		merged = merged.Set(signingSecrets, []any{}) // not given would leave them as they are
	}
	body, err := h.checkHook(req, merged, doc.Body)
	if err != nil {
		return outcome{}, err
	}
	return h.hookUpdate(req, doc, body), nil
}

// patched replaces top-level members; null removes one.
func patched(old, over jobj.Object) jobj.Object {
	for _, m := range over {
		if m.Value == nil {
			old = old.Delete(m.Key)
			continue
		}
		old = old.Set(m.Key, m.Value)
	}
	return old
}

func (h *handler) hookUpdate(req *request, doc store.Document, body jobj.Object) outcome {
	changed := doc
	changed.Body = keepSecrets(replaced(doc.Body, body))
	if body.Bool(true, "enabled") {
		changed.Body = changed.Body.Delete(disabler.MessageKey)
	}
	return outcome{data: publicHook(changed), revision: doc.Rev, commit: func(ctx context.Context) (outcome, error) {
		saved, err := h.update(ctx, req, changed)
		return outcome{data: publicHook(saved), revision: saved.Rev}, err
	}}
}

func (h *handler) deleteHook(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadHook(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	return h.deletion(req, doc, publicHook(doc)), nil
}
