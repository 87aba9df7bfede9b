package bus

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	"pgregory.net/rapid"
)

// ledger is a channel as the broker sees it: what it holds unacknowledged. It ends
// at a tag that it does not hold, as RabbitMQ's do.
type ledger struct {
	held []uint64
	told []string
	err  error
}

func (l *ledger) Ack(tag uint64, multiple bool) error {
	if l.err != nil {
		return l.err
	}
	if !slices.Contains(l.held, tag) {
		l.err = fmt.Errorf("unknown delivery tag %d", tag)
	}
	l.held = slices.DeleteFunc(l.held, func(t uint64) bool { return t == tag || multiple && t < tag })
	l.told = append(l.told, map[bool]string{true: "through ", false: "only "}[multiple]+fmt.Sprint(tag))
	return l.err
}

func (l *ledger) Nack(tag uint64, _, _ bool) error {
	l.held = slices.DeleteFunc(l.held, func(t uint64) bool { return t == tag })
	l.told = append(l.told, fmt.Sprint("back ", tag))
	return l.err
}

// singly is for a channel that makes no writes.
func singly(send func() error) error { return send() }

func holding(tags uint64) *ledger {
	l := &ledger{}
	for tag := range tags {
		l.held = append(l.held, tag+1)
	}
	return l
}

func ackAll(g *WithT, a *acknowledger, tags ...uint64) {
	for _, tag := range tags {
		g.Expect(a.ack(tag)).To(Succeed())
	}
}

func TestAcknowledgementsGoTogether(t *testing.T) {
	g := NewWithT(t)
	l := holding(10)
	a := newAcknowledger(l, singly, 0, clockwork.NewFakeClock())
	ackAll(g, a, 1, 3, 2, 4)
	g.Expect(l.told).To(BeEmpty(), "they wait for others")
	a.tick()
	g.Expect(l.told).To(Equal([]string{"through 4"}))
	a.tick()
	g.Expect(l.told).To(HaveLen(1), "and are told once")
}

func TestWhatComesBeforeItsTurnWaitsOnceMore(t *testing.T) {
	g := NewWithT(t)
	l := holding(10)
	a := newAcknowledger(l, singly, 0, clockwork.NewFakeClock())
	ackAll(g, a, 2, 3)
	a.tick()
	g.Expect(l.told).To(BeEmpty())
	ackAll(g, a, 5)
	a.tick()
	g.Expect(l.told).To(Equal([]string{"only 2", "only 3"}))
	ackAll(g, a, 1, 4)
	a.tick()
	g.Expect(l.told[2:]).To(Equal([]string{"through 5"}))
	ackAll(g, a, 7, 8)
	a.tick()
	a.tick()
	ackAll(g, a, 6)
	a.tick()
	g.Expect(l.told[3:]).To(Equal([]string{"only 7", "only 8", "through 6"}), "8 is not held any more")
	g.Expect(l.held).To(Equal([]uint64{9, 10}))
}

func TestTheWindowIsNeverHeldUp(t *testing.T) {
	g := NewWithT(t)
	l := holding(10)
	a := newAcknowledger(l, singly, 1, clockwork.NewFakeClock())
	ackAll(g, a, 2, 1)
	g.Expect(l.told).To(Equal([]string{"only 2", "through 1"}), "where only one may be under way")
	l = holding(10)
	a = newAcknowledger(l, singly, 16, clockwork.NewFakeClock())
	ackAll(g, a, 1, 2, 3, 5)
	g.Expect(l.told).To(Equal([]string{"through 3", "only 5"}), "a quarter of the window")
}

func TestTheEndTellsAll(t *testing.T) {
	g := NewWithT(t)
	l := holding(10)
	a := newAcknowledger(l, singly, 0, clockwork.NewFakeClock())
	ackAll(g, a, 1, 3)
	g.Expect(a.nack(5, true)).To(Succeed())
	a.end()
	g.Expect(l.told).To(Equal([]string{"back 5", "through 1", "only 3"}))
	g.Expect(a.ack(2)).To(MatchError(ErrStale))
}

func TestADoneDeliveryIsToldByTheClock(t *testing.T) {
	g := NewWithT(t)
	fake, told := clockwork.NewFakeClock(), make(channelOf, 2)
	a := newAcknowledger(told, singly, 0, fake)
	for tag := uint64(1); tag <= 2; tag++ {
		ackAll(g, a, tag)
		fake.Advance(ackPause)
		g.Eventually(told).Should(Receive(Equal(tag)))
	}
}

// channelOf passes on what is acknowledged.
type channelOf chan uint64

func (c channelOf) Ack(tag uint64, _ bool) error { c <- tag; return nil }
func (channelOf) Nack(uint64, bool, bool) error  { return nil }

// Whatever the order, only what is done is told, all of it in the end, and never a
// tag that the broker does not hold.
func TestAnyOrderIsToldRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := NewWithT(t)
		const most = 40
		order := rapid.Permutation(holding(most).held).Draw(t, "order")
		order = order[:rapid.IntRange(1, most).Draw(t, "done")]
		l := holding(most)
		a := newAcknowledger(l, singly, rapid.IntRange(0, 60).Draw(t, "prefetch"), clockwork.NewFakeClock())
		for i, tag := range order {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				g.Expect(a.nack(tag, true)).To(Succeed())
			case 1, 2:
				a.tick()
				fallthrough
			default:
				ackAll(g, a, tag)
			}
			for _, later := range order[i+1:] {
				g.Expect(l.held).To(ContainElement(later), "it is not done")
			}
		}
		a.tick()
		a.tick()
		g.Expect(l.err).NotTo(HaveOccurred())
		for _, tag := range order {
			g.Expect(l.held).NotTo(ContainElement(tag), "it is done")
		}
	})
}
