package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed request.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// Tolerance is how old a request may be, and how far ahead its sender's clock.
const Tolerance = 5 * time.Minute

// scheme is HMAC-SHA256 with a shared secret; others are for other keys.
const scheme = "v1"

// Message is what was signed, and its headers as they came.
type Message struct {
	ID        string
	Timestamp string // seconds since 1970
	Signature string
	// Content is the body; that of a GET is its query, all after the first question
	// mark, as it stands in the request line.
	Content []byte
}

// Sign makes a message signed with each of the secrets, so that a receiver that
// knows one of them can verify it while they are being exchanged.
func Sign(id string, at time.Time, content []byte, secrets []Secret) Message {
	m := Message{ID: id, Timestamp: strconv.FormatInt(at.Unix(), 10), Content: content}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signatures[i] = scheme + "," + base64.StdEncoding.EncodeToString(m.mac(secret))
	}
	m.Signature = strings.Join(signatures, " ")
	return m
}

func (m Message) mac(secret Secret) []byte {
	mac := hmac.New(sha256.New, secret.key)
	// Write to a hash never fails.
	_, _ = fmt.Fprintf(mac, "%s.%s.", m.ID, m.Timestamp)
	_, _ = mac.Write(m.Content)
	return mac.Sum(nil)
}

// Verify returns which of the secrets fits, and how old the message is. The error
// says in plain words why it is not to be trusted. A tolerance of 0 takes any age.
func (m Message) Verify(secrets []Secret, now time.Time, tolerance time.Duration) (secret int, age time.Duration, err error) {
	if err := m.complete(); err != nil {
		return 0, 0, err
	}
	seconds, err := strconv.ParseInt(m.Timestamp, 10, 64)
	if err != nil || m.Timestamp[0] < '0' || m.Timestamp[0] > '9' {
		return 0, 0, fmt.Errorf("%s %q is no number of seconds since 1970", HeaderTimestamp, m.Timestamp)
	}
	age = now.Sub(time.Unix(seconds, 0)).Truncate(time.Second)
	given, err := m.signatures()
	if err != nil {
		return 0, age, err
	}
	secret = fits(given, secrets, m)
	switch {
	case secret < 0:
		return 0, age, errors.New("no signature fits: it was made with another secret, or id, timestamp or content were changed on the way")
	case tolerance > 0 && age > tolerance:
		return secret, age, fmt.Errorf("signed %s ago, more than %s: an old request sent again, or a clock that is wrong", age, tolerance)
	case tolerance > 0 && -age > tolerance:
		return secret, age, fmt.Errorf("signed %s in the future, more than %s: one of the clocks is wrong", -age, tolerance)
	}
	return secret, age, nil
}

func (m Message) complete() error {
	var missing []string
	for _, h := range []struct{ name, value string }{
		{HeaderID, m.ID}, {HeaderTimestamp, m.Timestamp}, {HeaderSignature, m.Signature},
	} {
		if h.value == "" {
			missing = append(missing, h.name)
		}
	}
	if len(missing) > 0 {
		return errors.New("not signed: no " + strings.Join(missing, ", no "))
	}
	return nil
}

// signatures are those of our scheme; receivers pass over others.
func (m Message) signatures() ([][]byte, error) {
	var found [][]byte
	for one := range strings.FieldsSeq(m.Signature) {
		name, encoded, _ := strings.Cut(one, ",")
		if name != scheme {
			continue
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("%s %q is not base64", HeaderSignature, one)
		}
		found = append(found, raw)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no signature of the form %s,BASE64", HeaderSignature, scheme)
	}
	return found, nil
}

// fits is the index of the first secret that made one of the signatures, or -1.
func fits(given [][]byte, secrets []Secret, m Message) int {
	for i, secret := range secrets {
		want := m.mac(secret)
		for _, signature := range given {
			if hmac.Equal(signature, want) {
				return i
			}
		}
	}
	return -1
}
