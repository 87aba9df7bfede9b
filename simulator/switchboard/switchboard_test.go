package switchboard_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// house is a board whose events are kept: whose they are, and what they are.
type house struct {
	*switchboard.Board
	*office.Office

	t    *testing.T
	line *timeline.Timeline
	legs map[string]string
	told []string
	said []pbx.Event // all of them
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, legs: map[string]string{}}
	h.line = timeline.New(timeline.Config{Start: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Wall: clock.System()})
	random := ids.Seeded("house")
	core := pbx.NewCore(pbx.New(pbx.Config{Clock: h.line, IDs: random}), h.line, h.say)
	h.Office = &office.Office{
		Account:  pbx.Account{ID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", Realm: "acme.sip.example.com"},
		Numbers:  []string{"+14155550100"},
		Alerts:   map[string][]string{},
		FaxBoxes: []pbx.FaxBox{{ID: random.Hex(32), Name: "Acme Fax", Number: "+14155550142", Email: "fax@acme.example.com"}},
	}
	for _, desk := range []struct{ extension, name string }{{"1001", "Dana Desk"}, {"1002", "Remy Ray"}, {"1003", "Sam Sill"}} {
		h.Devices = append(h.Devices, pbx.Device{
			ID: random.Hex(32), OwnerID: random.Hex(32), Username: "user_" + desk.extension, Name: desk.name, Extension: desk.extension,
		})
		h.Boxes = append(h.Boxes, &pbx.Mailbox{ID: random.Hex(32), Number: desk.extension})
	}
	h.Board = switchboard.New(switchboard.Config{
		Core: core, Line: h.line, IDs: random, Offices: []office.Office{*h.Office}, Fail: func(err error) { t.Errorf("failed: %v", err) },
	})
	return h
}

// say keeps what is of a call, of a fax or of a conference; presence, and the records of legs, are
// told elsewhere.
func (h *house) say(e pbx.Event) {
	h.said = append(h.said, e)
	if _, err := e.Message(); err != nil {
		h.t.Errorf("%s: %v", e.Name(), err)
	}
	if unknown := e.Unknown(); len(unknown) > 0 {
		h.t.Errorf("%s: fields that never reach the wire: %v", e.Name(), unknown)
	}
	name := e.Name()
	switch name {
	case "dialog_update", "route_req", "usurp_control", "report":
		return
	case "event":
		name = e.Fields().String("Event")
	case "status":
		name = e.Fields().String("Status")
	case "doc_created", "doc_edited", "doc_deleted":
		name += " " + e.Fields().String("Type")
	}
	if e.Category() == "call_event" {
		leg, ok := h.legs[e.CallID()]
		if !ok {
			leg = string(rune('A' + len(h.legs)))
			h.legs[e.CallID()] = leg
		}
		name = leg + " " + name
	}
	h.told = append(h.told, name)
}

// pass runs all that is planned.
func (h *house) pass() {
	h.t.Helper()
	if err := h.line.Run(h.t.Context(), false); err != nil {
		h.t.Fatal(err)
	}
}

// passFor runs what is planned for so long.
func (h *house) passFor(d time.Duration) {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	defer stop()
	h.line.At(h.line.Now().Add(d), stop)
	if err := h.line.Run(ctx, false); err != nil && !errors.Is(err, context.Canceled) {
		h.t.Fatal(err)
	}
}

// heard is what has been told since it was last asked.
func (h *house) heard() []string {
	h.pass()
	told := h.told
	h.told = nil
	return told
}

func (h *house) device(extension string) pbx.Device {
	h.t.Helper()
	d, ok := h.Office.Device(extension)
	if !ok {
		h.t.Fatalf("no telephone %s", extension)
	}
	return d
}

// talking is a call of the telephone network that 1001 has taken.
func (h *house) talking() (a, b *pbx.Channel) {
	h.t.Helper()
	g := NewWithT(h.t)
	a, err := h.Arrive(h.Account, pbx.Party{Name: "PAT EXAMPLE", Number: "+12125550199"}, h.Numbers[0], "", "", nil)
	g.Expect(err).NotTo(HaveOccurred())
	h.pass()
	h.Ring(a, []pbx.Device{h.Devices[0]}, false, h.fine)
	h.pass()
	b = a.Dialled()[0]
	h.Answer(b, h.fine)
	h.heard()
	return a, b
}

