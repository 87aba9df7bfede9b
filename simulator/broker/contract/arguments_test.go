package contract_test

import (
	"fmt"
	"strings"
	"testing"
)

// What a queue's and an exchange's arguments may be.

// declaring is a refusal, or not, of a durable queue with arguments.
func declaring(name string, arguments table, answer string) refusal {
	queue := fmt.Sprintf("q-%s", strings.Map(letters, name))
	return refusal{name, nil, "queue.declare", args{"queue": queue, "durable": true, "arguments": arguments},
		strings.ReplaceAll(answer, "NAME", queue)}
}

// letters makes a queue's name of a sentence.
func letters(r rune) rune {
	if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
		return r
	}
	return '-'
}

const invalid = "channel.close 406 (50,10) PRECONDITION_FAILED - invalid arg "

func TestArgumentsThatAreNumbers(t *testing.T) {
	var cases []refusal
	for _, name := range []string{"x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-max-priority"} {
		invalid := invalid + "'" + name + "' for queue 'NAME' in vhost 'V': "
		cases = append(cases,
			declaring(name+" may not be negative", pairs(name, -1), invalid+"{value_negative,-1}"),
			declaring(name+" may not be a string", pairs(name, "10"), invalid+`"expected integer, got longstr"`),
			declaring(name+" may be an integer of any width",
				pairs(name, verbatim("\x62\x05")), "queue.declare-ok"),
		)
	}
	const ttl = invalid + "'x-message-ttl' for queue 'NAME' in vhost 'V': "
	const priority = invalid + "'x-max-priority' for queue 'NAME' in vhost 'V': "
	cases = append(cases,
		declaring("x-message-ttl may not be a bool", pairs("x-message-ttl", true), ttl+`"expected integer, got bool"`),
		declaring("x-message-ttl may not be a double", pairs("x-message-ttl", 1.5), ttl+`"expected integer, got double"`),
		declaring("x-message-ttl may not be void", pairs("x-message-ttl", nil), ttl+`"expected integer, got void"`),
		declaring("x-message-ttl may not be a table", pairs("x-message-ttl", table{}), ttl+`"expected integer, got table"`),
		declaring("x-message-ttl may not be a timestamp", pairs("x-message-ttl", timestamp(5)), ttl+`"expected integer, got timestamp"`),
		declaring("x-message-ttl may not be a decimal", pairs("x-message-ttl", decimal{0, 5}), ttl+`"expected integer, got decimal"`),
		declaring("x-message-ttl may be 0", pairs("x-message-ttl", 0), "queue.declare-ok"),
		declaring("x-message-ttl may be 2^32", pairs("x-message-ttl", int64(1)<<32), "queue.declare-ok"),
		declaring("x-message-ttl may not be 2^63-1", pairs("x-message-ttl", int64(1<<63-1)), ttl+"{value_too_large,9223372036854775807}"),
		declaring("x-expires may not be 0", pairs("x-expires", 0),
			invalid+"'x-expires' for queue 'NAME' in vhost 'V': {value_zero,0}"),
		declaring("x-max-length may be 0", pairs("x-max-length", 0), "queue.declare-ok"),
		declaring("x-max-length may be 2^63-1", pairs("x-max-length", int64(1<<63-1)), "queue.declare-ok"),
		declaring("x-max-priority may be 255", pairs("x-max-priority", 255), "queue.declare-ok"),
		declaring("x-max-priority may not be 256", pairs("x-max-priority", 256), priority+"{max_value_exceeded,256}"),
	)
	refused(t, newBroker(t), cases)
}

