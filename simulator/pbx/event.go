package pbx

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Events lists the names of the events that the switch can compose.
func Events() []string {
	return []string{kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelBridge, kapi.ChannelDestroy}
}

// UnknownEventError says that no such event can be composed.
type UnknownEventError struct{ Name string }

func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("no event %q; there are %s", e.Name, strings.Join(Events(), ", "))
}

// Event is a call event before it becomes a message. It is a value.
type Event struct {
	sender kapi.Sender
	fields jobj.Object
}

// Message is a call event as it is published.
type Message struct {
	Exchange string
	Key      string // routing key
	// CallID goes into the AMQP header call-id (as a byte array) and is the one in the
	// key; it may differ from the event's Call-ID.
	CallID string
	Body   []byte
}

// Event composes the event that has just happened.
func (c *Call) Event() Event {
	return Event{c.sw.sender(), c.sw.compose(c.event, c.inboundLeg(), c.happened)}
}

// EventOf takes an event that was made elsewhere. Fields that every message of
// the switch has are filled in where they are missing.
func (s *Switch) EventOf(fields jobj.Object) Event { return Event{s.sender(), fields} }

// Name is the event's Event-Name.
func (e Event) Name() string { return e.fields.String("Event-Name") }

// CallID is the event's Call-ID.
func (e Event) CallID() string { return e.fields.String("Call-ID") }

// Fields returns the event's fields.
func (e Event) Fields() jobj.Object { return e.fields }

// Message makes the bytes and the address. The error is a
// *kapi.InvalidMessageError.
func (e Event) Message() (Message, error) {
	msg, err := kapi.Compose(kapi.CallEvent(), e.sender, e.fields)
	if err != nil {
		return Message{}, err
	}
	id := kapi.CallEventID(msg)
	if id == "" {
		return Message{}, &kapi.InvalidMessageError{Event: e.Name(), Field: "Call-ID", Reason: "must be text"}
	}
	return Message{
		Exchange: kapi.ExchangeCallEvents,
		Key:      kapi.CallEventKey(msg.String("Event-Name"), id),
		CallID:   id,
		Body:     jobj.Append(nil, msg),
	}, nil
}

// compose lists the fields of an event of a leg. Which event has which is
// mod_kazoo's definition: the base set for all, then what the event adds.
func (s *Switch) compose(name string, l leg, at time.Time) jobj.Object {
	fields := jobj.Object{
		{Key: "Event-Name", Value: name},
		{Key: "Msg-ID", Value: micros(at)},
		{Key: "Timestamp", Value: kapi.GregorianCeil(at)},
		{Key: "Call-ID", Value: l.callID},
		{Key: "Channel-Created-Time", Value: micros(l.created)},
		{Key: "Call-Direction", Value: l.direction},
		{Key: "Channel-State", Value: l.state},
		{Key: "Channel-Call-State", Value: l.callState},
		{Key: "Channel-Answer-State", Value: l.answerState},
		{Key: "Channel-Name", Value: l.name},
		{Key: "Caller-ID-Name", Value: l.callerName},
		{Key: "Caller-ID-Number", Value: l.callerNumber},
		{Key: "Callee-ID-Name", Value: l.calleeName},
		{Key: "Callee-ID-Number", Value: l.calleeNumber},
		{Key: "Caller-Destination-Number", Value: l.destination},
		{Key: "From-Tag", Value: l.fromTag},
		{Key: "To-Tag", Value: l.toTag},
		{Key: "Presence-ID", Value: l.presenceID},
		{Key: "Media-Server", Value: s.host.Switch},
		{Key: "Switch-Hostname", Value: s.host.Switch},
		{Key: "Switch-Nodename", Value: s.node()},
		{Key: "Switch-URL", Value: "sip:mod_sofia@" + s.host.Address + ":11000"},
		{Key: "Switch-URI", Value: "sip:" + s.host.Address + ":11000"},
		{Key: "Other-Leg-Call-ID", Value: l.partner.callID},
		{Key: "Other-Leg-Caller-ID-Name", Value: l.partner.callerName},
		{Key: "Other-Leg-Caller-ID-Number", Value: l.partner.callerNumber},
		{Key: "Other-Leg-Destination-Number", Value: l.partner.destination},
		{Key: "Other-Leg-Direction", Value: l.partner.direction},
		{Key: "Custom-Channel-Vars", Value: l.customChannelVars()},
	}
	switch name {
	case kapi.ChannelBridge:
		fields = append(fields, jobj.Member{Key: "Bridge-B-Unique-ID", Value: l.partner.callID})
	case kapi.ChannelCreate, kapi.ChannelAnswer:
		fields = append(fields, l.addresses()...)
	case kapi.ChannelDestroy:
		fields = append(append(fields, l.addresses()...), l.ending.fields(l.created)...)
	}
	return fields
}

func (l leg) addresses() jobj.Object {
	return jobj.Object{
		{Key: "Request", Value: l.request},
		{Key: "To", Value: l.to},
		{Key: "From", Value: l.from},
	}
}

// fields are what CHANNEL_DESTROY adds. The switch rounds the whole duration
// down and the billed one up.
func (e ending) fields(created time.Time) jobj.Object {
	var billing int64
	if !e.answered.IsZero() {
		billing = int64(math.Ceil(e.at.Sub(e.answered).Seconds()))
	}
	return jobj.Object{
		{Key: "Duration-Seconds", Value: int64(e.at.Sub(created) / time.Second)},
		{Key: "Ringing-Seconds", Value: int64(e.ringing / time.Second)},
		{Key: "Billing-Seconds", Value: billing},
		{Key: "Hangup-Cause", Value: e.cause},
		{Key: "Hangup-Code", Value: e.code},
		{Key: "Disposition", Value: e.disposition},
		{Key: "Local-SDP", Value: e.localSDP},
		{Key: "Remote-SDP", Value: e.remoteSDP},
	}
}
