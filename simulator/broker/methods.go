package broker

import (
	"strings"

	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// method does what a method other than basic.publish and basic.ack asks for.
func (ch *channel) method(m wire.Method) *wire.Error {
	switch m.ID().Class() {
	case (*wire.ChannelOpen)(nil).ID().Class():
		return ch.channelMethod(m)
	case (*wire.ExchangeDeclare)(nil).ID().Class():
		return ch.exchangeMethod(m)
	case (*wire.QueueDeclare)(nil).ID().Class():
		return ch.queueMethod(m)
	case publishID().Class():
		return ch.basicMethod(m)
	}
	return ch.modeMethod(m)
}

// oneLine is a name without line breaks (rabbit_channel:strip_cr_lf/1).
func oneLine(name string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(name) }

func errUnimplemented() *wire.Error { return wire.Errorf(wire.CommandInvalid, "unimplemented method") }

func (ch *channel) channelMethod(m wire.Method) *wire.Error {
	switch m := m.(type) {
	case *wire.ChannelOpen:
		return wire.Errorf(wire.ChannelError, "second 'channel.open' seen")
	case *wire.ChannelClose:
		ch.confirm()
		ch.drop()
		ch.model.Close()
		ch.send(&wire.ChannelCloseOk{})
		ch.closing = true // for confirmAll, if it waits there
		ch.closeChannel(ch)
	case *wire.ChannelFlow:
		if !m.Active {
			return wire.Errorf(wire.NotImplemented, "active=false")
		}
		ch.send(&wire.ChannelFlowOk{Active: true})
	default:
		return errUnimplemented()
	}
	return nil
}

// answer sends m unless there was an error or the client wants no answer.
func (ch *channel) answer(err *wire.Error, noWait bool, m wire.Method) *wire.Error {
	if err == nil && !noWait {
		ch.send(m)
	}
	return err
}

func (ch *channel) exchangeMethod(m wire.Method) *wire.Error {
	switch m := m.(type) {
	case *wire.ExchangeDeclare:
		ok := &wire.ExchangeDeclareOk{}
		if m.Passive {
			return ch.answer(ch.model.CheckExchange(oneLine(m.Exchange)), m.NoWait, ok)
		}
		return ch.answer(ch.model.DeclareExchange(vhost.ExchangeSpec{
			Name: oneLine(m.Exchange), Kind: m.Type, Durable: m.Durable, AutoDelete: m.AutoDelete, Internal: m.Internal, Arguments: m.Arguments,
		}), m.NoWait, ok)
	case *wire.ExchangeDelete:
		return ch.answer(ch.model.DeleteExchange(oneLine(m.Exchange), m.IfUnused), m.NoWait, &wire.ExchangeDeleteOk{})
	case *wire.ExchangeBind:
		return ch.answer(ch.model.BindExchange(vhost.BindingSpec{
			Source: oneLine(m.Source), Destination: oneLine(m.Destination), Key: m.RoutingKey, Arguments: m.Arguments,
		}), m.NoWait, &wire.ExchangeBindOk{})
	case *wire.ExchangeUnbind:
		return ch.answer(ch.model.UnbindExchange(vhost.BindingSpec{
			Source: oneLine(m.Source), Destination: oneLine(m.Destination), Key: m.RoutingKey, Arguments: m.Arguments,
		}), m.NoWait, &wire.ExchangeUnbindOk{})
	}
	return errUnimplemented()
}

func (ch *channel) queueMethod(m wire.Method) *wire.Error {
	switch m := m.(type) {
	case *wire.QueueDeclare:
		status, err := ch.declareQueue(m)
		return ch.answer(err, m.NoWait, &wire.QueueDeclareOk{
			Queue: status.Name, MessageCount: count(status.Ready), ConsumerCount: count(status.Consumers),
		})
	case *wire.QueueBind:
		return ch.answer(ch.model.BindQueue(vhost.BindingSpec{
			Source: oneLine(m.Exchange), Destination: oneLine(m.Queue), Key: m.RoutingKey, Arguments: m.Arguments,
		}), m.NoWait, &wire.QueueBindOk{})
	case *wire.QueueUnbind:
		return ch.answer(ch.model.UnbindQueue(vhost.BindingSpec{
			Source: oneLine(m.Exchange), Destination: oneLine(m.Queue), Key: m.RoutingKey, Arguments: m.Arguments,
		}), false, &wire.QueueUnbindOk{})
	case *wire.QueuePurge:
		n, err := ch.model.Purge(oneLine(m.Queue))
		return ch.answer(err, m.NoWait, &wire.QueuePurgeOk{MessageCount: count(n)})
	case *wire.QueueDelete:
		n, err := ch.model.DeleteQueue(oneLine(m.Queue), m.IfUnused, m.IfEmpty)
		return ch.answer(err, m.NoWait, &wire.QueueDeleteOk{MessageCount: count(n)})
	}
	return errUnimplemented()
}

func (ch *channel) declareQueue(m *wire.QueueDeclare) (vhost.QueueStatus, *wire.Error) {
	if m.Passive {
		return ch.model.CheckQueue(oneLine(m.Queue))
	}
	return ch.model.DeclareQueue(vhost.QueueSpec{
		Name: oneLine(m.Queue), Durable: m.Durable, Exclusive: m.Exclusive, AutoDelete: m.AutoDelete, Arguments: m.Arguments,
	})
}

func count(n int) uint32 { return uint32(n) } //nolint:gosec // of things in memory

func (ch *channel) basicMethod(m wire.Method) *wire.Error {
	switch m := m.(type) {
	case *wire.BasicQos:
		if m.PrefetchSize != 0 {
			return wire.Errorf(wire.NotImplemented, "prefetch_size!=0 (%d)", m.PrefetchSize)
		}
		ch.model.SetPrefetch(int(m.PrefetchCount), m.Global)
		ch.send(&wire.BasicQosOk{})
	case *wire.BasicConsume:
		return ch.model.Consume(vhost.ConsumeSpec{
			Queue: m.Queue, Tag: m.ConsumerTag, NoAck: m.NoAck, Exclusive: m.Exclusive, Arguments: m.Arguments,
		}, func(tag string) { _ = ch.answer(nil, m.NoWait, &wire.BasicConsumeOk{ConsumerTag: tag}) })
	case *wire.BasicCancel:
		ch.model.Cancel(m.ConsumerTag)
		return ch.answer(nil, m.NoWait, &wire.BasicCancelOk{ConsumerTag: m.ConsumerTag})
	case *wire.BasicGet:
		found, err := ch.model.Get(m.Queue, m.NoAck, ch.got)
		return ch.answer(err, found, &wire.BasicGetEmpty{})
	case *wire.BasicNack:
		return ch.model.Nack(m.DeliveryTag, m.Multiple, m.Requeue)
	case *wire.BasicReject:
		return ch.model.Nack(m.DeliveryTag, false, m.Requeue)
	case *wire.BasicRecover:
		return ch.answer(ch.recover(m.Requeue), false, &wire.BasicRecoverOk{})
	case *wire.BasicRecoverAsync:
		return ch.recover(m.Requeue)
	default:
		return errUnimplemented()
	}
	return nil
}

func (ch *channel) got(g vhost.Got) {
	ch.sendContent(g.Message, &wire.BasicGetOk{
		DeliveryTag: g.Tag, Redelivered: g.Redelivered, Exchange: g.Message.Exchange, RoutingKey: g.Message.RoutingKey,
		MessageCount: count(g.Left),
	})
}

func (ch *channel) recover(requeue bool) *wire.Error {
	if !requeue {
		return wire.Errorf(wire.NotImplemented, "requeue=false")
	}
	ch.model.Recover()
	return nil
}

// modeMethod is one of the classes confirm and tx.
func (ch *channel) modeMethod(m wire.Method) *wire.Error {
	switch m := m.(type) {
	case *wire.ConfirmSelect:
		if ch.mode == transactional {
			return wire.Errorf(wire.PreconditionFailed, "cannot switch from tx to confirm mode")
		}
		ch.mode = confirming
		return ch.answer(nil, m.NoWait, &wire.ConfirmSelectOk{})
	case *wire.TxSelect:
		if ch.mode == confirming {
			return wire.Errorf(wire.PreconditionFailed, "cannot switch from confirm to tx mode")
		}
		ch.mode = transactional
		ch.model.Begin()
		ch.send(&wire.TxSelectOk{})
		return nil
	case *wire.TxCommit:
		if ch.mode != transactional {
			return errNotTransactional()
		}
		ch.model.Commit(ch.returned)
		ch.send(&wire.TxCommitOk{})
		return nil
	case *wire.TxRollback:
		if ch.mode != transactional {
			return errNotTransactional()
		}
		ch.model.Rollback()
		ch.send(&wire.TxRollbackOk{})
		return nil
	}
	return errUnimplemented()
}

func errNotTransactional() *wire.Error {
	return wire.Errorf(wire.PreconditionFailed, "channel is not transactional")
}
