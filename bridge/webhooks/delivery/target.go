package delivery

import (
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
)

// target is where a request goes, with path and query as they will stand in the
// request line.
type target struct {
	scheme, host string
	user         string // user:password as written; "" for none
	path, query  string
	hasQuery     bool
}

// uriError is a target that cannot be requested, in the words of an attempt's
// client_error.
type uriError string

func (e uriError) Error() string { return string(e) }

// parseTarget splits a hook's uri. It checks only what the reference's client
// checks, and makes of path and query what that sends: dots are taken out of
// the path (recorded), and so are escapes that need not be (Erlang's uri_string); all
// else stays as written. Square brackets are let through (quirk uri-brackets).
func parseTarget(uri string) (target, error) {
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c >= 0x7F || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return target{}, uriError("invalid_uri")
		}
	}
	if strings.HasPrefix(uri, "//") {
		return target{}, uriError("unknown")
	}
	parts := uris.Cut(uri)
	switch {
	case parts.Scheme == "":
		return target{}, uriError("invalid_uri")
	case parts.Scheme != "http" && parts.Scheme != "https":
		return target{}, uriError("bad_scheme: " + parts.Scheme)
	case !parts.HasAuthority:
		return target{}, uriError("invalid_uri")
	}
	_, isUser := uris.Normal(parts.User)
	path, isPath := uris.Normal(parts.Path)
	query, isQuery := uris.Normal(parts.Query)
	if !isUser || !isPath || !isQuery {
		return target{}, uriError("invalid_percent_encoding")
	}
	return target{scheme: parts.Scheme, host: parts.Host, user: parts.User, path: path, query: query, hasQuery: parts.HasQuery}, nil
}

// withQuery appends form text. The reference puts a ? before it always, even after
// another one (quirk double-question), and all behind a fragment if there is one,
// so that it is not sent (quirk fragment-query). Bytes that would break the request
// line are percent-encoded, brackets aside, whatever the mode (quirk get-raw-bytes).
func (c *Client) withQuery(uri string, text []byte) string {
	joint := "?"
	if c.cfg.Compat == fidelity.Corrected {
		uri, _, _ = strings.Cut(uri, "#")
		joint = corrected(uri, text)
	}
	var b strings.Builder
	b.Grow(len(uri) + 1 + len(text))
	b.WriteString(uri)
	b.WriteString(joint)
	for i, char := range text {
		if queryByte(char) || char == '%' && uris.IsEscape(text[i:]) {
			b.WriteByte(char)
			continue
		}
		const upperHex = "0123456789ABCDEF"
		b.Write([]byte{'%', upperHex[char>>4], upperHex[char&0xF]})
	}
	return b.String()
}

// corrected is what must stand between a uri and the text of a query.
func corrected(uri string, text []byte) string {
	switch {
	case len(text) == 0:
		return ""
	case !strings.Contains(uri, "?"):
		return "?"
	case strings.HasSuffix(uri, "?"), strings.HasSuffix(uri, "&"):
		return ""
	}
	return "&"
}

// queryByte tells the bytes that may stand in a query (RFC 3986, 3.4), and the
// brackets of nested keys.
func queryByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-._~!$&'()*+,;=:@/?[]", c) >= 0
}

// url gives net/http a URL whose request line is exactly path and query.
func (t target) url() *url.URL {
	u := &url.URL{Scheme: t.scheme, Host: t.host, RawQuery: t.query, ForceQuery: t.hasQuery}
	path := t.path
	if path == "" {
		path = "/"
	}
	u.Path, u.RawPath = path, path
	if plain, err := url.PathUnescape(path); err == nil {
		u.Path = plain
	}
	if strings.Contains(path, "/.") {
		u = (&url.URL{}).ResolveReference(u) // takes "." and ".." out
		path = u.EscapedPath()
	}
	if u.EscapedPath() != path {
		u.Opaque = path
	}
	return u
}

// String is the target as a URI again, to resolve a Location against.
func (t target) String() string { return t.scheme + "://" + t.host + t.path }
