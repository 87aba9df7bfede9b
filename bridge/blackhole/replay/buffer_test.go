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

func TestBytesBoundTheBuffer(t *testing.T) {
	g := NewWithT(t)
	b := replay.New[int](replay.Limits{Events: 100, Bytes: 10})
	b.Keep("p", start())
	for i := range 5 {
		b.Add(replay.Entry[int]{ID: fmt.Sprint(i), Value: i}, 4, start(), []string{"p"})
	}
	g.Expect(b.Len()).To(Equal(2))
	b.Add(replay.Entry[int]{ID: "huge"}, 11, start(), []string{"p"})
	g.Expect(b.Len()).To(BeZero())
	_, missing := b.Since([]string{"p"}, []string{"huge"})
	g.Expect(missing).To(Equal([]string{"p"}))
}

func TestMarksAreMoments(t *testing.T) {
	g := NewWithT(t)
	b := replay.New[int](replay.Limits{Events: 2, Bytes: 100})
	now := start().Add(500 * time.Microsecond)
	b.Keep("p", now)
	mark := replay.Mark(now)
	values := func() (values []int, missing []string) {
		entries, missing := b.Since([]string{"p"}, []string{mark})
		for _, e := range entries {
			values = append(values, e.Value)
		}
		return values, missing
	}
	got, missing := values()
	g.Expect(got).To(BeEmpty())
	g.Expect(missing).To(BeEmpty())
	for i := range 3 {
		b.Add(replay.Entry[int]{ID: fmt.Sprint(i), Value: i}, 1, now.Add(time.Duration(i)*time.Second), []string{"p"})
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
				b.Keep(pattern, now)
			case 1:
				b.Drop(pattern)
				delete(from, pattern)
			case 2:
				b.Missed(now)
				for p := range from {
					from[p] = len(all)
				}
			default:
				e := happened{fmt.Sprint(i), rapid.SliceOfDistinct(rapid.SampledFrom(patterns), rapid.ID[string]).Draw(rt, "of")}
				all = append(all, e)
				b.Add(replay.Entry[int]{ID: e.id, Value: i}, 1, now, e.patterns)
			}
		}
		if len(all) == 0 {
			return
		}
		seen := rapid.IntRange(0, len(all)-1).Draw(rt, "seen")
		for _, pattern := range patterns {
			entries, missing := b.Since([]string{pattern}, []string{all[seen].id})
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
