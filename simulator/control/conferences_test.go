package control_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// joins has another call come in and be taken into a conference, as of a discovery_req with more.
func (d *desk) joins(callID, more string) *pbx.Channel {
	ch, err := d.core.FromCarrier(d.a.Account(), pbx.Party{Number: "+12125550177"}, "+14155550100", callID)
	d.Expect(err).NotTo(HaveOccurred())
	d.Expect(ch.Route("callflow", "")).To(Succeed())
	d.says(fmt.Sprintf(`conference conference.discovery {"Event-Name":"discovery_req","Call":{"Call-ID":%q},%s}`, callID, more))
	return ch
}

func TestAConferenceHasWhoItsDocumentLetsIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	var first, second, third *pbx.Channel
	d.line.After(0, func() {
		first = d.joins("1@h", `"Conference-ID":"room","Moderator":true,"Conference-Doc":{"max_participants":2,"profile":{"member-flags":"endconf"}}`)
	})
	d.line.After(time.Second, func() {
		second = d.joins("2@h", `"Conference-Doc":{"id":"room","max_participants":2,"member":{"join_muted":true,"join_deaf":true}}`)
	})
	d.line.After(2*time.Second, func() { third = d.joins("3@h", `"Conference-ID":"room","Conference-Doc":{"max_participants":2}`) })
	d.line.After(3*time.Second, func() { d.joins("4@h", `"Conference-Doc":{}`) })
	d.line.After(4*time.Second, func() {
		d.Expect(d.log[len(d.log)-1]).To(Equal("E CHANNEL_CREATE"), "no conference is named")
		room, ok := d.core.RoomNamed("room")
		d.Expect(ok).To(BeTrue())
		d.Expect(room.Members()).To(HaveLen(2))
		d.Expect(first.Member().Moderator).To(BeTrue())
		d.Expect(second.Member().Moderator).To(BeFalse())
		value, _ := room.Report().Get("Participants")
		seats := fmt.Sprint(value)
		d.Expect(seats).To(And(ContainSubstring("{Speak true} {Hear true}"), ContainSubstring("{Speak false} {Hear false}")))
		d.Expect(third.Member()).To(BeNil(), "it is full")
		d.Expect(d.log).To(ContainElement("refused: Could not execute dialplan action: conference"))
		d.log = nil
		d.board.Hangup(first, "", nil)
	})
	d.plays(t)
	d.Expect(d.log).To(Equal([]string{
		"del-member", "B done conference NONE", "del-member", "conference-destroy", "C done conference NONE", "B CHANNEL_DESTROY NORMAL_CLEARING sip:200",
	}), "who ends it takes the others along")
	d.Expect(second.Gone()).To(BeFalse(), "whose application goes on")
}
