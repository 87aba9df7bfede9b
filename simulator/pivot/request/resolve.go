package request

import (
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
)

// Resolve is the URL of the next request: ref against the URL of the document that
// names it, as that was asked for (kz_http_util:resolve_uri/2). In kazoo mode a dot
// decides what is replaced, a leading slash means nothing, and a query may get a path
// (quirk url-append); scheme and host stay whatever ref climbs over (quirk
// url-climb). Corrected, it is RFC 3986; then the error is a *URIError.
func Resolve(base, ref string, compat fidelity.Compat) (string, []Note, error) {
	if compat == fidelity.Corrected {
		next, err := resolveRFC(base, ref)
		return next, nil, err
	}
	if strings.HasPrefix(ref, "http") {
		return ref, nil, nil
	}
	parts := strings.Split(base, "/")
	walked, whole := walk(parts, ref)
	next := strings.Join(walked, "/")
	// Scheme, nothing and host are the first three of a URL.
	if root := 3; strings.Contains(base, "://") && len(parts) >= root {
		if whole && len(walked) >= root && walked[2] == parts[2] && walked[1] == "" && walked[0] == parts[0] {
			return next, unlikeBrowsers(base, ref, next), nil
		}
		host := strings.Join(parts[:root], "/")
		if walked, _ = walk(parts[root:], ref); len(walked) > 0 {
			host += "/" + strings.Join(walked, "/")
		}
		return host, []Note{{URLClimb, "the action " + ref + " climbs over the host: " + host + " is asked; Kazoo makes the host of it, and asks nobody"}}, nil
	}
	if !whole {
		return next, []Note{{URLClimb, "the action " + ref + " climbs over its base: " + next + " is asked; Kazoo's resolver crashes"}}, nil
	}
	return next, nil, nil
}

// unlikeBrowsers tells where the next URL is another than RFC 3986 makes of the reference. How
// either is percent-encoded does not count: it is, when it is sent.
func unlikeBrowsers(base, ref, next string) []Note {
	if ref == "" || next == beside(base, ref) {
		return nil
	}
	theirs, err := resolveRFC(base, ref)
	if err != nil { // a browser would make nothing of it
		if scheme, _, _ := strings.Cut(ref, ":"); uris.IsScheme(scheme) && scheme != ref {
			return []Note{{URLAppend, "Kazoo makes " + next + " of " + ref + ": to it whole URLs begin with http:// or https:// alone"}}
		}
		return nil
	}
	if ours, err := resolveRFC(base, next); err != nil || ours == theirs {
		return nil
	}
	return []Note{{URLAppend, "Kazoo makes " + next + " of " + ref + "; a browser would make " + theirs +
		" of it. Put a dot into the names, as menu.xml, or use whole URLs"}}
}

// beside is what RFC 3986 makes of a plain name; "" where it is more than that.
func beside(base, ref string) string {
	slash, host := strings.LastIndexByte(base, '/'), strings.Index(base, "://")+len("://")
	if slash < host || strings.ContainsAny(base, "?#") || strings.ContainsFunc(ref, notOfName) || strings.Trim(ref, ".") == "" {
		return ""
	}
	return base[:slash+1] + ref
}

// notOfName is whether a letter means anything in a reference.
func notOfName(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_')
}

// walk goes from a URL's parts by those of a reference. whole is false where the
// reference's resolver has nothing left to append to, and crashes.
func walk(parts []string, ref string) (walked []string, whole bool) {
	walked, whole = append([]string(nil), parts...), true
	for part := range strings.SplitSeq(ref, "/") {
		last := len(walked) - 1
		switch {
		case part == "" || part == ".":
		case part == "..":
			walked = walked[:max(last, 0)]
		case last < 0:
			walked, whole = append(walked, part), false
		case walked[last] == "" || strings.Contains(walked[last], "."):
			walked[last] = part
		default:
			walked = append(walked, part)
		}
	}
	return walked, whole
}

// resolveRFC resolves as browsers do. What is illegal in either is percent-encoded
// first, as it would be when it is sent.
func resolveRFC(base, ref string) (string, error) {
	from, err := url.Parse(escapedURL(base))
	if err != nil {
		return "", &URIError{URI: base, Reason: "it cannot be read: " + cause(err)}
	}
	to, err := from.Parse(escapedURL(ref))
	if err != nil {
		return "", &URIError{URI: ref, Reason: "it cannot be read: " + cause(err)}
	}
	if to.Scheme == "" || to.Host == "" {
		return "", &URIError{URI: to.String(), Reason: "it names no host"}
	}
	return to.String(), nil
}

// escapedURL leaves scheme and host alone, which may hold an IPv6 address.
func escapedURL(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || !uris.IsScheme(scheme) {
		return escaped(uri)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		return uri
	}
	return scheme + "://" + rest[:end] + escaped(rest[end:])
}

// cause is why a URL cannot be read, without the URL itself.
func cause(err error) string {
	_, reason, ok := strings.Cut(err.Error(), `": `)
	if !ok {
		return err.Error()
	}
	return reason
}
