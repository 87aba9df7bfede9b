package delivery

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// outgoing is a request as it goes over a connection.
type outgoing struct {
	to         place
	head, body []byte
}

// outgoing is what goes to a target. The error is one of what cannot stand in a
// request.
func (t target) outgoing(method string, req Request, text []byte) (outgoing, error) {
	if t.host == "" {
		return outgoing{}, errors.New("the uri has no host")
	}
	fields := t.fields(method, req, text)
	for _, f := range fields {
		if !httpguts.ValidHeaderFieldName(f.Name) || !httpguts.ValidHeaderFieldValue(f.Value) {
			return outgoing{}, fmt.Errorf("the header %q cannot be sent", f.Name)
		}
	}
	return outgoing{place{t.scheme, t.host}, t.head(method, len(text), fields), text}, nil
}

// fields are a request's headers but those that frame it, by name. A later one of the
// same name replaces an earlier one.
func (t target) fields(method string, req Request, text []byte) []Header {
	fields := make([]Header, 0, 8)
	put := func(name, value string) {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if i := slices.IndexFunc(fields, func(f Header) bool { return f.Name == name }); i >= 0 {
			fields[i].Value = value
			return
		}
		fields = append(fields, Header{name, value})
	}
	put("X-Hook-Id", req.HookID)
	put("X-Account-Id", req.AccountID)
	if req.ContentType != "" {
		put("Content-Type", req.ContentType)
	}
	if req.Replays != "" {
		put(ReplayHeader, req.Replays)
	}
	if t.user != "" {
		put("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(t.user)))
	}
	for _, h := range req.Extra {
		put(h.Name, h.Value)
	}
	if req.Sign != nil {
		content := text
		if method == http.MethodGet {
			content = []byte(t.query)
		}
		for _, h := range req.Sign(content) {
			put(h.Name, h.Value)
		}
	}
	slices.SortFunc(fields, func(a, b Header) int { return cmp.Compare(a.Name, b.Name) })
	return fields
}

// head is a request up to its body, in the order in which net/http writes it.
func (t target) head(method string, length int, fields []Header) []byte {
	const usual = 512
	b := make([]byte, 0, usual)
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, t.url().RequestURI()...)
	b = append(b, " HTTP/1.1\r\n"...)
	b = appendField(b, "Host", withoutZone(t.host))
	for _, f := range fields {
		if f.Name == userAgent && f.Value != "" {
			b = appendField(b, f.Name, f.Value)
		}
	}
	if length > 0 || method != http.MethodGet {
		b = appendField(b, "Content-Length", strconv.Itoa(length))
	}
	for _, f := range fields {
		if f.Name != userAgent {
			b = appendField(b, f.Name, f.Value)
		}
	}
	return append(b, "\r\n"...)
}

const userAgent = "User-Agent"

// withoutZone is a host without what only this machine knows of an IPv6 address (RFC
// 6874).
func withoutZone(host string) string {
	end := strings.LastIndexByte(host, ']')
	if zone := strings.LastIndexByte(host[:max(end, 0)], '%'); zone >= 0 && host[0] == '[' {
		return host[:zone] + host[end:]
	}
	return host
}

func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, textproto.TrimString(value)...)
	return append(b, "\r\n"...)
}
