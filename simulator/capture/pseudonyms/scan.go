package pseudonyms

import (
	"net/url"
	"strings"
)

// scan replaces the identities within text whose other words are known to be harmless,
// such as sofia/sipinterface_1/+14155550100@acme.example.com: what stands beside an @,
// addresses and names of hosts, telephone numbers, ids, URLs, and all that again where
// it is percent-encoded.
func (p *Pseudonyms) scan(s string) string {
	if !suspicious(s) {
		return s
	}
	if strings.Contains(s, "account") {
		if at := p.databases.FindStringSubmatchIndex(s); at != nil {
			return p.scan(s[:at[0]]) + p.database(s, at) + p.scan(s[at[1]:])
		}
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		end := runEnd(s, i)
		if end == i {
			b.WriteByte(s[i])
			i++
			continue
		}
		switch rest := s[end:]; {
		case strings.HasPrefix(rest, "://"):
			stop := i + urlEnd(s[i:])
			b.WriteString(p.url(s[i:stop]))
			i = stop
			continue
		case strings.HasPrefix(rest, "@"):
			b.WriteString(p.token(s[i:end]))
		case i > 0 && s[i-1] == '@':
			b.WriteString(p.trimmed(s[i:end], p.host))
		case strings.HasPrefix(rest, ":") || i > 0 && s[i-1] == ':':
			if stop, ok := sixEnd(s, i); ok {
				b.WriteString(p.trimmed(s[i:stop], p.host))
				i = stop
				continue
			}
			fallthrough
		default:
			b.WriteString(p.trimmed(s[i:end], p.run))
		}
		i = end
	}
	return b.String()
}

// suspicious tells quickly that there is something to look at.
func suspicious(s string) bool {
	inDigits, inHex := 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case isDigit(c):
			inDigits++
			inHex++
		case c == '@', c == '%', c == '.', c == ':':
			return true
		case c >= 'a' && c <= 'f':
			inDigits = 0
			inHex++
		case c == '-', c == ' ', c == '(', c == ')':
			inHex = 0
		case c == '_' && i >= 4 && s[i-4:i] == "user":
			return true
		default:
			inDigits, inHex = 0, 0
		}
		if inDigits >= fewestDigits || inHex >= 32 {
			return true
		}
	}
	return false
}

// runEnd is where a word ends that begins at i.
func runEnd(s string, i int) int {
	for ; i < len(s); i++ {
		c := s[i]
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c < 0x80 && strings.IndexByte("._+%*~-", c) < 0 {
			break
		}
	}
	return i
}

// urlEnd is where a URL ends.
func urlEnd(s string) int {
	if end := strings.IndexAny(s, " \t\r\n\"<>"); end >= 0 {
		return end
	}
	return len(s)
}

// sixEnd is where an address of IPv6 ends that begins at i.
func sixEnd(s string, i int) (end int, ok bool) {
	end = i
	colons := 0
	for ; end < len(s); end++ {
		if s[end] == ':' {
			colons++
		} else if c := s[end] | 0x20; !isDigit(s[end]) && (c < 'a' || c > 'f') {
			break
		}
	}
	return end, colons > 2 || strings.Contains(s[i:end], "::")
}

// trimmed replaces a word without what ends a sentence or joins it to the next.
func (p *Pseudonyms) trimmed(s string, replace func(string) string) string {
	core := strings.TrimRight(s, ".-")
	return replace(core) + s[len(core):]
}

// run replaces a word, or the parts of one, whose forms give them away.
func (p *Pseudonyms) run(s string) string {
	if made, known := p.formed(s); known {
		p.note(s, made)
		return made
	}
	if strings.Contains(s, "%") {
		if made, ok := p.decoded(s, p.scan); ok {
			return made
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && strings.IndexByte("._+%*~-", s[end]) < 0 {
			end++
		}
		if end == i {
			b.WriteByte(s[i])
			i++
			continue
		}
		b.WriteString(p.part(s[i:end]))
		i = end
	}
	return b.String()
}

// part replaces an id, and any digits that can be a telephone number among letters.
func (p *Pseudonyms) part(s string) string {
	if len(s) == 32 && isSmallHex(s) {
		return p.hex(s)
	}
	if longestRun(s) < fewestDigits || isRandom(s) || isMicros(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		switch made, ok := p.number(s[i:end]); {
		case end == i:
			b.WriteByte(s[i])
			end++
		case ok:
			b.WriteString(made)
		case end-i > mostDigits:
			b.WriteString(p.scrambled(s[i:end]))
		default:
			b.WriteString(s[i:end])
		}
		i = end
	}
	return b.String()
}

// decoded replaces what stands percent-encoded, and encodes it as it was. ok is false for
// what is not encoded.
func (p *Pseudonyms) decoded(s string, replace func(string) string) (made string, ok bool) {
	if !strings.Contains(s, "%") {
		return s, false
	}
	plain, err := url.PathUnescape(s)
	if err != nil || plain == s {
		return s, false
	}
	if made = replace(plain); made == plain {
		return s, true
	}
	encoded := map[byte]string{'%': "%25"}
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '%' {
			if one, err := url.PathUnescape(s[i : i+3]); err == nil {
				encoded[one[0]] = s[i : i+3]
				i += 2
			}
		}
	}
	var b strings.Builder
	for i := range len(made) {
		if code, ok := encoded[made[i]]; ok {
			b.WriteString(code)
		} else {
			b.WriteByte(made[i])
		}
	}
	return b.String(), true
}

// databaseName finds the names of accounts' databases, encoded up to twice.
const databaseName = `account(/|%2[Ff]|%252[Ff])([0-9a-f]{2})(/|%2[Ff]|%252[Ff])([0-9a-f]{2})(/|%2[Ff]|%252[Ff])([0-9a-f]{28})`

// database replaces the account in a name that was found.
func (p *Pseudonyms) database(s string, at []int) string {
	group := func(n int) string { return s[at[2*n]:at[2*n+1]] }
	id := p.hex(group(2) + group(4) + group(6))
	return "account" + group(1) + id[:2] + group(3) + id[2:4] + group(5) + id[4:]
}
