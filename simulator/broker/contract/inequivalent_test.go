package contract_test

import (
	"fmt"
	"maps"
	"testing"

	. "github.com/onsi/gomega"
)

// Declaring again what is there with other properties or arguments.

// again declares the same name twice: the answer to the second.
func again(name, method string, first, second args, answer string) refusal {
	of := "queue"
	if method == "exchange.declare" {
		of = "exchange"
	}
	named := func(given args) args {
		all := args{of: "same"}
		maps.Copy(all, given)
		return all
	}
	return refusal{name, []step{
		{of + ".delete", args{of: "same"}}, {method, named(first)},
	}, method, named(second), answer}
}

func TestQueueDeclaredAgain(t *testing.T) {
	const inequivalent = "channel.close 406 (50,10) PRECONDITION_FAILED - inequivalent arg '%s' for queue 'same' in vhost 'V': %s"
	property := func(name string, first bool) refusal {
		received, current := "true", "false"
		if first {
			received, current = current, received
		}
		wire := map[string]string{"durable": "durable", "auto-delete": "auto_delete"}[name]
		return again(fmt.Sprintf("%s was %s", name, current), "queue.declare", args{name: first}, args{name: !first},
			fmt.Sprintf(inequivalent, wire, fmt.Sprintf("received '%s' but current is '%s'", received, current)))
	}
	lock := "channel.close 405 (50,10) " + fmt.Sprintf(locked, "same")
	with := func(arguments table) args { return args{"durable": true, "arguments": arguments} }
	cases := []refusal{
		property("durable", true), property("durable", false),
		property("auto-delete", true), property("auto-delete", false),
		again("exclusive was false", "queue.declare", nil, args{"exclusive": true}, lock),
		again("exclusive was true", "queue.declare", args{"exclusive": true}, nil, lock),
		again("the same again is fine", "queue.declare", with(pairs("x-message-ttl", 1000)), with(pairs("x-message-ttl", 1000)),
			"queue.declare-ok"),
		again("a number in another width is the same", "queue.declare", with(pairs("x-message-ttl", 1000)),
			with(pairs("x-message-ttl", int64(1000))), "queue.declare-ok"),
		again("arguments in another order are the same", "queue.declare", with(pairs("x-message-ttl", 1000, "x-max-length", 5)),
			with(pairs("x-max-length", 5, "x-message-ttl", 1000)), "queue.declare-ok"),
		again("arguments that nobody knows are not compared", "queue.declare", with(pairs("x-nonsense", 1)),
			with(pairs("x-nonsense", 2)), "queue.declare-ok"),
		again("classic is the type that is not named", "queue.declare", with(nil), with(pairs("x-queue-type", "classic")),
			"queue.declare-ok"),
		again("passively nothing is compared", "queue.declare", with(pairs("x-message-ttl", 1000)),
			args{"passive": true, "auto-delete": true, "arguments": pairs("x-message-ttl", 5)}, "queue.declare-ok"),
		again("properties are compared before arguments", "queue.declare", args{"arguments": pairs("x-message-ttl", 1)},
			with(pairs("x-message-ttl", 2)),
			fmt.Sprintf(inequivalent, "durable", "received 'true' but current is 'false'")),
		again("a quorum queue is no classic one", "queue.declare", with(pairs("x-queue-type", "quorum")), with(nil),
			fmt.Sprintf(inequivalent, "x-queue-type", "received none but current is the value 'quorum' of type 'longstr'")),
		again("a classic queue is no quorum queue", "queue.declare", with(nil), with(pairs("x-queue-type", "quorum")),
			fmt.Sprintf(inequivalent, "x-queue-type", "received the value 'quorum' of type 'longstr' but current is none")),
	}
	for _, argument := range []struct {
		name        string
		first, then any
		kind        string
	}{
		{"x-message-ttl", 1000, 2000, "signedint"},
		{"x-expires", 60000, 70000, "signedint"},
		{"x-max-length", 10, 20, "signedint"},
		{"x-max-length-bytes", 10, 20, "signedint"},
		{"x-overflow", "drop-head", "reject-publish", "longstr"},
		{"x-max-priority", 5, 6, "signedint"},
		{"x-dead-letter-exchange", "a", "b", "longstr"},
		{"x-single-active-consumer", true, false, "bool"},
		{"x-queue-mode", "default", "lazy", "longstr"},
	} {
		one := with(pairs(argument.name, argument.first))
		value := fmt.Sprintf("the value '%v' of type '%s'", argument.first, argument.kind)
		cases = append(cases,
			again(argument.name+" changed", "queue.declare", one, with(pairs(argument.name, argument.then)),
				fmt.Sprintf(inequivalent, argument.name, fmt.Sprintf("received '%v' but current is '%v'", argument.then, argument.first))),
			again(argument.name+" gone", "queue.declare", one, with(nil),
				fmt.Sprintf(inequivalent, argument.name, "received none but current is "+value)),
			again(argument.name+" new", "queue.declare", with(nil), one,
				fmt.Sprintf(inequivalent, argument.name, "received "+value+" but current is none")),
		)
	}
	refused(t, newBroker(t), cases)
}

