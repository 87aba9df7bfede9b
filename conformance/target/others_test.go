package target_test

import (
	"context"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/hostile"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestWhatKilledRunsHaveLeftIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, may := range []string{target.Write, target.OwnSubaccount} {
		g := NewWithT(t)
		crossbar := &hostile.Crossbar{Dialect: "5.0"}
		p := profileOf(t, crossbar.Serve(t).URL)
		p.May = may
		const old, later = "certify 20261127T100000Z ", "certify 20261127T120000Z "
		parent := crossbar.Make(old+"webhooks fanout own-00000001-1", hostile.Master)
		crossbar.Make(old+"webhooks fanout child-00000001-2", parent)
		crossbar.Make(later+"webhooks retry own-00000002-1", hostile.Master)
		shared := crossbar.Make(old+"rest accounts own-00000001-3", hostile.Master)
		crossbar.Make("Somebody's own", shared)
		crossbar.Make("certify", hostile.Master)
		crossbar.Make("Acme certify 20261127T100000Z x own-00000001-1", hostile.Master)

		preflight := target.Preflight{Profile: p, Clock: clock.System(), IDs: ids.Seeded(t.Name()), Listen: (&net.ListenConfig{}).Listen}
		ready, err := preflight.Look(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ready.Others).To(HaveLen(3))
		accounts := 0
		for _, other := range ready.Others {
			accounts += len(other.Accounts)
		}
		g.Expect(accounts).To(Equal(4))
		crossbar.Expire() // which the removal stands, too

		removed, err := ready.RemoveOthers(t.Context(), preflight, time.Date(2026, 11, 27, 11, 0, 0, 0, time.UTC))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(removed).To(Equal(2))
		g.Expect(ready.Others).To(ConsistOf(HaveField("Foreign", ContainSubstring("Somebody's own")), HaveField("Foreign", "")))
		g.Expect(ready.Close(t.Context())).To(Succeed())
		g.Expect(crossbar.Names()).To(ConsistOf(later+"webhooks retry own-00000002-1", old+"rest accounts own-00000001-3", "Somebody's own", "certify",
			"Acme certify 20261127T100000Z x own-00000001-1"))
	}
}

func TestWhatOfOtherRunsCannotBeDeletedIsNamedAndCounted(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0", Keeps: "clings"}
	preflight := target.Preflight{Profile: profileOf(t, crossbar.Serve(t).URL), Clock: clock.System(), IDs: ids.Seeded(t.Name())}
	crossbar.Make("certify 20261127T100000Z a b clings-00000001-1", hostile.Master)
	crossbar.Make("certify 20261127T100000Z a b own-00000001-1", hostile.Master)
	ready, err := preflight.Look(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	removed, err := ready.RemoveOthers(t.Context(), preflight, preflight.Clock.Now())
	g.Expect(err).To(MatchError(ContainSubstring("1 of 2 accounts stay: ")))
	g.Expect(removed).To(Equal(1))
	g.Expect(ready.Others).To(HaveLen(1))
}

// What cannot be listed may be anybody's, and what is said to be empty need not be so any more.
func TestWhatIsNotKnownToBeOursIsNotDeleted(t *testing.T) {
	t.Parallel()
	const ours = "certify 20261127T100000Z a b own-00000001-"
	for name, c := range map[string]struct {
		crossbar *hostile.Crossbar
		within   string
		says     string
	}{
		"it cannot be listed":    {&hostile.Crossbar{Dialect: "5.0", Hides: "own-"}, "", "could not be listed"},
		"it is said to be empty": {&hostile.Crossbar{Dialect: "5.0", Empty: true}, "Somebody's own", "Somebody's own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			crossbar := c.crossbar
			preflight := target.Preflight{Profile: profileOf(t, crossbar.Serve(t).URL), Clock: clock.System(), IDs: ids.Seeded(t.Name())}
			parent := crossbar.Make(ours+"1", hostile.Master)
			if c.within != "" {
				crossbar.Make(c.within, parent)
			}
			left := crossbar.Left()
			ready, err := preflight.Look(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			removed, err := ready.RemoveOthers(t.Context(), preflight, preflight.Clock.Now())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(removed).To(BeZero())
			g.Expect(ready.Others).To(ConsistOf(HaveField("Foreign", ContainSubstring(c.says))))
			g.Expect(crossbar.Left()).To(Equal(left))
		})
	}
}

func TestItIsToldThatNothingCouldBeLookedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0", Hides: "m"}
	p := profileOf(t, crossbar.Serve(t).URL)
	crossbar.Place(hostile.Master, "master")
	preflight := target.Preflight{Profile: p, Clock: clock.System(), IDs: ids.Seeded(t.Name())}
	ready, err := preflight.Look(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = ready.RemoveOthers(t.Context(), preflight, preflight.Clock.Now())
	g.Expect(err).To(MatchError(ContainSubstring("/children")))
}

// Whoever ends a run ends that, too.
func TestTheDeletionOfOthersEndsWithTheRun(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	preflight := target.Preflight{Profile: profileOf(t, crossbar.Serve(t).URL), Clock: clock.System(), IDs: ids.Seeded(t.Name())}
	crossbar.Make("certify 20261127T100000Z a b own-00000001-1", hostile.Master)
	ready, err := preflight.Look(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ready.OthersBefore(preflight.Clock.Now())).To(Equal(1))
	ended, end := context.WithCancel(t.Context())
	end()
	removed, err := ready.RemoveOthers(ended, preflight, preflight.Clock.Now())
	g.Expect(err).To(MatchError(context.Canceled))
	g.Expect(removed).To(BeZero())
	g.Expect(crossbar.Left()).To(Equal(1))
}
