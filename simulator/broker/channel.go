package broker

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// channel is one channel of a connection, as its reader sees it.
type channel struct {
	*connection

	number  uint16
	model   *vhost.Channel
	closing bool // the broker has closed it and waits for close-ok

	content  content
	exchange string // that the last publish named: most name the same again

	mode      mode
	published uint64 // in confirm mode
	done      uint64 // of those, up to which they have their outcome
	confirmed uint64 // and up to which the client was told
}

// mode is what a channel does about publishes.
type mode int

const (
	plain mode = iota
	confirming
	transactional
)

// content is the publish that is coming in.
type content struct {
	awaits     byte // FrameHeader or FrameBody, 0 between publishes
	exchange   string
	key        string
	mandatory  bool
	immediate  bool
	properties wire.Properties // views of bytes
	bytes      []byte          // properties as they came, then the body so far
	bodyAt     int
	missing    uint64 // bytes of the body
	metered    int    // bytes that the meter counts already
}

// maxMessage is the largest body, in bytes: RabbitMQ's default before 4.0.
const maxMessage = 128 << 20

// trusted is how many bytes of a body are made room for before they have come, and
// are not counted before all have.
const trusted = 1 << 20

// maxPartial is how many bytes of larger bodies may be under way on one connection.
const maxPartial = 2 * maxMessage

func newChannel(c *connection, number uint16) *channel {
	return &channel{connection: c, number: number, model: c.session.Channel(number)}
}

func (ch *channel) send(m wire.Method) { ch.connection.send(ch.number, m) }

// frame does what a frame on this channel asks for. An error ends the connection.
func (ch *channel) frame(f wire.Frame) error {
	if ch.closing {
		return ch.closingFrame(f)
	}
	err := ch.step(f)
	if refusal, ok := errors.AsType[*wire.Error](err); ok && !refusal.ClosesConnection() {
		ch.refuse(refusal)
		return nil
	}
	return err
}

// refuse closes the channel.
func (ch *channel) refuse(reason *wire.Error) {
	ch.confirm()
	ch.model.Close()
	ch.closing = true
	ch.drop()
	ch.log.Debug("channel closed", "channel", ch.number, "reason", reason)
	ch.send(&wire.ChannelClose{ReplyCode: reason.Code, ReplyText: reason.ReplyText(), Cause: reason.Method})
}

// closingFrame waits for close-ok; all that crossed our close is dropped.
func (ch *channel) closingFrame(f wire.Frame) error {
	if f.Type != wire.FrameMethod {
		return nil
	}
	m, err := decode(f.Payload)
	if err != nil {
		return err
	}
	switch m.(type) {
	case *wire.ChannelCloseOk:
		ch.closeChannel(ch)
	case *wire.ChannelClose:
		ch.send(&wire.ChannelCloseOk{}) // the two closes crossed: theirs is answered, ours is still to be
	case *wire.ChannelOpen:
		return fault(wire.ChannelError, m.ID(), "second 'channel.open' seen")
	}
	return nil
}

func (ch *channel) step(f wire.Frame) error {
	switch ch.content.awaits {
	case wire.FrameHeader:
		return ch.header(f)
	case wire.FrameBody:
		return ch.body(f)
	}
	if f.Type != wire.FrameMethod {
		return errNotMethod()
	}
	id, err := wire.ReadMethodID(f.Payload)
	if err != nil {
		return err
	}
	switch id {
	case publishID():
		m, err := wire.ReadPublish(f.Payload)
		if err != nil {
			return malformed(err, id, f.Payload)
		}
		ch.publish(m)
		return nil
	case ackID():
		m, err := wire.ReadAck(f.Payload)
		if err != nil {
			return malformed(err, id, f.Payload)
		}
		return blame(id, ch.model.Ack(m.DeliveryTag, m.Multiple))
	}
	m, err := decode(f.Payload)
	if err != nil {
		return err
	}
	return blame(id, ch.method(m))
}

func publishID() wire.MethodID { return (*wire.BasicPublish)(nil).ID() }
func ackID() wire.MethodID     { return (*wire.BasicAck)(nil).ID() }

// blame names the method that an error answers.
func blame(id wire.MethodID, err *wire.Error) error {
	if err == nil {
		return nil
	}
	err.Method = id
	return err
}

func (ch *channel) publish(m wire.BasicPublish) {
	if ch.exchange != string(m.Exchange) {
		ch.exchange = string(m.Exchange)
	}
	ch.content = content{
		awaits: wire.FrameHeader, exchange: ch.exchange, key: string(m.RoutingKey), mandatory: m.Mandatory, immediate: m.Immediate,
	}
}

func (ch *channel) header(f wire.Frame) error {
	const expected = "expected content header for class 60, got "
	if f.Type != wire.FrameHeader {
		return fault(wire.UnexpectedFrame, publishID(), expected+"non content header frame instead")
	}
	h, err := wire.ParseContentHeader(f.Payload)
	if err != nil {
		return wire.Errorf(wire.FrameError, "%v: unknown_frame", f)
	}
	switch {
	case h.Class != publishID().Class():
		return fault(wire.UnexpectedFrame, publishID(), fmt.Sprintf("%sone for class %d instead", expected, h.Class))
	case h.Weight != 0:
		return fault(wire.UnexpectedFrame, publishID(), expected+"non content header frame instead")
	case h.BodySize > maxMessage:
		return fault(wire.PreconditionFailed, publishID(),
			fmt.Sprintf("message size %d is larger than configured max size %d", h.BodySize, maxMessage))
	}
	p := &ch.content
	p.bytes = make([]byte, 0, len(h.Properties)+int(min(h.BodySize, trusted)))
	p.bytes = append(p.bytes, h.Properties...)
	p.bodyAt, p.missing = len(p.bytes), h.BodySize
	if p.properties, err = wire.ParseProperties(p.bytes); err != nil {
		return wire.Errorf(wire.InternalError, "%v", err)
	}
	return ch.continues()
}

