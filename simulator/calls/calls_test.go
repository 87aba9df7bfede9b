package calls_test

import (
	"context"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

func acme() pbx.Account {
	return pbx.Account{ID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", Realm: "acme.sip.example.com"}
}

func desk(extension string) pbx.Device {
	return pbx.Device{ID: "5e1f0e2d3c4b5a69788796a5b4c3d2e1", Username: "user_" + extension, Name: "Dana Desk", Extension: extension}
}

// tb is a test, or one case of a property.
type tb interface {
	rapid.TB
	Context() context.Context
}

// played is what a call says, as names in their order, with whose they are.
func played(t tb, seed string, c calls.Call) (told []string, core *pbx.Core, ended bool) {
	t.Helper()
	line := timeline.New(timeline.Config{Start: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Wall: clock.System()})
	random := ids.Seeded(seed)
	legs := map[string]string{}
	core = pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random}), line, func(e pbx.Event) {
		if _, err := e.Message(); err != nil {
			t.Fatal(err)
		}
		if e.Name() == "dialog_update" || e.Category() == kapi.CategoryCallRecord { // a record follows each end
			return
		}
		leg, ok := legs[e.CallID()]
		if !ok {
			leg = string(rune('A' + len(legs)))
			legs[e.CallID()] = leg
		}
		told = append(told, leg+" "+e.Name())
	})
	board := switchboard.New(switchboard.Config{Core: core, Line: line, IDs: random, Fail: func(err error) { t.Fatal(err) }})
	calls.New(board).Play(c, func() { ended = true })
	if err := line.Run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	return told, core, ended
}

func minute(c calls.Call) calls.Call {
	c.Account = acme()
	if c.From == nil && c.FromDevice.ID == "" {
		c.From = &pbx.Party{Name: "PAT EXAMPLE", Number: "+12125550199"}
	}
	c.Ringing, c.Talking = 6*time.Second, 30*time.Second
	return c
}

func TestCallsPlayAsASwitchWouldTellThem(t *testing.T) {
	for name, c := range map[string]struct {
		call calls.Call
		told []string
	}{
		"one of two telephones answers": {
			calls.Call{Dialled: "+14155550100", Rings: []pbx.Device{desk("1001"), desk("1002")}},
			[]string{
				"A CHANNEL_CREATE", "A route_req", "A usurp_control", "B CHANNEL_CREATE", "C CHANNEL_CREATE", "B CHANNEL_PROGRESS", "C CHANNEL_PROGRESS",
				"B CHANNEL_ANSWER", "A CHANNEL_ANSWER", "A CHANNEL_BRIDGE", "C CHANNEL_DESTROY",
				"A CHANNEL_UNBRIDGE", "A CHANNEL_DESTROY", "B CHANNEL_DESTROY",
			},
		},
		"the one who is called hangs up": {
			calls.Call{FromDevice: desk("1001"), Dialled: "+12125550188", CalleeHangsUp: true},
			[]string{
				"A CHANNEL_CREATE", "A route_req", "A usurp_control", "B CHANNEL_CREATE", "B CHANNEL_PROGRESS_MEDIA", "B CHANNEL_ANSWER", "A CHANNEL_ANSWER",
				"A CHANNEL_BRIDGE", "A CHANNEL_UNBRIDGE", "B CHANNEL_DESTROY", "A CHANNEL_DESTROY",
			},
		},
		"the caller gives up": {
			calls.Call{Dialled: "+14155550100", Rings: []pbx.Device{desk("1001")}, Outcome: calls.Abandoned},
			[]string{
				"A CHANNEL_CREATE", "A route_req", "A usurp_control", "B CHANNEL_CREATE", "B CHANNEL_PROGRESS", "A CHANNEL_DESTROY", "B CHANNEL_DESTROY",
			},
		},
		"the telephone is busy": {
			calls.Call{FromDevice: desk("1001"), Dialled: "1002", Rings: []pbx.Device{desk("1002")}, Outcome: calls.Busy},
			[]string{
				"A CHANNEL_CREATE", "A route_req", "A usurp_control", "B CHANNEL_CREATE", "B CHANNEL_DESTROY", "A CHANNEL_EXECUTE_COMPLETE", "A CHANNEL_DESTROY",
			},
		},
		"nobody is there, and the caller leaves a message": {
			calls.Call{Dialled: "+14155550100", Rings: []pbx.Device{desk("1001")}, Outcome: calls.Voicemail},
			[]string{
				"A CHANNEL_CREATE", "A route_req", "A usurp_control", "B CHANNEL_CREATE", "B CHANNEL_PROGRESS", "B CHANNEL_DESTROY", "A CHANNEL_EXECUTE_COMPLETE",
				"A CHANNEL_ANSWER", "A CHANNEL_EXECUTE_COMPLETE", "A RECORD_START", "A RECORD_STOP", "A CHANNEL_DESTROY",
				"C doc_created", "C doc_edited", "A voicemail_new", "A voicemail_saved", "C mwi_update",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			told, core, ended := played(t, name, minute(c.call))
			g.Expect(told).To(Equal(c.told))
			g.Expect(core.Channels()).To(BeZero())
			g.Expect(ended).To(BeTrue())
		})
	}
}

// The same seed plays the same call, and whatever the plan, no leg is left over.
func TestAnyCallEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := minute(calls.Call{
			Dialled: "+14155550100", Outcome: rapid.SampledFrom(calls.Outcomes()).Draw(t, "outcome"),
			Rings:         []pbx.Device{desk("1001"), desk("1002"), desk("1003")}[:rapid.IntRange(0, 3).Draw(t, "rings")],
			CalleeHangsUp: rapid.Bool().Draw(t, "callee"),
		})
		seed := rapid.String().Draw(t, "seed")
		told, core, ended := played(t, seed, c)
		again, _, _ := played(t, seed, c)
		if core.Channels() != 0 || !ended {
			t.Fatalf("%d legs are left of %v", core.Channels(), told)
		}
		if !slices.Equal(told, again) {
			t.Fatalf("one seed, two calls: %v and %v", told, again)
		}
	})
}
