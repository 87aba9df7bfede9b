package cli

import (
	"fmt"
	"log/slog"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// deaf is a bus on which nothing is heard.
type deaf struct{}

func (deaf) Publish(string, string, jobj.Object) {}
func (deaf) Bind(string, string, string)         {}
func (deaf) Unbind(string, string, string)       {}

// What else has a call in hand whose end was missed is told when the line to the broker is back.
func TestPivotIsToldOfCallsWhoseEndWasMissed(t *testing.T) {
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Wall: clock.System()})
	sim := newSimulation(line, &outlet.Outlet{}, pbx.DefaultHost(), nil, ids.Seeded("missed"))
	f := &flows{sim: sim}
	f.missed() // before there is an application
	f.engine = callflow.New(callflow.Config{Line: line, IDs: sim.random, Bus: deaf{}, Queue: "q", Log: slog.New(slog.DiscardHandler)})
	f.missed()
	f.engine.Lead(jobj.Object{{Key: "Call-ID", Value: "gone"}}, callflow.Flow{})
	var over []string
	f.over = func(callID string) { over = append(over, callID) }
	f.missed()
	f.missed()
	g.Expect(over).To(Equal([]string{"gone"}))
}

func TestSoManyMailboxesAreKnown(t *testing.T) {
	g := NewWithT(t)
	var all mailboxes
	left := func(id string) *pbx.Mailbox {
		box := all.of(callflow.VoiceMessage{BoxID: id, Box: jobj.Object{{Key: "mailbox", Value: id}}})
		box.New++
		return box
	}
	left("busy")
	for i := range 3 * mostMailboxes {
		left(fmt.Sprint(i))
		if i%100 == 0 {
			left("busy")
		}
		g.Expect(len(all)).To(BeNumerically("<=", mostMailboxes))
	}
	g.Expect(left("busy").New).To(Equal(32))
	g.Expect(left(fmt.Sprint(3*mostMailboxes - 1)).New).To(Equal(2))
	g.Expect(left("0").New).To(Equal(1), "it was forgotten")
	g.Expect(all).To(HaveLen(mostMailboxes))
}