// fine is told of acts that must succeed.
func (h *house) fine(err error) {
	if err != nil {
		h.t.Errorf("%v", err)
	}
}

func TestABlindTransferRingsElsewhere(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	h.Transfer(b, "1002", h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"B CHANNEL_TRANSFEROR", "A CHANNEL_TRANSFEREE", "A CHANNEL_UNBRIDGE", "B CHANNEL_DESTROY", "C CHANNEL_CREATE", "C CHANNEL_PROGRESS",
	}))
	h.Answer(a.Dialled()[0], h.fine)
	g.Expect(h.heard()).To(Equal([]string{"C CHANNEL_ANSWER", "A CHANNEL_BRIDGE"}), "the caller is answered already")
	h.Hangup(a.Peer(), "", h.fine)
	g.Expect(h.heard()).To(Equal([]string{"A CHANNEL_UNBRIDGE", "C CHANNEL_DESTROY", "A CHANNEL_DESTROY"}))
	h.Transfer(a, "1002", func(err error) { g.Expect(err).To(MatchError(ContainSubstring("cannot transfer"))) })
}

func TestATransferToNobodyLeavesTheCallAlone(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	_, b := h.talking()
	var failed error
	h.Transfer(b, "9999", func(err error) { failed = err })
	g.Expect(h.heard()).To(BeEmpty())
	g.Expect(failed).To(MatchError("nobody has the number 9999"))
	g.Expect(b.Peer()).NotTo(BeNil())
}

// Whether somebody has a number may be known later: nothing is done about it before.
func TestATransferWaitsForWhetherSomebodyHasTheNumber(t *testing.T) {
	for what, transfer := range map[string]func(h *house, a, b *pbx.Channel, then switchboard.Then){
		"blind":    func(h *house, _, b *pbx.Channel, then switchboard.Then) { h.Transfer(b, "9999", then) },
		"attended": func(h *house, _, b *pbx.Channel, then switchboard.Then) { h.Give(b, "9999", then) },
		"diverted": func(h *house, a, _ *pbx.Channel, then switchboard.Then) { h.Divert(a, "9999", then) },
	} {
		t.Run(what, func(t *testing.T) {
			for _, known := range []bool{false, true} {
				g := NewWithT(t)
				h := newHouse(t)
				a, b := h.talking()
				var told func(bool)
				h.Known = func(_ *pbx.Channel, dialled string, then func(bool)) {
					g.Expect(dialled).To(Equal("9999"))
					told = then
				}
				h.Led = func(_ *pbx.Channel, _ string, then func(bool)) { then(true) }
				var failed error
				transfer(h, a, b, func(err error) { failed = err })
				g.Expect(h.heard()).To(BeEmpty())
				g.Expect(failed).NotTo(HaveOccurred())
				told(known)
				if !known {
					g.Expect(failed).To(MatchError("nobody has the number 9999"))
					g.Expect(b.Peer()).NotTo(BeNil())
				}
				something := len(h.heard()) > 0
				g.Expect(something).To(Equal(known))
			}
		})
	}
}

func TestAnAttendedTransferConnectsTheFarEnds(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	consult, err := h.Consult(b, "1002", h.fine)
	g.Expect(err).NotTo(HaveOccurred())
	h.pass()
	target := consult.Dialled()[0]
	h.Answer(target, h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"B CHANNEL_HOLD", "C CHANNEL_CREATE", "D CHANNEL_CREATE", "D CHANNEL_PROGRESS", "D CHANNEL_ANSWER", "C CHANNEL_ANSWER", "C CHANNEL_BRIDGE",
	}))
	h.Join(b, consult, h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"B CHANNEL_TRANSFEROR", "A CHANNEL_TRANSFEREE", "C CHANNEL_REPLACED", "A CHANNEL_UNBRIDGE", "C CHANNEL_UNBRIDGE",
		"A CHANNEL_BRIDGE", "B CHANNEL_DESTROY", "C CHANNEL_DESTROY",
	}))
	g.Expect(a.Peer()).To(BeIdenticalTo(target))
}

