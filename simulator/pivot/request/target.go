package request

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
)

// URIError is a URL that nothing can be sent to: the pivot has failed.
type URIError struct {
	URI    string
	Reason string
	// Quirk is silent-transport where the reference takes the URL and waits for ever,
	// "" where it fails as well.
	Quirk string
}

func (e *URIError) Error() string { return fmt.Sprintf("URL %q: %s", Shown(e.URI), e.Reason) }

// Shown is a URL for people and logs: without user and password, whether it can be asked or not.
func Shown(uri string) string {
	scheme, rest, given := strings.Cut(uri, "://")
	if scheme += "://"; !given {
		scheme, rest = "", uri
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	return scheme + rest[strings.LastIndexByte(rest[:end], '@')+1:]
}

// target is where a request goes.
type target struct {
	scheme, host string // in lower case; the host with its port
	user         string // user:password as written
	path, query  string
	fragment     string // never sent, but judged
}

// SocketHost is the domain of applications that are asked over a websocket: no such host
// can exist (RFC 2606), and the real schema of the action takes such a URL.
const SocketHost = ".pivot.invalid"

// parseTarget takes a URL apart. Nothing is judged or encoded that is not needed to
// find the host.
func parseTarget(uri string) (target, error) {
	refuse := func(quirk, reason string) (target, error) { return target{}, &URIError{uri, reason, quirk} }
	parts := uris.Cut(uri)
	switch parts.Scheme {
	case "":
		return refuse("", "it has no scheme: begin it with http:// or https://")
	case "http", "https":
	default:
		return refuse("", "scheme "+parts.Scheme+" is neither http nor https")
	}
	if !parts.HasAuthority {
		return refuse(SilentTransport, "it has no host")
	}
	t := target{scheme: parts.Scheme, user: parts.User, path: parts.Path, query: parts.Query}
	_, t.fragment, _ = strings.Cut(uri, "#")
	host, port := splitHost(parts.Host)
	if plain, encoded := cleaned(host); !encoded {
		host = plain
	}
	switch {
	case !isUser(t.user):
		return refuse("", "its credentials hold what no URL may")
	case strings.Trim(port, "0123456789") != "":
		return refuse("", "port "+port+" is no number")
	case host == "":
		return refuse(SilentTransport, "it has no host")
	case !isHost(host):
		return refuse("", "host "+host+" holds what no host may")
	}
	t.host = strings.ToLower(host)
	if port != "" {
		t.host += ":" + cmp.Or(strings.TrimLeft(port, "0"), "0")
	}
	return t, nil
}

// splitHost cuts a port off, which an IPv6 address in brackets may have, too.
func splitHost(authority string) (host, port string) {
	if at := strings.LastIndexByte(authority, ':'); at > strings.LastIndexByte(authority, ']') {
		return authority[:at], authority[at+1:]
	}
	return authority, ""
}

// isUser tells what may stand for user:password: nothing that is illegal, and no broken
// escape.
func isUser(user string) bool {
	_, changed := cleaned(user)
	return !changed && !strings.Contains(user, "@")
}

// isHost tells what may stand for a host: a name or IPv4 address without what is
// illegal in URLs, or an address in brackets.
func isHost(host string) bool {
	if inside, ok := strings.CutPrefix(host, "["); ok {
		inside, ok = strings.CutSuffix(inside, "]")
		return ok && inside != "" && strings.Trim(inside, "0123456789abcdefABCDEF:.") == ""
	}
	for i := range len(host) {
		if illegal(host[i]) || host[i] == '%' || host[i] == ':' {
			return false
		}
	}
	return true
}

// withoutDots takes . and .. out of a path (RFC 3986, 5.2.4); an empty one is /.
func withoutDots(path string) string {
	if !strings.Contains(path, "/.") {
		return "/" + strings.TrimPrefix(path, "/")
	}
	parts := strings.Split(path[1:], "/")
	kept := make([]string, 0, len(parts))
	for i, part := range parts {
		switch part {
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		case ".":
		default:
			kept = append(kept, part)
			continue
		}
		if i == len(parts)-1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// add puts the parameters of a GET behind the URL's own query (pivot_call:uri/2). A #
// in a key begins the fragment, which is dropped (quirk raw-keys).
func (t *target) add(query string) {
	query, fragment, found := strings.Cut(query, "#")
	if found {
		t.fragment = fragment
	}
	if t.query != "" {
		query = t.query + "&" + query
	}
	t.query = query
}

// clean makes of path and query what the reference's client sends
// (httpc:request/5), and percent-encodes what it refuses; refused tells whether
// there was any, in the fragment, too.
func (t *target) clean() (refused bool) {
	path, badPath := cleaned(t.path)
	query, badQuery := cleaned(t.query)
	_, badFragment := cleaned(t.fragment)
	t.path, t.query = withoutDots(path), query
	return badPath || badQuery || badFragment || strings.Contains(t.fragment, "#")
}

// keep leaves path and query as they are, but for what the reference's client refuses;
// refused tells whether there was any, in the fragment, too.
func (t *target) keep() (refused bool) {
	encoded := func(part string) string {
		clean, bad := encodedIllegal(part)
		refused = refused || bad
		return clean
	}
	t.path, t.query = cmp.Or(encoded(t.path), "/"), encoded(t.query)
	_ = encoded(t.fragment)
	return refused || strings.Contains(t.fragment, "#")
}

// cleaned is a part of a URL without the escapes that it need not have, the others in
// upper case. A % too near to the end to be an escape stays. If anything in it is
// illegal, all that is no escape is percent-encoded.
func cleaned(part string) (clean string, encoded bool) {
	_, refused := encodedIllegal(part)
	if clean, valid := uris.Normal(part); valid && !refused {
		return clean, false
	}
	clean, _ = uris.Normal(escaped(part))
	return clean, true
}

// encodedIllegal percent-encodes what is illegal, and leaves every % alone.
func encodedIllegal(part string) (clean string, encoded bool) {
	return encodedBut(part, func(string) bool { return true })
}

// escaped percent-encodes what is illegal and each % that begins no escape.
func escaped(text string) string {
	clean, _ := encodedBut(text, uris.IsEscape[string])
	return clean
}

// encodedBut percent-encodes what is illegal, and each % that does not stay.
func encodedBut(part string, stays func(rest string) bool) (clean string, encoded bool) {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(part) {
		c := part[i]
		if !illegal(c) && (c != '%' || stays(part[i:])) {
			b.WriteByte(c)
			continue
		}
		encoded = true
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&0xF]})
	}
	return b.String(), encoded
}

// illegal tells the bytes that the reference's client takes in no URL.
func illegal(c byte) bool {
	return c <= ' ' || c >= 0x7F || strings.IndexByte("<>\"{}^`\\[]|", c) >= 0
}

// target is what stands in the request line.
func (t *target) target() string {
	if t.query == "" {
		return t.path
	}
	return t.path + "?" + t.query
}

// hostLine leaves the scheme's own port out.
func (t *target) hostLine() string {
	own := ":80"
	if t.scheme == "https" {
		own = ":443"
	}
	return strings.TrimSuffix(t.host, own)
}
