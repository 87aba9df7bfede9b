package webhooks

import (
	"errors"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
)

// Members of a hook's document that the reference does not know. A hook without
// them sends what the reference sends.
const (
	// ExtraHeaders is an object of strings: headers to add.
	ExtraHeaders = "custom_request_headers"
	// ExtraRetries, if true, has 5xx and 429 tried again.
	ExtraRetries = "retry_on_status"
	// StoredSecrets holds the secrets that sign requests. It is private: REST takes
	// and shows them under another name, masked.
	StoredSecrets = "pvt_signing_secrets"
)

// Extras are what a hook has beyond the reference. All methods do for nil.
type Extras struct {
	Headers       []delivery.Header
	Secrets       []signature.Secret
	RetryOnStatus bool
}

// parseExtras reads them; nil when there are none. Headers that cannot be sent are
// left out: REST refuses them, and in a store that came from elsewhere they have
// always been ignored. A hook whose secrets cannot be read must not send unsigned,
// and is an error.
func parseExtras(doc jobj.Object) (extras *Extras, field string, err error) {
	var x Extras
	for _, m := range doc.Object(ExtraHeaders) {
		value, ok := m.Value.(string)
		headers := append(x.Headers, delivery.Header{Name: m.Key, Value: value})
		if ok && delivery.CheckHeaders(headers) == nil {
			x.Headers = headers
		}
	}
	if stored, ok := doc.Get(StoredSecrets); ok {
		texts, ok := stored.([]any)
		if !ok {
			return nil, StoredSecrets, errors.New("is no list")
		}
		for _, text := range texts {
			text, _ := text.(string)
			secret, err := signature.ParseSecret(text)
			if err != nil {
				return nil, StoredSecrets, err
			}
			x.Secrets = append(x.Secrets, secret)
		}
	}
	x.RetryOnStatus = doc.Bool(false, ExtraRetries)
	if len(x.Headers) == 0 && len(x.Secrets) == 0 && !x.RetryOnStatus {
		return nil, "", nil
	}
	return &x, "", nil
}

func (x *Extras) retriesStatus() bool { return x != nil && x.RetryOnStatus }

// messageIDLength makes the ids of all deliveries of all times differ: receivers
// take one that they know for a delivery made again. An attempt's event_id, 40
// bits, is too short for that, and its beginning.
const messageIDLength = 32

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
	t.messageID = t.eventID + e.dep.IDs.Hex(messageIDLength-len(t.eventID))
	id := t.messageID
	t.request.Sign = func(content []byte) []delivery.Header {
		m := signature.Sign(id, e.dep.Clock.Now(), content, x.Secrets)
		return []delivery.Header{
			{Name: signature.HeaderID, Value: m.ID},
			{Name: signature.HeaderTimestamp, Value: m.Timestamp},
			{Name: signature.HeaderSignature, Value: m.Signature},
		}
	}
}

// attemptHeaders are the added headers as an attempt shows them: their values may
// be credentials, and are left out.
func (x *Extras) attemptHeaders(messageID string) jobj.Object {
	if x == nil {
		return nil
	}
	var shown jobj.Object
	for _, h := range x.Headers {
		shown = append(shown, jobj.Member{Key: strings.ToLower(h.Name), Value: "***"})
	}
	if messageID != "" {
		shown = append(shown, jobj.Member{Key: signature.HeaderID, Value: messageID})
	}
	return shown
}
