package pbx_test

import (
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// named are the messages of an Event-Name.
func (st *stage) named(name string) []jobj.Object {
	var all []jobj.Object
	for _, e := range st.events {
		if e.String("Event-Name") == name {
			all = append(all, e)
		}
	}
	return all
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	must(t, err)
	return n
}

func TestEachLegOfAnAccountHasARecord(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "records")
	a, err := st.FromCarrier(acme(), pbx.Party{Number: "+12125550199"}, "+14155550100", "a@203.0.113.20")
	must(t, err)
	b, err := a.Dial(desk(1))
	must(t, err)
	st.pass(t, 5*time.Second)
	must(t, b.Answer())
	must(t, a.Answer())
	must(t, a.Bridge(b))
	st.pass(t, 9500*time.Millisecond)
	must(t, b.Hangup("NORMAL_CLEARING"))
	must(t, a.Hangup("NORMAL_CLEARING"))
	nobodys, err := st.FromCarrier(pbx.Account{Realm: "x"}, pbx.Party{Number: "+12125550199"}, "+14155550999", "n@203.0.113.20")
	must(t, err)
	must(t, nobodys.Hangup("UNALLOCATED_NUMBER"))

	records, ends := st.named("report"), st.named("CHANNEL_DESTROY")
	g.Expect(records).To(HaveLen(2), "one of no account has none")
	for i, record := range records {
		end := ends[i]
		g.Expect(record.String("Event-Category") + " " + record.String("Account-ID")).To(Equal("cdr " + account))
		for _, same := range []string{
			"Call-ID", "Hangup-Cause", "Hangup-Code", "Duration-Seconds", "Billing-Seconds", "Ringing-Seconds", "Request", "From", "Channel-Name",
			"Custom-Channel-Vars", "Local-SDP", "Remote-SDP", "Other-Leg-Call-ID",
		} {
			value, _ := end.Get(same)
			saw, _ := record.Get(same)
			g.Expect(saw).To(Equal(value), same)
		}
		g.Expect(record.String("Msg-ID") > end.String("Msg-ID")).To(BeTrue())
		g.Expect(record.String("Node")).To(MatchRegexp(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`))
		id := end.String("Custom-Channel-Vars", "Call-Interaction-ID")
		g.Expect(record.String("Call-Interaction", "Id")).To(Equal(id))
		g.Expect(record.String("Call-Interaction", "Key")).To(Equal(id[12:]))
		g.Expect(record.Int("Timestamp")).To(Equal(record.Int("Call-Interaction", "Timestamp")))
		created, _ := record.Get("Channel-Created-Time")
		g.Expect(created).To(Not(BeAssignableToTypeOf("")), "a number")
		g.Expect(record.Int("Channel-Created-Time")).To(BeEquivalentTo(number(t, end.String("Channel-Created-Time"))))
		g.Expect(record.String("To-URI")).To(Equal("sip:" + end.String("To")))
	}
	g.Expect(records[0].String("Node")).To(Equal(records[1].String("Node")))
}