func TestExchangeDeclaredAgain(t *testing.T) {
	const inequivalent = "channel.close 406 (40,10) PRECONDITION_FAILED - inequivalent arg '%s' for exchange 'same' in vhost 'V': %s"
	direct := args{"type": "direct"}
	alternate := args{"type": "direct", "arguments": pairs("alternate-exchange", "a")}
	cases := []refusal{
		again("the same again is fine", "exchange.declare", alternate, alternate, "exchange.declare-ok"),
		again("passively nothing is compared, not even the type", "exchange.declare", direct,
			args{"type": "nonsense", "passive": true, "durable": true}, "exchange.declare-ok"),
		again("another type", "exchange.declare", args{"type": "direct"}, args{"type": "fanout"},
			fmt.Sprintf(inequivalent, "type", "received 'fanout' but current is 'direct'")),
		again("another alternate-exchange", "exchange.declare", alternate,
			args{"type": "direct", "arguments": pairs("alternate-exchange", "b")},
			fmt.Sprintf(inequivalent, "alternate-exchange", "received 'b' but current is 'a'")),
		again("no alternate-exchange any more", "exchange.declare", alternate, direct,
			fmt.Sprintf(inequivalent, "alternate-exchange", "received none but current is the value 'a' of type 'longstr'")),
	}
	for property, wire := range map[string]string{"durable": "durable", "auto-delete": "auto_delete", "internal": "internal"} {
		cases = append(cases, again(property+" changed", "exchange.declare", direct, args{"type": "direct", property: true},
			fmt.Sprintf(inequivalent, wire, "received 'true' but current is 'false'")))
	}
	refused(t, newBroker(t), cases)
}

func TestExclusiveQueues(t *testing.T) {
	broker := newBroker(t)
	owner := open(t, broker)
	owner.call(1, "queue.declare", args{"queue": "mine", "exclusive": true}, "queue.declare-ok")
	lock := fmt.Sprintf(locked, "mine")
	refused(t, broker, []refusal{
		{"may not be declared by another connection", nil, "queue.declare", args{"queue": "mine", "exclusive": true},
			"channel.close 405 (50,10) " + lock},
		{"may not be looked for by another connection", nil, "queue.declare", args{"queue": "mine", "passive": true},
			"channel.close 405 (50,10) " + lock},
		{"may not be read by another connection", nil, "basic.get", args{"queue": "mine"}, "channel.close 405 (60,70) " + lock},
		{"may not be consumed by another connection", nil, "basic.consume", args{"queue": "mine"}, "channel.close 405 (60,20) " + lock},
		{"may not be bound by another connection", nil, "queue.bind", args{"queue": "mine", "exchange": "amq.direct"},
			"channel.close 405 (50,20) " + lock},
		{"may not be purged by another connection", nil, "queue.purge", args{"queue": "mine"}, "channel.close 405 (50,30) " + lock},
		{"may not be deleted by another connection", nil, "queue.delete", args{"queue": "mine"}, "channel.close 405 (50,40) " + lock},
	})
	t.Run("take messages from another connection", func(t *testing.T) {
		g, owner := NewWithT(t), owner.in(t)
		other := open(t, broker)
		other.call(1, "confirm.select", nil, "confirm.select-ok")
		other.publish("mine", nil, "from another")
		other.want(1, "basic.ack")
		g.Expect(owner.get(1, "mine").body).To(Equal("from another"))
	})
	t.Run("are the same for every channel of their connection", func(t *testing.T) {
		owner.in(t).call(2, "channel.open", nil, "channel.open-ok")
		owner.call(2, "queue.declare", args{"queue": "mine", "exclusive": true}, "queue.declare-ok")
	})
	t.Run("go with their connection", func(t *testing.T) {
		g := NewWithT(t)
		owner.in(t).call(0, "connection.close", args{"reply-code": 200}, "connection.close-ok")
		g.Eventually(func() string {
			other := open(t, broker)
			other.send(1, "queue.declare", args{"queue": "mine", "passive": true})
			return other.answer()
		}).WithTimeout(patience).Should(Equal("channel.close 404 (50,10) NOT_FOUND - no queue 'mine' in vhost 'V'"))
	})
}
