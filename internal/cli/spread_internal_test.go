package cli

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Each duration is told as itself or an eighth more, never as less.
func TestSpreadIsExactToAnEighth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, "microseconds")) * time.Microsecond
		s := &spread{}
		s.add(d)
		s.most = 1 << 62 // not what at rests on here
		if got := s.at(0.99); got < d || got > d+d/8+time.Microsecond {
			t.Fatalf("%s is told as %s", d, got)
		}
	})
}

func TestSpreadFindsTheSlowest(t *testing.T) {
	t.Parallel()
	s := &spread{}
	for range 98 {
		s.add(time.Millisecond)
	}
	s.add(time.Second)
	s.add(2 * time.Second)
	if got := s.at(0.5); got < time.Millisecond || got > 2*time.Millisecond {
		t.Errorf("half took up to %s", got)
	}
	if got := s.at(0.99); got < time.Second {
		t.Errorf("99 of 100 took up to %s", got)
	}
	if s.at(1) != 2*time.Second || (&spread{}).at(0.99) != 0 {
		t.Errorf("%s at most, %s of none", s.at(1), (&spread{}).at(0.99))
	}
}
