package request_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

func TestRedirects(t *testing.T) {
	for _, c := range []struct {
		compat           fidelity.Compat
		method           string
		status           int
		location         string
		wanted, wantedBy string // "" is not followed
	}{
		{fidelity.Kazoo, "get", 301, "/moved", "http://h:81/moved", "GET"},
		{fidelity.Kazoo, "get", 302, "next", "http://h:81/dir/next", "GET"},
		{fidelity.Kazoo, "get", 303, "?q=1", "http://h:81/dir/?q=1", "GET"},
		{fidelity.Kazoo, "get", 307, "HTTP://O/x#f", "http://o/x", "GET"},
		{fidelity.Kazoo, "get", 301, "//o/x", "http://o/x", "GET"},
		{fidelity.Kazoo, "get", 301, "../%7Ea/./%zz?%41#f", "http://h:81/dir/../%7Ea/./%zz?%41", "GET"},
		{fidelity.Kazoo, "get", 301, "a b", "http://h:81/dir/a%20b", "GET"},
		{fidelity.Kazoo, "get", 307, "http://x:y@o/x", "http://o/x", "GET"},
		{fidelity.Kazoo, "get", 307, "http://o", "http://o/", "GET"},
		{fidelity.Kazoo, "post", 301, "/moved", "http://h:81/moved", "GET"},
		{fidelity.Kazoo, "post", 307, "/moved", "http://h:81/moved", "POST"},
		{fidelity.Kazoo, "post", 308, "/moved", "", ""},
		{fidelity.Kazoo, "post", 302, "", "", ""},
		{fidelity.Kazoo, "post", 304, "/moved", "", ""},
		{fidelity.Kazoo, "post", 200, "/moved", "", ""},
		{fidelity.Corrected, "post", 301, "/moved", "", ""},
		{fidelity.Corrected, "post", 307, "next?q=1", "http://h:81/dir/next?q=1", "POST"},
		{fidelity.Corrected, "get", 308, "?q=1", "http://h:81/dir/v?q=1", "GET"},
	} {
		g := NewWithT(t)
		req, _, err := request.Build(c.method, "", "http://u:p@h:81/dir/v", jobj.Object{{Key: "a", Value: "b"}}, fidelity.Kazoo)
		g.Expect(err).NotTo(HaveOccurred())
		next, _, follows, err := req.Redirect(c.status, c.location, c.compat)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(follows).To(Equal(c.wanted != ""), "%+v", c)
		g.Expect(next.URL).To(Equal(c.wanted), "%+v", c)
		g.Expect(next.Method).To(Equal(c.wantedBy), "%+v", c)
		if follows {
			body, length := "", "0"
			if c.method == "post" && c.wantedBy == "POST" {
				body, length = "a=b", "3"
			}
			g.Expect(next.Body).To(Equal(body), "%+v", c)
			g.Expect(next.Header).To(ContainElement([2]string{"content-length", length}))
			contentType := ContainElement([2]string{"content-type", "application/x-www-form-urlencoded"})
			if c.method == "get" {
				contentType = Not(contentType)
			}
			g.Expect(next.Header).To(contentType)
			g.Expect(hasField(next.Header, "authorization")).To(Equal(strings.HasPrefix(next.URL, "http://h:81/")), "%+v", c)
		}
	}
}

func hasField(header [][2]string, name string) bool {
	for _, h := range header {
		if h[0] == name {
			return true
		}
	}
	return false
}

func TestARedirectLeadsToHTTPAlone(t *testing.T) {
	req, _, err := request.Build("get", "", "http://h/v", nil, fidelity.Kazoo)
	if err != nil {
		t.Fatal(err)
	}
	for _, location := range []string{"file:///etc/passwd", "ftp://h/v", "gopher://h/v", "javascript:1", "http:///v", "http://h:x/"} {
		for _, compat := range fidelity.Compats() {
			if _, _, follows, err := req.Redirect(307, location, compat); err == nil || follows {
				t.Errorf("%s %s: followed (%v)", compat, location, err)
			}
		}
	}
}

// No user and password is shown, whatever else is wrong with a URL.
func TestAURLIsShownWithoutItsPassword(t *testing.T) {
	for uri, shown := range map[string]string{
		"http://user:secret@host:81/v?a=b@c": "http://host:81/v?a=b@c",
		"http://user:sec@ret@host/v":         "http://host/v",
		"ftp://user:secret@host":             "ftp://host",
		"user:secret@host/v":                 "host/v",
		"http://user:%zz@?q":                 "http://?q",
		"http://host/a@b":                    "http://host/a@b",
		"":                                   "",
	} {
		NewWithT(t).Expect(request.Shown(uri)).To(Equal(shown))
	}
}
