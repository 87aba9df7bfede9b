package vhost

import (
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// Arguments of queues and consumers.
const (
	argTTL            = "x-message-ttl"
	argExpires        = "x-expires"
	argMaxLength      = "x-max-length"
	argMaxBytes       = "x-max-length-bytes"
	argOverflow       = "x-overflow"
	argDeadExchange   = "x-dead-letter-exchange"
	argDeadKey        = "x-dead-letter-routing-key"
	argDeadStrategy   = "x-dead-letter-strategy"
	argMaxPriority    = "x-max-priority"
	argSingleActive   = "x-single-active-consumer"
	argDeliveryLimit  = "x-delivery-limit"
	argQueueType      = "x-queue-type"
	argQueueMode      = "x-queue-mode"
	argGroupSize      = "x-quorum-initial-group-size"
	argPriority       = "x-priority"
	argQueueVersion   = "x-queue-version"
	argMaxAge         = "x-max-age"
	argMasterLocator  = "x-queue-master-locator"
	argInMemoryLength = "x-max-in-memory-length"
	argInMemoryBytes  = "x-max-in-memory-bytes"
)

const (
	typeClassic = "classic"
	typeQuorum  = "quorum"
	typeStream  = "stream"
)

type overflow string

const (
	dropHead         overflow = "drop-head"
	rejectPublish    overflow = "reject-publish"
	rejectPublishDLX overflow = "reject-publish-dlx"
)

// settings are what a queue's arguments say. unset stands for a number that is
// not given.
type settings struct {
	quorum        bool
	ttl           int64 // ms
	expires       int64 // ms
	maxLength     int64
	maxBytes      int64
	overflow      overflow
	deadExchange  *string
	deadKey       *string
	priorities    int
	singleActive  bool
	deliveryLimit int64
}

const unset = -1

// maxPriorities is RabbitMQ's own limit: each priority is a queue inside.
const maxPriorities = 255

// rule is how one argument is checked: the first of the checks that has something
// against its value tells why.
type rule struct {
	name   string
	checks []func(value any) string
}

// rules lists the arguments that are checked and compared, in the order in which
// RabbitMQ tells of the first fault.
func rules() []rule {
	checks := func(all ...func(any) string) []func(any) string { return all }
	return []rule{
		{argQueueType, checks(isText, isOneOf(`"unsupported queue type '%s'"`, typeClassic, typeQuorum, typeStream))},
		{argExpires, checks(isInteger, isPositive, fitsTimer)},
		{argTTL, checks(isInteger, isNotNegative, fitsTimer)},
		{argDeadExchange, checks(isText)},
		{argDeadKey, checks(isText)},
		{argDeadStrategy, checks(isText, isOneOf("invalid_dlx_strategy", "at-most-once", "at-least-once"))},
		{argMaxLength, checks(isInteger, isNotNegative)},
		{argMaxBytes, checks(isInteger, isNotNegative)},
		{argInMemoryLength, checks(isInteger, isNotNegative)},
		{argInMemoryBytes, checks(isInteger, isNotNegative)},
		{argMaxPriority, checks(isInteger, isNotNegative, isPriority)},
		{argOverflow, checks(isText, isOneOf("invalid_overflow", string(dropHead), string(rejectPublish), string(rejectPublishDLX)))},
		{argQueueMode, checks(isText, isOneOf(`"unsupported queue mode '%s'"`, "default", "lazy"))},
		{argQueueVersion, checks(isInteger)},
		{argSingleActive, checks(isBool)},
		{argGroupSize, checks(isInteger, isPositive)},
		{argDeliveryLimit, nil},
		{argMasterLocator, checks(isText)},
	}
}

// parseSettings checks the arguments of a queue.
func (v *Vhost) parseSettings(spec QueueSpec) (settings, *wire.Error) {
	s := settings{
		ttl: unset, expires: unset, maxLength: unset, maxBytes: unset, deliveryLimit: unset,
		overflow: dropHead, priorities: 1,
	}
	for i, rule := range rules() {
		value, ok := spec.Arguments.Get(rule.name)
		if ok {
			if err := v.checkArgument(spec.Name, rule, value); err != nil {
				return s, err
			}
			s.take(rule.name, value)
		}
		if i == 0 { // the type decides what else there may be
			if err := v.checkType(spec, s); err != nil {
				return s, err
			}
		}
	}
	if s.deadKey != nil && s.deadExchange == nil {
		return s, v.errArgument(argDeadKey, spec.Name, "routing_key_but_no_dlx_defined")
	}
	return s, nil
}

func (v *Vhost) checkArgument(queue string, r rule, value any) *wire.Error {
	for _, check := range r.checks {
		reason := check(value)
		switch {
		case reason == "":
		case r.name == argDeadExchange:
			return errArgumentType(r.name, value, "queue", queue, v.name)
		default:
			return v.errArgument(r.name, queue, reason)
		}
	}
	return nil
}

func (v *Vhost) errArgument(name, queue, reason string) *wire.Error {
	return wire.Errorf(wire.PreconditionFailed, "invalid arg '%s' for queue '%s' in vhost '%s': %s", name, queue, v.name, reason)
}

// errArgumentType is how RabbitMQ tells of a name of an exchange that is no text.
func errArgumentType(name string, value any, kind, of, vhost string) *wire.Error {
	return wire.Errorf(wire.PreconditionFailed, "invalid type '%s' for arg '%s' in %s '%s' in vhost '%s'", typeName(value), name, kind, of, vhost)
}

func (s *settings) take(name string, value any) {
	number, isNumber := wire.Integer(value)
	text, _ := value.(string)
	switch name {
	case argTTL:
		s.ttl = number
	case argExpires:
		s.expires = number
	case argMaxLength:
		s.maxLength = number
	case argMaxBytes:
		s.maxBytes = number
	case argOverflow:
		s.overflow = overflow(text)
	case argDeadExchange:
		s.deadExchange = &text
	case argDeadKey:
		s.deadKey = &text
	case argMaxPriority:
		s.priorities = int(number) + 1
	case argSingleActive:
		s.singleActive, _ = value.(bool)
	case argDeliveryLimit:
		if isNumber && number >= 0 { // anything else is taken, and is no limit
			s.deliveryLimit = number
		}
	case argQueueType:
		s.quorum = text == typeQuorum
	}
}

// checkType refuses what a type of queue does not offer.
func (v *Vhost) checkType(spec QueueSpec, s settings) *wire.Error {
	kind, unsupported := "rabbit_classic_queue",
		[]string{argDeliveryLimit, argGroupSize, argDeadStrategy, argInMemoryLength, argInMemoryBytes, argMaxAge}
	if value, _ := spec.Arguments.Get(argQueueType); value == typeStream {
		return wire.Errorf(wire.NotImplemented, "queue '%s' in vhost '%s': this broker has no streams", spec.Name, v.name)
	}
	if s.quorum {
		kind, unsupported = "rabbit_quorum_queue", []string{argMaxPriority, argQueueMode, argQueueVersion, argMasterLocator, argMaxAge}
		for _, property := range []struct {
			name string
			set  bool
		}{{"non-durable", !spec.Durable}, {"exclusive-owner", spec.Exclusive}, {"auto-delete", spec.AutoDelete}} {
			if property.set {
				return wire.Errorf(wire.PreconditionFailed, "invalid property '%s' for queue '%s' in vhost '%s'", property.name, spec.Name, v.name)
			}
		}
		if spec.serverNamed {
			return wire.Errorf(wire.PreconditionFailed, "Cannot declare a server-named queue for type %s", kind)
		}
	}
	for _, name := range unsupported {
		if _, ok := spec.Arguments.Get(name); ok {
			return wire.Errorf(wire.PreconditionFailed, "invalid arg '%s' for queue '%s' in vhost '%s' of queue type %s", name, spec.Name, v.name, kind)
		}
	}
	return nil
}

// checkEquivalence compares a declaration with the queue that is there.
func (q *Queue) checkEquivalence(spec QueueSpec) *wire.Error {
	differs := func(name string, received, current any) *wire.Error {
		return wire.Errorf(wire.PreconditionFailed, "inequivalent arg '%s' for queue '%s' in vhost '%s': received %v but current is %v",
			name, q.name, q.vhost.name, received, current)
	}
	switch {
	case q.durable != spec.Durable:
		return differs("durable", quoted(spec.Durable), quoted(q.durable))
	case q.autoDelete != spec.AutoDelete:
		return differs("auto_delete", quoted(spec.AutoDelete), quoted(q.autoDelete))
	}
	for _, rule := range rules() {
		received, current := argument(spec.Arguments, rule.name), argument(q.arguments, rule.name)
		if !received.equivalent(current) && !(rule.name == argQueueType && q.equivalentType(received)) {
			return differs(rule.name, received.told(current), current.told(received))
		}
	}
	return nil
}

// equivalentType: an unnamed type is the classic one.
func (q *Queue) equivalentType(received given) bool {
	return !received.present && !q.settings.quorum || received.value == typeClassic && !q.settings.quorum
}

// given is an argument as an error tells it.
type given struct {
	present bool
	value   any
}

func argument(t wire.Table, name string) given {
	value, present := t.Get(name)
	return given{present, value}
}

func (g given) equivalent(other given) bool {
	return g.present == other.present && (!g.present || same(g.value, other.value))
}

// told is the argument beside the one that it differs from.
func (g given) told(other given) string {
	switch {
	case !g.present:
		return "none"
	case other.present:
		return quoted(g.value)
	}
	return fmt.Sprintf("the value %s of type '%s'", quoted(g.value), typeName(g.value))
}

func quoted(value any) string { return fmt.Sprintf("'%v'", value) }

// typeName is RabbitMQ's name of a field's type.
func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "void"
	case bool:
		return "bool"
	case int8:
		return "byte"
	case uint8:
		return "unsignedbyte"
	case int16:
		return "short"
	case uint16:
		return "unsignedshort"
	case int32:
		return "signedint"
	case uint32:
		return "unsignedint"
	case int64:
		return "long"
	case float32:
		return "float"
	case float64:
		return "double"
	case wire.Decimal:
		return "decimal"
	case []byte:
		return "binary"
	case wire.Timestamp:
		return "timestamp"
	case []any:
		return "array"
	case wire.Table:
		return "table"
	}
	return "longstr"
}

