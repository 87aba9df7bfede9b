package topic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/simulator/broker/topic"
)

func match(x *topic.Index[string], key string) []string {
	var got []string
	x.Match(key, func(v string) { got = append(got, v) })
	slices.Sort(got)
	return got
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, key string
		want         bool
	}{
		{"", "", true},
		{"", "a", false},
		{"#", "", true},
		{"#", "a.b.c", true},
		{"*", "", false},
		{"*", "a", true},
		{"*", "a.b", false},
		{"*.*", "a.", true},
		{"a.", "a.", true},
		{"a.", "a", false},
		{"a.#", "a", true},
		{"a.#", "a.b.c", true},
		{"a.#", "b.a", false},
		{"#.a", "a", true},
		{"#.a", "b.c.a", true},
		{"#.a", "a.b", false},
		{"#.a.#", "x.a.y.z", true},
		{"#.*", "", false},
		{"#.*", "a", true},
		{"*.#", "", false},
		{"#.#", "", true},
		{"#.#.#", "a.b", true},
		{"a.#.#.b", "a.b", true},
		{"a.*.#.b", "a.b", false},
		{"a.*.#.b", "a.x.b", true},
		{"call.*.c1", "call.CHANNEL_CREATE.c1", true},
		{"call.CHANNEL_CREATE.*", "call.CHANNEL_CREATE.a%2Eb", true},
		{"call.CHANNEL_CREATE.*", "call.CHANNEL_CREATE.a.b", false},
		{"*.b", "a*.b", true},
		{"a*", "ab", false},
	} {
		var x topic.Index[string]
		x.Insert(c.pattern, "v")
		if got := match(&x, c.key) != nil; got != c.want {
			t.Errorf("pattern %q, key %q: matched %v", c.pattern, c.key, got)
		}
	}
}

func TestRemoveTakesOneValueAndLeavesTheRest(t *testing.T) {
	var x topic.Index[string]
	for _, p := range []string{"a.#", "a.*", "a.b", "#"} {
		x.Insert(p, p)
	}
	x.Insert("a.b", "second")
	if !x.Remove("a.b", "a.b") || x.Remove("a.b", "a.b") || x.Remove("a.b.c", "a.b") {
		t.Error("Remove does not tell what was there")
	}
	if got := match(&x, "a.b"); !slices.Equal(got, []string{"#", "a.#", "a.*", "second"}) {
		t.Error(got)
	}
	for _, p := range []string{"a.#", "a.*", "#"} {
		x.Remove(p, p)
	}
	x.Remove("a.b", "second")
	if got := match(&x, "a.b"); got != nil {
		t.Error(got)
	}
}

// naive is the definition: # takes nothing, or a word and stays.
func naive(pattern, key []string) bool {
	switch {
	case len(pattern) == 0:
		return len(key) == 0
	case pattern[0] == "#":
		return naive(pattern[1:], key) || len(key) > 0 && naive(pattern, key[1:])
	case len(key) == 0:
		return false
	}
	return (pattern[0] == "*" || pattern[0] == key[0]) && naive(pattern[1:], key[1:])
}

func split(key string) []string {
	if key == "" {
		return nil
	}
	return strings.Split(key, ".")
}

func FuzzMatchAgreesWithItsDefinition(f *testing.F) {
	f.Add("a.#.b", "*.b", "a.x.b")
	f.Add("#.#", "#", "")
	f.Add("a.", ".", "a.")
	f.Add("#.*.#", "*.#.*", "a.b.c")
	f.Fuzz(func(t *testing.T, first, second, key string) {
		// The definition takes exponential time.
		if len(first) > 30 || len(second) > 30 || len(key) > 30 {
			return
		}
		var x topic.Index[string]
		var want []string
		for i, pattern := range []string{first, second} {
			name := fmt.Sprint(i)
			x.Insert(pattern, name)
			if naive(split(pattern), split(key)) {
				want = append(want, name)
			}
		}
		if got := match(&x, key); !slices.Equal(got, want) {
			t.Errorf("patterns %q and %q, key %q: got %v, want %v", first, second, key, got, want)
		}
		x.Remove(first, "0")
		x.Remove(second, "1")
		if got := match(&x, key); got != nil {
			t.Errorf("left behind: %v", got)
		}
	})
}

func TestManyHashesCostNoMoreThanTheyAreLong(*testing.T) {
	var x topic.Index[string]
	x.Insert(strings.Repeat("#.", 60)+"z", "v")
	x.Match(strings.Repeat("a.", 120)+"b", func(string) {}) // 2^100 ways to split
}

// The look-up is to cost the same beside 10 and beside 100,000 other bindings.
func BenchmarkMatch(b *testing.B) {
	for _, others := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			var x topic.Index[int]
			for i := range others {
				x.Insert(fmt.Sprintf("call.*.unrelated-%d", i), i)
				x.Insert(fmt.Sprintf("other.%d.#", i), i)
			}
			x.Insert("call.CHANNEL_CREATE.*", -1)
			x.Insert("call.#", -2)
			found := 0
			for b.Loop() {
				x.Match("call.CHANNEL_CREATE.2f7a", func(int) { found++ })
			}
			if found != 2*b.N {
				b.Fatal(found)
			}
		})
	}
}
