package switchboard_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// rings is a call of the telephone network that rings at telephones.
func (h *house) rings(extensions ...string) (a *pbx.Channel, legs []*pbx.Channel) {
	h.t.Helper()
	a, err := h.Arrive(h.Account, pbx.Party{Number: "+12125550199"}, h.Numbers[0], "", "", nil)
	h.fine(err)
	h.pass()
	var devices []pbx.Device
	for _, extension := range extensions {
		devices = append(devices, h.device(extension))
	}
	h.Ring(a, devices, false, h.fine)
	h.heard()
	return a, a.Dialled()
}

// forwarded is a call that rings at 1001 and, since 1002 forwards its calls, at a number: with
// the pair between.
func (h *house) forwarded() (a, leg, far *pbx.Channel) {
	h.t.Helper()
	a, legs := h.rings("1001")
	h.Forward(a, h.device("1002"), "+12125550188", h.fine)
	h.heard()
	up := h.Core.Up()
	return a, legs[0], up[len(up)-1]
}

// over says that nothing is left, and that each leg ended with its cause and code; of some only
// the cause is told, as they have no code of their own.
func (h *house) over(ends map[*pbx.Channel]string) {
	h.t.Helper()
	g := NewWithT(h.t)
	h.pass()
	g.Expect(h.Core.Channels()).To(BeZero(), "legs that are left")
	_, told := h.missed()
	for ch, want := range ends {
		end := told[ch.CallID()]
		g.Expect(end.String("Hangup-Cause")+" "+end.String("Hangup-Code")).To(Equal(want), h.legs[ch.CallID()])
	}
}

// refusedBy is told of acts that must fail because of the state of a call.
func (h *house) refusedBy(state string) func(error) {
	told := false
	h.t.Cleanup(func() {
		if !told {
			h.t.Errorf("an act was to be told that a call is %s, and was told nothing", state)
		}
	})
	return func(err error) {
		told = true
		NewWithT(h.t).Expect(err).To(MatchError(ContainSubstring(state)))
	}
}

func TestAForwardedCallEndsWhole(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		happens func(h *house, a, leg, far *pbx.Channel)
		ends    string // of the far end
		follows []string
	}{
		"the caller hangs up": {
			func(h *house, a, _, _ *pbx.Channel) { h.Hangup(a, "", h.fine) }, "ORIGINATOR_CANCEL sip:487",
			[]string{"A CHANNEL_DESTROY", "B CHANNEL_DESTROY", "C CHANNEL_DESTROY", "D CHANNEL_DESTROY", "E CHANNEL_DESTROY"},
		},
		"nobody answers": {
			func(h *house, a, _, _ *pbx.Channel) { h.GiveUp(a, false, h.fine) }, "NO_ANSWER sip:480",
			[]string{"B CHANNEL_DESTROY", "C CHANNEL_DESTROY", "D CHANNEL_DESTROY", "E CHANNEL_DESTROY", "A CHANNEL_EXECUTE_COMPLETE", "A CHANNEL_DESTROY"},
		},
		"all refuse": {
			func(h *house, _, leg, far *pbx.Channel) {
				h.Refuse(leg, "CALL_REJECTED", false, h.fine)
				h.pass()
				h.Refuse(far, "USER_BUSY", false, h.fine)
			}, "USER_BUSY sip:486",
			[]string{
				"B CHANNEL_DESTROY", "E CHANNEL_DESTROY", "D CHANNEL_EXECUTE_COMPLETE", "C CHANNEL_DESTROY", "D CHANNEL_DESTROY",
				"A CHANNEL_EXECUTE_COMPLETE", "A CHANNEL_DESTROY",
			},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			a, leg, far := h.forwarded()
			c.happens(h, a, leg, far)
			h.over(map[*pbx.Channel]string{far: c.ends})
			NewWithT(t).Expect(h.heard()).To(Equal(c.follows))
		})
	}
}

