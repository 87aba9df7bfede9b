package calls_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

func acme() pbx.Account {
	return pbx.Account{ID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", Realm: "acme.sip.example.com"}
}

func desk(extension string) pbx.Device {
	return pbx.Device{ID: "5e1f0e2d3c4b5a69788796a5b4c3d2e1", Username: "user_" + extension, Name: "Dana Desk", Extension: extension}
}

// played is what a call says, as names in their order, with whose they are.
func played(t rapid.TB, seed string, c calls.Call) (told []string, core *pbx.Core, ended bool) {
	t.Helper()
	line := timeline.New(timeline.Config{Start: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Wall: clock.System()})
	random := ids.Seeded(seed)
	legs := map[string]string{}
	core = pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random}), line, func(e pbx.Event) {
		if _, err := e.Message(); err != nil {
			t.Fatal(err)
		}
		if e.Name() == "dialog_update" {
			return
		}
		leg, ok := legs[e.CallID()]
		if !ok {
			leg = string(rune('A' + len(legs)))
			legs[e.CallID()] = leg
		}
		told = append(told, leg+" "+e.Name())
	})
	calls.New(core, line, random, func(err error) { t.Fatal(err) }).Play(c, func() { ended = true })
	if err := line.Run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	return told, core, ended
}
