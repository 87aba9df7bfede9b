package ids_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestTheSeedDecides(t *testing.T) {
	draw := func(s *ids.Source) string {
		text := s.Hex(32)
		for range 5 {
			text += string(rune('a' + s.IntN(26)))
		}
		if s.Float64() < 0.5 {
			text += "low"
		}
		return text + s.Hex(5)
	}
	if first, again := draw(ids.Seeded("demo")), draw(ids.Seeded("demo")); first != again {
		t.Errorf("one seed gave %s and %s", first, again)
	}
	if one, other := draw(ids.Seeded("demo")), draw(ids.Seeded("other")); one == other {
		t.Errorf("two seeds gave %s", one)
	}
	if one, other := draw(ids.New()), draw(ids.New()); one == other {
		t.Errorf("two sources without a seed gave %s", one)
	}
}

func TestHexHasTheAskedLength(t *testing.T) {
	s := ids.New()
	for _, n := range []int{0, 1, 8, 10, 31, 64} {
		if got := s.Hex(n); !regexp.MustCompile(`^[0-9a-f]*$`).MatchString(got) || len(got) != n {
			t.Errorf("Hex(%d) gave %q", n, got)
		}
	}
}

func TestOrderedIsInTheOrderOfTime(t *testing.T) {
	s, at := ids.New(), time.Date(2026, time.March, 1, 9, 0, 0, 0, time.UTC)
	last := ""
	for range 10 {
		id := s.Ordered(at)
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) || id <= last {
			t.Errorf("%s after %s", id, last)
		}
		last, at = id, at.Add(time.Millisecond)
	}
}
