package crossbar

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// guard keeps hooks from being aimed at this machine by its literal names
// (kz_json_schema_extensions:url_validation/2). It looks at the text alone: names
// that resolve to a blocked address pass, and so do redirects (quirk guard-literal).
type guard struct {
	hosts    []string
	networks []netip.Prefix
}

func newGuard(cfg Config) guard {
	g := guard{hosts: cfg.BlockedHosts, networks: cfg.BlockedNetworks}
	if g.hosts == nil && !cfg.AllowLoopbackTargets {
		g.hosts = []string{"localhost"}
	}
	if g.networks == nil {
		g.networks = []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 32)}
		if !cfg.AllowLoopbackTargets {
			g.networks = append(g.networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32))
		}
	}
	return g
}

// refuses says why an address may not be a hook's; "" when it may.
func (g guard) refuses(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || scheme != "http" && scheme != "https" {
		return "the address must begin with http: or https:, in lower case"
	}
	rest, _ = strings.CutPrefix(rest, "//")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	if user, _, ok := strings.Cut(authority, "@"); ok && !strings.Contains(user, ":") {
		return "a user needs a password: user:password@host" // the reference crashes
	}
	host, _, _ := strings.Cut(strings.ToLower(authority), ":")
	if slices.Contains(g.hosts, host) {
		return host + " is on the block list"
	}
	address, ok := parseIPv4(host)
	if !ok {
		return ""
	}
	for _, network := range g.networks {
		if network.Contains(address) {
			return address.String() + " is on the block list"
		}
	}
	return ""
}

// parseIPv4 reads an address in every spelling that inet_aton knows: one to four
// numbers, decimal, octal or hexadecimal, the last filling the remaining bytes.
func parseIPv4(text string) (netip.Addr, bool) {
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var address uint64
	for i, part := range parts {
		last := i == len(parts)-1
		bits := 8
		if last {
			bits = 8 * (5 - len(parts))
		}
		number, ok := parseNumber(part)
		if !ok || number >= 1<<bits {
			return netip.Addr{}, false
		}
		address = address<<bits | number
	}
	return netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)}), true
}

func parseNumber(text string) (uint64, bool) {
	base, digits := 10, text
	switch {
	case strings.HasPrefix(text, "0x"):
		base, digits = 16, text[2:]
	case len(text) > 1 && text[0] == '0':
		base, digits = 8, text[1:]
	}
	if strings.Contains(digits, "_") || strings.HasPrefix(digits, "+") {
		return 0, false
	}
	number, err := strconv.ParseUint(digits, base, 32)
	return number, err == nil
}
