package vhost

import (
	"strings"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// exchange is a named place to publish to.
type exchange struct {
	name       string
	kind       string
	durable    bool
	autoDelete bool
	internal   bool
	arguments  wire.Table
	alternate  string // "" is none

	router   router
	bindings map[bindingID]*binding // of which it is the source
	incoming map[*binding]struct{}  // of which it is the destination
	mark     uint64                 // the routing that visited it last
}

// binding leads from an exchange to a queue or to another exchange.
type binding struct {
	id        bindingID
	source    *exchange
	queue     *Queue    // or
	exchange  *exchange // the destination
	arguments wire.Table
}

// bindingID tells bindings apart: two that differ in their arguments only are two.
type bindingID struct {
	toExchange  bool
	destination string
	key         string
	arguments   string // as on the wire
}

// ExchangeSpec is what a declaration asks for.
type ExchangeSpec struct {
	Name       string
	Kind       string
	Durable    bool
	AutoDelete bool
	Internal   bool
	Arguments  wire.Table
}

const (
	kindDirect  = "direct"
	kindFanout  = "fanout"
	kindTopic   = "topic"
	kindHeaders = "headers"
	kindHash    = "x-consistent-hash"
)

// predeclared are the exchanges that every virtual host begins with.
func (v *Vhost) predeclare() {
	for name, kind := range map[string]string{
		"": kindDirect, "amq.direct": kindDirect, "amq.fanout": kindFanout, "amq.topic": kindTopic,
		"amq.headers": kindHeaders, "amq.match": kindHeaders,
	} {
		v.exchanges[name] = newExchange(ExchangeSpec{Name: name, Kind: kind, Durable: true})
	}
	v.exchanges["amq.rabbitmq.trace"] = newExchange(
		ExchangeSpec{Name: "amq.rabbitmq.trace", Kind: kindTopic, Durable: true, Internal: true})
}

func newExchange(spec ExchangeSpec) *exchange {
	x := &exchange{
		name: spec.Name, kind: spec.Kind, durable: spec.Durable, autoDelete: spec.AutoDelete, internal: spec.Internal,
		arguments: spec.Arguments, router: newRouter(spec.Kind, spec.Arguments),
		bindings: map[bindingID]*binding{}, incoming: map[*binding]struct{}{},
	}
	if name, ok := spec.Arguments.Get(argAlternate); ok {
		x.alternate, _ = name.(string)
	}
	return x
}

const argAlternate = "alternate-exchange"

// DeclareExchange makes an exchange, or checks that it is there as asked for.
func (c *Channel) DeclareExchange(spec ExchangeSpec) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if spec.Name == "" {
		return errDefaultExchange()
	}
	if spec.Kind == "" {
		return wire.Errorf(wire.CommandInvalid, "invalid exchange type ''")
	}
	if !knownKind(spec.Kind) {
		return wire.Errorf(wire.CommandInvalid, "unknown exchange type '%s'", spec.Kind)
	}
	if present := v.exchanges[spec.Name]; present != nil {
		return v.checkExchange(present, spec)
	}
	if strings.HasPrefix(spec.Name, reservedPrefix) {
		return errReserved("exchange", spec.Name)
	}
	if err := v.checkExchangeArguments(spec); err != nil {
		return err
	}
	v.exchanges[spec.Name] = newExchange(spec)
	return nil
}

// CheckExchange is the passive declaration.
func (c *Channel) CheckExchange(name string) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if name == "" {
		return errDefaultExchange()
	}
	_, err := v.exchange(name)
	return err
}

// DeleteExchange ends an exchange and its bindings. One that is not there is no
// error.
func (c *Channel) DeleteExchange(name string, ifUnused bool) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if name == "" {
		return errDefaultExchange()
	}
	if strings.HasPrefix(name, reservedPrefix) {
		return wire.Errorf(wire.AccessRefused, "deletion of system exchange '%s' in vhost '%s' not allowed", name, v.name)
	}
	x := v.exchanges[name]
	if x == nil {
		return nil
	}
	if ifUnused && len(x.bindings) > 0 {
		return wire.Errorf(wire.PreconditionFailed, "exchange '%s' in vhost '%s' in use", name, v.name)
	}
	v.deleteExchange(x)
	return nil
}

func (v *Vhost) deleteExchange(x *exchange) {
	if v.exchanges[x.name] != x {
		return
	}
	delete(v.exchanges, x.name)
	for _, b := range x.bindings {
		b.detachDestination()
	}
	for b := range x.incoming {
		v.unbind(b)
	}
}

func (v *Vhost) exchange(name string) (*exchange, *wire.Error) {
	if x := v.exchanges[name]; x != nil {
		return x, nil
	}
	return nil, wire.Errorf(wire.NotFound, "no exchange '%s' in vhost '%s'", name, v.name)
}

// BindingSpec names a binding.
type BindingSpec struct {
	Source      string
	Destination string
	Key         string
	Arguments   wire.Table
}

// BindQueue adds a binding; one that is there already is no error. An empty name
// of a queue is the last that the channel declared.
func (c *Channel) BindQueue(spec BindingSpec) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := c.complete(&spec); err != nil {
		return err
	}
	x, err := v.exchange(spec.Source)
	if err != nil {
		return err
	}
	q, err := c.queue(spec.Destination)
	if err != nil {
		return err
	}
	return v.bind(&binding{id: spec.id(false), source: x, queue: q, arguments: spec.Arguments})
}

