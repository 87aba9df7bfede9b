package probe_test

import (
	"errors"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// asking is a probe of a group, and what has a step answered with statuses, one after the other, and the
// last for ever. It counts how often it was done.
func asking(t *testing.T) (*probe.Probe, func(step string, statuses ...string) (times int, err error)) {
	t.Helper()
	log := capture.NewLog(clock.System())
	p := probe.New(&probe.Harness{Log: log, Clock: clock.System(), IDs: ids.Seeded(t.Name())}, "group/one")
	return p, func(step string, statuses ...string) (times int, err error) {
		err = p.Again(step, func() error {
			log.Add(capture.Entry{Group: "group/one", Kind: capture.RestAnswer, Name: step, Head: statuses[min(times, len(statuses)-1)]})
			times++
			return nil
		})
		return times, err
	}
}

func TestWhatTheTargetHasGivenUpIsAskedAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, done := asking(t)
	for times, statuses := range [][]string{1: {"200"}, 2: {"503", "404"}, 3: {"503", "503", "200"}} {
		if times > 0 {
			g.Expect(done("step", statuses...)).To(Equal(times))
		}
	}
}

func TestATargetThatNeverTakesAnAnswerIsNotAskedWithoutEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, done := asking(t)
	g.Expect(done("one", "503")).To(Equal(3))
	g.Expect(done("two", "503")).To(Equal(3))
	g.Expect(done("three", "503")).To(Equal(3))
	g.Expect(done("four", "503")).To(Equal(1), "enough was done again in this group")
}

func TestWhatCannotBeDoneIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	p, _ := asking(t)
	broken := errors.New("no answer came")
	NewWithT(t).Expect(p.Again("step", func() error { return broken })).To(MatchError(broken))
}
