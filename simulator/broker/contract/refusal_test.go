package contract_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
)

// step is a method on channel 1 that the broker answers with its ok.
type step struct {
	method string
	args   args
}

// refusal is a method on channel 1 and the one answer to it, after steps that
// make ready. An answer that is no close is said to be so in the name.
type refusal struct {
	name   string
	ready  []step
	method string
	args   args
	answer string
}

// refused runs each case on a connection of its own, and after the answer looks
// whether what was to survive it did: the connection, if a channel was closed.
func refused(t *testing.T, b *brokertest.Broker, cases []refusal) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			w := open(t, b)
			for _, s := range c.ready {
				w.call(1, s.method, s.args, s.method+"-ok")
			}
			w.send(1, c.method, c.args)
			answer := w.answer()
			g.Expect(answer).To(Equal(c.answer))
			switch {
			case strings.HasPrefix(answer, "channel.close "):
				w.reopen()
			case strings.HasPrefix(answer, "connection.close "):
				w.send(0, "connection.close-ok", nil)
				g.Expect(w.answer()).To(Equal("closed"))
			default:
				g.Expect(w.quiet()).To(BeEmpty())
			}
		})
	}
}

const locked = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '%s' in vhost 'V'. " +
	"It could be originally declared on another connection or the exclusive property value " +
	"does not match that of the original declaration."

func TestWhatIsNotThere(t *testing.T) {
	have := []step{{"queue.declare", args{"queue": "have"}}}
	refused(t, newBroker(t), []refusal{
		{"a queue declared passively", nil, "queue.declare", args{"queue": "none", "passive": true},
			"channel.close 404 (50,10) NOT_FOUND - no queue 'none' in vhost 'V'"},
		{"an exchange declared passively", nil, "exchange.declare", args{"exchange": "none", "passive": true},
			"channel.close 404 (40,10) NOT_FOUND - no exchange 'none' in vhost 'V'"},
		{"a queue to get from", nil, "basic.get", args{"queue": "none"},
			"channel.close 404 (60,70) NOT_FOUND - no queue 'none' in vhost 'V'"},
		{"a queue to consume", nil, "basic.consume", args{"queue": "none"},
			"channel.close 404 (60,20) NOT_FOUND - no queue 'none' in vhost 'V'"},
		{"a queue to bind", nil, "queue.bind", args{"queue": "none", "exchange": "amq.direct"},
			"channel.close 404 (50,20) NOT_FOUND - no queue 'none' in vhost 'V'"},
		{"an exchange to bind a queue to", have, "queue.bind", args{"queue": "have", "exchange": "none"},
			"channel.close 404 (50,20) NOT_FOUND - no exchange 'none' in vhost 'V'"},
		{"of two to bind the exchange is named", nil, "queue.bind", args{"queue": "no-queue", "exchange": "none"},
			"channel.close 404 (50,20) NOT_FOUND - no exchange 'none' in vhost 'V'"},
		{"the source of an exchange's binding", nil, "exchange.bind", args{"destination": "amq.direct", "source": "none"},
			"channel.close 404 (40,30) NOT_FOUND - no exchange 'none' in vhost 'V'"},
		{"the destination of an exchange's binding", nil, "exchange.bind", args{"destination": "none", "source": "amq.direct"},
			"channel.close 404 (40,30) NOT_FOUND - no exchange 'none' in vhost 'V'"},
		{"a queue to purge", nil, "queue.purge", args{"queue": "none"},
			"channel.close 404 (50,30) NOT_FOUND - no queue 'none' in vhost 'V'"},
		{"a text of more than 255 octets is cut", nil, "basic.get", args{"queue": strings.Repeat("x", 255)},
			"channel.close 404 (60,70) NOT_FOUND - no queue '" + strings.Repeat("x", 230) + "..."},
		{"unbinding from an exchange that is not there is no error", have, "queue.unbind",
			args{"queue": "have", "exchange": "none"}, "queue.unbind-ok"},
		{"unbinding a queue that is not there is no error", nil, "queue.unbind",
			args{"queue": "none", "exchange": "amq.direct"}, "queue.unbind-ok"},
		{"removing a binding that is not there is no error", have, "queue.unbind",
			args{"queue": "have", "exchange": "amq.direct", "routing-key": "none"}, "queue.unbind-ok"},
		{"removing a binding of exchanges that is not there is no error", nil, "exchange.unbind",
			args{"destination": "amq.direct", "source": "amq.fanout"}, "exchange.unbind-ok"},
		{"deleting a queue that is not there is no error", nil, "queue.delete",
			args{"queue": "none"}, "queue.delete-ok"},
		{"deleting an exchange that is not there is no error", nil, "exchange.delete",
			args{"exchange": "none"}, "exchange.delete-ok"},
	})
}

