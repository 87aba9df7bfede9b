package contract_test

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// The methods of AMQP 0-9-1 and of RabbitMQ: class, method, name, fields by the
// names of the protocol. The kinds are o octet, s short, l long, L long long,
// S short string, X long string, t table, b bit; "-" is a reserved field.
const grammar = `
10 10 connection.start major:o minor:o server-properties:t mechanisms:X locales:X
10 11 connection.start-ok client-properties:t mechanism:S response:X locale:S
10 30 connection.tune channel-max:s frame-max:l heartbeat:s
10 31 connection.tune-ok channel-max:s frame-max:l heartbeat:s
10 40 connection.open virtual-host:S -:S -:b
10 41 connection.open-ok -:S
10 50 connection.close reply-code:s reply-text:S class:s method:s
10 51 connection.close-ok
10 60 connection.blocked reason:S
10 61 connection.unblocked
10 70 connection.update-secret new-secret:X reason:S
10 71 connection.update-secret-ok
20 10 channel.open -:S
20 11 channel.open-ok -:X
20 20 channel.flow active:b
20 21 channel.flow-ok active:b
20 40 channel.close reply-code:s reply-text:S class:s method:s
20 41 channel.close-ok
40 10 exchange.declare -:s exchange:S type:S passive:b durable:b auto-delete:b internal:b no-wait:b arguments:t
40 11 exchange.declare-ok
40 20 exchange.delete -:s exchange:S if-unused:b no-wait:b
40 21 exchange.delete-ok
40 30 exchange.bind -:s destination:S source:S routing-key:S no-wait:b arguments:t
40 31 exchange.bind-ok
40 40 exchange.unbind -:s destination:S source:S routing-key:S no-wait:b arguments:t
40 51 exchange.unbind-ok
50 10 queue.declare -:s queue:S passive:b durable:b exclusive:b auto-delete:b no-wait:b arguments:t
50 11 queue.declare-ok queue:S message-count:l consumer-count:l
50 20 queue.bind -:s queue:S exchange:S routing-key:S no-wait:b arguments:t
50 21 queue.bind-ok
50 30 queue.purge -:s queue:S no-wait:b
50 31 queue.purge-ok message-count:l
50 40 queue.delete -:s queue:S if-unused:b if-empty:b no-wait:b
50 41 queue.delete-ok message-count:l
50 50 queue.unbind -:s queue:S exchange:S routing-key:S arguments:t
50 51 queue.unbind-ok
60 10 basic.qos prefetch-size:l prefetch-count:s global:b
60 11 basic.qos-ok
60 20 basic.consume -:s queue:S consumer-tag:S no-local:b no-ack:b exclusive:b no-wait:b arguments:t
60 21 basic.consume-ok consumer-tag:S
60 30 basic.cancel consumer-tag:S no-wait:b
60 31 basic.cancel-ok consumer-tag:S
60 40 basic.publish -:s exchange:S routing-key:S mandatory:b immediate:b
60 50 basic.return reply-code:s reply-text:S exchange:S routing-key:S
60 60 basic.deliver consumer-tag:S delivery-tag:L redelivered:b exchange:S routing-key:S
60 70 basic.get -:s queue:S no-ack:b
60 71 basic.get-ok delivery-tag:L redelivered:b exchange:S routing-key:S message-count:l
60 72 basic.get-empty -:S
60 80 basic.ack delivery-tag:L multiple:b
60 90 basic.reject delivery-tag:L requeue:b
60 100 basic.recover-async requeue:b
60 110 basic.recover requeue:b
60 111 basic.recover-ok
60 120 basic.nack delivery-tag:L multiple:b requeue:b
85 10 confirm.select no-wait:b
85 11 confirm.select-ok
90 10 tx.select
90 11 tx.select-ok
90 20 tx.commit
90 21 tx.commit-ok
90 30 tx.rollback
90 31 tx.rollback-ok
`

