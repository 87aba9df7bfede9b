package delivery

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
)

// maxRedirects is where following ends; the redirect is then the answer.
const maxRedirects = 10

// redirect tells whether a status is followed and with which method. In the
// reference 301 to 303 turn a POST into an empty GET and 307 keeps it; PUT and 308
// are not followed (quirk redirect-drop). Corrected, 307 and 308 keep the method,
// and no other is followed: an event would be lost on the way.
func (c *Client) redirect(status int, method string) (next string, follows bool) {
	if c.cfg.Compat == fidelity.Corrected {
		return method, status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
	}
	if method == http.MethodPut {
		return method, false
	}
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return http.MethodGet, true
	case http.StatusTemporaryRedirect:
		return method, true
	}
	return method, false
}

func resolve(base target, location string) (string, error) {
	if scheme, _, ok := strings.Cut(location, "://"); ok && uris.IsScheme(scheme) {
		return location, nil
	}
	b, err := url.Parse(base.String())
	if err != nil {
		return "", err
	}
	l, err := b.Parse(location)
	if err != nil {
		return "", err
	}
	return l.String(), nil
}

// sameHost tells whether what was meant for one target may go to another: the
// same host and port, or the same host's https on the usual ports.
func sameHost(meant, other target) bool {
	host, port := meant.hostPort()
	otherHost, otherPort := other.hostPort()
	if !strings.EqualFold(host, otherHost) {
		return false
	}
	if meant.scheme == other.scheme {
		return port == otherPort
	}
	return meant.scheme == "http" && port == "80" && otherPort == "443"
}

// leadsHome tells whether a redirect stays on the host that was meant.
func leadsHome(meant target, location string) bool {
	t, err := parseTarget(location)
	return err == nil && sameHost(meant, t)
}

func (t target) hostPort() (host, port string) {
	host, port, err := net.SplitHostPort(t.host)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(t.host, "["), "]"), ""
	}
	if port == "" {
		port = defaultPort(t.scheme)
	}
	return host, port
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}