func TestNoQueueDeclaredBefore(t *testing.T) {
	broker := newBroker(t)
	var cases []refusal
	for method, class := range map[string]string{
		"basic.get": "60,70", "basic.consume": "60,20", "queue.bind": "50,20", "queue.unbind": "50,50",
		"queue.purge": "50,30", "queue.delete": "50,40",
	} {
		given := args{}
		if strings.HasSuffix(method, "bind") {
			given["exchange"] = "amq.direct"
		}
		cases = append(cases, refusal{method + " of an empty name is refused", nil, method, given,
			"channel.close 404 (" + class + ") NOT_FOUND - no previously declared queue"})
	}
	refused(t, broker, cases)
}

func TestReservedNames(t *testing.T) {
	const default403 = "ACCESS_REFUSED - operation not permitted on the default exchange"
	have := []step{{"queue.declare", args{"queue": "have"}}}
	refused(t, newBroker(t), []refusal{
		{"a queue amq.mine", nil, "queue.declare", args{"queue": "amq.mine"},
			"channel.close 403 (50,10) ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'"},
		{"a queue amq.mine looked for passively is only not there", nil, "queue.declare", args{"queue": "amq.mine", "passive": true},
			"channel.close 404 (50,10) NOT_FOUND - no queue 'amq.mine' in vhost 'V'"},
		{"an exchange amq.mine", nil, "exchange.declare", args{"exchange": "amq.mine", "type": "direct"},
			"channel.close 403 (40,10) ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"},
		{"amq.direct may be declared as it is", nil, "exchange.declare",
			args{"exchange": "amq.direct", "type": "direct", "durable": true}, "exchange.declare-ok"},
		{"amq.direct may not be deleted", nil, "exchange.delete", args{"exchange": "amq.direct"},
			"channel.close 403 (40,20) ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost 'V' not allowed"},
		{"the default exchange may not be declared", nil, "exchange.declare", args{"type": "direct"},
			"channel.close 403 (40,10) " + default403},
		{"the default exchange may not be declared passively", nil, "exchange.declare", args{"passive": true},
			"channel.close 403 (40,10) " + default403},
		{"the default exchange may not be deleted", nil, "exchange.delete", nil,
			"channel.close 403 (40,20) " + default403},
		{"no queue is bound to the default exchange", have, "queue.bind", args{"queue": "have", "routing-key": "k"},
			"channel.close 403 (50,20) " + default403},
		{"no queue is unbound from the default exchange", have, "queue.unbind", args{"queue": "have", "routing-key": "have"},
			"channel.close 403 (50,50) " + default403},
		{"the default exchange is no source", nil, "exchange.bind", args{"destination": "amq.direct"},
			"channel.close 403 (40,30) " + default403},
		{"the default exchange is no destination", nil, "exchange.bind", args{"source": "amq.direct"},
			"channel.close 403 (40,30) " + default403},
		{"an unknown type of exchange", nil, "exchange.declare", args{"exchange": "e", "type": "nonsense"},
			"connection.close 503 (40,10) COMMAND_INVALID - unknown exchange type 'nonsense'"},
		{"an exchange without a type", nil, "exchange.declare", args{"exchange": "e"},
			"connection.close 503 (40,10) COMMAND_INVALID - invalid exchange type ''"},
	})
}