func TestAParkedCallIsTakenElsewhere(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	h.Transfer(b, "*3101", h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"B CHANNEL_TRANSFEROR", "A CHANNEL_TRANSFEREE", "A CHANNEL_UNBRIDGE", "B CHANNEL_DESTROY", "doc_created parked_call", "A PARK_PARKED",
	}))
	waiting, ok := h.Parked(h.Account.ID, "101")
	g.Expect(ok).To(BeTrue())
	g.Expect(waiting).To(BeIdenticalTo(a))
	by, err := h.Retrieve(h.Account, "101", h.device("1003"), h.fine)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(h.heard()).To(Equal([]string{
		"C CHANNEL_CREATE", "C CHANNEL_ANSWER", "A CHANNEL_INTERCEPTED", "C CHANNEL_BRIDGE", "A PARK_RETRIEVED", "doc_edited parked_call", "C PARK_RETRIEVED",
	}))
	g.Expect(a.Peer()).To(BeIdenticalTo(by))
	_, err = h.Retrieve(h.Account, "101", h.device("1002"), nil)
	g.Expect(err).To(MatchError("no call waits in slot 101"))
}

func TestAParkedCallerHangsUp(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	h.Park(b, "", h.fine)
	h.heard()
	_, ok := h.Parked(h.Account.ID, "100")
	g.Expect(ok).To(BeTrue(), "the first slot")
	h.Hangup(a, "", h.fine)
	g.Expect(h.heard()).To(Equal([]string{"A CHANNEL_DESTROY", "A PARK_ABANDONED", "doc_edited parked_call"}))
}

func TestAForwardedCallLeavesTheSwitchsOwnLegsOut(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, err := h.Arrive(h.Account, pbx.Party{Number: "+12125550199"}, h.Numbers[0], "", "", nil)
	g.Expect(err).NotTo(HaveOccurred())
	h.pass()
	h.Forward(a, h.device("1001"), "+12125550188", h.fine)
	h.pass()
	outer := a.Dialled()[0]
	inner, _ := h.Core.Channel(h.Core.Up()[2].CallID())
	g.Expect(inner.Dialled()).To(HaveLen(1))
	h.Answer(inner.Dialled()[0], h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"A CHANNEL_CREATE", "B CHANNEL_CREATE", "C CHANNEL_CREATE", "D CHANNEL_CREATE", "D CHANNEL_PROGRESS_MEDIA",
		"D CHANNEL_ANSWER", "C CHANNEL_ANSWER", "C CHANNEL_BRIDGE", "B CHANNEL_ANSWER", "A CHANNEL_ANSWER", "A CHANNEL_BRIDGE",
		"B CHANNEL_REPLACED", "B CHANNEL_DESTROY", "C CHANNEL_DESTROY",
	}))
	g.Expect(outer.Gone()).To(BeTrue())
	h.Hangup(a, "", h.fine)
	g.Expect(h.heard()).To(Equal([]string{"A CHANNEL_UNBRIDGE", "A CHANNEL_DESTROY", "D CHANNEL_DESTROY"}))
}

func TestAConferenceIsOnFromItsFirstMemberToItsLast(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	var members []*pbx.Channel
	for _, extension := range []string{"1001", "1002"} {
		ch, err := h.Dial(h.Account, h.device(extension), "*77", "", "", nil)
		g.Expect(err).NotTo(HaveOccurred())
		h.pass()
		h.Enter(ch, "standup", extension == "1001", h.fine)
		h.pass()
		members = append(members, ch)
	}
	g.Expect(h.heard()).To(Equal([]string{
		"A CHANNEL_CREATE", "A CHANNEL_ANSWER", "conference-create", "add-member", "B CHANNEL_CREATE", "B CHANNEL_ANSWER", "add-member",
	}))
	g.Expect(members[1].Member().Talk(true)).To(Succeed())
	g.Expect(members[1].Member().Mute(true)).To(Succeed())
	h.Hangup(members[0], "", h.fine)
	h.Hangup(members[1], "", h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"start-talking", "stop-talking", "mute-member", "del-member", "A CHANNEL_DESTROY", "del-member", "conference-destroy", "B CHANNEL_DESTROY",
	}))
}

