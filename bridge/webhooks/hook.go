package webhooks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// EventAll is the hook value that takes every event.
const EventAll = "all"

// Hook is a webhook document made ready to fire. It is never changed once made.
type Hook struct {
	ID        string
	AccountID string // the owner
	// Revision is that of the document, as a number: failures are those of a version.
	Revision int64
	URI      string
	// Event is what the hook listens to: channel_create … or all.
	Event string
	// Verb is get, post or put.
	Verb string
	// Retries is what the document calls so, from 0 to 5. How many tries that makes
	// depends (see Tries).
	Retries int
	// JSON sends a JSON body instead of form text. A GET never has a body.
	JSON                bool
	IncludeSubaccounts  bool
	IncludeInternalLegs bool
	// Own marks the hook that a callflow's message brought: it is no document.
	Own bool
	// CustomData is nil when the document has none; an empty one is not the same.
	CustomData payload.Payload
	Modifiers  payload.Payload
	// Extras is nil for a hook without any.
	Extras *Extras
	// Limit is how many failures switch the hook off, as far as its document says
	// so itself, which is an extension; 0 where its account decides.
	Limit disabler.Limit
}

// DocumentError says what keeps a webhook document from being loaded.
type DocumentError struct {
	HookID, Field, Reason string
}

func (e *DocumentError) Error() string {
	return fmt.Sprintf("webhook %s: %s %s", e.HookID, e.Field, e.Reason)
}

// ParseHook reads a webhook document (webhooks_util:jobj_to_rec/1). events are the
// hook names that can fire. Where the reference would load a hook and crash at
// each event, an unknown verb or no uri, the document is refused; a missing or
// unknown format is form-data (quirk format-absent). The error is a *DocumentError.
func ParseHook(id, accountID string, doc jobj.Object, events []string) (*Hook, error) {
	fail := func(field, reason string) (*Hook, error) {
		return nil, &DocumentError{id, field, reason}
	}
	if accountID == "" {
		return fail("pvt_account_id", "is missing: a hook needs the account that owns it")
	}
	const header = "goes into a header, which can carry no control character and here 1024 bytes at most: use letters and digits"
	if !headerText(id) {
		return fail("_id", header)
	}
	if !headerText(accountID) {
		return fail("pvt_account_id", header)
	}
	event, ok := oneOf(strings.ToLower(doc.String("hook")), append([]string{EventAll}, events...))
	if !ok {
		return fail("hook", fmt.Sprintf("is %q: it must be one of %s %s", event, EventAll, strings.Join(events, " ")))
	}
	uri := doc.String("uri")
	if uri == "" {
		return fail("uri", "is missing: give the http or https address that takes the events")
	}
	verb := "post"
	if doc.Has("http_verb") {
		verb = doc.String("http_verb")
	}
	if verb, ok = oneOf(verb, verbs()); !ok {
		return fail("http_verb", fmt.Sprintf("is %q: it must be one of %s", verb, strings.Join(verbs(), " ")))
	}
	extras, field, err := parseExtras(doc)
	if err != nil {
		return fail(field, err.Error())
	}
	hook := &Hook{
		ID: id, AccountID: accountID, URI: uri, Event: event, Verb: verb,
		JSON:                strings.EqualFold(doc.String("format"), "json"),
		Retries:             retriesOf(doc),
		IncludeSubaccounts:  doc.Bool(false, "include_subaccounts"),
		IncludeInternalLegs: doc.Bool(true, "include_internal_legs"),
		Extras:              extras,
		Limit:               disabler.OfHook(doc),
	}
	if data, ok := doc.Get("custom_data"); ok {
		if obj, ok := data.(jobj.Object); ok {
			hook.CustomData = payload.FromObject(obj)
		}
	}
	if modifiers := doc.Object("modifiers"); len(modifiers) > 0 {
		hook.Modifiers = payload.FromObject(modifiers)
	}
	return hook, nil
}

// parseOwn reads the hook that a callflow's message brings. It is read like a
// document, but that it listens to nothing: whatever name it has will do.
func parseOwn(doc jobj.Object) (*Hook, error) {
	event := strings.ToLower(cmp.Or(doc.String("hook"), payload.HookNotifications))
	id := doc.String("_id")
	if id == "" {
		return nil, &DocumentError{id, "_id", "is missing: a callflow's hook needs an id for its attempts"}
	}
	hook, err := ParseHook(id, doc.String("pvt_account_id"), doc.Set("hook", event), []string{event})
	if err != nil {
		return nil, err
	}
	hook.Own = true
	return hook, nil
}

// oneOf finds text among words and returns the word itself, of which a million hooks
// then share one copy.
func oneOf(text string, words []string) (string, bool) {
	if i := slices.Index(words, text); i >= 0 {
		return words[i], true
	}
	return text, false
}

// Loadable tells whether a document belongs in the table of live hooks at all.
func Loadable(doc jobj.Object) bool { return doc.Bool(true, "enabled") }

// headerText tells whether a text can stand in a header.
func headerText(s string) bool {
	return len(s) <= 1024 && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F }) < 0
}

// maxTries is how often a request is made at most, whatever the document says.
const maxTries = 5

// Tries is how often a request is made at most: as often as the document says
// retries, or once if it says none (quirk retries-are-tries). Corrected, once and
// then so many times again.
func (h *Hook) Tries(compat fidelity.Compat) int {
	if compat == fidelity.Corrected {
		return min(h.Retries+1, maxTries)
	}
	return max(h.Retries, 1)
}

// retriesOf reads a number or numeric text; anything else is the default
// (kzd_webhooks:retries/1).
func retriesOf(doc jobj.Object) int {
	const otherwise = 2
	n, ok := retries(doc)
	if !ok {
		return otherwise
	}
	return int(min(max(n, 0), maxTries))
}

func retries(doc jobj.Object) (n int64, ok bool) {
	value, _ := doc.Get("retries")
	return jobj.Integer(value)
}

func verbs() []string { return []string{"get", "post", "put"} }

// attemptEvent is the hook's event as attempt documents show it
// (webhooks_util:hook_event/1).
func (h *Hook) attemptEvent() string {
	if strings.HasPrefix(h.Event, "channel_") {
		return strings.ToUpper(h.Event)
	}
	return h.Event
}
