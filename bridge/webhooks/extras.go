package webhooks

import (
	"errors"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// Extras are what a hook has beyond the reference; without them it sends what the
// reference sends. All methods do for nil.
type Extras struct {
	// Headers are added to each request (custom_request_headers, an object of strings).
	Headers []delivery.Header
	// Secrets sign each request, if there are any.
	Secrets []signature.Secret
	// RetryOnStatus has 5xx and 429 tried again (retry_on_status).
	RetryOnStatus bool
}

// parseExtras reads them; nil when there are none. Headers that cannot be sent are
// left out: REST refuses them, and in a store that came from elsewhere they have
// always been ignored. A hook whose secrets cannot be read must not send unsigned,
// and is an error.
func parseExtras(doc jobj.Object) (extras *Extras, field string, err error) {
	var x Extras
	for _, m := range doc.Object("custom_request_headers") {
		value, ok := m.Value.(string)
		headers := append(x.Headers, delivery.Header{Name: m.Key, Value: value})
		if ok && delivery.CheckHeaders(headers) == nil {
			x.Headers = headers
		}
	}
	if stored, ok := doc.Get(signature.StoredAs); ok {
		texts, ok := stored.([]any)
		if !ok {
			return nil, signature.StoredAs, errors.New("is no list")
		}
		for _, text := range texts {
			text, _ := text.(string)
			secret, err := signature.ParseSecret(text)
			if err != nil {
				return nil, signature.StoredAs, err
			}
			x.Secrets = append(x.Secrets, secret)
		}
	}
	x.RetryOnStatus = doc.Bool(false, "retry_on_status")
	if len(x.Headers) == 0 && len(x.Secrets) == 0 && !x.RetryOnStatus {
		return nil, "", nil
	}
	return &x, "", nil
}

func (x *Extras) retriesStatus() bool { return x != nil && x.RetryOnStatus }

// messageIDLength makes the ids of all deliveries of all times differ: receivers
// take one that they know for a delivery made again. An attempt's event_id, 40
// bits, is too short for that, and its beginning.
const (
	eventIDLength   = 10
	messageIDLength = 32
)

// addExtras puts what the hook has beyond the reference into its request.
func (e *Engine) addExtras(t *try) {
	x := t.hook.Extras
	if x == nil {
		return
	}
	t.request.Extra = x.Headers
	if len(x.Secrets) == 0 {
		return
	}
	if t.messageID == "" {
		t.messageID = t.eventID + e.dep.IDs.Hex(messageIDLength-len(t.eventID))
	}
	id, now := t.messageID, clock.Machine(e.dep.Clock) // the receiver compares with its own
	t.request.Sign = func(content []byte) []delivery.Header {
		m := signature.Sign(id, now.Now(), content, x.Secrets)
		return []delivery.Header{
			{Name: signature.HeaderID, Value: m.ID},
			{Name: signature.HeaderTimestamp, Value: m.Timestamp},
			{Name: signature.HeaderSignature, Value: m.Signature},
		}
	}
}

// withoutHeaders is x less the headers.
func (x *Extras) withoutHeaders() *Extras {
	if x == nil {
		return nil
	}
	less := *x
	less.Headers = nil
	return &less
}

// hiddenHeader stands in an attempt for the value of an added header.
const hiddenHeader = "***"

// attemptHeaders are the added headers as an attempt shows them: their values may
// be credentials, and are left out.
func (x *Extras) attemptHeaders(messageID string) jobj.Object {
	if x == nil {
		return nil
	}
	var shown jobj.Object
	for _, h := range x.Headers {
		shown = append(shown, jobj.Member{Key: strings.ToLower(h.Name), Value: hiddenHeader})
	}
	if messageID != "" {
		shown = append(shown, jobj.Member{Key: signature.HeaderID, Value: messageID})
	}
	return shown
}
