package pseudonyms

import "strings"

// sdp replaces the addresses, names and keys in a description of a session (RFC 8866).
func (p *Pseudonyms) sdp(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		text, end := strings.CutSuffix(line, "\r")
		if lines[i] = p.sdpLine(text); end {
			lines[i] += "\r"
		}
	}
	return strings.Join(lines, "\n")
}

func (p *Pseudonyms) sdpLine(line string) string {
	if len(line) < 2 || line[1] != '=' {
		return p.token(line)
	}
	value := line[2:]
	switch line[0] {
	case 'v', 't', 'r', 'z', 'b', 'm':
		return line
	case 'c':
		return line[:2] + p.sdpAddresses(value)
	case 'o':
		user, rest, _ := strings.Cut(value, " ")
		return line[:2] + p.token(user) + " " + p.sdpAddresses(rest)
	case 'a':
		return line[:2] + p.sdpAttribute(value)
	}
	return line[:2] + p.token(value) // names, and what people are reached by
}

// sdpAddresses replaces the words that are no plain number: a time looks like one of a
// telephone here.
func (p *Pseudonyms) sdpAddresses(s string) string {
	words := strings.Split(s, " ")
	for i, word := range words {
		if word != "IN" && word != "IP4" && word != "IP6" && !allDigits(word) {
			address, ttl, ok := strings.Cut(word, "/")
			if words[i] = p.host(address); ok {
				words[i] += "/" + ttl
			}
		}
	}
	return strings.Join(words, " ")
}

// sdpAttribute leaves how sound is sent, and replaces who sends it, from where, and the keys.
func (p *Pseudonyms) sdpAttribute(s string) string {
	name, value, ok := strings.Cut(s, ":")
	if !ok {
		return s
	}
	switch name {
	case "rtpmap", "fmtp", "ptime", "maxptime", "rtcp-fb", "setup", "mid", "extmap", "group", "sendrecv", "ssrc-group":
		return s
	case "rtcp":
		port, address, _ := strings.Cut(value, " ")
		return strings.TrimSuffix(name+":"+port+" "+p.sdpAddresses(address), " ")
	case "candidate":
		words := strings.Split(value, " ")
		for i, word := range words {
			if strings.ContainsAny(word, ".:") {
				words[i] = p.host(word)
			}
		}
		return name + ":" + strings.Join(words, " ")
	}
	return name + ":" + p.secret(value)
}
