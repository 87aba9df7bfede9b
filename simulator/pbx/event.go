package pbx

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Events lists the names of the events that NewCall can make.
func Events() []string {
	return []string{kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelBridge, kapi.ChannelDestroy}
}

// UnknownEventError says that no such event can be composed.
type UnknownEventError struct{ Name string }

func (e *UnknownEventError) Error() string { return fmt.Sprintf("no event %q", e.Name) }

// Event is an event before it becomes a message. It is a value.
type Event struct {
	kind   *kapi.Publication
	sender kapi.Sender
	fields jobj.Object
}

// Event composes the event that has just happened.
func (c *Call) Event() Event {
	return Event{c.sw.channel, c.sw.sender(bySwitch()), c.sw.compose(c.event, c.inboundLeg(), c.happened)}
}

// WholeCall composes the events of a call that has just ended, from its beginning on:
// CHANNEL_CREATE, CHANNEL_ANSWER, CHANNEL_BRIDGE and CHANNEL_DESTROY.
func (s *Switch) WholeCall(spec Spec) []Event {
	call := s.newCall(kapi.ChannelDestroy, phaseEnded, spec)
	var events []Event
	for _, step := range []struct {
		event string
		at    phase
		when  time.Time
	}{
		{kapi.ChannelCreate, phaseCreated, call.created.Add(setup)},
		{kapi.ChannelAnswer, phaseAnswered, call.answered},
		{kapi.ChannelBridge, phaseBridged, call.answered.Add(setup)},
		{kapi.ChannelDestroy, phaseEnded, call.ended},
	} {
		then := *call
		then.event, then.phase, then.happened = step.event, step.at, step.when
		events = append(events, then.Event())
	}
	return events
}

// EventOf takes an event that was made elsewhere. Fields that every message of
// its kind has are filled in where they are missing. Without an Event-Category the
// Event-Name says what it is, as FindKind reads it; failing that, it is a call's. The
// error is an *UnknownEventError.
func (s *Switch) EventOf(fields jobj.Object) (Event, error) {
	category, name := fields.String("Event-Category"), fields.String("Event-Name")
	kind, known := FindKind(name)
	if category != "" {
		kind, known = kindOf(category, name)
	}
	by := bySwitch()
	if known {
		category, name, by = kind.category, kind.event, kind.by
		fields = fields.Set("Event-Name", name)
	}
	if category == "" {
		category = kapi.CategoryCallEvent
	}
	p, ok := kapi.FindPublication(category, name)
	if !ok {
		return Event{}, &UnknownEventError{category + " / " + name}
	}
	sender := s.sender(by)
	if fields.String("Msg-ID") == "" { // here, not when it is printed: which ids there are has an order
		fields = fields.Set("Msg-ID", sender.MsgID())
	}
	return Event{&p, sender, fields}, nil
}

// Name is the event's Event-Name.
func (e Event) Name() string { return e.fields.String("Event-Name") }

// CallID is the event's Call-ID, "" when it is of no call.
func (e Event) CallID() string { return e.fields.String("Call-ID") }

// ID is what the event is about: a call, else a document, a fax, a message, a
// conference; failing all, the Msg-ID.
func (e Event) ID() string {
	for _, field := range []string{"Call-ID", "ID", "Job-ID", "Message-ID", "Fax-ID", "Voicemail-ID", "Conference-ID", "Hook-ID"} {
		if id := e.fields.String(field); id != "" {
			return id
		}
	}
	return e.fields.String("Msg-ID")
}

// Category is the event's Event-Category.
func (e Event) Category() string { return e.kind.Category }

// Exchange is the one it is published to.
func (e Event) Exchange() string { return e.kind.Exchange }

// OfAccount returns the event as one of another account: a call's variables name
// it, of the request for its route, too, any other event itself, and a change of a document the database, too.
func (e Event) OfAccount(id string) Event {
	switch {
	case e.kind.Category == kapi.CategoryCallEvent, e.kind.Category == kapi.CategoryDialplan && e.kind.Name == "route_req":
		e.fields = e.fields.Set("Custom-Channel-Vars", e.fields.Object("Custom-Channel-Vars").Set("Account-ID", id))
		return e
	case e.kind.Category == kapi.CategoryConfiguration:
		db := e.fields.String("Database")
		if _, ok := kapi.AccountOfDB(db); ok {
			_, month, monthly := strings.Cut(db, "-")
			db = kapi.AccountDB(id)
			if monthly {
				db += "-" + month
			}
			e.fields = e.fields.Set("Database", db)
		}
	}
	e.fields = e.fields.Set("Account-ID", id)
	return e
}

// Fields returns the event's fields.
func (e Event) Fields() jobj.Object { return e.fields }

// Message makes the bytes and the address. The error is a
// *kapi.InvalidMessageError.
func (e Event) Message() (kapi.Message, error) {
	m, err := e.kind.Message(e.sender, e.fields)
	if err == nil && e.kind.Labelled && m.CallID == "" {
		return m, &kapi.InvalidMessageError{Event: e.Name(), Field: "Call-ID", Reason: "must be text"}
	}
	return m, err
}

// compose lists the fields of an event of a leg. Which event has which is
// mod_kazoo's definition: the base set for all, then what the event adds.
func (s *Switch) compose(name string, l leg, at time.Time) jobj.Object {
	const most = 48
	fields := append(make(jobj.Object, 0, most), jobj.Object{
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
		{Key: "Origination-Call-ID", Value: l.originationID},
		{Key: "User-Agent", Value: l.userAgent},
		{Key: "Custom-Channel-Vars", Value: l.customChannelVars()},
	}...)
	fields = append(fields, l.applicationVars()...)
	if l.loopback.end != "" {
		fields = append(fields, jobj.Object{
			{Key: "Channel-Is-Loopback", Value: true},
			{Key: "Channel-Loopback-Leg", Value: l.loopback.end},
			{Key: "Channel-Loopback-Other-Leg-ID", Value: l.loopback.other},
		}...)
	}
	if l.loopback.end != "" && !l.loopback.stays {
		fields = append(fields, jobj.Object{
			{Key: "Channel-Loopback-Bowout", Value: true},
			{Key: "Channel-Loopback-Bowout-Execute", Value: true},
		}...)
	}
	switch name {
	case kapi.ChannelBridge:
		fields = append(fields, jobj.Member{Key: "Bridge-B-Unique-ID", Value: l.partner.callID})
	case kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelProgress, kapi.ChannelProgressMedia, "CHANNEL_METAFLOW", "RECORD_STOP":
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
