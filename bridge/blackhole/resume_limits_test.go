package blackhole_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// A resumed client goes on over the turn of a month, with the id of an event before.
func TestTheTurnOfAMonthIsNoGap(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	r.run(t)
	s := r.dial(t)
	s.subscribeWith(acme, "object.*.fax", resume)
	november, december := r.clock.Now(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	r.Handle(change(november, "f1"))
	g.Expect(s.next()).To(ContainSubstring(`"id":"f1"`))
	r.clock.Advance(december.Sub(r.clock.Now()) - 30*time.Second)
	g.Eventually(r.Keeping).WithTimeout(patience).Should(Equal(2))
	r.Handle(change(december, "f2"))
	other := r.dial(t)
	other.subscribeWith(acme, "object.*.fax", since(blackhole.EventID(change(november, "f1"))))
	g.Expect(other.next()).To(ContainSubstring(`"id":"f2"`))
}

func TestABrokerThatIsLateIsAGap(t *testing.T) {
	t.Parallel() // it waits for bindLimit
	g := NewWithT(t)
	r := newRig(t)
	go r.Run(t.Context())
	r.broker.setGone(true)
	s := r.dial(t)
	reply := s.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
	g.Expect(reply.Object("data").Has("since")).To(BeFalse(), "there is nothing to go on from yet")
	s.silent()
	r.broker.setGone(false)
	g.Expect(s.next()).To(ContainSubstring(`"action":"gap","subscribed_key":"call.CHANNEL_CREATE.*"`))
	r.calls(0, 1)
	s.seen(1)
}

func TestWhatASocketHasAlreadyCanBeReplayed(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	s := r.dial(t)
	s.subscribe(acme, "call.CHANNEL_CREATE.*")
	r.calls(0, 1) // before it asks for ids
	s.seen(1)
	mark := s.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).String("data", "since")
	r.calls(1, 4)
	_, ids := s.seen(3)
	s.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(ids[1]))
	calls, _ := s.seen(1)
	g.Expect(calls).To(Equal([]string{"c3"}))
	s.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(mark))
	calls, _ = s.seen(3)
	g.Expect(calls).To(Equal([]string{"c1", "c2", "c3"}))
	s.subscribeWith(acme, "call.CHANNEL_CREATE.*", since("unknown"))
	g.Expect(s.next()).To(ContainSubstring(`"action":"gap"`))
	s.seen(3)
	s.silent()
}

func TestWhatIsReplayedMakesNoReaderSlow(t *testing.T) {
	r := newRig(t, func(cfg *blackhole.Config, _ *blackhole.Dependencies) { cfg.QueueFrames = 10 })
	first, second := r.dial(t), r.dial(t)
	mark := first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).String("data", "since")
	for i := range 50 {
		r.calls(10*i, 10*i+10)
		first.seen(10)
	}
	second.send(subscribe(acme, acme, "call.CHANNEL_CREATE.*", since(mark)))
	NewWithT(t).Expect(second.next()).To(ContainSubstring(`"action":"reply"`))
	r.calls(500, 510)
	second.seen(510)
	second.silent()
}

func TestAnAccountHasSoManyKeysKept(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	go r.Run(t.Context())
	for i := range blackhole.MaxKept + 100 {
		key := fmt.Sprint("call.CHANNEL_CREATE.", i)
		r.KeepFor([]blackhole.Kept{{AccountID: acme, Key: key, Bind: []kapi.Binding{{Exchange: kapi.ExchangeCallEvents, Key: "k"}}}})
	}
	r.KeepFor([]blackhole.Kept{{AccountID: rival, Key: "x", Bind: []kapi.Binding{{Exchange: kapi.ExchangeCallEvents, Key: "k"}}}})
	g.Eventually(r.Keeping).WithTimeout(patience).Should(Equal(blackhole.MaxKept + 1))
	g.Expect(r.dial(t).subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).Object("data").Has("since")).To(BeTrue())
}

// The clocks of nodes differ: a mark of another node's counts from a little earlier, and
// what was not kept then is a gap.
func TestAMarkOfAnotherNode(t *testing.T) {
	g := NewWithT(t)
	one, other := newRig(t), newRig(t, func(_ *blackhole.Config, d *blackhole.Dependencies) { d.IDs = ids.Seeded("other") })
	go other.Run(t.Context())
	keeper := other.dial(t)
	keeper.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
	one.clock.Advance(time.Minute)
	mark := one.dial(t).subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).String("data", "since")
	other.clock.Advance(time.Minute - time.Second) // it is behind
	other.calls(0, 2)
	s := other.dial(t)
	s.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(mark))
	calls, _ := s.seen(2)
	g.Expect(calls).To(Equal([]string{"c0", "c1"}))
	s.silent()
}

func TestALateEventOfTheMonthBeforeIsNotHidden(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	r.run(t)
	keeper := r.dial(t)
	keeper.subscribeWith(acme, "object.*.fax", resume)
	november, december := r.clock.Now(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	r.clock.Advance(december.Sub(november) + 59*time.Minute)
	g.Eventually(r.Keeping).WithTimeout(patience).Should(Equal(2))
	r.Handle(change(november, "f1")) // the last that the client sees
	r.Handle(change(november, "f2"))
	r.settle(t)
	r.clock.Advance(2 * time.Minute)
	for range 2 {
		keeper.next()
	}
	g.Eventually(r.Turned).WithArguments("object.*.fax").WithTimeout(patience).Should(Equal(1))
	s := r.dial(t)
	s.subscribeWith(acme, "object.*.fax", since(blackhole.EventID(change(november, "f1"))))
	g.Expect(s.next()).To(ContainSubstring(`"id":"f2"`))
	s.silent()
}

// In the first hour of a month both databases are listened to; what comes of the older
// one is replayed once.
func TestBothMonthsAreReplayedOnce(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	r.run(t)
	keeper := r.dial(t)
	keeper.subscribeWith(acme, "object.*.fax", resume)
	november, december := r.clock.Now(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	r.clock.Advance(december.Sub(november) + 30*time.Minute)
	g.Eventually(r.Keeping).WithTimeout(patience).Should(Equal(2))
	for _, id := range []string{"f1", "f2"} {
		r.Handle(change(november, id))
	}
	s := r.dial(t)
	s.subscribeWith(acme, "object.*.fax", since(blackhole.EventID(change(november, "f1"))))
	g.Expect(s.next()).To(ContainSubstring(`"id":"f2"`))
	s.silent()
}
