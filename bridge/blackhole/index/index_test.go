package index_test

import (
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/blackhole/index"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// found lists what an event finds, sorted.
func found[T int | string](x *index.Index[T], event string) []T {
	all := []T{}
	x.Match(event, func(value T) bool {
		all = append(all, value)
		return true
	})
	slices.Sort(all)
	return all
}

func TestBHMatchVector(t *testing.T) {
	tally := vectortest.NewTally(t, "bh_match")
	// The two columns between are what parts of the reference find; what counts is
	// whether the whole delivered.
	for _, r := range vectortest.Read(t, "bh_match", "pattern", "key", "bh_match", "bh_match_reversed_with_prefix", "dispatched") {
		x := index.New[int]()
		x.Add(r.String("pattern"), 1)
		got, want := len(found(x, r.String("key"))) > 0, r.Bool(false, "dispatched")
		if got == want {
			tally.Agree()
		} else {
			tally.Disagree(r, "%q and %q match: %v", r.String("pattern"), r.String("key"), got)
		}
	}
}

func TestValuesUnderKeys(t *testing.T) {
	g := NewWithT(t)
	x := index.New[string]()
	for key, values := range map[string]string{
		"call.a.E.*": "p q", "call.a.E.c1": "p", "call.*.E.*": "r", "call.a.E.#": "s", "call.b.E.*": "t", "#": "u",
	} {
		for value := range strings.FieldsSeq(values) {
			x.Add(key, value)
			x.Add(key, value)
		}
	}
	g.Expect(x.Len()).To(Equal(7))
	g.Expect(found(x, "call.a.E.c1")).To(Equal([]string{"p", "p", "q", "r", "s", "u"}), "once for each key that matches")
	g.Expect(found(x, "call.c.E.c1")).To(Equal([]string{"r", "u"}))
	g.Expect(found(x, "call.a.F.c1")).To(Equal([]string{"u"}))

	x.Remove("call.a.E.c1", "q") // which is not there
	x.Remove("call.a.X.c1", "p")
	x.Remove("call.x.#", "p")
	g.Expect(x.Len()).To(Equal(7))
	x.Remove("call.a.E.c1", "p")
	x.Remove("call.a.E.#", "s")
	g.Expect(found(x, "call.a.E.c1")).To(Equal(strings.Fields("p q r u")))
	g.Expect(x.Len()).To(Equal(5))
}

func TestMatchEndsWhenToldTo(t *testing.T) {
	g := NewWithT(t)
	x := index.New[int]()
	for i, key := range []string{"a.b", "a.b", "a.*", "*.*", "a.#", "#", "#.b"} {
		x.Add(key, i)
	}
	for _, event := range []string{"a.b", "a.*", "*.b", "a.#", "#"} {
		for most := range len(found(x, event)) {
			seen := 0
			x.Match(event, func(int) bool { seen++; return seen <= most })
			g.Expect(seen).To(Equal(most+1), event)
		}
	}
}

// TestIndexAgainstNaive plays random changes and compares with a list that is
// searched from its start.
func TestIndexAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type kept struct {
			key   string
			value int
		}
		x, list := index.New[int](), []kept{}
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			k := kept{draw(t, "key"), rapid.IntRange(0, 30).Draw(t, "value")}
			at := slices.Index(list, k)
			switch {
			case rapid.IntRange(0, 2).Draw(t, "change") > 0:
				x.Add(k.key, k.value)
				if at < 0 {
					list = append(list, k)
				}
			case at >= 0:
				list = slices.Delete(list, at, at+1)
				fallthrough
			default:
				x.Remove(k.key, k.value)
			}
		}
		if x.Len() != len(list) {
			t.Fatalf("holds %d, want %d", x.Len(), len(list))
		}
		for range 5 {
			event, want := draw(t, "event"), []int{}
			for _, k := range list {
				if naive(k.key, event) {
					want = append(want, k.value)
				}
			}
			slices.Sort(want)
			if got := found(x, event); !slices.Equal(got, want) {
				t.Fatalf("%q of %+v finds %v, want %v", event, list, got, want)
			}
		}
		for _, k := range list {
			x.Remove(k.key, k.value)
		}
		if x.Len() != 0 || len(found(x, "#")) != 0 {
			t.Fatalf("%d are left", x.Len())
		}
	})
}

func draw(t *rapid.T, label string) string {
	word := rapid.SampledFrom([]string{"a", "b", "c", "event", "blackhole", "", "*", "*", "#"})
	return strings.Join(rapid.SliceOfN(word, 1, 5).Draw(t, label), ".")
}

// Without # a match is what one expects: as many words, pair by pair the same or one
// of them a star.
func TestStarsStandForOneWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "b", "*"})
		a, b := rapid.SliceOfN(word, 1, 4).Draw(t, "a"), rapid.SliceOfN(word, 1, 4).Draw(t, "b")
		want := len(a) == len(b)
		for i := range min(len(a), len(b)) {
			want = want && (a[i] == b[i] || a[i] == "*" || b[i] == "*")
		}
		if got := naive(strings.Join(a, "."), strings.Join(b, ".")); got != want {
			t.Fatalf("%v and %v match: %v", a, b, got)
		}
	})
}

// naive is the rule once more, on lists of words, one case after the other.
func naive(a, b string) bool {
	read := func(key string) []string {
		words := strings.Split("blackhole.event."+key, ".")
		slices.Reverse(words)
		return words
	}
	return a == b || naiveCovers(read(a), read(b)) || naiveCovers(read(b), read(a))
}

func naiveCovers(p, k []string) bool {
	switch {
	case len(p) == 0:
		return len(k) == 0
	case len(k) == 0:
		return p[0] == "#" && !slices.Equal(p, []string{"#", "*"}) && naiveCovers(p[1:], k)
	case p[0] == "*" || k[0] == "*":
		return naiveCovers(p[1:], k[1:])
	case p[0] == "#" && len(p) > 1 && p[1] == k[0]:
		if slices.Contains(k[1:], k[0]) {
			return naiveCovers(p[2:], k[1:]) || naiveCovers(append([]string{"#"}, p[2:]...), k[1:])
		}
		return naiveCovers(p[2:], k[1:])
	case p[0] == "#":
		return naiveCovers(p, k[1:])
	}
	return p[0] == k[0] && naiveCovers(p[1:], k[1:])
}
