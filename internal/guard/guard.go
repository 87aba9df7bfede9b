// Package guard keeps connections from addresses that nobody should be led to. It
// judges what is dialled, never a name or a URL.
package guard

import (
	"net/netip"
	"slices"
	"syscall"
)

// Level says which addresses are refused.
type Level string

const (
	// On refuses this machine, its link, cloud metadata, and what is no single
	// receiver: multicast and broadcast.
	On Level = "on"
	// Strict refuses private and every other special network, too.
	Strict Level = "strict"
	// Off refuses nothing, as the reference.
	Off Level = "off"
)

// Guard keeps requests from addresses that no server should have. It judges the
// address of each connection as it is dialled, after its name was resolved and
// wherever a redirect led, so that nothing can change between check and use
// (quirk guard-literal is REST's part).
type Guard struct {
	Level Level // "" is On
	// AllowLoopback makes an exception of 127.0.0.0/8 and ::1.
	AllowLoopback bool
}

// BlockedError is a connection that the guard refused.
type BlockedError struct{ Address netip.Addr }

// Error is also what the client_error of a webhook's attempt says.
func (e *BlockedError) Error() string { return "blocked_address: " + e.Address.String() }

// gate is a Guard with its networks.
type gate struct {
	Guard
	refused []netip.Prefix
}

// Control is for net.Dialer's member of that name.
func (g Guard) Control() func(network, address string, conn syscall.RawConn) error {
	return newGate(g).control
}

func newGate(g Guard) gate {
	var networks []string
	switch g.Level {
	case Off:
	case Strict:
		networks = append(internalNetworks(), specialNetworks()...)
	default:
		networks = internalNetworks()
	}
	made := gate{Guard: g}
	for _, network := range networks {
		made.refused = append(made.refused, netip.MustParsePrefix(network))
	}
	return made
}

// control is net.Dialer's Control: it is called for each address that is about to
// be dialled. One that cannot be read is refused.
func (g gate) control(_, address string, _ syscall.RawConn) error {
	dialled, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if g.refuses(dialled.Addr()) {
		return &BlockedError{dialled.Addr()}
	}
	return nil
}

func (g gate) refuses(address netip.Addr) bool {
	address = address.WithZone("").Unmap()
	if address.IsLoopback() && g.AllowLoopback {
		return false
	}
	if g.within(address) {
		return true
	}
	// What a translator or tunnel would send on to is judged, too. Its own loopback
	// is not this machine's, and no exception.
	return slices.ContainsFunc(embedded(address), g.within)
}

func (g gate) within(address netip.Addr) bool {
	return slices.ContainsFunc(g.refused, func(network netip.Prefix) bool { return network.Contains(address) })
}

// embedded are the IPv4 addresses that an IPv6 address may stand for.
func embedded(address netip.Addr) []netip.Addr {
	if !address.Is6() {
		return nil
	}
	b := address.As16()
	last := netip.AddrFrom4([4]byte(b[12:]))
	in := func(network string) bool { return netip.MustParsePrefix(network).Contains(address) }
	switch {
	// IPv4-compatible, RFC 4291; NAT64, RFC 6052; NAT64 of a site, RFC 8215, whose
	// prefix is taken to have 96 bits: a shorter one puts 0.0.0.0 here.
	case in("::/96"), in("64:ff9b::/96"), in("64:ff9b:1::/48"):
		return []netip.Addr{last}
	case in("2002::/16"): // 6to4, RFC 3056
		return []netip.Addr{netip.AddrFrom4([4]byte(b[2:6]))}
	case in("2001::/32"): // Teredo, RFC 4380: the server, and the client inverted
		return []netip.Addr{
			netip.AddrFrom4([4]byte(b[4:8])),
			netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}),
		}
	}
	return nil
}

// internalNetworks are this machine, its link, and what clouds tell their machines
// about themselves.
func internalNetworks() []string {
	return []string{
		"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
		"::/128", "::1/128", "fe80::/10", "ff00::/8",
		// Metadata that is not at 169.254.169.254: Azure, Alibaba; AWS (all of its link),
		// Google, Oracle, Scaleway.
		"168.63.129.16/32", "100.100.100.200/32",
		"fd00:ec2::/32", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128", "fd00:42::42/128",
	}
}

// specialNetworks are the others of IANA's special-purpose registries that are not
// globally reachable, and the two that RFC 3879 and RFC 7526 retired. Translators
// are left out: what they translate to decides.
func specialNetworks() []string {
	return []string{
		"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
		"fc00::/7", "fec0::/10",
	}
}
