package blackhole_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const resume = `,"resume":true`

// seen reads frames of calls and returns which and their ids.
func (s *socket) seen(n int) (calls, ids []string) {
	s.t.Helper()
	for range n {
		frame := gjson.Parse(s.next())
		calls, ids = append(calls, frame.Get("data.call_id").Str), append(ids, frame.Get("id").Str)
	}
	return calls, ids
}

func (r *rig) calls(from, to int) {
	for i := from; i < to; i++ {
		r.Handle(call(kapi.ChannelCreate, fmt.Sprint("c", i), acme))
	}
}

func since(ids ...string) string { return resume + `,"since":["` + strings.Join(ids, `","`) + `"]` }

func TestResumeGoesOnWhereItEnded(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	first, plain := r.dial(t), r.dial(t)
	plain.subscribe(acme, "call.CHANNEL_CREATE.*")
	g.Expect(first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).String("data", "since")).To(HavePrefix("@"))
	r.calls(0, 3)
	calls, ids := first.seen(3)
	g.Expect(calls).To(Equal([]string{"c0", "c1", "c2"}))
	g.Expect(ids[2]).To(Equal(blackhole.EventID(call(kapi.ChannelCreate, "c2", acme))))
	_, none := plain.seen(3)
	g.Expect(none).To(Equal([]string{"", "", ""}), "who does not ask gets Kazoo's bytes")
	_ = first.Close()
	r.open(t, 1)
	r.calls(3, 6)

	second := r.dial(t)
	second.send(subscribe(acme, acme, "call.CHANNEL_CREATE.*", since(ids[2])))
	r.calls(6, 9)
	g.Expect(second.next()).To(ContainSubstring(`"action":"reply"`))
	calls, _ = second.seen(6)
	g.Expect(calls).To(Equal([]string{"c3", "c4", "c5", "c6", "c7", "c8"}))
	second.silent()
}

func TestWhatIsNotCoveredIsAGap(t *testing.T) {
	const gap = `{"action":"gap","subscribed_key":"call.CHANNEL_CREATE.*","account_id":"` + acme + `","reason":"not_kept"}`
	for name, c := range map[string]struct {
		since func(ids []string) string
		then  []string
	}{
		"an id that nobody knows":  {func([]string) string { return since("unknown") }, []string{"c2", "c3"}},
		"an id that is too old":    {func(ids []string) string { return since(ids[0]) }, []string{"c2", "c3"}},
		"a moment that is too old": {func([]string) string { return since("@0") }, []string{"c2", "c3"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := newRig(t, func(cfg *blackhole.Config, _ *blackhole.Dependencies) {
				cfg.Replay = replay.Limits{Events: 2, Bytes: 1 << 20}
			})
			first, second := r.dial(t), r.dial(t)
			first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
			r.calls(0, 4)
			_, ids := first.seen(4)
			second.subscribeWith(acme, "call.CHANNEL_CREATE.*", c.since(ids))
			g.Expect(second.next()).To(Equal(gap))
			calls, _ := second.seen(len(c.then))
			g.Expect(calls).To(Equal(c.then))
			second.silent()
		})
	}
}

func TestTheMarkOfAReplyCanBeResumedFrom(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	first := r.dial(t)
	mark := first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).String("data", "since")
	_ = first.Close()
	r.open(t, 0)
	r.clock.Advance(time.Second)
	r.calls(0, 2)
	second := r.dial(t)
	second.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(mark))
	calls, _ := second.seen(2)
	g.Expect(calls).To(Equal([]string{"c0", "c1"}))
}

func TestOneIDServesSeveralBindings(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	first := r.dial(t)
	first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
	first.subscribeWith(acme, "call.CHANNEL_ANSWER.*", resume)
	r.calls(0, 1)
	_, ids := first.seen(1)
	_ = first.Close()
	r.Handle(call(kapi.ChannelAnswer, "a0", acme))
	r.calls(1, 2)
	second := r.dial(t)
	second.subscribeWith(acme, "call.*.*", since(ids[0])) // another binding: nothing of it is kept
	g.Expect(second.next()).To(ContainSubstring(`"action":"gap","subscribed_key":"call.*.*"`))
	third := r.dial(t)
	third.subscribeWith(acme, "call.CHANNEL_ANSWER.*", since(ids[0]))
	calls, _ := third.seen(1)
	g.Expect(calls).To(Equal([]string{"a0"}))
	third.silent()
}

func TestTheLastSeveralIDsCanBeGiven(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	first := r.dial(t)
	first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
	r.calls(0, 4)
	_, ids := first.seen(4)
	second := r.dial(t) // of another node, where c1 came after c2
	second.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(ids[2], ids[0]))
	calls, _ := second.seen(2)
	g.Expect(calls).To(Equal([]string{"c1", "c3"}))
}

func TestALostBrokerIsAGap(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	s, plain := r.dial(t), r.dial(t)
	s.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
	plain.subscribe(acme, "call.CHANNEL_CREATE.*")
	r.calls(0, 1)
	_, ids := s.seen(1)
	r.Missed()
	g.Expect(s.next()).To(ContainSubstring(`"action":"gap","subscribed_key":"call.CHANNEL_CREATE.*"`))
	plain.seen(1)
	plain.silent()
	later := r.dial(t)
	later.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(ids[0]))
	g.Expect(later.next()).To(ContainSubstring(`"reason":"not_kept"`))
}

