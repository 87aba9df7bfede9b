package client

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// dialling is how a connection is made.
type dialling func(ctx context.Context, network, address string) (net.Conn, error)

// legacy has addresses dialled that are written as the reference's inet_aton reads them, such as
// 127.1 or 0x7f000001; the guard sees what they come to.
func legacy(dial dialling) dialling {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil {
			if ip, ok := aton(host); ok {
				address = net.JoinHostPort(ip.String(), port)
			}
		}
		return dial(ctx, network, address)
	}
}

// aton reads one to four numbers with dots between, the last of which fills what is left; each is
// decimal, octal or hexadecimal as in C.
func aton(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > net.IPv4len {
		return netip.Addr{}, false
	}
	var whole uint64
	for i, part := range parts {
		digits, base := part, 10
		switch lower := strings.ToLower(part); {
		case strings.HasPrefix(lower, "0x"):
			digits, base = part[2:], 16
		case len(part) > 1 && part[0] == '0':
			digits, base = part[1:], 8
		}
		n, err := strconv.ParseUint(digits, base, 32)
		last := i == len(parts)-1
		rest := 8 * (net.IPv4len - i) // bits that this part and those after it fill
		if err != nil || !last && n > 0xff || last && n >= 1<<rest {
			return netip.Addr{}, false
		}
		if !last {
			n <<= rest - 8
		}
		whole |= n
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), true
}
