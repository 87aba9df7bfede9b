package switchboard_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
)

// listening is a house in which somebody has called, and what they hear.
func listening(t *testing.T) (h *house, a *pbx.Channel, sounds *[]switchboard.Sound) {
	t.Helper()
	h, sounds = newHouse(t), &[]switchboard.Sound{}
	h.Heard = func(_ *pbx.Channel, s switchboard.Sound) { *sounds = append(*sounds, s) }
	a, err := h.Arrive(h.Account, pbx.Party{Number: "+12125550199"}, h.Numbers[0], "", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	h.pass()
	return h, a, sounds
}

func TestSoundsAreHeardUntilTheyEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	h, a, sounds := listening(t)
	g.Expect(h.Take(a)).To(Succeed())
	var over []switchboard.Sound
	ends := func(s switchboard.Sound) { over = append(over, s) }
	g.Expect(h.Play(a, switchboard.Sound{Kind: "tts", Text: "one", Terminators: "12", Length: 4 * time.Second}, ends)).To(Succeed())
	g.Expect(h.Play(a, switchboard.Sound{Kind: "play", Media: "music"}, ends)).To(Succeed())
	g.Expect((*sounds)[0]).To(Equal(switchboard.Sound{Kind: "tts", Text: "one", Terminators: "12", Length: 4 * time.Second, Began: true}))
	h.Send(a, "1", nil) // by the switch
	h.Press(a, "3", nil)
	h.passFor(time.Second)
	g.Expect(over).To(BeEmpty())
	h.Press(a, "2", nil)
	g.Expect(over).To(HaveLen(1))
	g.Expect(over[0]).To(Equal((*sounds)[2]), "who waits hears what is told")
	g.Expect(over[0].Ended + over[0].Key).To(Equal("key2"))
	g.Expect(over[0].After).To(Equal(time.Second))
	g.Expect(h.Hearing(a)).To(BeTrue(), "the music goes on")
	h.Break(a)
	g.Expect(over[1].Media + " " + over[1].Ended).To(Equal("music break"))
	g.Expect(h.Hearing(a)).To(BeFalse())
	g.Expect(h.Play(a, switchboard.Sound{Kind: "play", Media: "more"}, nil)).To(Succeed())
	h.Hangup(a, "", nil)
	h.pass()
	g.Expect((*sounds)[len(*sounds)-1].Ended).To(Equal("hangup"))
	g.Expect(h.Play(a, switchboard.Sound{Kind: "play", Media: "late"}, nil)).NotTo(Succeed(), "nobody is there")
}

func TestOneWhoIsCalledHearsNothingBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	h, a, sounds := listening(t)
	h.Ring(a, h.Devices[:1], false, nil)
	h.pass()
	leg := a.Dialled()[0]
	g.Expect(h.Play(leg, switchboard.Sound{Kind: "play", Media: "m"}, nil)).To(MatchError(ContainSubstring("called itself, and rings")))
	g.Expect(*sounds).To(BeEmpty())
}

func TestAMessageIsListenedToOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	h, a, _ := listening(t)
	told := 0
	h.Speak(a, 3*time.Second)
	h.Speak(a, time.Second) // which is less
	g.Expect(h.Listen(a, switchboard.Message{Name: "m.mp3", Silence: 2 * time.Second}, func() { told++ })).To(Succeed())
	g.Expect(h.Listen(a, switchboard.Message{Name: "n.mp3"}, func() { told++ })).To(MatchError(ContainSubstring("recorded")))
	h.passFor(4900 * time.Millisecond)
	g.Expect(told).To(BeZero())
	h.passFor(200 * time.Millisecond)
	g.Expect(told).To(Equal(1))
	length, running := a.Tape("m.mp3")
	g.Expect(length).To(Equal(5 * time.Second))
	g.Expect(running).To(BeFalse())
	g.Expect(h.Listen(a, switchboard.Message{Name: "m.mp3"}, func() { told++ })).To(Succeed(), "and again")
	h.StopListening(a)
	g.Expect(told).To(Equal(2))
	h.StopListening(a)
	g.Expect(told).To(Equal(2))
}
