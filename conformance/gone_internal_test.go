package conformance

import (
	"net/url"
	"testing"
)

// A target behind a proxy is mostly named without a port.
func TestWhereATargetListensIsKnownWithoutAPort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://kazoo.example.com": "kazoo.example.com:443", "http://kazoo.example.com/v2": "kazoo.example.com:80",
		"http://[::1]": "[::1]:80", "https://[::1]:8443": "[::1]:8443", "http://127.0.0.1:8000": "127.0.0.1:8000",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := addressOf(u); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
