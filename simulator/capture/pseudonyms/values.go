package pseudonyms

import (
	"strings"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// open replaces a value that nothing is known of: all of it, unless its form tells.
func (p *Pseudonyms) open(s string) string {
	switch {
	case strings.ContainsAny(s, "@<") || strings.HasPrefix(s, "sip:") || strings.HasPrefix(s, "sips:") || strings.HasPrefix(s, "tel:"):
		return p.address(s)
	case isURL(s):
		return p.url(s)
	}
	if made, ok := p.within(s); ok {
		return made
	}
	return p.token(s)
}

// within replaces what stands around the name of a database, and that.
func (p *Pseudonyms) within(s string) (string, bool) {
	if !strings.Contains(s, "account") {
		return s, false
	}
	at := p.databases.FindStringSubmatchIndex(s)
	if at == nil {
		return s, false
	}
	return p.token(s[:at[0]]) + p.database(s, at) + p.open(s[at[1]:]), true
}

// isURL tells of a scheme, and nothing after it that ends a URL.
func isURL(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	return ok && isWord(strings.ReplaceAll(scheme, "_", "")) && urlEnd(rest) == len(rest)
}

// address replaces user@host in each of its forms: with a scheme, in angle brackets, with
// a name before, several with commas between them. A word alone is a user.
func (p *Pseudonyms) address(s string) string {
	if name, rest, ok := strings.Cut(s, "<"); ok {
		inner, after, _ := strings.Cut(rest, ">")
		closing := s[len(name)+1+len(inner) : len(s)-len(after)]
		return p.displayed(name) + "<" + p.address(inner) + closing + p.parameters(after)
	}
	scheme, rest := "", s
	for _, known := range []string{"sip:", "sips:", "tel:", "mailto:"} {
		if strings.HasPrefix(s, known) {
			scheme, rest = known, s[len(known):]
		}
	}
	if isURL(rest) {
		return scheme + p.url(rest)
	}
	who, parameters := rest, ""
	if i := strings.IndexByte(rest, ';'); i >= 0 {
		who, parameters = rest[:i], rest[i:]
	}
	user, host, ok := strings.Cut(who, "@")
	switch {
	case ok && strings.ContainsAny(who, " \t\r\n,"): // some text, or several addresses
		return scheme + p.each(rest)
	case ok:
		made := p.login(user) + "@" + p.hostPort(host)
		p.note(who, made)
		return scheme + made + p.parameters(parameters)
	case scheme != "" && strings.ContainsAny(who, ".:["):
		return scheme + p.hostPort(who) + p.parameters(parameters)
	}
	return scheme + p.token(who) + p.parameters(parameters)
}

// each replaces words one by one: addresses as such.
func (p *Pseudonyms) each(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexAny(s, " \t\r\n,;")
		if end < 0 {
			end = len(s)
		}
		b.WriteString(p.open(s[:end]))
		if end < len(s) {
			b.WriteByte(s[end])
			end++
		}
		s = s[end:]
	}
	return b.String()
}

// login replaces a user, with a password where there is one.
func (p *Pseudonyms) login(s string) string {
	user, password, ok := strings.Cut(s, ":")
	if !ok {
		return p.token(s)
	}
	return p.token(user) + ":" + p.secret(password)
}

// hostPort replaces a host, and leaves its port.
func (p *Pseudonyms) hostPort(s string) string {
	if i := strings.LastIndexByte(s, ':'); i >= 0 && allDigits(s[i+1:]) && len(s)-i <= 6 && (strings.Count(s, ":") == 1 || s[i-1] == ']') {
		return p.hostPort(s[:i]) + s[i:]
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return "[" + p.host(s[1:len(s)-1]) + "]"
	}
	if i := strings.IndexAny(s, "/?&= %"); i >= 0 {
		return p.hostPort(s[:i]) + p.tail(s[i:])
	}
	return p.host(s)
}

// displayed replaces the name before an address.
func (p *Pseudonyms) displayed(s string) string {
	name := strings.TrimSpace(s)
	quoted := len(name) > 1 && strings.HasPrefix(name, `"`) && strings.HasSuffix(name, `"`)
	if quoted {
		name = name[1 : len(name)-1]
	}
	if name == "" {
		return s
	}
	i := strings.Index(s, name)
	return s[:i] + p.open(name) + s[i+len(name):]
}

// parameters replaces the values of an address's parameters, but for a few of fixed words.
func (p *Pseudonyms) parameters(s string) string {
	if s == "" {
		return s
	}
	parts := strings.Split(s, ";")
	for i, part := range parts {
		name, value, ok := strings.Cut(part, "=")
		switch name {
		case "lr", "ob", "transport", "user", "expires", "q", "cause", "fs_nat":
			continue
		}
		if ok {
			parts[i] = p.run(name) + "=" + p.value(value)
		} else {
			parts[i] = p.each(part)
		}
	}
	return strings.Join(parts, ";")
}