// args are a method's fields by name; one that is not given is zero.
type args map[string]any

type field struct {
	name string
	kind byte
}

type layout struct {
	name          string
	class, method uint16
	fields        []field
}

// layouts reads the grammar: by name, and by class and method.
type layouts struct {
	named    map[string]layout
	numbered map[[2]uint16]layout
}

func readGrammar() layouts {
	all := layouts{map[string]layout{}, map[[2]uint16]layout{}}
	for line := range strings.Lines(strings.TrimSpace(grammar)) {
		words := strings.Fields(line)
		class, _ := strconv.ParseUint(words[0], 10, 16)
		method, _ := strconv.ParseUint(words[1], 10, 16)
		l := layout{name: words[2], class: uint16(class), method: uint16(method)}
		for _, word := range words[3:] {
			name, kind, _ := strings.Cut(word, ":")
			l.fields = append(l.fields, field{name, kind[0]})
		}
		all.named[l.name] = l
		all.numbered[[2]uint16{l.class, l.method}] = l
	}
	return all
}

// encode returns a method frame's payload. It panics, by a type assertion, on
// a field of the wrong type: that is a fault of the test.
func (all layouts) encode(name string, given args) []byte {
	l, known := all.named[name]
	out := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, l.class), l.method)
	bits := -1 // index of the octet that takes bits
	shift := 0
	used := 0
	for _, f := range l.fields {
		value, ok := given[f.name]
		if ok {
			used++
		}
		if f.kind != 'b' {
			bits = -1
			out = encodeField(out, f.kind, value)
			continue
		}
		if bits < 0 {
			out = append(out, 0)
			bits, shift = len(out)-1, 0
		}
		if set, _ := value.(bool); set {
			out[bits] |= 1 << shift
		}
		shift++
	}
	if !known || used != len(given) {
		return []byte(fmt.Sprintf("no such method or field: %s %v", name, given))
	}
	return out
}

func encodeField(out []byte, kind byte, value any) []byte {
	big := binary.BigEndian
	number := func() uint64 {
		switch n := value.(type) {
		case int:
			return uint64(n)
		case uint64:
			return n
		}
		return 0
	}
	switch kind {
	case 'o':
		return append(out, byte(number()))
	case 's':
		return big.AppendUint16(out, uint16(number()))
	case 'l':
		return big.AppendUint32(out, uint32(number()))
	case 'L':
		return big.AppendUint64(out, number())
	case 'S':
		s, _ := value.(string)
		return encodeShort(out, s)
	case 'X':
		s, _ := value.(string)
		return encodeLong(out, []byte(s))
	default: // 't'
		t, _ := value.(table)
		return encodeTable(out, t)
	}
}

// decode reads a method frame's payload.
func (all layouts) decode(payload []byte) (string, args) {
	r := &reader{rest: payload}
	class, method := r.short(), r.short()
	l, known := all.numbered[[2]uint16{class, method}]
	if !known {
		return fmt.Sprintf("unknown method %d.%d", class, method), nil
	}
	read := args{}
	var bits, mask byte
	for _, f := range l.fields {
		if f.kind != 'b' {
			mask = 0
			read[f.name] = r.field(f.kind)
			continue
		}
		if mask == 0 {
			bits, mask = r.octet(), 1
		}
		read[f.name] = bits&mask != 0
		mask <<= 1
	}
	if r.failed || len(r.rest) > 0 {
		return fmt.Sprintf("malformed %s % x", l.name, payload), nil
	}
	return l.name, read
}

func (r *reader) field(kind byte) any {
	switch kind {
	case 'o':
		return int(r.octet())
	case 's':
		return int(r.short())
	case 'l':
		return int(r.long())
	case 'L':
		return r.longlong()
	case 'S':
		return r.shortstr()
	case 'X':
		return string(r.longstr())
	default: // 't'
		return r.table()
	}
}