// UnbindQueue removes a binding. As in RabbitMQ, one that is not there is no
// error, nor is an exchange or queue, and anyone may unbind an exclusive queue.
func (c *Channel) UnbindQueue(spec BindingSpec) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := c.complete(&spec); err != nil {
		return err
	}
	v.unbindNamed(spec.Source, spec.id(false))
	return nil
}

// BindExchange adds a binding from one exchange to another.
func (c *Channel) BindExchange(spec BindingSpec) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if spec.Source == "" || spec.Destination == "" {
		return errDefaultExchange()
	}
	source, err := v.exchange(spec.Source)
	if err != nil {
		return err
	}
	destination, err := v.exchange(spec.Destination)
	if err != nil {
		return err
	}
	return v.bind(&binding{id: spec.id(true), source: source, exchange: destination, arguments: spec.Arguments})
}

// UnbindExchange removes a binding from one exchange to another, as UnbindQueue
// does.
func (c *Channel) UnbindExchange(spec BindingSpec) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if spec.Source == "" || spec.Destination == "" {
		return errDefaultExchange()
	}
	v.unbindNamed(spec.Source, spec.id(true))
	return nil
}

// complete fills in the queue that the channel declared last, and its name for
// the key if both are empty.
func (c *Channel) complete(spec *BindingSpec) *wire.Error {
	if spec.Source == "" {
		return errDefaultExchange()
	}
	if spec.Destination != "" {
		return nil
	}
	if c.lastQueue == "" {
		return errNoQueueDeclared()
	}
	if spec.Destination = c.lastQueue; spec.Key == "" {
		spec.Key = c.lastQueue
	}
	return nil
}

func (spec BindingSpec) id(toExchange bool) bindingID {
	return bindingID{toExchange, spec.Destination, spec.Key, string(spec.Arguments.Append(nil))}
}

func (v *Vhost) unbindNamed(source string, id bindingID) {
	if x := v.exchanges[source]; x != nil && x.bindings[id] != nil {
		v.unbind(x.bindings[id])
	}
}

func (v *Vhost) bind(b *binding) *wire.Error {
	if b.source.bindings[b.id] != nil {
		return nil
	}
	if err := b.source.router.add(b); err != nil {
		return err
	}
	b.source.bindings[b.id] = b
	if b.queue != nil {
		b.queue.bindings[b] = struct{}{}
	} else {
		b.exchange.incoming[b] = struct{}{}
	}
	return nil
}

// unbind removes a binding, and an auto-delete exchange with its last one.
func (v *Vhost) unbind(b *binding) {
	b.source.router.remove(b)
	delete(b.source.bindings, b.id)
	b.detachDestination()
	if b.source.autoDelete && len(b.source.bindings) == 0 {
		v.deleteExchange(b.source)
	}
}

func (b *binding) detachDestination() {
	if b.queue != nil {
		delete(b.queue.bindings, b)
	} else {
		delete(b.exchange.incoming, b)
	}
}

const reservedPrefix = "amq."

func errDefaultExchange() *wire.Error {
	return wire.Errorf(wire.AccessRefused, "operation not permitted on the default exchange")
}

func errReserved(kind, name string) *wire.Error {
	return wire.Errorf(wire.AccessRefused, "%s name '%s' contains reserved prefix 'amq.*'", kind, name)
}

// checkExchange compares a declaration with the exchange that is there.
func (v *Vhost) checkExchange(x *exchange, spec ExchangeSpec) *wire.Error {
	differs := func(argument string, received, current any) *wire.Error {
		return wire.Errorf(wire.PreconditionFailed, "inequivalent arg '%s' for exchange '%s' in vhost '%s': received %v but current is %v",
			argument, x.name, v.name, received, current)
	}
	switch {
	case x.kind != spec.Kind:
		return differs("type", quoted(spec.Kind), quoted(x.kind))
	case x.durable != spec.Durable:
		return differs("durable", quoted(spec.Durable), quoted(x.durable))
	case x.autoDelete != spec.AutoDelete:
		return differs("auto_delete", quoted(spec.AutoDelete), quoted(x.autoDelete))
	case x.internal != spec.Internal:
		return differs("internal", quoted(spec.Internal), quoted(x.internal))
	}
	received, current := argument(spec.Arguments, argAlternate), argument(x.arguments, argAlternate)
	if !received.equivalent(current) {
		return differs(argAlternate, received.told(current), current.told(received))
	}
	return nil
}

// checkExchangeArguments refuses arguments that the type of exchange cannot use.
func (v *Vhost) checkExchangeArguments(spec ExchangeSpec) *wire.Error {
	for _, name := range []string{argAlternate, argHashHeader, argHashProperty} {
		value, ok := spec.Arguments.Get(name)
		if !ok || name != argAlternate && spec.Kind != kindHash {
			continue
		}
		if isText(value) != "" {
			return errArgumentType(name, value, "exchange", spec.Name, v.name)
		}
	}
	if spec.Kind != kindHash {
		return nil
	}
	property, both := spec.Arguments.Get(argHashProperty)
	if !both {
		return nil
	}
	if _, ok := spec.Arguments.Get(argHashHeader); ok {
		return wire.Errorf(wire.PreconditionFailed, "hash-header and hash-property are mutually exclusive")
	}
	switch property {
	case "correlation_id", "message_id", "timestamp":
		return nil
	}
	return wire.Errorf(wire.PreconditionFailed, "Unsupported property: %s", property)
}
