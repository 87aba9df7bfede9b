// Package uris takes URLs apart as the reference's HTTP client does (http_uri, uri_string): nothing is
// judged or decoded that is not needed to find the parts. It owns where one part ends and the next
// begins, and never says whether a URL can be requested: hooks and Pivot refuse different ones.
package uris

import "strings"

// Parts are those of a URL, as they are written.
type Parts struct {
	Scheme       string // in lower case; "" where there is none
	HasAuthority bool   // there is a //
	HasUser      bool   // there is an @ in the authority
	User         string // what stands before it, user:password
	Host         string // with its port
	Path, Query  string
	HasQuery     bool // there is a ?
}

// Cut takes a URL apart; its fragment is dropped.
func Cut(text string) Parts {
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || !IsScheme(scheme) {
		return Parts{}
	}
	p := Parts{Scheme: strings.ToLower(scheme)}
	rest, _, _ = strings.Cut(rest, "#")
	if rest, p.HasAuthority = strings.CutPrefix(rest, "//"); p.HasAuthority {
		p.Host, rest = rest, ""
		if end := strings.IndexAny(p.Host, "/?"); end >= 0 {
			p.Host, rest = p.Host[:end], p.Host[end:]
		}
		if at := strings.LastIndexByte(p.Host, '@'); at >= 0 {
			p.HasUser, p.User, p.Host = true, p.Host[:at], p.Host[at+1:]
		}
	}
	p.Path, p.Query, p.HasQuery = strings.Cut(rest, "?")
	return p
}

// IsScheme tells what may stand before the first colon (RFC 3986, 3.1).
func IsScheme(text string) bool {
	for i := range len(text) {
		c := text[i] | 0x20
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || strings.IndexByte("0123456789+-.", text[i]) < 0) {
			return false
		}
	}
	return text != ""
}

// IsEscape tells whether a text, which begins with %, begins with the escape of a byte.
func IsEscape[T string | []byte](text T) bool {
	return len(text) >= 3 && isHex(text[1]) && isHex(text[2])
}

// unescaped is what the client makes of an escape at the beginning of a text: the byte, where that
// needs none, else the escape in upper case (Erlang's uri_string).
func unescaped(text string) string {
	if c := unhex(text[1])<<4 | unhex(text[2]); unreserved(c) {
		return string(rune(c))
	}
	return strings.ToUpper(text[:3])
}

// Normal is a part of a URL without the escapes that it need not have, the others in upper case. valid
// is false where a % begins no escape, but for one too near to the end to be any, which stays.
func Normal(part string) (normal string, valid bool) {
	if !strings.Contains(part, "%") {
		return part, true
	}
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		switch {
		case part[i] != '%' || i+2 >= len(part):
			b.WriteByte(part[i])
		case !IsEscape(part[i:]):
			return part, false
		default:
			b.WriteString(unescaped(part[i:]))
			i += 2
		}
	}
	return b.String(), true
}

// unreserved tells the bytes that need no escape anywhere (RFC 3986, 2.3).
func unreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// Credentials are user:password of a URL as they are sent: without the escapes that they need not have,
// and else not decoded; of one alone that one. To the client neither none nor three parts are any (httpc;
// quirk three-part-credentials); corrected, the first colon alone parts them (RFC 7617, 2).
func Credentials(user string, corrected bool) (text string, given bool) {
	if normal, valid := Normal(user); valid {
		user = normal
	}
	if corrected && user != "" && user != ":" {
		name, password, _ := strings.Cut(user, ":")
		return name + ":" + password, true
	}
	parts := strings.FieldsFunc(user, func(r rune) bool { return r == ':' })
	switch len(parts) {
	case 1:
		return parts[0] + ":", true
	case 2:
		return parts[0] + ":" + parts[1], true
	}
	return "", false
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }
