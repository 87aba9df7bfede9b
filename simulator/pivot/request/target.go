package request

import (
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

func (e *URIError) Error() string { return fmt.Sprintf("URL %q: %s", e.URI, e.Reason) }

// target is where a request goes.
type target struct {
	scheme, host    string // in lower case; the host with its port
	user            string // user:password as written
	hasUser         bool
	path, query     string
	endsWithPercent bool // the URL as written, which the reference lets pass
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
	t := target{scheme: parts.Scheme, user: parts.User, hasUser: parts.HasUser, endsWithPercent: strings.HasSuffix(uri, "%")}
	host, port := splitHost(parts.Host)
	switch {
	case strings.Trim(port, "0123456789") != "":
		return refuse("", "port "+port+" is no number")
	case host == "":
		return refuse(SilentTransport, "it has no host")
	case !isHost(host):
		return refuse("", "host "+host+" holds what no host may")
	}
	t.host = strings.ToLower(host)
	if port != "" {
		t.host += ":" + port
	}
	t.path, t.query = withoutDots(parts.Path), parts.Query
	return t, nil
}

// splitHost cuts a port off, which an IPv6 address in brackets may have, too.
func splitHost(authority string) (host, port string) {
	if at := strings.LastIndexByte(authority, ':'); at > strings.LastIndexByte(authority, ']') {
		return authority[:at], authority[at+1:]
	}
	return authority, ""
}

// isHost tells what may stand for a host: a name or IPv4 address without what is
// illegal in URLs, or an address in brackets.
func isHost(host string) bool {
	if inside, ok := strings.CutPrefix(host, "["); ok {
		inside, ok = strings.CutSuffix(inside, "]")
		return ok && inside != "" && strings.Trim(inside, "0123456789abcdefABCDEF:.") == ""
	}
	for i := range len(host) {
		if illegal(host[i]) || host[i] == '%' {
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
	t.endsWithPercent = false
	query, _, _ = strings.Cut(query, "#")
	if t.query != "" {
		query = t.query + "&" + query
	}
	t.query = query
}

// escape percent-encodes what the reference's client refuses in path and query, and
// tells whether there was any.
func (t *target) escape() bool {
	path := escaped(t.path, t.endsWithPercent && t.query == "")
	query := escaped(t.query, t.endsWithPercent)
	changed := path != t.path || query != t.query
	t.path, t.query = path, query
	return changed
}

// escaped leaves a % at the very end if asked to.
func escaped(text string, lastPercent bool) string {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		broken := c == '%' && !uris.IsEscape(text[i:]) && !(lastPercent && i == len(text)-1)
		if !illegal(c) && !broken {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&0xF]})
	}
	return b.String()
}

// illegal tells the bytes that the reference's client takes in no URL.
func illegal(c byte) bool {
	return c <= ' ' || c >= 0x7F || strings.IndexByte(`<>"{}^\[]|`, c) >= 0
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

// credentials are user:password as the reference sends them, not decoded; of one
// alone that one.
func (t *target) credentials() string {
	user, password, _ := strings.Cut(t.user, ":")
	if user == "" {
		user, password = password, ""
	}
	return user + ":" + password
}
