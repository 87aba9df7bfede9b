package wiretest_test

import (
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// led plays what an application has done with calls, and holds all that is told to the rules.
func led(t *testing.T, do func(b *switchboard.Board, o office.Office)) {
	t.Helper()
	j := judge.New(judge.Config{})
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	random := ids.Seeded("led")
	core := pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random}), line, func(e pbx.Event) { j.Add(seen(t, e)) })
	var board *switchboard.Board
	board = switchboard.New(switchboard.Config{
		Core: core, Line: line, IDs: random, Offices: offices(2), Fail: func(err error) { t.Error(err) },
		Rings: func(leg *pbx.Channel) { board.Answer(leg, nil) },
	})
	do(board, offices(2)[0])
	if err := line.Run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for _, ch := range core.Up() {
		board.Hangup(ch, "", nil)
	}
	if err := line.Run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if j.Messages() < 10 {
		t.Errorf("only %d messages", j.Messages())
	}
	expect(t, j)
}

func TestAClickIsSound(t *testing.T) {
	led(t, func(b *switchboard.Board, o office.Office) {
		vars := jobj.Object{{Key: "Authorizing-Type", Value: "clicktocall"}}
		click := switchboard.Click{First: "1001", Second: "+12125550188", CallID: "c2c-1", Shown: pbx.Party{Name: "Click"}, Vars: vars}
		if _, err := b.Click(o.Account, click, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestACallThatAnApplicationLeadsIsSound(t *testing.T) {
	led(t, func(b *switchboard.Board, o office.Office) {
		var a *pbx.Channel
		a, err := b.Arrive(o.Account, pbx.Party{Number: "+12125550199"}, o.Numbers[0], "", "", func(error) {
			a.SetVars(jobj.Object{{Key: "Colour", Value: "red"}}, jobj.Object{{Key: "Campaign", Value: "spring"}}, jobj.Object{{Key: "ticket", Value: "42"}})
			a.Lead(func() {
				b.Enter(a, "room1", false, func(err error) {
					a.Runs("conference")
					b.Excuse(err)
				})
			})
			b.Ring(a, o.Devices[:1], false, func(error) {
				b.Line.After(switchboard.Summons, func() { b.Hangup(a.Peer(), "", nil) })
			})
		})
		if err != nil {
			t.Error(err)
		}
	})
}
