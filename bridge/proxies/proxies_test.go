package proxies_test

import (
	"net/http"
	"net/netip"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/proxies"
)

func TestOnlyTrustedProxiesSayWhereARequestComesFrom(t *testing.T) {
	g := NewWithT(t)
	trusted := proxies.Trusted{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		remote    string
		forwarded []string
		source    string
	}{
		{"127.0.0.1:5", nil, "127.0.0.1"},
		{"127.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"198.51.100.9, 192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"198.51.100.9", "192.0.2.1, 10.1.1.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"192.0.2.1, something"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"10.0.0.8"}, "10.0.0.8"},
		{"[::ffff:127.0.0.1]:5", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"[fd00::1]:5", []string{"2001:db8::1"}, "2001:db8::1"},
		{"192.0.2.7:5", []string{"192.0.2.1"}, "192.0.2.7"},
		{"pipe", []string{"192.0.2.1"}, "pipe"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		peer, source := trusted.Source(r)
		g.Expect(source).To(Equal(c.source), "%+v", c)
		g.Expect(peer.IsValid()).To(Equal(c.remote != "pipe"), "%+v", c)
	}
	_, source := proxies.Trusted(nil).Source(&http.Request{RemoteAddr: "127.0.0.1:5", Header: http.Header{"X-Forwarded-For": {"192.0.2.1"}}})
	g.Expect(source).To(Equal("127.0.0.1"), "nobody is trusted")
}
