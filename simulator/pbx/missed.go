package pbx

import (
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// AlertMissed has the callflow tell these mail addresses of the call if nobody takes it: its
// flow has the element missed_call_alert. Without any it tells nobody.
func (ch *Channel) AlertMissed(addresses []string) { ch.alert = addresses }

// MessageLeft notes that the caller has left a message. Such a call is not missed.
func (ch *Channel) MessageLeft() { ch.taken = true }

// Missed tells whether the call is one that somebody is to be told of: it has ended, came
// from outside the account, was never connected with anybody and left no message
// (cf_missed_call_alert).
func (ch *Channel) Missed() bool {
	outside := slices.Contains([]string{"", "resource", "sys_info"}, ch.vars.String("Authorizing-Type"))
	return ch.gone && outside && !ch.taken && len(ch.alert) > 0
}

// TellMissed says that nobody has taken the call.
func (ch *Channel) TellMissed() error {
	c := ch.core
	fields := ch.leg.missed(ch.account.ID, ch.alert, c.lastWords(ch.leg), c.now())
	return c.tell(kapi.CategoryNotification, "missed_call", origin{"callflow", called}, fields)
}

// parties are the fields by which notifications name a call, who calls and who is called.
func (l leg) parties() jobj.Object {
	fromUser, fromRealm, _ := strings.Cut(l.from, "@")
	toUser, toRealm, _ := strings.Cut(l.to, "@")
	return jobj.Object{
		{Key: "Call-ID", Value: l.callID},
		{Key: "Caller-ID-Name", Value: l.callerName},
		{Key: "Caller-ID-Number", Value: l.callerNumber},
		{Key: "From-User", Value: fromUser},
		{Key: "From-Realm", Value: fromRealm},
		{Key: "To-User", Value: toUser},
		{Key: "To-Realm", Value: toRealm},
	}
}

// missed are the fields of the notification that nobody has taken the call of a leg. notify
// is the leg's end.
func (l leg) missed(accountID string, addresses []string, notify jobj.Object, at time.Time) jobj.Object {
	to := make([]any, len(addresses))
	for i, address := range addresses {
		to[i] = address
	}
	return append(l.parties(), jobj.Object{
		{Key: "Account-ID", Value: accountID},
		{Key: "Call-Bridged", Value: false},
		{Key: "Message-Left", Value: false},
		{Key: "Timestamp", Value: kapi.Gregorian(at)},
		{Key: "To", Value: to},
		{Key: "Notify", Value: notify},
	}...)
}

// lastWords is the CHANNEL_DESTROY of a leg that has ended, as it was on the wire.
func (s *Switch) lastWords(l leg) jobj.Object {
	msg, err := kapi.Compose(s.channel.Definition, s.sender(bySwitch()), s.compose(kapi.ChannelDestroy, l, l.ending.at))
	if err != nil {
		return nil
	}
	return msg
}
