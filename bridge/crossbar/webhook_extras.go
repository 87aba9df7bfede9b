package crossbar

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
)

// Members of a hook that Kazoo's schema does not have. Secrets are kept as a private
// member and shown masked. So that a client that does not know them, or sends back
// what it was shown, leaves them alone, they stay unless a list of others comes.
const (
	customHeaders  = "custom_request_headers"
	signingSecrets = "signing_secrets"
	maxSecrets     = 5
)

// checkExtras validates them and returns the hook with the secrets that its masks
// stand for. No secret is repeated in an answer.
func checkExtras(body, stored jobj.Object, v *violations) jobj.Object {
	checkCustomHeaders(body, v)
	value, given := body.Get(signingSecrets)
	if !given {
		return body
	}
	listed, ok := value.([]any)
	if !ok {
		v.add(signingSecrets, "type", "Value did not match type(s): array", jobj.Member{Key: "target", Value: "array"})
		return body
	}
	if len(listed) > maxSecrets {
		v.add(signingSecrets, "maxItems", fmt.Sprintf("The list is more than %d items", maxSecrets), jobj.Member{Key: "target", Value: maxSecrets})
		return body
	}
	known := secretTexts(stored)
	secrets := make([]any, len(listed))
	for i, one := range listed {
		text, err := unmasked(one, known)
		if err == nil && slices.Contains(secrets[:i], any(text)) {
			err = errors.New("the secret is there twice")
		}
		if err != nil {
			v.add(signingSecrets+"."+strconv.Itoa(i), "error", err.Error())
		}
		secrets[i] = text
	}
	return body.Set(signingSecrets, secrets)
}

// unmasked is the secret itself.
func unmasked(value any, known []string) (string, error) {
	text, _ := value.(string)
	if signature.IsMask(text) {
		for _, secret := range known {
			if mask(secret) == text {
				return secret, nil
			}
		}
		return "", errors.New("this stands for a secret that the hook does not have; send the secret itself")
	}
	secret, err := signature.ParseSecret(text)
	return secret.Text(), err
}

func mask(text string) string {
	secret, err := signature.ParseSecret(text)
	if err != nil {
		return signature.Prefix // of a store that came from elsewhere; nothing is shown
	}
	return secret.String()
}

func checkCustomHeaders(body jobj.Object, v *violations) {
	var headers []delivery.Header
	for _, m := range body.Object(customHeaders) {
		value, _ := m.Value.(string) // the schema says so when it is none
		headers = append(headers, delivery.Header{Name: m.Key, Value: value})
	}
	wrong, ok := errors.AsType[*delivery.HeaderError](delivery.CheckHeaders(headers))
	switch {
	case !ok:
	case wrong.Name == "":
		v.add(customHeaders, "error", wrong.Reason)
	default:
		v.add(customHeaders+"."+strings.ReplaceAll(wrong.Name, ".", "%2E"), "error", wrong.Reason)
	}
}

// keepSecrets makes the secrets that came private. None came: those that there are
// stay. An empty list takes them away.
func keepSecrets(body jobj.Object) jobj.Object {
	secrets, given := body.Get(signingSecrets)
	if !given {
		return body
	}
	body = body.Delete(signingSecrets, signature.StoredAs)
	if list, _ := secrets.([]any); len(list) > 0 {
		body = body.Set(signature.StoredAs, secrets)
	}
	return body
}

func secretTexts(stored jobj.Object) []string {
	value, _ := stored.Get(signature.StoredAs)
	listed, _ := value.([]any)
	texts := make([]string, len(listed))
	for i, one := range listed {
		texts[i], _ = one.(string)
	}
	return texts
}

// publicHook is a hook as clients see it, its secrets masked.
func publicHook(doc store.Document) jobj.Object {
	shown := public(doc)
	if texts := secretTexts(doc.Body); len(texts) > 0 {
		masks := make([]any, len(texts))
		for i, text := range texts {
			masks[i] = mask(text)
		}
		shown = shown.Set(signingSecrets, masks)
	}
	return shown
}
