package signature

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Prefix begins the text of a secret.
const Prefix = "whsec_"

// StoredAs is the private member of a hook's document that lists its secrets.
const StoredAs = "pvt_signing_secrets"

// How many bytes a secret has.
const (
	MinBytes = 24
	MaxBytes = 64
)

// Secret is what sender and receiver share. Printed or logged, it shows its mask.
type Secret struct {
	text string
	key  []byte
}

// ParseSecret reads whsec_ and base64 with its padding. The error never repeats
// the text.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, Prefix)
	if !ok {
		return Secret{}, errors.New("a secret begins with " + Prefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") { // which the decoder skips
		return Secret{}, errors.New("after " + Prefix + " comes base64 with its padding")
	}
	if len(key) < MinBytes || len(key) > MaxBytes {
		return Secret{}, fmt.Errorf("a secret has %d to %d bytes, this one %d", MinBytes, MaxBytes, len(key))
	}
	return Secret{text, key}, nil
}

// Text is the secret as ParseSecret reads it.
func (s Secret) Text() string { return s.text }

// maskSign stands for what a mask hides. It is no base64, so no mask is a secret.
const maskSign = "***"

// String is the mask: enough to tell one's secrets apart, the last four digits.
func (s Secret) String() string {
	digits := strings.TrimRight(s.text, "=")
	return Prefix + maskSign + digits[max(len(digits)-4, 0):]
}

// GoString is the mask, too.
func (s Secret) GoString() string { return s.String() }

// IsMask tells the masks of secrets from secrets.
func IsMask(text string) bool { return strings.HasPrefix(text, Prefix+maskSign) }
