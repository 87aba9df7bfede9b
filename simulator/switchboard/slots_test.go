package switchboard_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// parked is a call in slot 101.
func (h *house) parked() (a *pbx.Channel) {
	h.t.Helper()
	a, b := h.talking()
	h.Park(b, "101", h.fine)
	h.heard()
	h.said = nil
	return a
}

// ofSlot are what is said of a slot, and whose control of a call is taken.
func (h *house) ofSlot() []string {
	h.t.Helper()
	h.pass()
	var told []string
	for _, e := range h.said {
		f := e.Fields()
		switch e.Name() {
		case "PARK_PARKED", "PARK_RETRIEVED", "PARK_ABANDONED", "doc_edited":
			told = append(told, e.Name())
		case "dialog_update":
			if f.String("From-User") == "*3101" {
				told = append(told, f.String("State"))
			}
		case "usurp_control":
			if reason := f.String("Reason"); reason == "redirect" {
				told = append(told, reason)
			}
		}
	}
	return told
}

func TestAParkedCallThatIsTakenHoweverLeavesItsSlot(t *testing.T) {
	t.Parallel()
	emptied := []string{"PARK_RETRIEVED", "doc_edited", "terminated"}
	for what, c := range map[string]struct {
		takes func(h *house, a *pbx.Channel)
		told  []string
	}{
		"picked up": {func(h *house, a *pbx.Channel) {
			_, err := h.PickUp(a, h.device("1002"), h.fine)
			h.fine(err)
		}, append([]string{"redirect"}, emptied...)},
		"connected": {func(h *house, a *pbx.Channel) {
			by, err := h.Dial(h.Account, h.device("1002"), "*8", "", "", nil)
			h.fine(err)
			h.pass()
			h.Connect(by, a, true, h.fine)
		}, append([]string{"redirect"}, emptied...)},
		"fetched": {func(h *house, a *pbx.Channel) {
			h.Fetch(a, []pbx.Device{h.device("1002")}, h.fine)
			h.passFor(2 * time.Second)
			up := h.Core.Up()
			h.Answer(up[len(up)-1], h.fine)
		}, emptied},
		"given to a callflow":   {func(h *house, a *pbx.Channel) { h.Divert(a, "1002", h.fine) }, emptied},
		"given to a conference": {func(h *house, a *pbx.Channel) { h.Enter(a, "standup", false, h.fine) }, emptied},
		"hung up":               {func(h *house, a *pbx.Channel) { h.Hangup(a, "", h.fine) }, []string{"PARK_ABANDONED", "doc_edited", "terminated"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			h := newHouse(t)
			a := h.parked()
			c.takes(h, a)
			g.Expect(h.ofSlot()).To(Equal(c.told))
			_, taken := h.Parked(h.Account.ID, "101")
			g.Expect(taken).To(BeFalse())
			h.Hangup(a, "", nil)
			g.Expect(h.ofSlot()).To(Equal(c.told), "it is out of its slot, and its end is not of that")
		})
	}
}

func TestASlotTakesOneOfTwoCallsThatAreParkedAtOnce(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	c, d := h.talking()
	h.said = nil
	h.Park(b, "101", h.fine)
	h.Park(d, "101", h.refusedBy("just being parked"))
	g.Expect(h.ofSlot()).To(Equal([]string{"PARK_PARKED", "early"}))
	waits, _ := h.Parked(h.Account.ID, "101")
	g.Expect(waits).To(BeIdenticalTo(a))
	g.Expect(c.Peer()).To(BeIdenticalTo(d), "their call is as it was")
	h.Park(d, "101", h.refusedBy("in it"))
	g.Expect(c.Peer()).To(BeIdenticalTo(d))
}

func TestASlotIsFreeAgainWhereParkingFails(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	c, d := h.talking()
	h.Park(b, "", h.refusedBy("over"))
	h.Hangup(a, "", h.fine)
	h.pass()
	h.Park(d, "", h.fine)
	h.pass()
	waits, _ := h.Parked(h.Account.ID, "100")
	g.Expect(waits).To(BeIdenticalTo(c))
}