func TestAForwardedCallThatIsRefusedGoesOnWithTheCallflow(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, leg, far := h.forwarded()
	h.Refuse(leg, "CALL_REJECTED", true, h.fine)
	h.pass()
	g.Expect(a.Dialled()).To(HaveLen(1), "the other rings on")
	h.Refuse(far, "CALL_REJECTED", true, h.fine)
	h.heard()
	g.Expect(h.Core.Up()).To(Equal([]*pbx.Channel{a}))
	h.Voicemail(a, h.Boxes[1], 10*time.Second, h.fine)
	h.over(map[*pbx.Channel]string{a: "CALL_REJECTED sip:603"})
}

func TestAnotherOfTheGroupTakesTheForwardedCall(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, leg, far := h.forwarded()
	h.Answer(leg, h.fine)
	g.Expect(h.heard()).To(Equal([]string{
		"B CHANNEL_ANSWER", "A CHANNEL_ANSWER", "A CHANNEL_BRIDGE", "C CHANNEL_DESTROY", "D CHANNEL_DESTROY", "E CHANNEL_DESTROY",
	}))
	h.Hangup(a, "", h.fine)
	h.over(map[*pbx.Channel]string{far: "LOSE_RACE sip:487", leg: "NORMAL_CLEARING sip:200"})
}

// Within the few moments that it takes to connect who answers, people do other things.
func TestActsCross(t *testing.T) {
	t.Parallel()
	for what, happens := range map[string]func(h *house){
		"the caller hangs up as somebody answers": func(h *house) {
			a, legs := h.rings("1001")
			h.Answer(legs[0], h.refusedBy("over"))
			h.Hangup(a, "", h.fine)
			h.over(map[*pbx.Channel]string{a: "ORIGINATOR_CANCEL sip:487", legs[0]: "NORMAL_CLEARING sip:200"})
		},
		"who answers hangs up": func(h *house) {
			a, legs := h.rings("1001")
			h.Answer(legs[0], h.refusedBy("left by who took it"))
			h.Hangup(legs[0], "", h.fine)
			h.over(map[*pbx.Channel]string{a: "CALL_REJECTED sip:603"})
			NewWithT(h.t).Expect(a.Answered()).To(BeFalse())
			NewWithT(h.t).Expect(h.heard()).To(Equal([]string{"B CHANNEL_ANSWER", "B CHANNEL_DESTROY", "A CHANNEL_EXECUTE_COMPLETE", "A CHANNEL_DESTROY"}))
		},
		"two answer": func(h *house) {
			a, legs := h.rings("1001", "1002")
			h.Answer(legs[0], h.fine)
			h.Answer(legs[1], h.refusedBy("answered by somebody else"))
			NewWithT(h.t).Expect(h.heard()).To(Equal([]string{"B CHANNEL_ANSWER", "A CHANNEL_ANSWER", "A CHANNEL_BRIDGE", "C CHANNEL_DESTROY"}))
			h.Hangup(a, "", h.fine)
			h.over(map[*pbx.Channel]string{legs[1]: "LOSE_RACE sip:487"})
		},
		"two answer, one of them where calls are forwarded": func(h *house) {
			a, leg, far := h.forwarded()
			h.Answer(far, h.fine)
			h.Answer(leg, h.refusedBy("answered by somebody else"))
			h.pass()
			NewWithT(h.t).Expect(a.Peer()).To(BeIdenticalTo(far))
			h.Hangup(a, "", h.fine)
			h.over(map[*pbx.Channel]string{leg: "LOSE_RACE sip:487"})
		},
		"the caller hangs up as somebody answers a forwarded call": func(h *house) {
			a, _, far := h.forwarded()
			h.Answer(far, h.refusedBy("over"))
			h.Hangup(a, "", h.fine)
			h.over(map[*pbx.Channel]string{a: "ORIGINATOR_CANCEL sip:487"})
		},
		"somebody picks the call up as another one answers": func(h *house) {
			by := h.fromOutside()
			a, legs := h.rings("1002")
			h.Answer(legs[0], h.refusedBy("bridged"))
			h.Connect(by, a, true, h.fine)
			h.pass()
			NewWithT(h.t).Expect(a.Peer()).To(BeIdenticalTo(by))
			h.Hangup(a, "", h.fine)
			h.over(map[*pbx.Channel]string{legs[0]: "LOSE_RACE sip:487"})
		},
		"all are busy as somebody picks the call up": func(h *house) {
			by := h.fromOutside()
			a, _ := h.rings("1002")
			h.Busy(a, []pbx.Device{h.device("1003")}, "", false, h.refusedBy("bridged"))
			h.Connect(by, a, true, h.fine)
			h.pass()
			NewWithT(h.t).Expect(a.Peer()).NotTo(BeNil())
			h.Hangup(a, "", h.fine)
			h.over(nil)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			happens(newHouse(t))
		})
	}
}

