package pseudonyms

import (
	"net/netip"
	"strings"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// formed replaces what its form alone gives away as a number, an address of a network, a
// host, an id, wherever it stands; what tells of nobody by its form stays. known is false
// for what can be anything.
func (p *Pseudonyms) formed(s string) (replaced string, known bool) {
	if s == "" {
		return s, true
	}
	if ip, err := netip.ParseAddr(s); err == nil {
		return p.ip(ip), true
	}
	numeric, count := numeral(s)
	switch {
	case numeric && count < fewestDigits, isUUID(s), isInteraction(s), isMicros(s):
		return s, true
	case numeric:
		if made, ok := p.number(s); ok {
			return made, true
		}
		return p.scrambled(s), true
	}
	if made, ok := p.document(s); ok {
		return made, true
	}
	if machine, port, ok := strings.Cut(s, ":"); ok && allDigits(port) && len(port) <= 5 { // websockets are named so
		if ip, err := netip.ParseAddr(machine); err == nil {
			return p.ip(ip) + ":" + port, true
		}
	}
	switch {
	case isRandom(s):
		return s, true
	case strings.HasPrefix(s, "user_") && len(s) > len("user_"):
		return "user_" + p.scrambled(s[len("user_"):]), true
	case isHost(s):
		return p.host(s), true
	}
	return s, false
}

// token replaces a word or words that can be anything: a name, a user, an id.
func (p *Pseudonyms) token(s string) string {
	if p.reserved[s] {
		return s
	}
	made, known := p.formed(s)
	if !known {
		made = p.scrambled(s)
	}
	p.note(s, made)
	return made
}

func (p *Pseudonyms) scrambled(s string) string {
	return p.assign("word", s, func(from *ids.Source) string { return scramble(s, from) })
}

// numeral tells that text is digits and what is written or dialled with them, and how
// many digits there are.
func numeral(s string) (is bool, count int) {
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			count++
		case i == 0 && c == '+', strings.IndexByte("-.() *#/", c) >= 0:
		default:
			return false, 0
		}
	}
	return count > 0, count
}

// isUUID tells of 36 characters, as 8-4-4-4-12.
func isUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	return isHex(s) && strings.Count(s, "-") == 4
}

// isInteraction tells of Gregorian seconds and eight hexadecimal digits
// (Call-Interaction-ID).
func isInteraction(s string) bool {
	return len(s) == 20 && s[11] == '-' && allDigits(s[:11]) && isSmallHex(s[12:])
}

// isMicros tells of Unix microseconds, as switches name their messages: 16 digits, of
// which cards begin with others.
func isMicros(s string) bool { return len(s) == 16 && s[0] == '1' && allDigits(s) }

func allDigits(s string) bool { return strings.Trim(s, digits) == "" }

func isSmallHex(s string) bool { return strings.Trim(s, digits+hexLetters) == "" }

// isRandom tells of hexadecimal digits that were drawn: at least eight, some of them
// digits, and no telephone number among them.
func isRandom(s string) bool {
	count := 0
	for group := range strings.SplitSeq(s, "-") {
		if !isSmallHex(group) || len(group) >= fewestDigits && allDigits(group) || longestRun(group) >= 10 {
			return false
		}
		count += len(group)
	}
	return count >= 8 && isHex(s)
}

// longestRun is of digits.
func longestRun(s string) (longest int) {
	run := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// document replaces the 32 hexadecimal digits of an id of an account or a document,
// which may stand behind the month of its database or the count of its revision, or
// before the month.
func (p *Pseudonyms) document(s string) (string, bool) {
	before, rest := "", s
	if i := strings.IndexByte(s, '-'); i > 0 && i <= 6 && allDigits(s[:i]) {
		before, rest = s[:i+1], s[i+1:]
	}
	if len(rest) < 32 || !isSmallHex(rest[:32]) {
		return "", false
	}
	after := rest[32:]
	if after != "" && (len(after) != 7 && len(after) != 5 || after[0] != '-' || !allDigits(after[1:])) {
		return "", false
	}
	return before + p.hex(rest[:32]) + after, true
}

// hex replaces an id of 32 digits.
func (p *Pseudonyms) hex(id string) string {
	made := p.assign("id", id, func(from *ids.Source) string { return from.Hex(32) })
	p.note(id, made)
	return made
}

// isHost tells of names with dots between them, the last of letters: not a file.
func isHost(s string) bool {
	last := strings.LastIndexByte(s, '.')
	if last <= 0 || last+2 >= len(s) {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case c >= 'a' && c <= 'z', i < last && (isDigit(s[i]) || s[i] == '-' || s[i] == '_'):
		case s[i] == '.' && i > 0 && s[i-1] != '.':
		default:
			return false
		}
	}
	return !isEnding(s[last+1:])
}

// host replaces the name or address of a machine or a realm. One with dots becomes one
// of example.com, which is kept free of any.
func (p *Pseudonyms) host(s string) string {
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return p.ip(ip)
	}
	name := strings.ToLower(s)
	if s == "" || name == "localhost" || p.reserved[s] || allDigits(s) && len(s) < fewestDigits {
		return s
	}
	made := p.assign("host", name, func(from *ids.Source) string {
		if strings.Contains(name, ".") {
			return word(8, from) + ".example.com"
		}
		return word(8, from)
	})
	p.note(s, made)
	return made
}

// ip replaces an address by one of the same network of those that anybody may use, and
// a public one by one that is kept for measurements, 198.18.0.0/15, or for
// documentation, 2001:db8::/32.
func (p *Pseudonyms) ip(ip netip.Addr) string {
	ip = ip.WithZone("").Unmap()
	if ip.IsLoopback() || ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return ip.String()
	}
	within := networkOf(ip)
	made := p.assign("ip", ip.String(), func(from *ids.Source) string {
		bytes := ip.AsSlice()
		_, _ = from.Read(bytes) // documented never to fail
		fixed := within.Addr().AsSlice()
		for i := range within.Bits() {
			mask := byte(0x80) >> (i % 8)
			bytes[i/8] = bytes[i/8]&^mask | fixed[i/8]&mask
		}
		addr, _ := netip.AddrFromSlice(bytes)
		return addr.String()
	})
	p.note(ip.String(), made)
	return made
}

func networkOf(ip netip.Addr) netip.Prefix {
	for _, text := range []string{
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fe80::/10", "fc00::/7",
	} {
		if network := netip.MustParsePrefix(text); network.Contains(ip) {
			return network
		}
	}
	if ip.Is4() {
		return netip.MustParsePrefix("198.18.0.0/15")
	}
	return netip.MustParsePrefix("2001:db8::/32")
}
