package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// ReplayError says why an attempt cannot be made again.
type ReplayError struct{ AttemptID, Reason string }

func (e *ReplayError) Error() string { return fmt.Sprintf("attempt %s: %s", e.AttemptID, e.Reason) }

// Replay is how a stored attempt is to be made again.
type Replay struct {
	Attempt store.Attempt
	// To takes the place of the attempt's uri; "" keeps it.
	To string
	// Text takes the place of what was sent, the body or the query of a GET; nil
	// keeps it.
	Text []byte
}

// Replay makes the request of a stored attempt once more: the same method, target,
// headers and bytes, but for what is asked to differ and the header that marks it.
// It is tried once, is no failure of its hook, and is stored in any case. The error
// is a *ReplayError, or the store's.
func (e *Engine) Replay(ctx context.Context, r Replay) (store.Attempt, error) {
	t, err := r.try()
	if err != nil {
		return store.Attempt{}, err
	}
	t.outcome = e.client.Do(ctx, t.request)
	if ctx.Err() != nil {
		return store.Attempt{}, ctx.Err()
	}
	e.dep.Log.InfoContext(ctx, "webhook replayed", "attempt", r.Attempt.ID, "account_id", t.hook.AccountID, "hook_id", t.hook.ID,
		"status", t.outcome.Status, "client_error", t.outcome.ClientError, "ms", t.outcome.Elapsed.Milliseconds())
	made := t.document(e.dep.IDs.Hex(32), e.dep.Clock.Now())
	return made, e.recorder.record(ctx, made)
}

// try is the request of the attempt with the changes.
func (r Replay) try() (try, error) {
	doc := r.Attempt.Body
	text, err := SentText(r.Attempt)
	if err != nil {
		return try{}, err
	}
	if r.Text != nil {
		text = r.Text
	}
	hook := &Hook{
		ID: r.Attempt.HookID, AccountID: r.Attempt.AccountID, URI: doc.String("uri"),
		Event: strings.ToLower(doc.String("hook_event")), Verb: doc.String("method"),
	}
	if r.To != "" {
		hook.URI = r.To
	}
	switch {
	case hook.URI == "":
		return try{}, &ReplayError{r.Attempt.ID, "it has no uri"}
	case !slices.Contains([]string{"get", "post", "put"}, hook.Verb):
		return try{}, &ReplayError{r.Attempt.ID, fmt.Sprintf("its method %q is none of get post put", hook.Verb)}
	}
	t := try{hook: hook, eventID: doc.String("event_id"), left: 1, replays: r.Attempt.ID, request: request(hook, text)}
	t.payload = func() payload.Payload { return nil } // whatever was odd about it stands in the original
	if t.request.Method != http.MethodGet {
		t.request.ContentType = doc.String("req_headers", "content-type")
	}
	t.request.Replays = r.Attempt.ID
	return t, nil
}

// SentText is what a stored attempt sent, byte for byte: its body, or the query of
// a GET. The error is a *ReplayError.
func SentText(a store.Attempt) ([]byte, error) {
	if a.Sent != nil {
		return a.Sent, nil
	}
	if a.Body.String("method") == "get" {
		return nil, &ReplayError{a.ID, "its query was not stored: it is older than this version"}
	}
	body, _ := a.Body.Get("req_body")
	text, ok := joinedText(nil, body)
	if !ok {
		return nil, &ReplayError{a.ID, "its req_body holds more than text"}
	}
	return text, nil
}

// joinedText is a text, or the texts of nested lists one after the other (quirk
// body-as-list).
func joinedText(dst []byte, value any) ([]byte, bool) {
	switch value := value.(type) {
	case string:
		return append(dst, value...), true
	case []any:
		ok := true
		for _, element := range value {
			if dst, ok = joinedText(dst, element); !ok {
				return nil, false
			}
		}
		return dst, true
	}
	return nil, false
}

// unrecorded is the text of the request where the attempt document does not hold it.
func (t try) unrecorded() []byte {
	if t.request.Method == http.MethodGet || !utf8.Valid(t.request.Text) {
		return t.request.Text
	}
	return nil
}