// value replaces one that may be percent-encoded.
func (p *Pseudonyms) value(s string) string {
	if made, ok := p.decoded(s, p.open); ok {
		return made
	}
	return p.open(s)
}

// url replaces a URL: the host as such, and what stands around it as secrets do, since
// that is where their tokens are. URLs of the switch's own, such as local_stream://, are
// paths.
func (p *Pseudonyms) url(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	switch scheme {
	case "http", "https", "ws", "wss", "ftp", "sftp", "amqp", "amqps", "rtmp":
	default:
		return p.token(scheme) + "://" + p.path(rest)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	made := scheme + "://"
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		made += p.login(authority[:i]) + "@"
		authority = authority[i+1:]
	}
	return made + p.hostPort(authority) + p.tail(tail)
}

func (p *Pseudonyms) tail(s string) string {
	if strings.Trim(s, "/") == "" {
		return s
	}
	return p.assign("tail", s, func(from *ids.Source) string { return scramble(s, from) })
}

// secret replaces all of a password, token or key.
func (p *Pseudonyms) secret(s string) string {
	if s == "" {
		return s
	}
	made := p.assign("secret", s, func(from *ids.Source) string { return scramble(s, from) })
	p.note(s, made)
	return made
}

// path replaces each part of a file's name that can be anything, and leaves its ending.
func (p *Pseudonyms) path(s string) string {
	if isURL(s) {
		return p.url(s)
	}
	if made, ok := p.within(s); ok {
		return made
	}
	parts := strings.Split(s, "/")
	for i, part := range parts {
		stem, ending := part, ""
		if dot := strings.LastIndexByte(part, '.'); dot > 0 && isEnding(part[dot+1:]) {
			stem, ending = part[:dot], part[dot:]
		}
		parts[i] = p.value(stem) + ending
	}
	return strings.Join(parts, "/")
}

// isEnding tells of those of files.
func isEnding(s string) bool {
	switch strings.ToLower(s) {
	case "mp3", "wav", "ogg", "pdf", "tif", "tiff", "png", "jpg", "json", "xml", "html", "txt", "csv", "lua", "erl":
		return true
	}
	return false
}

// isWord tells of letters and digits alone.
func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; !isDigit(s[i]) && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// channel replaces who a channel is to: sofia/profile/user@host, loopback/user-a.
func (p *Pseudonyms) channel(s string) string {
	parts := strings.SplitN(s, "/", 3)
	last := len(parts) - 1
	switch {
	case parts[0] == "loopback" && last > 0:
		who, end := parts[1], ""
		if strings.HasSuffix(who, "-a") || strings.HasSuffix(who, "-b") {
			who, end = who[:len(who)-2], who[len(who)-2:]
		}
		parts[1] = p.open(who) + end
		if last == 2 {
			parts[2] = p.open(parts[2])
		}
	case parts[0] == "sofia" && last == 2:
		parts[2] = p.open(parts[2])
	default:
		return p.open(s)
	}
	return strings.Join(parts, "/")
}

// agent leaves the make of telephone that comes first; what follows can be anything, the
// number of the device and its owner's name included.
func (p *Pseudonyms) agent(s string) string {
	first, rest, ok := strings.Cut(s, " ")
	if !isMake(first) || longestRun(first) >= fewestDigits || len(first) > 64 {
		return p.open(s)
	}
	if !ok {
		return first
	}
	return first + " " + p.open(rest)
}

// isMake tells that a word begins as makers of telephones call theirs.
func isMake(s string) bool {
	s = strings.ToLower(s)
	for name := range strings.FieldsSeq(`polycom poly yealink cisco grandstream snom fanvil obihai mitel aastra avaya panasonic
		gigaset htek sangoma algo audiocodes patton spectralink vtech 2n zoiper linphone bria counterpath microsip acrobits
		groundwire jssip sip.js telephone asterisk freeswitch kazoo kamailio opensips`) {
		if strings.HasPrefix(s, name) && !strings.ContainsAny(s, "@<>") {
			return true
		}
	}
	return false
}

// status leaves the words that are Kazoo's own, as in New Fax from +14155550100.
func (p *Pseudonyms) status(s string) string {
	const between = " ():,"
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexAny(s, between)
		switch {
		case end < 0:
			end = len(s)
			fallthrough
		case end > 0:
			b.WriteString(p.statusWord(s[:end]))
		default:
			b.WriteByte(s[0])
			end = 1
		}
		s = s[end:]
	}
	return b.String()
}

func (p *Pseudonyms) statusWord(s string) string {
	if p.statuses[strings.ToLower(s)] || isCause(s) {
		return s
	}
	return p.open(s)
}
