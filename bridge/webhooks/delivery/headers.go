package delivery

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of the headers that a hook may add to its requests.
const (
	MaxExtraHeaders = 20
	// MaxExtraBytes is the sum of all names and values.
	MaxExtraBytes = 4096
)

// HeaderError says which of the headers to add is not possible, and why.
type HeaderError struct{ Name, Reason string }

func (e *HeaderError) Error() string { return e.Name + ": " + e.Reason }

// CheckHeaders judges headers that a hook adds to its requests. They must not
// touch what frames a request, what belongs to one connection, or what says who
// sent it. The error is a *HeaderError; its Name is "" when there are too many.
func CheckHeaders(headers []Header) error {
	if len(headers) > MaxExtraHeaders {
		return &HeaderError{"", fmt.Sprintf("at most %d headers can be added, not %d", MaxExtraHeaders, len(headers))}
	}
	size := 0
	seen := map[string]bool{}
	for _, h := range headers {
		if reason := refusedHeader(h); reason != "" {
			return &HeaderError{h.Name, reason}
		}
		name := folded(h.Name)
		if seen[name] {
			return &HeaderError{h.Name, "is there twice; case and _ for - make no difference"}
		}
		seen[name] = true
		size += len(h.Name) + len(h.Value)
	}
	if size > MaxExtraBytes {
		return &HeaderError{"", fmt.Sprintf("names and values may have %d bytes together, not %d", MaxExtraBytes, size)}
	}
	return nil
}

func refusedHeader(h Header) string {
	switch name := folded(h.Name); {
	case h.Name == "" || strings.ContainsFunc(h.Name, func(r rune) bool { return !tokenRune(r) }):
		return "a name has letters, digits and !#$%&'*+-.^_`|~ only"
	case slices.Contains(reservedHeaders(), name) || strings.HasPrefix(name, "x-kazoolab-"):
		return "this header is set by the sender and cannot be added"
	}
	if strings.ContainsFunc(h.Value, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }) {
		return "a value has printable ASCII, blanks and tabs only"
	}
	return ""
}

// folded is a name as receivers may compare it: CGI and its heirs make _ of -.
func folded(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// tokenRune tells what may stand in a header's name (RFC 9110, 5.6.2).
func tokenRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		r != 0 && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func reservedHeaders() []string {
	return []string{
		"content-length", "content-type", "expect", "host", // the request's frame
		"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
		"te", "trailer", "transfer-encoding", "upgrade", // one connection's (RFC 9110, 7.6.1)
		"x-account-id", "x-hook-id", "webhook-id", "webhook-signature", "webhook-timestamp", // the sender
	}
}
