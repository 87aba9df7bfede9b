package webhooks

import (
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// try is one request of a hook and what came of it.
type try struct {
	hook    *Hook
	eventID string // 10 hex, the same for every try of one delivery
	// messageID is the webhook-id of a signed hook, and begins with eventID.
	messageID string
	left      int // tries left, this one included
	dialect   fidelity.Dialect
	compat    fidelity.Compat
	request   delivery.Request
	// payload is what the request carries, which only some attempts ask for.
	payload func() payload.Payload
	outcome delivery.Outcome
	replays string // the attempt that is made again; "" for an original
}

// document is the attempt as the reference stores it, member by member
// (webhooks_util:save_attempt/2).
func (t try) document(id string, now time.Time) store.Attempt {
	var doc jobj.Object
	put := func(key string, value any) { doc = append(doc, jobj.Member{Key: key, Value: value}) }
	if t.outcome.Err == nil {
		t.putAnswer(put)
	} else {
		put("result", "failure")
		put("reason", "kazoo http client error")
		put("retries", t.left)
		put("retries_left", t.retriesLeft(t.left))
		put("client_error", t.outcome.ClientError)
	}
	put("hook_id", t.hook.ID)
	put("hook_event", t.hook.attemptEvent())
	put("event_id", t.eventID)
	put("uri", t.hook.URI)
	put("method", t.hook.Verb)
	put("req_headers", t.requestHeaders())
	put("req_body", t.requestBody())
	if len(t.request.Text) > KeepRequestBody && t.hook.Verb != "get" {
		put("req_body_bytes", len(t.request.Text)) // only where req_body is not the whole of it
	}
	if crashes := t.crashes(); len(crashes) > 0 {
		put("quirks", crashes)
	}
	seconds := kapi.Gregorian(now)
	put("pvt_modified", seconds)
	put("pvt_created", seconds)
	put("pvt_type", "webhook_attempt")
	put("pvt_account_id", t.hook.AccountID)
	put("pvt_account_db", kapi.MonthlyDB(t.hook.AccountID, now))
	return store.Attempt{
		ID: id, AccountID: t.hook.AccountID, HookID: t.hook.ID,
		Created: seconds, CreatedAt: now, Success: t.succeeded(), Body: doc, Sent: t.unrecorded(),
	}
}

// putAnswer writes the members of an answered request. A success is logged
// without try and retries_left, and for a PUT with 201 it reads failure all the
// same (quirk put-201-failure), unless that is corrected.
func (t try) putAnswer(put func(key string, value any)) {
	put("resp_status_code", strconv.Itoa(t.outcome.Status))
	headers := make(jobj.Object, len(t.outcome.Headers))
	for i, h := range t.outcome.Headers {
		headers[i] = jobj.Member{Key: h.Name, Value: t.headerValue(h.Value)}
	}
	put("resp_headers", headers)
	put("resp_body", t.outcome.Body)
	if !t.succeeded() {
		put("try", t.left)
		put("retries_left", t.retriesLeft(t.left-1))
	}
	if t.outcome.Status == 200 || t.succeeded() && t.compat == fidelity.Corrected {
		put("result", "success")
		return
	}
	put("result", "failure")
	put("reason", "bad response code")
}

// follow is how many tries really come after this one.
func (t try) follow() int {
	if t.final() {
		return 0
	}
	return t.left - 1
}

// retriesLeft is the member of that name: shown, or a text at the last try. Neither
// is how many tries follow (quirk retries-left); corrected, it is that number.
func (t try) retriesLeft(shown int) any {
	switch {
	case t.compat == fidelity.Corrected:
		return t.follow()
	case t.left <= 1:
		return "retries exceeded"
	}
	return shown
}

// headerValue lower-cases a header's value (quirk headers-lowered), unless that is
// corrected.
func (t try) headerValue(value string) string {
	if t.compat == fidelity.Corrected {
		return value
	}
	return strings.ToLower(value)
}

func (t try) requestHeaders() jobj.Object {
	var headers jobj.Object
	for _, h := range []delivery.Header{
		{Name: "content-type", Value: t.request.ContentType},
		{Name: "x-hook-id", Value: t.hook.ID},
		{Name: "x-account-id", Value: t.hook.AccountID},
		{Name: delivery.ReplayHeader, Value: t.replays},
	} {
		if h.Value != "" {
			headers = append(headers, jobj.Member{Key: h.Name, Value: t.headerValue(h.Value)})
		}
	}
	return append(headers, t.hook.Extras.attemptHeaders(t.messageID)...)
}

// KeepRequestBody is how many bytes of a request's body an attempt document keeps.
// Up to there it has every byte, in the reference's form; of a longer one it has
// the beginning as text, and its length as req_body_bytes (quirk attempts-unbounded).
const KeepRequestBody = 256 << 10

// requestBody is the body, which for form text is the list that Kazoo builds it
// from (quirk body-as-list), unless that is corrected.
func (t try) requestBody() any {
	switch {
	case t.hook.Verb == "get":
		return ""
	case len(t.request.Text) > KeepRequestBody:
		return strings.ToValidUTF8(string(t.request.Text[:KeepRequestBody]), "")
	case t.hook.JSON || t.compat == fidelity.Corrected || t.replays != "":
		return string(t.request.Text)
	}
	return t.payload().FormList()
}

// crashes marks a request that the reference would not have made: it lists the
// quirks over which it would have crashed.
func (t try) crashes() []any {
	if t.compat == fidelity.Corrected {
		return nil
	}
	var marks []any
	for _, id := range t.payload().Crashes(t.request.ContentType == kapi.ContentType) {
		marks = append(marks, id)
	}
	return marks
}