func TestMethodsRefused(t *testing.T) {
	busy := []step{
		{"queue.declare", args{"queue": "busy"}}, {"basic.consume", args{"queue": "busy", "consumer-tag": "first"}},
	}
	refused(t, newBroker(t), []refusal{
		{"a channel opened twice", nil, "channel.open", nil,
			"connection.close 504 (20,10) CHANNEL_ERROR - second 'channel.open' seen"},
		{"connection.open on a channel", nil, "connection.open", nil,
			"connection.close 503 (10,40) COMMAND_INVALID - unimplemented method"},
		{"channel.flow off", nil, "channel.flow", args{"active": false},
			"connection.close 540 (20,20) NOT_IMPLEMENTED - active=false"},
		{"channel.flow on is fine", nil, "channel.flow", args{"active": true}, "channel.flow-ok"},
		{"a close-ok that answers nothing", nil, "channel.close-ok", nil,
			"connection.close 503 (20,41) COMMAND_INVALID - unimplemented method"},
		{"a method that only brokers send", nil, "queue.declare-ok", nil,
			"connection.close 503 (50,11) COMMAND_INVALID - unimplemented method"},
		{"a prefetch in octets", nil, "basic.qos", args{"prefetch-size": 100},
			"connection.close 540 (60,10) NOT_IMPLEMENTED - prefetch_size!=0 (100)"},
		{"recover without requeue", nil, "basic.recover", args{"requeue": false},
			"connection.close 540 (60,110) NOT_IMPLEMENTED - requeue=false"},
		{"a consumer tag used twice", busy, "basic.consume", args{"queue": "busy", "consumer-tag": "first"},
			"connection.close 530 (60,20) NOT_ALLOWED - attempt to reuse consumer tag 'first'"},
		{"an exclusive consumer beside another", busy, "basic.consume", args{"queue": "busy", "exclusive": true},
			"channel.close 403 (60,20) ACCESS_REFUSED - queue 'busy' in vhost 'V' in exclusive use"},
		{"a consumer's priority that is no number", busy, "basic.consume",
			args{"queue": "busy", "arguments": pairs("x-priority", "high")},
			"channel.close 406 (60,20) PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'busy' in vhost 'V': " +
				`"expected integer, got longstr"`},
		{"an unknown delivery tag acknowledged", nil, "basic.ack", args{"delivery-tag": 99},
			"channel.close 406 (60,80) PRECONDITION_FAILED - unknown delivery tag 99"},
		{"an unknown delivery tag rejected", nil, "basic.reject", args{"delivery-tag": 99},
			"channel.close 406 (60,90) PRECONDITION_FAILED - unknown delivery tag 99"},
		{"an unknown delivery tag nacked", nil, "basic.nack", args{"delivery-tag": 99},
			"channel.close 406 (60,120) PRECONDITION_FAILED - unknown delivery tag 99"},
		{"delivery tag 0 alone", nil, "basic.ack", args{"delivery-tag": 0},
			"channel.close 406 (60,80) PRECONDITION_FAILED - unknown delivery tag 0"},
		{"tags up to one that was never given", nil, "basic.ack", args{"delivery-tag": 5, "multiple": true},
			"channel.close 406 (60,80) PRECONDITION_FAILED - unknown delivery tag 5"},
		{"tx.select after confirm.select", []step{{"confirm.select", nil}}, "tx.select", nil,
			"channel.close 406 (90,10) PRECONDITION_FAILED - cannot switch from confirm to tx mode"},
		{"confirm.select after tx.select", []step{{"tx.select", nil}}, "confirm.select", nil,
			"channel.close 406 (85,10) PRECONDITION_FAILED - cannot switch from tx to confirm mode"},
		{"tx.commit without tx", nil, "tx.commit", nil,
			"channel.close 406 (90,20) PRECONDITION_FAILED - channel is not transactional"},
		{"tx.rollback without tx", nil, "tx.rollback", nil,
			"channel.close 406 (90,30) PRECONDITION_FAILED - channel is not transactional"},
		{"tx.select twice is fine", []step{{"tx.select", nil}}, "tx.select", nil, "tx.select-ok"},
		{"confirm.select twice is fine", []step{{"confirm.select", nil}}, "confirm.select", nil, "confirm.select-ok"},
		{"deleting a queue in use, if unused", busy, "queue.delete", args{"queue": "busy", "if-unused": true},
			"channel.close 406 (50,40) PRECONDITION_FAILED - queue 'busy' in vhost 'V' in use"},
	})
}
