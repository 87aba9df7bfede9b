package delivery

import (
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

func TestTargets(t *testing.T) {
	cases := []struct{ uri, host, line, err string }{
		{"http://h.example", "h.example", "/", ""},
		{"http://h.example:8080/p", "h.example:8080", "/p", ""},
		{"HTTP://H.example/P", "H.example", "/P", ""},
		{"http://h/a/../b/./c", "h", "/b/c", ""},
		{"http://h//a//b", "h", "//a//b", ""},
		{"http://h/%7Ea%2fb?c=%41%c3", "h", "/~a%2Fb?c=A%C3", ""},
		{"http://h/a/%2e%2e/b", "h", "/b", ""},
		{"http://h/a%zz", "", "", "invalid_percent_encoding"},
		{"http://h/a?b=%zz&c", "", "", "invalid_percent_encoding"},
		{"http://h/a%4?b%", "h", "/a%4?b%", ""},
		{"http://h/p?a[b]=c", "h", "/p?a[b]=c", ""},
		{"http://h?x=1", "h", "/?x=1", ""},
		{"http://h/p?", "h", "/p?", ""},
		{"http://h/p#f?x=1", "h", "/p", ""},
		{"http://u:p%40@h/p", "h", "/p", ""},
		{"http://[::1]:80/p", "[::1]:80", "/p", ""},
		{"not a uri", "", "", "invalid_uri"},
		{"127.0.0.1:80/x", "", "", "invalid_uri"},
		{"http://h/é", "", "", "invalid_uri"},
		{"http://h/\r\nX: y", "", "", "invalid_uri"},
		{"http:/h", "", "", "invalid_uri"},
		{"", "", "", "invalid_uri"},
		{"//h/x", "", "", "unknown"},
		{"ftp://h/x", "", "", "bad_scheme: ftp"},
	}
	for _, c := range cases {
		t.Run(c.uri, func(t *testing.T) {
			got, err := parseTarget(c.uri)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("got error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if line := got.url().RequestURI(); got.host != c.host || line != c.line {
				t.Errorf("got host %q line %q, want %q %q", got.host, line, c.host, c.line)
			}
		})
	}
}

func TestAQueryIsAppended(t *testing.T) {
	cases := []struct{ uri, text, kazoo, corrected string }{
		{"http://h/p", "a=1&b[c]=2", "http://h/p?a=1&b[c]=2", "http://h/p?a=1&b[c]=2"},
		{"http://h/p?v=1", "a=1", "http://h/p?v=1?a=1", "http://h/p?v=1&a=1"},
		{"http://h/p?", "a=1", "http://h/p??a=1", "http://h/p?a=1"},
		{"http://h/p?v=1&", "a=1", "http://h/p?v=1&?a=1", "http://h/p?v=1&a=1"},
		{"http://h/p#f", "a=1", "http://h/p#f?a=1", "http://h/p?a=1"},
		{"http://h/p?v=1#f", "a=1", "http://h/p?v=1#f?a=1", "http://h/p?v=1&a=1"},
		{"http://h/p", "", "http://h/p?", "http://h/p"},
		{
			"http://h/p", "a b#c\r\nX: y=%41%zz\"é",
			"http://h/p?a%20b%23c%0D%0AX:%20y=%41%25zz%22%C3%A9", "http://h/p?a%20b%23c%0D%0AX:%20y=%41%25zz%22%C3%A9",
		},
	}
	for _, c := range cases {
		for compat, want := range map[fidelity.Compat]string{fidelity.Kazoo: c.kazoo, fidelity.Corrected: c.corrected} {
			if got := speaking(compat).withQuery(c.uri, []byte(c.text)); got != want {
				t.Errorf("%s: got %s, want %s", compat, got, want)
			}
		}
	}
}

// speaking is a client that makes no requests.
func speaking(compat fidelity.Compat) *Client { return &Client{cfg: Config{Compat: compat}} }

func FuzzTarget(f *testing.F) {
	f.Add("http://u:p@h:80/a/../b?c=d#e", "x=1&y[z]=2")
	f.Add("http:///x", "%")
	f.Add("https://[::1]/%2e%2e/", "\r\n")
	f.Fuzz(func(t *testing.T, uri, text string) {
		if _, err := parseTarget(uri); err != nil {
			return
		}
		for _, compat := range fidelity.Compats() {
			target, err := parseTarget(speaking(compat).withQuery(uri, []byte(text)))
			if err != nil {
				// One at the end of its query begins no escape once something stands behind it.
				if err.Error() == "invalid_percent_encoding" && strings.Contains(uri, "%") {
					continue
				}
				t.Fatalf("%s: %q was good until %q was added: %v", compat, uri, text, err)
			}
			for _, c := range []byte(target.url().RequestURI()) {
				if c <= ' ' || c >= 0x7F {
					t.Fatalf("%s: %q with %q puts byte %#x into a request line", compat, uri, text, c)
				}
			}
		}
	})
}
