package cli

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

func TestWhatShouldNeverHappenToACallIsToldAtTheEndOrInTheLog(t *testing.T) {
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Wall: clock.System()})
	sim := newSimulation(line, &outlet.Outlet{}, pbx.DefaultHost(), nil, ids.Seeded("wrong"))
	never := errors.New("no such event")
	sim.board.Fail(never)
	g.Expect(sim.wrong).To(MatchError(never))

	sim = newSimulation(line, &outlet.Outlet{}, pbx.DefaultHost(), nil, ids.Seeded("wrong"))
	var log bytes.Buffer
	sim.logTo(slog.New(slog.NewTextHandler(&log, nil)))
	sim.board.Fail(never)
	g.Expect(sim.wrong).NotTo(HaveOccurred(), "what is logged is not kept")
	g.Expect(log.String()).To(And(ContainSubstring("level=ERROR"), ContainSubstring("no such event")))
}
