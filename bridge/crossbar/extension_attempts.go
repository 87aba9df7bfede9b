package crossbar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
)

// Replayer makes a stored attempt once more and stores what came of it. The error
// is a *webhooks.ReplayError for one that cannot be made.
type Replayer interface {
	Replay(ctx context.Context, r webhooks.Replay) (store.Attempt, error)
}

// listAttempts is Kazoo's list with what that leaves out, the ids, and one choice
// more, failed. It is read page by page, never whole.
func (h *handler) listAttempts(ctx context.Context, req *request) (outcome, error) {
	size, err := req.pageSize()
	if err != nil {
		return outcome{}, err
	}
	q := store.AttemptQuery{
		AccountID: req.account.ID, HookID: req.text("hook_id"), From: req.moment("created_from"), To: req.moment("created_to"),
		Failed: req.flag("failed", false), Ascending: req.flag("ascending", false),
		Limit: min(size, maxAttempts) + 1, MaxBytes: maxAttemptBytes,
	}
	if start := req.text("start_key"); start != "" {
		if q.After, err = parseAttemptKey(start); err != nil {
			return outcome{}, violation("start_key", "error", "is none that a list of attempts gave")
		}
	}
	found, err := h.Store.Attempts(ctx, q)
	if err != nil {
		return outcome{}, err
	}
	p := &page{start: req.text("start_key")}
	more := len(found) == q.Limit
	if more {
		found = found[:len(found)-1]
	}
	rows := make([]any, len(found))
	bytes := 0
	for i, a := range found {
		shown := attemptOf(a)
		rows[i] = shown
		bytes += len(jobj.Append(nil, a.Body)) + len(a.Sent)
	}
	if more || bytes >= q.MaxBytes {
		p.next = attemptKey(found[len(found)-1])
	}
	p.size = len(rows)
	return outcome{data: rows, list: p}, nil
}

// Bounds of one page.
const (
	maxAttempts     = 1000
	maxAttemptBytes = 4 << 20
)

// moment is a request value in Gregorian seconds; 0 for none, as for Kazoo.
func (r *request) moment(name string) int64 {
	value, _ := r.value(name)
	text, _ := plainText(value)
	seconds, _ := strconv.ParseInt(text, 10, 64)
	return max(seconds, 0)
}

// attemptKey names the attempt after which a page begins.
func attemptKey(a store.Attempt) string {
	return cursor{key: fmt.Sprintf("%d.%d", a.Created, a.CreatedAt.UnixMicro()), id: a.ID}.text()
}

func parseAttemptKey(text string) (store.Attempt, error) {
	at := parseCursor(text)
	var created, micro int64
	if _, err := fmt.Sscanf(at.key, "%d.%d", &created, &micro); err != nil || at.id == "" {
		return store.Attempt{}, errBadKey
	}
	return store.Attempt{ID: at.id, Created: created, CreatedAt: time.UnixMicro(micro).UTC()}, nil
}

var errBadKey = errors.New("no key of an attempt")

// attemptOf is an attempt as Kazoo shows it, between its id and what marks it.
func attemptOf(a store.Attempt) jobj.Object {
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
	shown := attemptOf(a)
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
	return outcome{data: attemptOf(a), commit: func(ctx context.Context) (outcome, error) {
		made, err := h.Replays.Replay(ctx, again)
		if refused, ok := errors.AsType[*webhooks.ReplayError](err); ok {
			return outcome{}, systemFault(http.StatusConflict, "not_replayable", refused.Error())
		}
		if err != nil {
			return outcome{}, err
		}
		return outcome{data: attemptOf(made)}, nil
	}}, nil
}