func (ch *channel) body(f wire.Frame) error {
	p := &ch.content
	switch {
	case f.Type != wire.FrameBody:
		return fault(wire.UnexpectedFrame, publishID(), "expected content body, got non content body frame instead")
	case uint64(len(f.Payload)) > p.missing:
		return fault(wire.UnexpectedFrame, publishID(),
			fmt.Sprintf("expected %d bytes more of content body, got %d", p.missing, len(f.Payload)))
	}
	if p.metered == 0 && len(p.bytes)+len(f.Payload) > trusted {
		if err := ch.reserve(p); err != nil {
			return err
		}
	}
	p.bytes = append(p.bytes, f.Payload...)
	p.missing -= uint64(len(f.Payload))
	return ch.continues()
}

// reserve makes room for the rest of a large body, which is counted from now on.
func (ch *channel) reserve(p *content) error {
	rest := int(p.missing) //nolint:gosec // at most maxMessage
	if ch.partial+rest > maxPartial {
		return fault(wire.ResourceError, publishID(), fmt.Sprintf("large bodies under way on the channels of one connection exceed %d bytes", maxPartial))
	}
	p.bytes = slices.Grow(p.bytes, rest)
	p.metered = rest
	ch.partial += rest
	ch.broker.env.Meter.Add(rest)
	return nil
}

// drop ends what is coming in, whole or not.
func (ch *channel) drop() content {
	p := ch.content
	ch.partial -= p.metered
	ch.broker.env.Meter.Add(-p.metered)
	ch.content = content{}
	return p
}

func (ch *channel) continues() error {
	if ch.content.missing > 0 {
		ch.content.awaits = wire.FrameBody
		return nil
	}
	whole := ch.drop()
	return blame(publishID(), ch.complete(&whole))
}

// complete publishes a message that has come in whole.
func (ch *channel) complete(p *content) *wire.Error {
	if p.immediate {
		return wire.Errorf(wire.NotImplemented, "immediate=true")
	}
	if p.properties.Flags&wire.HasUserID != 0 {
		if user := ch.opened().user; string(p.properties.UserID) != user {
			return wire.Errorf(wire.PreconditionFailed, "user_id property set to '%s' but authenticated user was '%s'", p.properties.UserID, user)
		}
	}
	properties, body := p.bytes[:p.bodyAt:p.bodyAt], p.bytes[p.bodyAt:]
	m, err := vhost.NewMessage(p.exchange, p.key, &p.properties, properties, body)
	if err == nil && vhost.NamesReplyQueue(p.properties.ReplyTo) {
		m, err = ch.model.AnswerTo(m)
	}
	if err != nil {
		return err
	}
	outcome, err := ch.model.Publish(m, p.mandatory)
	if err != nil {
		return err
	}
	if outcome.Unroutable && p.mandatory {
		ch.returned(m)
	}
	if ch.mode == confirming {
		ch.outcome(outcome.Rejected)
	}
	ch.block()
	return nil
}

// returned sends a mandatory message back that no queue has.
func (ch *channel) returned(m *vhost.Message) {
	ch.sendContent(m, &wire.BasicReturn{
		ReplyCode: wire.NoRoute, ReplyText: "NO_ROUTE", Exchange: m.Exchange, RoutingKey: m.RoutingKey,
	})
}

// sendContent sends a method and the message that follows it.
func (ch *channel) sendContent(m *vhost.Message, method wire.Method) {
	ch.out.add(item{
		frames:   wire.AppendMethod(nil, ch.number, method),
		delivery: vhost.Delivery{Channel: ch.number, Message: m},
	})
}

// outcome notes that the next publish has its outcome. Acknowledgements are told
// later, many at once; a refusal at once, after those before it.
func (ch *channel) outcome(rejected bool) {
	if rejected {
		ch.confirm()
		ch.published++
		ch.done, ch.confirmed = ch.published, ch.published
		ch.send(&wire.BasicNack{DeliveryTag: ch.published})
		return
	}
	ch.published++
	if ch.done == ch.confirmed {
		ch.unsent = append(ch.unsent, ch)
	}
	ch.done = ch.published
}

// confirm acknowledges the publishes that have not been yet.
func (ch *channel) confirm() {
	if ch.done == ch.confirmed {
		return
	}
	ch.send(&wire.BasicAck{DeliveryTag: ch.done, Multiple: ch.done > ch.confirmed+1})
	ch.confirmed = ch.done
}

// confirmAll is called when there is nothing more to read for now: with a window
// of publishes on their way, one acknowledgement answers dozens. While memory is
// short none is sent.
func (c *connection) confirmAll() {
	if len(c.unsent) == 0 || c.isBlocked() {
		return
	}
	for _, ch := range c.unsent {
		if !ch.closing {
			ch.confirm()
		}
	}
	clear(c.unsent)
	c.unsent = c.unsent[:0]
}