func TestWhoHangsUpWhileItRingsRefuses(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, legs := h.rings("1001")
	h.Hangup(legs[0], "", h.fine)
	g.Expect(h.heard()).To(Equal([]string{"B CHANNEL_DESTROY", "A CHANNEL_EXECUTE_COMPLETE", "A CHANNEL_DESTROY"}))
	h.over(map[*pbx.Channel]string{a: "CALL_REJECTED sip:603", legs[0]: "CALL_REJECTED sip:603"})
}

func TestWhoHangsUpAfterABlindTransferRefuses(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	h.Transfer(b, "1002", h.fine)
	h.heard()
	h.Hangup(a.Dialled()[0], "NORMAL_CLEARING", h.fine)
	g.Expect(h.heard()).To(Equal([]string{"C CHANNEL_DESTROY", "A CHANNEL_EXECUTE_COMPLETE", "A CHANNEL_DESTROY"}))
	h.over(nil)
}

func TestWhoWasGivenAwayIsListedWithoutTheLegThatDidSo(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, b := h.talking()
	other := func() string { return a.Listed().String("other_leg") + a.Status().String("Other-Leg-Call-ID") }
	g.Expect(other()).To(Equal(b.CallID() + b.CallID()))
	h.Transfer(b, "1002", h.fine)
	h.pass()
	g.Expect(b.Gone()).To(BeTrue())
	g.Expect(other()).To(BeEmpty())
	c := a.Dialled()[0]
	h.Answer(c, h.fine)
	h.pass()
	g.Expect(other()).To(Equal(c.CallID() + c.CallID()))
}

func TestWhoWithdrawsIntoAConferenceLeavesTheOtherEnd(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, _ := h.talking()
	h.heard()
	h.Withdraw(a, "standup", h.fine)
	g.Expect(h.heard()).To(Equal([]string{"A CHANNEL_UNBRIDGE", "B CHANNEL_DESTROY", "conference-create", "add-member"}))
	g.Expect(a.Member()).NotTo(BeNil())
}

func TestWhatRingsForAQuickcallIsCancelledWithIt(t *testing.T) {
	h := newHouse(t)
	leg, err := h.Originate(h.Account, h.device("1001"), "", pbx.Party{Number: "1002"}, "1002", h.fine)
	h.fine(err)
	h.pass()
	h.Answer(leg, h.fine)
	h.pass()
	target := leg.Dialled()[0]
	h.Hangup(leg, "NORMAL_CLEARING", h.fine)
	h.over(map[*pbx.Channel]string{leg: "NORMAL_CLEARING sip:200", target: "ORIGINATOR_CANCEL sip:487"})
}

// given is a call whose 1001 consults 1002, to whom the call goes when they answer.
func (h *house) given(then func(error)) (a, b, consult *pbx.Channel) {
	h.t.Helper()
	a, b = h.talking()
	h.Give(b, "1002", then)
	for h.Core.Channels() < 4 { // what comes later is not waited for
		h.passFor(time.Second)
	}
	consult = h.Core.Up()[2]
	return a, b, consult
}

