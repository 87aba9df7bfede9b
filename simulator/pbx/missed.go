package pbx

import (
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Missed says that nobody has taken a call that is over, to the addresses that a callflow
// names (cf_missed_call_alert). The end of the call goes with it as a whole message.
func (ch *Channel) Missed(to []string) error {
	if !ch.gone {
		return &StateError{ch.callID, "tell as missed", "up"}
	}
	c := ch.core
	end, err := kapi.Compose(kapi.CallEvent(), ch.end.sender, ch.end.fields)
	if err != nil {
		return err
	}
	fromUser, fromRealm, _ := cutAt(ch.from)
	toUser, toRealm, _ := cutAt(ch.to)
	fields := jobj.Object{
		{Key: "Account-ID", Value: ch.account.ID},
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Caller-ID-Name", Value: ch.callerName},
		{Key: "Caller-ID-Number", Value: ch.callerNumber},
		{Key: "From-User", Value: fromUser},
		{Key: "From-Realm", Value: fromRealm},
		{Key: "To-User", Value: toUser},
		{Key: "To-Realm", Value: toRealm},
		{Key: "Call-Bridged", Value: false},
		{Key: "Message-Left", Value: false},
		{Key: "Timestamp", Value: kapi.Gregorian(c.now())},
		{Key: "Notify", Value: end},
	}
	if len(to) > 0 {
		emails := make([]any, len(to))
		for i, address := range to {
			emails[i] = address
		}
		fields = append(fields, jobj.Member{Key: "To", Value: emails})
	}
	return c.tell(kapi.CategoryNotification, "missed_call", origin{"callflow", called}, fields)
}
