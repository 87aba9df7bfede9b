package probe_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// A lab of one node answers when a hook is in force; another node of it, and a Kazoo, are later.
func TestOnlyOneNodeOfALabIsTakenAtItsWord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		features []string
		waits    bool
	}{
		"a lab of one node":  {[]string{suite.Lab, suite.OneNode}, false},
		"a lab of two nodes": {[]string{suite.Lab}, true},
		"one node of Kazoo":  {[]string{suite.OneNode}, true},
		"nodes of Kazoo":     {nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			quiet := 50 * time.Millisecond
			if !c.waits {
				quiet = time.Minute
			}
			log := capture.NewLog(clock.System())
			p := probe.New(&probe.Harness{
				Target: probe.Target{Features: c.features, Patience: probe.Patience{Quiet: quiet}}, Log: log, Clock: clock.System(), IDs: ids.Seeded(name),
			}, "group/one")
			began := clock.System().Now()
			p.Applied(t.Context())
			if took := clock.System().Since(began); c.waits {
				g.Expect(took).To(BeNumerically(">=", quiet))
			} else {
				g.Expect(took).To(BeNumerically("<", quiet))
			}
		})
	}
}