func TestAnAttendedTransferIsCompletedWhenTheTargetAnswers(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	a, _, consult := h.given(h.fine)
	target := consult.Dialled()[0]
	h.passFor(5 * time.Second)
	h.Answer(target, h.fine)
	h.pass()
	g.Expect(a.Peer()).To(BeIdenticalTo(target))
	h.Hangup(a, "", h.fine)
	h.over(nil)
}

func TestAnAttendedTransferThatDoesNotComeAbout(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		happens func(h *house, b, consult *pbx.Channel)
		told    string
		goesOn  bool
	}{
		"the transferor hangs up": {func(h *house, b, _ *pbx.Channel) { h.Hangup(b, "", h.fine) }, "no longer in both calls", false},
		"the caller hangs up":     {func(h *house, b, _ *pbx.Channel) { h.Hangup(b.Peer(), "", h.fine) }, "no longer in both calls", false},
		"the target refuses": {func(h *house, _, consult *pbx.Channel) {
			h.Refuse(consult.Dialled()[0], "CALL_REJECTED", false, h.fine)
		}, "no longer in both calls", true},
		"the consultation is hung up": {func(h *house, _, consult *pbx.Channel) { h.Hangup(consult, "", h.fine) }, "no longer in both calls", true},
		"nobody answers":              {func(*house, *pbx.Channel, *pbx.Channel) {}, "nobody answered", true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			h := newHouse(t)
			a, b, consult := h.given(h.refusedBy(c.told))
			g.Expect(b.Held()).To(BeTrue())
			c.happens(h, b, consult)
			h.pass()
			g.Expect(consult.Gone()).To(BeTrue())
			g.Expect(b.Held()).To(BeFalse())
			if !c.goesOn {
				h.over(nil)
				return
			}
			g.Expect(h.Core.Up()).To(Equal([]*pbx.Channel{a, b}))
			g.Expect(a.Peer()).To(BeIdenticalTo(b))
		})
	}
}

func TestWhoCannotTakeACallHangsUp(t *testing.T) {
	t.Parallel()
	for what, happens := range map[string]func(h *house){
		"it ends before it is picked up": func(h *house) {
			a, legs := h.rings("1001")
			_, err := h.PickUp(legs[0], h.device("1002"), h.refusedBy("over"))
			h.fine(err)
			h.Hangup(a, "", h.fine)
		},
		"it ends before it is taken out of its slot": func(h *house) {
			a, b := h.talking()
			h.Park(b, "101", h.fine)
			h.pass()
			_, err := h.Retrieve(h.Account, "101", h.device("1002"), h.refusedBy("no call waits"))
			h.fine(err)
			h.Hangup(a, "", h.fine)
		},
		"whoever rings for it is not answered": func(h *house) {
			a, _ := h.talking()
			h.Fetch(a, []pbx.Device{h.device("1002")}, h.refusedBy("nobody answered"))
			h.passFor(5 * time.Second)
			h.Hangup(a, "", h.fine)
			h.passFor(5 * time.Second)
			NewWithT(h.t).Expect(h.Core.Channels()).To(BeZero(), "nothing rings for a call that is over")
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			happens(h)
			h.over(nil)
		})
	}
}

func TestARecordingEndsWithItsCall(t *testing.T) {
	g := NewWithT(t)
	h := newHouse(t)
	_, b := h.talking()
	g.Expect(h.StartRecording(b, "call.mp3")).To(Succeed())
	h.Transfer(b, "1002", h.fine)
	g.Expect(h.heard()[:6]).To(Equal([]string{
		"B RECORD_START", "B CHANNEL_TRANSFEROR", "A CHANNEL_TRANSFEREE", "B RECORD_STOP", "A CHANNEL_UNBRIDGE", "B CHANNEL_DESTROY",
	}))
	g.Expect(h.Recorded(b)).NotTo(Succeed())
}