func TestArgumentsThatAreWords(t *testing.T) {
	of := func(name string) string { return invalid + "'" + name + "' for queue 'NAME' in vhost 'V': " }
	refused(t, newBroker(t), []refusal{
		declaring("x-overflow drop-head", pairs("x-overflow", "drop-head"), "queue.declare-ok"),
		declaring("x-overflow reject-publish", pairs("x-overflow", "reject-publish"), "queue.declare-ok"),
		declaring("x-overflow reject-publish-dlx", pairs("x-overflow", "reject-publish-dlx"), "queue.declare-ok"),
		declaring("no other x-overflow", pairs("x-overflow", "nonsense"), of("x-overflow")+"invalid_overflow"),
		declaring("x-overflow may not be a number", pairs("x-overflow", 1), of("x-overflow")+"{unacceptable_type,signedint}"),
		declaring("x-dead-letter-exchange may be missing or the default one", pairs("x-dead-letter-exchange", ""), "queue.declare-ok"),
		declaring("x-dead-letter-exchange may not be a number", pairs("x-dead-letter-exchange", 1),
			"channel.close 406 (50,10) PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'NAME' in vhost 'V'"),
		declaring("x-dead-letter-routing-key needs an exchange", pairs("x-dead-letter-routing-key", "k"),
			of("x-dead-letter-routing-key")+"routing_key_but_no_dlx_defined"),
		declaring("x-dead-letter-routing-key may not be a bool", pairs("x-dead-letter-exchange", "", "x-dead-letter-routing-key", true),
			of("x-dead-letter-routing-key")+"{unacceptable_type,bool}"),
		declaring("x-single-active-consumer is a bool", pairs("x-single-active-consumer", true), "queue.declare-ok"),
		declaring("x-single-active-consumer may not be a string", pairs("x-single-active-consumer", "true"),
			of("x-single-active-consumer")+"{unacceptable_type,longstr}"),
		declaring("x-queue-type classic", pairs("x-queue-type", "classic"), "queue.declare-ok"),
		declaring("no other x-queue-type", pairs("x-queue-type", "nonsense"),
			of("x-queue-type")+`"unsupported queue type 'nonsense'"`),
		declaring("x-queue-type may not be a number", pairs("x-queue-type", 1), of("x-queue-type")+"{unacceptable_type,signedint}"),
		declaring("x-queue-mode lazy", pairs("x-queue-mode", "lazy"), "queue.declare-ok"),
		declaring("no other x-queue-mode", pairs("x-queue-mode", "nonsense"),
			of("x-queue-mode")+`"unsupported queue mode 'nonsense'"`),
		declaring("arguments that nobody knows are taken", pairs("x-nonsense", 1, "nonsense", "x"), "queue.declare-ok"),
		declaring("x-delivery-limit is not for classic queues", pairs("x-delivery-limit", 5),
			invalid+"'x-delivery-limit' for queue 'NAME' in vhost 'V' of queue type rabbit_classic_queue"),
	})
}

func TestArgumentsOfQuorumQueues(t *testing.T) {
	quorum := func(name string, more table, answer string) refusal {
		return declaring(name, append(pairs("x-queue-type", "quorum"), more...), answer)
	}
	unfit := func(name string) string {
		return invalid + "'" + name + "' for queue 'NAME' in vhost 'V' of queue type rabbit_quorum_queue"
	}
	property := func(name, property, answer string) refusal {
		given := args{"queue": "q", "durable": true, "arguments": pairs("x-queue-type", "quorum")}
		given[property] = property != "durable"
		return refusal{name, nil, "queue.declare", given, answer}
	}
	const refusedProperty = "channel.close 406 (50,10) PRECONDITION_FAILED - invalid property "
	refused(t, newBroker(t), []refusal{
		quorum("a quorum queue", nil, "queue.declare-ok"),
		property("a quorum queue is durable", "durable", refusedProperty+"'non-durable' for queue 'q' in vhost 'V'"),
		property("a quorum queue is not exclusive", "exclusive", refusedProperty+"'exclusive-owner' for queue 'q' in vhost 'V'"),
		property("a quorum queue is not auto-delete", "auto-delete", refusedProperty+"'auto-delete' for queue 'q' in vhost 'V'"),
		{"a quorum queue has a name", nil, "queue.declare",
			args{"durable": true, "arguments": pairs("x-queue-type", "quorum")},
			"channel.close 406 (50,10) PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue"},
		quorum("a quorum queue has no x-max-priority", pairs("x-max-priority", 5), unfit("x-max-priority")),
		quorum("a quorum queue has no x-queue-mode", pairs("x-queue-mode", "lazy"), unfit("x-queue-mode")),
		quorum("a quorum queue has x-delivery-limit", pairs("x-delivery-limit", 5), "queue.declare-ok"),
		quorum("a quorum queue has a TTL, an expiry and lengths",
			pairs("x-message-ttl", 60000, "x-expires", 60000, "x-max-length", 5, "x-max-length-bytes", 500), "queue.declare-ok"),
		quorum("a quorum queue has reject-publish", pairs("x-overflow", "reject-publish"), "queue.declare-ok"),
		quorum("a quorum queue has no nonsense for x-overflow", pairs("x-overflow", "nonsense"),
			invalid+"'x-overflow' for queue 'NAME' in vhost 'V': invalid_overflow"),
		{"a quorum queue is not consumed under a prefetch for the channel",
			[]step{
				{"queue.declare", args{"queue": "global", "durable": true, "arguments": pairs("x-queue-type", "quorum")}},
				{"basic.qos", args{"prefetch-count": 5, "global": true}},
			},
			"basic.consume", args{"queue": "global"},
			"connection.close 540 (60,20) NOT_IMPLEMENTED - queue 'global' in vhost 'V' does not support global qos"},
	})
}

