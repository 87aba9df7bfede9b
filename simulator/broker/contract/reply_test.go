package contract_test

import (
	"testing"

	. "github.com/onsi/gomega"
)

// Direct reply-to: answers without a queue.

const replyTo = "amq.rabbitmq.reply-to"

func TestReplyToRefused(t *testing.T) {
	listening := []step{{"basic.consume", args{"queue": replyTo, "no-ack": true}}}
	broker := newBroker(t)
	refused(t, broker, []refusal{
		{"a consumer that acknowledges", nil, "basic.consume", args{"queue": replyTo},
			"channel.close 406 (60,20) PRECONDITION_FAILED - reply consumer cannot acknowledge"},
		{"a second consumer on the channel", listening, "basic.consume", args{"queue": replyTo, "no-ack": true},
			"channel.close 406 (60,20) PRECONDITION_FAILED - reply consumer already set"},
		{"reading by get", listening, "basic.get", args{"queue": replyTo},
			"channel.close 404 (60,70) NOT_FOUND - no queue 'amq.rabbitmq.reply-to' in vhost 'V'"},
		{"a declaration is fine", nil, "queue.declare", args{"queue": replyTo, "passive": true}, "queue.declare-ok"},
		{"a name that nobody made", nil, "queue.declare", args{"queue": replyTo + ".nonsense", "passive": true},
			"channel.close 404 (50,10) NOT_FOUND - no queue 'amq.rabbitmq.reply-to.nonsense' in vhost 'V'"},
	})
	t.Run("a request without a consumer for its answer", func(t *testing.T) {
		w := open(t, broker)
		w.publish("anywhere", args{"reply-to": replyTo}, "request")
		NewWithT(t).Expect(w.answer()).To(Equal(
			"channel.close 406 (60,40) PRECONDITION_FAILED - fast reply consumer does not exist"))
	})
}

func TestReplyTo(t *testing.T) {
	l := newLab(t)
	l.queue("requests")
	// request sends one and returns the name that the receiver is to answer to.
	request := func(t *testing.T) (client, server *wire, name string) {
		t.Helper()
		client, server = open(t, l.broker), open(t, l.broker)
		client.call(1, "basic.consume", args{"queue": replyTo, "no-ack": true, "consumer-tag": "answers"}, "basic.consume-ok")
		client.publish("requests", args{"reply-to": replyTo, "correlation-id": "1"}, "request")
		name, _ = server.soonGet("requests", true).given["reply-to"].(string)
		return client, server, name
	}
	t.Run("the request has a name of its own to answer to", func(t *testing.T) {
		_, _, name := request(t)
		NewWithT(t).Expect(name).To(HavePrefix(replyTo + "."))
	})
	t.Run("an answer comes to the consumer", func(t *testing.T) {
		g := NewWithT(t)
		client, server, name := request(t)
		server.publish(name, args{"correlation-id": "1"}, "answer")
		answer := client.message(1, "basic.deliver")
		g.Expect(answer.args).To(Equal(args{
			"consumer-tag": "answers", "delivery-tag": uint64(1), "redelivered": false, "exchange": "", "routing-key": name,
		}))
		g.Expect(answer.given).To(Equal(args{"correlation-id": "1"}))
		g.Expect(answer.body).To(Equal("answer"))
	})
	t.Run("several answers come in order, all with the same tag", func(t *testing.T) {
		g := NewWithT(t)
		client, server, name := request(t)
		for _, body := range []string{"1", "2", "3"} {
			server.publish(name, nil, body)
		}
		for _, body := range []string{"1", "2", "3"} {
			answer := client.message(1, "basic.deliver")
			g.Expect(answer.body).To(Equal(body))
			g.Expect(answer.args["delivery-tag"]).To(Equal(uint64(1)))
		}
	})
	t.Run("an answer is confirmed", func(t *testing.T) {
		_, server, name := request(t)
		server.call(1, "confirm.select", nil, "confirm.select-ok")
		server.publish(name, nil, "answer")
		server.want(1, "basic.ack")
	})
	t.Run("the name can be looked for while the client listens", func(t *testing.T) {
		g := NewWithT(t)
		client, server, name := request(t)
		there := server.call(1, "queue.declare", args{"queue": name, "passive": true}, "queue.declare-ok")
		g.Expect(there).To(Equal(args{"queue": name, "message-count": 0, "consumer-count": 1}))
		client.call(1, "basic.cancel", args{"consumer-tag": "answers"}, "basic.cancel-ok")
		server.send(1, "queue.declare", args{"queue": name, "passive": true})
		g.Expect(server.answer()).To(HavePrefix("channel.close 404 (50,10) NOT_FOUND - no queue '"))
	})
	for name, leave := range map[string]func(client *wire){
		"an answer after the cancel is returned, if mandatory": func(client *wire) {
			client.call(1, "basic.cancel", args{"consumer-tag": "answers"}, "basic.cancel-ok")
		},
		"an answer after the channel is returned, if mandatory": func(client *wire) {
			client.call(1, "channel.close", args{"reply-code": 200}, "channel.close-ok")
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server, name := request(t)
			leave(client)
			server.write(server.content(args{"routing-key": name, "mandatory": true}, nil, "late"))
			NewWithT(t).Expect(server.message(1, "basic.return").body).To(Equal("late"))
		})
	}
	t.Run("a cancelled consumer may start again", func(t *testing.T) {
		g := NewWithT(t)
		client, server, _ := request(t)
		client.call(1, "basic.cancel", args{"consumer-tag": "answers"}, "basic.cancel-ok")
		client.call(1, "basic.consume", args{"queue": replyTo, "no-ack": true, "consumer-tag": "again"}, "basic.consume-ok")
		client.publish("requests", args{"reply-to": replyTo}, "request")
		name, _ := server.soonGet("requests", true).given["reply-to"].(string)
		server.publish(name, nil, "answer")
		g.Expect(client.message(1, "basic.deliver").args["consumer-tag"]).To(Equal("again"))
	})
	t.Run("a name that nobody made takes nothing", func(t *testing.T) {
		w := open(t, l.broker)
		w.write(w.content(args{"routing-key": replyTo + ".nonsense", "mandatory": true}, nil, "body"))
		w.message(1, "basic.return")
	})
	t.Run("other names in reply-to stay as they are", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, l.broker)
		w.publish("requests", args{"reply-to": "my.queue"}, "request")
		g.Expect(w.soonGet("requests", true).given["reply-to"]).To(Equal("my.queue"))
	})
}
