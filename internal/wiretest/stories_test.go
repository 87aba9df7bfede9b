package wiretest_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// What the stories of the tree say by themselves, without their faults and without what is
// commanded over REST, is sound.
func TestStoriesAreSound(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d stories: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			plan, err := scenario.Read(file)
			g.Expect(err).NotTo(HaveOccurred())
			j := judge.New(judge.Config{})
			line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
			play := stage.New(stage.Config{
				Plan: plan, World: stage.NewWorld(plan, file, ""), Line: line, IDs: ids.Seeded(file),
				Say:   func(e pbx.Event) { j.Add(seen(t, e)) },
				Ask:   func(context.Context, *scenario.REST) error { return nil },
				Send:  func(context.Context, *scenario.Send) error { return nil },
				Break: func(*scenario.Fault) error { return nil },
				Check: func(context.Context, []scenario.Expected) error { return nil },
			})
			play.Begin(t.Context())
			g.Expect(line.Run(t.Context(), false)).To(Succeed())
			for _, f := range j.End() {
				if f.Rule == "leg.destroy-last" && commanded(plan) { // it would have been told to hang up
					continue
				}
				t.Errorf("%s", f)
			}
		})
	}
}

// commanded tells whether calls of a story obey what comes over REST or a websocket.
func commanded(plan *scenario.Plan) bool {
	return slices.ContainsFunc(plan.Acts, func(a scenario.Act) bool {
		rest, ok := a.Do.(*scenario.REST)
		_, sends := a.Do.(*scenario.Send)
		return sends || ok && strings.Contains(rest.Target, "/channels")
	})
}
