package pbx

import (
	"encoding/hex"
	"hash/fnv"
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// record says what a leg has been, once it has ended (the switch's KZ_CDR, relayed by
// ecallmgr_cdr_event_publisher). One without an account cannot be reported. end are the fields
// of its CHANNEL_DESTROY.
func (c *Core) record(ch *Channel, end jobj.Object) {
	if ch.account.ID == "" {
		return
	}
	record := ch.recorded(end).Put("Event-Name", "report").Put("Msg-ID", micros(c.tick()))
	c.say(Event{c.cdr, c.sender(bySwitch()), append(record,
		jobj.Member{Key: "Account-ID", Value: ch.account.ID}, jobj.Member{Key: "Node", Value: c.coreID})})
}

// recorded are the fields of a leg's record: those of its end, of which some have another form
// there, or no place.
func (l leg) recorded(end jobj.Object) jobj.Object {
	const more = 5
	at, _ := strconv.ParseInt(l.interactionID[:len(l.interactionID)-9], 10, 64) // it is of the switch's own making
	record := make(jobj.Object, 0, len(end)+more)
	for _, m := range end {
		switch m.Key {
		case "Timestamp":
			m.Value = at
		case "Channel-Created-Time":
			m.Value = l.created.UnixMicro()
		case "Origination-Call-ID", "Channel-Is-Loopback", "Channel-Loopback-Leg", "Channel-Loopback-Other-Leg-ID",
			"Channel-Loopback-Bowout", "Channel-Loopback-Bowout-Execute":
			continue
		}
		record = append(record, m)
	}
	return append(record, jobj.Object{
		{Key: "To-URI", Value: "sip:" + l.to},
		{Key: "From-URI", Value: "sip:" + l.from},
		{Key: "Call-Interaction", Value: jobj.Object{
			{Key: "Id", Value: l.interactionID},
			{Key: "Key", Value: l.interactionID[len(l.interactionID)-8:]},
			{Key: "Timestamp", Value: at},
			{Key: "Is-Root", Value: true},
		}},
	}...)
}

// newCoreID is the id of a switch's run, by which it names itself in records. It follows from
// the host's name: the switch has one run, and draws nothing that is not of a call.
func newCoreID(host string) string {
	sum := fnv.New128a()
	_, _ = sum.Write([]byte(host)) // a hash takes everything
	digits := hex.EncodeToString(sum.Sum(nil))
	return digits[:8] + "-" + digits[8:12] + "-4" + digits[13:16] + "-a" + digits[17:20] + "-" + digits[20:]
}

// callRecord is how records of legs are published.
func callRecord() *kapi.Publication {
	record, _ := kapi.FindPublication(kapi.CategoryCallRecord, "report")
	record = record.Ready()
	return &record
}