func isInteger(value any) string {
	if _, ok := wire.Integer(value); !ok {
		return fmt.Sprintf(`"expected integer, got %s"`, typeName(value))
	}
	return ""
}

func isPositive(value any) string {
	if n, _ := wire.Integer(value); n == 0 {
		return "{value_zero,0}"
	}
	return isNotNegative(value)
}

func isNotNegative(value any) string {
	if n, _ := wire.Integer(value); n < 0 {
		return fmt.Sprintf("{value_negative,%d}", n)
	}
	return ""
}

func fitsTimer(value any) string {
	if n, _ := wire.Integer(value); n > maxTimer {
		return fmt.Sprintf("{value_too_large,%d}", n)
	}
	return ""
}

func isPriority(value any) string {
	if n, _ := wire.Integer(value); n > maxPriorities {
		return fmt.Sprintf("{max_value_exceeded,%d}", n)
	}
	return ""
}

func isText(value any) string {
	if _, ok := value.(string); !ok {
		return fmt.Sprintf("{unacceptable_type,%s}", typeName(value))
	}
	return ""
}

func isBool(value any) string {
	if _, ok := value.(bool); !ok {
		return fmt.Sprintf("{unacceptable_type,%s}", typeName(value))
	}
	return ""
}

// isOneOf refuses other words with a reason, in which %s stands for the word.
func isOneOf(reason string, words ...string) func(any) string {
	return func(value any) string {
		for _, word := range words {
			if value == word {
				return ""
			}
		}
		return strings.ReplaceAll(reason, "%s", fmt.Sprint(value))
	}
}
