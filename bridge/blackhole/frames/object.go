package frames

import (
	"bytes"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// object is one that is being written.
type object struct {
	*writer
	start int // where it begins in out
	base  int // where its members begin
	top   bool
	// index finds members once there are more than fewMembers: a hostile message may
	// have a million keys.
	index map[string]int
	// again says that a key came again: its first place in out has a value that is no
	// longer the right one.
	again bool
}

const fewMembers = 64

func (o *object) member(depth int) error {
	raw, plain, err := o.quoted()
	if err != nil {
		return err
	}
	if !plain {
		if raw, err = unescape(o.key[:0], raw); err != nil {
			return err
		}
		o.key = raw
	}
	o.space()
	if !o.take(':') {
		return ErrNotJSON
	}
	o.space()

	from := len(o.out)
	if len(o.members) > o.base {
		o.out = append(o.out, ',')
	}
	keyFrom := len(o.out)
	hidden, field := false, noField
	if o.top {
		hidden, field = isInternal(raw), fieldOf(raw)
		raw = o.dated(raw)
	}
	o.out = appendKey(o.out, raw, plain)
	keyTo := len(o.out)
	o.out = append(o.out, ':')
	valueFrom, at := len(o.out), o.at
	if err := o.value(depth); err != nil {
		return err
	}
	if field != noField && o.fields[field].to == 0 {
		o.fields[field] = span{at, o.at}
	}
	if hidden || o.in[at] == 'n' { // null
		o.out = o.out[:from]
		return nil
	}
	o.keep(member{span{keyFrom, keyTo}, span{valueFrom, len(o.out)}})
	return nil
}

// dated is the name of the other date, if names of dates are to be exchanged.
func (o *object) dated(key []byte) []byte {
	if o.swapDates {
		switch string(key) {
		case "Date-Created":
			return []byte("Date-Modified")
		case "Date-Modified":
			return []byte("Date-Created")
		}
	}
	return key
}

// keep notes a member; one met again gives its value to the first of that key.
func (o *object) keep(m member) {
	if i := o.find(m); i >= 0 {
		o.members[i].value = m.value
		o.again = true
		return
	}
	o.members = append(o.members, m)
	if o.index != nil {
		o.index[string(o.out[m.key.from:m.key.to])] = len(o.members) - 1
	}
}

// find is the place of the member that has the same key, -1 without one.
func (o *object) find(m member) int {
	key := o.out[m.key.from:m.key.to]
	own := o.members[o.base:]
	if o.index == nil && len(own) > fewMembers {
		o.index = make(map[string]int, 2*len(own))
		for i, known := range own {
			o.index[string(o.out[known.key.from:known.key.to])] = o.base + i
		}
	}
	if o.index != nil {
		if i, ok := o.index[string(key)]; ok {
			return i
		}
		return -1
	}
	for i, known := range own {
		if known.key.to-known.key.from == len(key) && bytes.Equal(o.out[known.key.from:known.key.to], key) {
			return o.base + i
		}
	}
	return -1
}

// close ends the object and forgets its members.
func (o *object) close() {
	own := o.members[o.base:]
	if o.again {
		written := bytes.Clone(o.out[o.start:])
		o.out = append(o.out[:o.start], '{')
		for i := range own {
			if i > 0 {
				o.out = append(o.out, ',')
			}
			o.out = append(o.out, written[own[i].key.from-o.start:own[i].key.to-o.start]...)
			o.out = append(o.out, ':')
			from := len(o.out)
			o.out = append(o.out, written[own[i].value.from-o.start:own[i].value.to-o.start]...)
			own[i].value = span{from, len(o.out)}
			own[i].key = span{from - 1 - (own[i].key.to - own[i].key.from), from - 1}
		}
	}
	o.out = append(o.out, '}')
	if o.top {
		o.vars = o.varsAt(own)
	}
	o.members = o.members[:o.base]
}

// varsAt is where the value of the channel variables stands.
func (o *object) varsAt(own []member) span {
	for _, m := range own {
		if string(o.out[m.key.from:m.key.to]) == `"custom_channel_vars"` {
			return m.value
		}
	}
	return span{}
}

// appendKey writes a key in lower case, a dash as an underscore. The reference takes
// bytes for letters and so breaks most letters beyond ASCII, and then cannot encode
// what it has; here they stay (quirk key-bytes).
func appendKey(dst, key []byte, plain bool) []byte {
	from := len(dst)
	if plain {
		dst = append(dst, '"')
		dst = append(dst, key...)
		dst = append(dst, '"')
	} else {
		dst = jobj.AppendString(dst, string(key))
	}
	escape := false
	for i := from + 1; i < len(dst)-1; i++ {
		switch c := dst[i]; {
		case escape: // what stands for a sign is no letter
			escape = false
			if c == 'u' {
				i += len("0000")
			}
		case c == '\\':
			escape = true
		case 'A' <= c && c <= 'Z':
			dst[i] += 'a' - 'A'
		case c == '-':
			dst[i] = '_'
		}
	}
	return dst
}

// isInternal names the headers that the public does not see: the optional ones of
// kz_api.hrl, but for the account and the call.
func isInternal(key []byte) bool {
	switch string(key) {
	case "Access-Group", "Defer-Response", "Destination-Server", "Geo-Location", "System-Log-ID", "Node",
		"Server-Queue-ID", "Raw-Headers", "Server-ID", "Request-From-PID", "Reply-To-PID", "AMQP-Broker",
		"AMQP-Broker-Zone", "Deliver-To-PID":
		return true
	}
	return false
}
