package vhost

import "github.com/kazoolab/kazoolab/simulator/broker/wire"

// Direct reply-to: a client consumes from a queue that does not exist, names it
// in reply-to, and has the answers sent to its channel without a queue.
const (
	replyQueue  = "amq.rabbitmq.reply-to"
	replyPrefix = replyQueue + "."
)

func (c *Channel) consumeReplies(spec ConsumeSpec, started func(tag string)) *wire.Error {
	switch {
	case c.replies != nil:
		return wire.Errorf(wire.PreconditionFailed, "reply consumer already set")
	case !spec.NoAck:
		return wire.Errorf(wire.PreconditionFailed, "reply consumer cannot acknowledge")
	}
	consumer := &Consumer{tag: spec.Tag, channel: c, noAck: true, token: c.vhost.token()}
	c.consumers[spec.Tag], c.replies = consumer, consumer
	c.vhost.replies[consumer.token] = consumer
	started(spec.Tag)
	return nil
}

// replyStatus is what a declaration of the pseudo-queue, or of an address in it,
// answers.
func replyStatus(name string) QueueStatus { return QueueStatus{Name: name, Consumers: 1} }

// AnswerTo replaces the name of the pseudo-queue in reply-to by an address that
// leads to the channel's consumer. The message is to be published by this channel.
func (c *Channel) AnswerTo(m *Message) (*Message, *wire.Error) {
	c.vhost.mu.Lock()
	defer c.vhost.mu.Unlock()
	if c.replies == nil {
		return nil, wire.Errorf(wire.PreconditionFailed, "fast reply consumer does not exist")
	}
	address := replyPrefix + c.replies.token
	return m.with(func(p *wire.Properties) { p.ReplyTo = []byte(address) }), nil
}

// NamesReplyQueue reports whether reply-to asks for AnswerTo.
func NamesReplyQueue(replyTo []byte) bool { return string(replyTo) == replyQueue }

// reachReply finds the consumer that a routing key of the default exchange is the
// address of.
func (v *Vhost) reachReply(key string) {
	if len(key) <= len(replyPrefix) || key[:len(replyPrefix)] != replyPrefix {
		return
	}
	if c := v.replies[key[len(replyPrefix):]]; c != nil {
		v.found.replies = append(v.found.replies, c)
	}
}

// reply delivers an answer. Like every answer of this kind it is lost when the
// requester does not read at all. The tag, which nobody acknowledges, is not counted.
func (c *Consumer) reply(m *Message) {
	outlet := c.channel.session.outlet
	if outlet.Overflows() {
		return
	}
	outlet.Deliver(Delivery{Channel: c.channel.number, ConsumerTag: c.tag, Tag: c.channel.tag + 1, Message: m})
}
