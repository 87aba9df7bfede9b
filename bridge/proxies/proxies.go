// Package proxies says whose word counts on where a request comes from. It owns the
// rule for X-Forwarded-For, which REST and websockets share, and knows neither.
package proxies

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Trusted are the proxies whose X-Forwarded-For is believed (crossbar.reverse_proxies).
type Trusted []netip.Prefix

// Source is where a request comes from: its peer, or what X-Forwarded-For names, read
// from its end for as long as a trusted proxy has written it. What stands before that,
// clients may have made up; the reference takes the whole header, from one proxy. Without
// an address, as in tests without TCP, source is RemoteAddr and peer is not valid.
func (t Trusted) Source(r *http.Request) (peer netip.AddrPort, source string) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.AddrPort{}, r.RemoteAddr
	}
	address := at.Addr().Unmap()
	peer = netip.AddrPortFrom(address, at.Port())
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !t.contains(address) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = next.Unmap()
	}
	return peer, address.String()
}

func (t Trusted) contains(address netip.Addr) bool {
	return slices.ContainsFunc(t, func(p netip.Prefix) bool { return p.Contains(address) })
}
