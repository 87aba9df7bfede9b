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

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }
