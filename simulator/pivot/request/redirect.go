package request

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
)

// MaxRedirects is how many are followed in a row; one more, and the pivot has failed.
const MaxRedirects = 5

// RedirectGet is the quirk of what is made of redirects.
const RedirectGet = "redirect-get"

// Redirect is the request that a redirect leads to; follows is false for any other
// answer. In the reference 301 to 303 are asked by GET without parameters, 307 is
// asked again whole, 308 is none, and a relative Location is appended to the directory as it is,
// a query alone, too (quirk redirect-get). Corrected, 307 and 308 alone are followed, to what RFC 3986
// makes of the Location. Credentials stay with their host. The error is a *URIError.
func (r Request) Redirect(status int, location string, compat fidelity.Compat) (next Request, notes []Note, follows bool, err error) {
	again, follows := whole(status, compat)
	if !follows || location == "" {
		return Request{}, nil, false, nil
	}
	uri, err := r.locate(location, compat)
	if err != nil {
		return Request{}, nil, false, err
	}
	t, err := parseTarget(uri)
	if err != nil {
		return Request{}, nil, false, err
	}
	judge := t.clean
	if compat != fidelity.Corrected {
		judge, t.user = t.keep, "" // credentials of a Location are not used
	}
	if judge() {
		notes = append(notes, Note{StrictURI, "what may not stand in the Location was percent-encoded: " + t.target() + "; Kazoo asks nobody, and waits"})
	}
	next = r
	if !again {
		if r.Method != http.MethodGet {
			notes = append(notes, Note{RedirectGet, fmt.Sprintf("status %d: the POST goes on as a GET without parameters", status)})
		}
		next.Method, next.Body = http.MethodGet, ""
	}
	next.URL = t.scheme + "://" + t.host + t.target()
	next.Header = t.header(r.field("content-type"), len(next.Body), compat)
	if kept := r.field("authorization"); kept != "" && t.user == "" && t.host == hostOf(r.URL) {
		next.Header = With(next.Header, "authorization", kept)
	}
	return next, notes, true, nil
}

// whole tells whether a status is followed, and whether method and body stay.
func whole(status int, compat fidelity.Compat) (again, follows bool) {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return false, compat != fidelity.Corrected
	case http.StatusTemporaryRedirect:
		return true, true
	case http.StatusPermanentRedirect:
		return true, compat == fidelity.Corrected
	}
	return false, false
}

func (r Request) locate(location string, compat fidelity.Compat) (string, error) {
	if scheme, _, ok := strings.Cut(location, ":"); ok && uris.IsScheme(scheme) {
		return location, nil
	}
	if compat == fidelity.Corrected {
		return resolveRFC(r.URL, location)
	}
	scheme, _, _ := strings.Cut(r.URL, ":")
	if strings.HasPrefix(location, "//") {
		return scheme + ":" + location, nil
	}
	root := scheme + "://" + hostOf(r.URL)
	if !strings.HasPrefix(location, "/") {
		path, _, _ := strings.Cut(strings.TrimPrefix(r.URL, root), "?")
		root += path[:strings.LastIndexByte(path, '/')+1]
	}
	return root + location, nil
}

// hostOf is the host of a URL that was built here, with its port.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Host
}

// field is the value of a header field, or "".
func (r Request) field(name string) string {
	for _, h := range r.Header {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}