func TestArgumentsOfExchanges(t *testing.T) {
	declare := func(name, kind string, arguments table, answer string) refusal {
		return refusal{name, nil, "exchange.declare", args{
			"exchange": "e-" + strings.Map(letters, name), "type": kind, "durable": true, "arguments": arguments,
		}, strings.ReplaceAll(answer, "NAME", "e-"+strings.Map(letters, name))}
	}
	bind := func(name, exchange, key string, arguments table, answer string) refusal {
		return refusal{name, []step{
			{"queue.declare", args{"queue": "bound"}},
			{"exchange.declare", args{"exchange": "hash", "type": "x-consistent-hash"}},
		}, "queue.bind", args{"queue": "bound", "exchange": exchange, "routing-key": key, "arguments": arguments}, answer}
	}
	const hash = "x-consistent-hash"
	refused(t, newBroker(t), []refusal{
		declare("alternate-exchange may be missing", "direct", pairs("alternate-exchange", "nowhere"), "exchange.declare-ok"),
		declare("alternate-exchange may not be a number", "direct", pairs("alternate-exchange", 1),
			"channel.close 406 (40,10) PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'NAME' in vhost 'V'"),
		declare("hash-header and hash-property exclude each other", hash, pairs("hash-header", "h", "hash-property", "message_id"),
			"channel.close 406 (40,10) PRECONDITION_FAILED - hash-header and hash-property are mutually exclusive"),
		declare("hash-property knows three properties", hash, pairs("hash-property", "reply_to"),
			"channel.close 406 (40,10) PRECONDITION_FAILED - Unsupported property: reply_to"),
		declare("hash-property correlation_id", hash, pairs("hash-property", "correlation_id"), "exchange.declare-ok"),
		declare("hash-property timestamp", hash, pairs("hash-property", "timestamp"), "exchange.declare-ok"),
		bind("a weight is greater than 0", "hash", "0", nil,
			"channel.close 406 (50,20) PRECONDITION_FAILED - The binding key must be greater than 0"),
		bind("a weight is an integer", "hash", "1.5", nil,
			`channel.close 406 (50,20) PRECONDITION_FAILED - The binding key must be an integer: <<"1.5">>`),
		bind("a weight is not empty", "hash", "", nil,
			"channel.close 406 (50,20) PRECONDITION_FAILED - The binding key must be an integer: <<>>"),
		bind("x-match has four values", "amq.headers", "", pairs("x-match", "nonsense"),
			`channel.close 406 (50,20) PRECONDITION_FAILED - Invalid x-match field value <<"nonsense">>; expected all, any, all-with-x, or any-with-x`),
		bind("x-match is a string", "amq.headers", "", pairs("x-match", 1),
			"channel.close 406 (50,20) PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected longstr"),
	})
}
