package replay_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// accountOf gives two patterns to one account and the others to one each.
func accountOf(pattern string) string {
	if pattern == "c" {
		return "other"
	}
	return "acme"
}

func of(patterns ...string) map[string][]string {
	wanted := map[string][]string{}
	for _, p := range patterns {
		wanted[accountOf(p)] = append(wanted[accountOf(p)], p)
	}
	return wanted
}

func TestBytesBoundTheBuffer(t *testing.T) {
	g := NewWithT(t)
	b := replay.New[int](replay.Limits{Events: 100, Bytes: 10})
	b.Keep("acme", "p", start())
	for i := range 5 {
		b.Add(replay.Entry[int]{ID: fmt.Sprint(i), Value: i, Bytes: 4}, start(), of("p"))
	}
	g.Expect(b.Len()).To(Equal(2))
	b.Add(replay.Entry[int]{ID: "huge", Bytes: 11}, start(), of("p"))
	g.Expect(b.Len()).To(BeZero())
	_, missing := b.Since("acme", []string{"p"}, replay.Place{IDs: []string{"huge"}})
	g.Expect(missing).To(Equal([]string{"p"}))
}

func TestMarksAreMoments(t *testing.T) {
	g := NewWithT(t)
	b := replay.New[int](replay.Limits{Events: 2, Bytes: 100})
	now := start().Add(500 * time.Microsecond)
	b.Keep("acme", "p", now)
	mark := replay.Place{At: now.Truncate(time.Millisecond)}
	values := func() (values []int, missing []string) {
		entries, missing := b.Since("acme", []string{"p"}, mark)
		for _, e := range entries {
			values = append(values, e.Value)
		}
		return values, missing
	}
	got, missing := values()
	g.Expect(got).To(BeEmpty())
	g.Expect(missing).To(BeEmpty())
	for i := range 3 {
		b.Add(replay.Entry[int]{ID: fmt.Sprint(i), Value: i, Bytes: 1}, now.Add(time.Duration(i)*time.Second), of("p"))
		got, missing = values()
		g.Expect(missing).To(HaveLen(i / 2)) // the third pushes the first out
	}
	g.Expect(got).To(Equal([]int{1, 2}))
}

// The buffer beside a list of all that ever happened: what it calls all is all.
func TestWhatIsCalledAllIsAll(t *testing.T) {
	patterns := []string{"a", "b", "c"}
	rapid.Check(t, func(rt *rapid.T) {
		b := replay.New[int](replay.Limits{Events: rapid.IntRange(1, 6).Draw(rt, "limit"), Bytes: 1000})
		now := start()
		type happened struct {
			id       string
			patterns []string
		}
		var all []happened
		from := map[string]int{} // since when a pattern sees everything
		for i := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "ms")) * time.Millisecond)
			switch pattern := rapid.SampledFrom(patterns).Draw(rt, "pattern"); rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				if _, kept := from[pattern]; !kept {
					from[pattern] = len(all)
				}
				b.Keep(accountOf(pattern), pattern, now)
			case 1:
				b.Drop(accountOf(pattern), pattern)
				delete(from, pattern)
			case 2:
				b.Missed(now)
				for p := range from {
					from[p] = len(all)
				}
			default:
				e := happened{fmt.Sprint(i), rapid.SliceOfDistinct(rapid.SampledFrom(patterns), rapid.ID[string]).Draw(rt, "of")}
				all = append(all, e)
				b.Add(replay.Entry[int]{ID: e.id, Value: i, Bytes: 1}, now, of(e.patterns...))
			}
		}
		if len(all) == 0 {
			return
		}
		seen := rapid.IntRange(0, len(all)-1).Draw(rt, "seen")
		for _, pattern := range patterns {
			entries, missing := b.Since(accountOf(pattern), []string{pattern}, replay.Place{IDs: []string{all[seen].id}})
			var got, want []string
			for _, e := range entries {
				got = append(got, e.ID)
			}
			for _, e := range all[seen+1:] {
				if slices.Contains(e.patterns, pattern) {
					want = append(want, e.id)
				}
			}
			covered := len(missing) == 0
			if covered && !slices.Equal(got, want) {
				rt.Fatalf("after %s %s has %v, want %v", all[seen].id, pattern, got, want)
			}
			if since, kept := from[pattern]; covered && (!kept || since > seen) {
				rt.Fatalf("%s is called all after %s, but is kept from %d on", pattern, all[seen].id, since)
			}
		}
	})
}

// One account's traffic does not take what another comes back for.
func TestWhoIsBusyLosesOfTheirOwn(t *testing.T) {
	g := NewWithT(t)
	b := replay.New[int](replay.Limits{Events: 100, Bytes: 1 << 20})
	b.Keep("acme", "a", start())
	b.Keep("other", "c", start())
	for i := range 10 {
		b.Add(replay.Entry[int]{ID: fmt.Sprint("quiet", i), Value: i, Bytes: 1}, start(), of("c"))
	}
	for i := range 1000 {
		b.Add(replay.Entry[int]{ID: fmt.Sprint("busy", i), Value: i, Bytes: 1}, start(), of("a"))
	}
	g.Expect(b.Len()).To(Equal(100))
	entries, missing := b.Since("other", []string{"c"}, replay.Place{IDs: []string{"quiet0"}})
	g.Expect(entries).To(HaveLen(9))
	g.Expect(missing).To(BeEmpty())
	entries, missing = b.Since("acme", []string{"a"}, replay.Place{IDs: []string{"busy0"}})
	g.Expect(entries).To(HaveLen(90))
	g.Expect(missing).To(Equal([]string{"a"}))
	entries, missing = b.Since("other", []string{"c"}, replay.Place{IDs: []string{"busy999"}})
	g.Expect(entries).To(BeEmpty(), "the last event of one account is a place in the course of another's, too")
	g.Expect(missing).To(BeEmpty())
	b.Drop("other", "c")
	b.Drop("acme", "a")
	g.Expect(b.Len()).To(BeZero())
}

func TestWhatFollowsCanBeContinuedFromWhereTheOtherCould(t *testing.T) {
	g := NewWithT(t)
	b := replay.New[int](replay.Limits{Events: 10, Bytes: 100})
	b.Keep("acme", "a", start())
	b.Add(replay.Entry[int]{ID: "old", Bytes: 1}, start(), of("a"))
	b.Follow("acme", "b", "a", start())
	b.Add(replay.Entry[int]{ID: "new", Bytes: 1}, start(), of("b"))
	entries, missing := b.Since("acme", []string{"a", "b"}, replay.Place{IDs: []string{"old"}})
	g.Expect(missing).To(BeEmpty())
	g.Expect(entries).To(HaveLen(1))
	b.Add(replay.Entry[int]{ID: "late", Bytes: 1}, start(), of("a"))
	b.Drop("acme", "a")
	_, missing = b.Since("acme", []string{"b"}, replay.Place{IDs: []string{"new"}})
	g.Expect(missing).To(Equal([]string{"b"}), "an event of the other one came after that, and is gone")
	_, missing = b.Since("acme", []string{"b"}, replay.Place{IDs: []string{"late"}})
	g.Expect(missing).To(BeEmpty())
	b.Keep("acme", "a", start())
	b.Missed(start())
	b.Follow("acme", "d", "a", start())
	_, missing = b.Since("acme", []string{"d"}, replay.Place{IDs: []string{"old"}})
	g.Expect(missing).To(Equal([]string{"d"}), "what was lost before is lost for it, too")
}