func TestNodesKeepForEachOther(t *testing.T) {
	g := NewWithT(t)
	one, other := newRig(t), newRig(t)
	first := one.dial(t)
	first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
	var told []blackhole.Kept
	g.Eventually(one.told).Should(Receive(&told))
	other.KeepFor(told)
	go other.Run(t.Context())
	g.Eventually(other.Keeping).WithTimeout(patience).Should(Equal(1))
	g.Expect(other.broker.keys()).To(Equal([]string{"call.CHANNEL_CREATE.*"}))
	for i := range 4 {
		m := call(kapi.ChannelCreate, fmt.Sprint("c", i), acme)
		if i < 2 {
			one.Handle(m)
		}
		other.Handle(m)
	}
	_, ids := first.seen(2)
	second := other.dial(t) // the first node is dead
	second.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(ids[1]))
	calls, _ := second.seen(2)
	g.Expect(calls).To(Equal([]string{"c2", "c3"}))
	second.silent()
}

// A mark from before the first event is good at once where the other node has said that it
// keeps what follows, however the clocks differ.
func TestAnAgreedMarkIsGoodAtOtherNodes(t *testing.T) {
	for name, c := range map[string]struct {
		ahead  time.Duration // the other's clock
		change func(other *rig)
		gap    bool
	}{
		"at once":                                {},
		"with a clock ahead":                     {ahead: time.Second},
		"with a clock behind":                    {ahead: -time.Second},
		"but for one that has missed something":  {change: func(other *rig) { other.Missed() }, gap: true},
		"but for one that is much ahead":         {ahead: 3 * time.Second, gap: true},
		"with an event that the first never saw": {change: func(other *rig) { other.calls(7, 8) }},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			one, other := newRig(t), newRig(t, func(_ *blackhole.Config, d *blackhole.Dependencies) { d.IDs = ids.Seeded("other") })
			one.others = []*rig{other}
			one.clock.Advance(time.Minute)
			other.clock.Advance(time.Minute + c.ahead)
			mark := one.dial(t).subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).String("data", "since")
			g.Expect(mark).To(HaveSuffix("+"))
			if c.change != nil {
				c.change(other)
			}
			s := other.dial(t)
			s.subscribeWith(acme, "call.CHANNEL_CREATE.*", since(mark))
			switch {
			case c.gap:
				g.Expect(s.next()).To(ContainSubstring(`"reason":"not_kept"`))
			case c.change != nil:
				calls, _ := s.seen(1)
				g.Expect(calls).To(Equal([]string{"c7"}))
			}
			s.silent()
		})
	}
}

func TestWhatWasAgreedHoldsForTheNodesThatThereWere(t *testing.T) {
	t.Parallel() // it waits for bindLimit
	g := NewWithT(t)
	one := newRig(t)
	first := one.dial(t)
	mark := func(binding string) string { return first.subscribeWith(acme, binding, resume).String("data", "since") }
	g.Expect(mark("call.CHANNEL_CREATE.*")).To(HaveSuffix("+"))
	g.Expect(one.told).To(Receive())
	g.Expect(mark("call.CHANNEL_CREATE.*")).To(HaveSuffix("+"))
	g.Expect(one.told).NotTo(Receive(), "they know")
	one.OthersChanged()
	g.Expect(one.told).To(Receive(HaveLen(1)), "a new one hears what is needed")
	g.Expect(mark("call.CHANNEL_CREATE.*")).To(HaveSuffix("+"))
	g.Expect(one.told).To(Receive(HaveLen(1)), "and is asked")

	silent := newRig(t)
	silent.broker.setGone(true)
	one.others = []*rig{silent}
	one.OthersChanged()
	g.Expect(mark("call.CHANNEL_CREATE.*")).NotTo(HaveSuffix("+"))
	// Of a node that began anew nobody has agreed anything.
	anew := newRig(t, func(_ *blackhole.Config, d *blackhole.Dependencies) { d.IDs = ids.Seeded("anew") })
	one.others = nil
	agreed := mark("call.CHANNEL_ANSWER.*")
	s := anew.dial(t)
	s.subscribeWith(acme, "call.CHANNEL_ANSWER.*", since(agreed))
	g.Expect(s.next()).To(ContainSubstring(`"reason":"not_kept"`))
}

func TestWhatNobodyNeedsIsKeptForAWhile(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	r.run(t)
	s := r.dial(t)
	s.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume)
	g.Eventually(r.told).Should(Receive())
	for range 20 { // 10 minutes
		r.clock.Advance(blackhole.Announcing)
		g.Eventually(r.told).WithTimeout(patience).Should(Receive(HaveLen(1)), "it is announced again and again")
		r.settle(t)
	}
	_ = s.Close()
	r.open(t, 0)
	r.clock.Advance(4 * time.Minute)
	r.settle(t)
	g.Expect(r.broker.keys()).NotTo(BeEmpty())
	r.clock.Advance(2 * time.Minute)
	g.Eventually(r.broker.keys).WithTimeout(patience).Should(BeEmpty())
}

func TestRepliesComeBeforeWhatIsReplayed(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	first := r.dial(t)
	mark := first.subscribeWith(acme, "call.CHANNEL_CREATE.*", resume).String("data", "since")
	r.calls(0, 500)
	second := r.dial(t)
	second.send(subscribe(acme, acme, "call.CHANNEL_CREATE.*", since(mark)))
	r.calls(500, 600)
	g.Expect(second.next()).To(ContainSubstring(`"action":"reply"`))
	calls, _ := second.seen(600)
	for i, call := range calls {
		g.Expect(call).To(Equal(fmt.Sprint("c", i)))
	}
}