func TestFaxesGoThroughTheirStates(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	_, err := h.SendFax(h.Account, h.FaxBoxes[0], "+12125550188", 2, "", h.fine)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(h.heard()).To(Equal([]string{
		"doc_created fax", "job acquired", "fetching document to send", "prepared document for send", "ready to send",
		"A CHANNEL_CREATE", "A CHANNEL_PROGRESS_MEDIA", "A CHANNEL_ANSWER", "received successful attempt to originate fax",
		"A CHANNEL_FAX_STATUS", "Fax negotiated at 14400", "A CHANNEL_FAX_STATUS", "Sent Page 1 of 2", "A CHANNEL_FAX_STATUS", "Sent Page 2 of 2",
		"A CHANNEL_FAX_STATUS", "A CHANNEL_DESTROY", "Fax Successfully sent", "doc_edited fax", "doc_created fax", "doc_deleted fax", "outbound_fax",
	}))
	ch, err := h.Arrive(h.Account, pbx.Party{Number: "+12125550199"}, h.FaxBoxes[0].Number, "", "", nil)
	g.Expect(err).NotTo(HaveOccurred())
	h.pass()
	h.ReceiveFax(ch, h.FaxBoxes[0], 3, false, h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"B CHANNEL_CREATE", "B CHANNEL_ANSWER", "New Fax from +12125550199", "B CHANNEL_FAX_STATUS", "fax negotiated at 14400",
		"B CHANNEL_FAX_STATUS", "Received  Page 1", "B CHANNEL_FAX_STATUS", "Received  Page 1", "B CHANNEL_FAX_STATUS", "Received  Page 2",
		"B CHANNEL_FAX_STATUS", "B CHANNEL_DESTROY", "doc_created fax", "doc_edited fax", "Fax Successfully received", "inbound_fax",
	}))
	_, err = h.SendFax(h.Account, h.FaxBoxes[0], "+12125550188", 2, "USER_BUSY", h.fine)
	g.Expect(err).NotTo(HaveOccurred())
	told := h.heard()
	g.Expect(told[len(told)-6:]).To(Equal([]string{"C CHANNEL_DESTROY", "USER_BUSY", "doc_edited fax", "doc_created fax", "doc_deleted fax", "outbound_fax_error"}))
}

func TestAQuickcallRingsTheTelephoneFirst(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	leg, err := h.Originate(h.Account, h.device("1001"), "abc-quickcall", pbx.Party{Name: "Device QuickCall", Number: "1002"}, "1002", h.fine)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(h.heard()).To(Equal([]string{"A CHANNEL_CREATE", "A CHANNEL_PROGRESS"}))
	h.Answer(leg, h.fine)
	g.Expect(h.heard()).To(Equal([]string{"A CHANNEL_ANSWER", "B CHANNEL_CREATE", "B CHANNEL_PROGRESS"}))
	h.Answer(leg.Dialled()[0], h.fine)
	g.Expect(h.heard()).To(Equal([]string{"B CHANNEL_ANSWER", "A CHANNEL_BRIDGE"}))
}

func TestACallThatRingsElsewhereIsPickedUp(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, err := h.Arrive(h.Account, pbx.Party{Number: "+12125550199"}, h.Numbers[0], "", "", nil)
	g.Expect(err).NotTo(HaveOccurred())
	h.pass()
	h.Ring(a, []pbx.Device{h.device("1001")}, false, h.fine)
	h.heard()
	_, err = h.PickUp(a.Dialled()[0], h.device("1002"), h.fine)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(h.heard()).To(Equal([]string{
		"C CHANNEL_CREATE", "A CHANNEL_ANSWER", "C CHANNEL_ANSWER", "A CHANNEL_INTERCEPTED", "C CHANNEL_BRIDGE", "B CHANNEL_DESTROY",
	}))
}

func TestOneOfTwoTakesAParkedCall(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	h.Park(b, "101", h.fine)
	h.pass()
	var failed []error
	for _, extension := range []string{"1002", "1003"} {
		_, err := h.Retrieve(h.Account, "101", h.device(extension), func(err error) {
			if err != nil {
				failed = append(failed, err)
			}
		})
		g.Expect(err).NotTo(HaveOccurred())
	}
	h.pass()
	g.Expect(failed).To(HaveExactElements(MatchError(ContainSubstring("no call waits in slot 101"))))
	g.Expect(a.Peer()).NotTo(BeNil())
	g.Expect(h.Core.Channels()).To(Equal(2), "who came too late is gone")
}
