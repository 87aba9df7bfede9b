package stage

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// standing is something that is waited for on the wall, while the story's time stands
// still and its acts wait.
type standing struct {
	release func() // lets the time pass
	leave   func() // lets the story end
	asked   int    // what the switch is waited for, for which the time must pass
	since   time.Time
	waiting []*scenario.Act
}

// comes has an act take place, unless those before it are not done.
func (s *Stage) comes(act *scenario.Act) {
	due := s.began.Add(act.At + s.late)
	switch {
	case s.ctx.Err() != nil: // the play has ended, and its switch goes on
	case s.still != nil:
		s.still.waiting = append(s.still.waiting, act)
	case s.Line.Now().Before(due):
		s.Line.At(due, func() { s.comes(act) })
	default:
		s.happens(act)
	}
}

// stand has something done on a goroutine of its own, while the time stands still and
// the switch answers and obeys.
func (s *Stage) stand(act *scenario.Act, do func(context.Context) error) {
	s.still = &standing{release: s.Line.Hold(), leave: s.Line.Stay()}
	s.stood.Go(func() {
		err := do(s.ctx)
		_ = s.Line.Do(s.ctx, func() { // that the play has ended is its own error
			s.failed(act, err)
			s.goOn()
		})
	})
}

// goOn has the time pass again, and the acts happen that have waited.
func (s *Stage) goOn() {
	still := s.still
	s.moves()
	if still.asked > 0 { // whoever asked has given up
		s.late += s.Line.Now().Sub(still.since)
	}
	for _, act := range still.waiting {
		s.comes(act)
	}
}

// moves has nothing stand any more.
func (s *Stage) moves() {
	still := s.still
	s.still = nil
	if still.asked == 0 {
		still.release()
	}
	still.leave()
}

// Awaited lets the time pass until told is called: somebody waits for what takes the
// switch its time, and the story for that. Where the story waits for nothing the time passes
// anyway.
func (s *Stage) Awaited() (told func()) {
	still := s.still
	if still == nil {
		return func() {}
	}
	if still.asked == 0 {
		still.since = s.Line.Now()
		still.release()
	}
	still.asked++
	return func() {
		if still.asked--; still.asked > 0 || s.still != still {
			return
		}
		s.late += s.Line.Now().Sub(still.since)
		still.release = s.Line.Hold()
	}
}

// Wait returns when nothing of the story is under way any more, once its context or its
// timeline has ended. The timeline can run on then.
func (s *Stage) Wait() {
	s.stood.Wait()
	if s.still != nil {
		s.moves()
	}
}
