package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
)

// ReplayError says why an attempt cannot be made again.
type ReplayError struct{ AttemptID, Reason string }

func (e *ReplayError) Error() string { return fmt.Sprintf("attempt %s: %s", e.AttemptID, e.Reason) }

// Replay is how a stored attempt is to be made again.
type Replay struct {
	Attempt store.Attempt
	// Hook is the hook as its document is now; nil for one that is gone. It has what
	// no attempt tells: the values of added headers, and the secrets to sign with.
	Hook *Hook
	// To takes the place of the attempt's uri; "" keeps it. Added headers, which may
	// be credentials, go to the host that the hook names now only.
	To string
	// Text takes the place of what was sent, the body or the query of a GET; nil
	// keeps it.
	Text []byte
}

// Replay makes the request of a stored attempt once more: the same method, target,
// headers and bytes, but for what is asked to differ, the header that marks it, and
// the time in a signature. It is tried once, is no failure of its hook, and is
// stored in any case. The error is a *ReplayError, or the store's.
func (e *Engine) Replay(ctx context.Context, r Replay) (store.Attempt, error) {
	t, err := r.try()
	if err != nil {
		return store.Attempt{}, err
	}
	t.dialect, t.compat = e.cfg.Dialect, e.cfg.Compat
	e.addExtras(&t)
	return e.once(ctx, &t, "replays", r.Attempt.ID)
}

// try is the request of the attempt with the changes.
func (r Replay) try() (try, error) {
	doc := r.Attempt.Body
	fail := func(format string, args ...any) (try, error) {
		return try{}, &ReplayError{r.Attempt.ID, fmt.Sprintf(format, args...)}
	}
	text := r.Text
	if text == nil {
		var err error
		if text, err = SentText(r.Attempt); err != nil {
			return try{}, err
		}
	}
	hook := &Hook{
		ID: r.Attempt.HookID, AccountID: r.Attempt.AccountID, URI: doc.String("uri"),
		Event: strings.ToLower(doc.String("hook_event")), Verb: doc.String("method"),
	}
	switch {
	case hook.URI == "":
		return fail("it has no uri")
	case !slices.Contains(verbs(), hook.Verb):
		return fail("its method %q is none of %s", hook.Verb, strings.Join(verbs(), " "))
	}
	if hasExtras(r.Attempt) {
		if r.Hook == nil {
			return fail("it had headers whose values are kept with its hook, which is gone or cannot be read")
		}
		hook.Extras = r.Hook.Extras
	}
	if r.To != "" {
		hook.URI = r.To
	}
	if r.Hook != nil && !sameHost(hook.URI, r.Hook.URI) {
		hook.Extras = hook.Extras.withoutHeaders()
	}
	t := try{hook: hook, eventID: doc.String("event_id"), replays: r.Attempt.ID, request: request(hook, text)}
	t.payload = func() payload.Payload { return nil } // whatever was odd about it stands in the original
	if t.request.Method != http.MethodGet {
		t.request.ContentType = doc.String("req_headers", "content-type")
	}
	if r.Text == nil { // what is changed is another message
		t.messageID = doc.String("req_headers", signature.HeaderID)
	}
	t.request.Replays = r.Attempt.ID
	return t, nil
}

// hasExtras tells an attempt with added headers or a signature.
func hasExtras(a store.Attempt) bool {
	for _, m := range a.Body.Object("req_headers") {
		if m.Value == hiddenHeader || m.Key == signature.HeaderID {
			return true
		}
	}
	return false
}

func sameHost(a, b string) bool {
	first, err := url.Parse(a)
	if err != nil {
		return false
	}
	second, err := url.Parse(b)
	return err == nil && strings.EqualFold(first.Host, second.Host) && first.Scheme == second.Scheme
}

// SentText is what a stored attempt sent, byte for byte: its body, or the query of
// a GET. The error is a *ReplayError.
func SentText(a store.Attempt) ([]byte, error) {
	switch {
	case a.Sent != nil:
		return a.Sent, nil
	case a.Body.Has("req_body_bytes"), a.Body.String("method") == "get":
		return nil, &ReplayError{a.ID, fmt.Sprintf("what it sent was not stored: it has more than %d bytes, or is older than this version", KeepRequestBody)}
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
		for _, element := range value {
			longer, ok := joinedText(dst, element)
			if !ok {
				return nil, false
			}
			dst = longer
		}
		return dst, true
	}
	return nil, false
}

// unrecorded is the text of the request where the attempt document does not hold it
// byte for byte, unless it is too large to be kept.
func (t try) unrecorded() []byte {
	if len(t.request.Text) <= KeepRequestBody && (t.request.Method == http.MethodGet || !utf8.Valid(t.request.Text)) {
		return t.request.Text
	}
	return nil
}
