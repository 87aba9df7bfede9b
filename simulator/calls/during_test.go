package calls_test

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// busy is an office whose people play something, and what is told of it.
func busy(t *testing.T, play func(p *calls.Player, done func())) (told []pbx.Event) {
	t.Helper()
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Start: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Wall: clock.System()})
	random := ids.Seeded(t.Name())
	o := office.Office{Account: acme(), Numbers: []string{"+14155550100"}, Devices: []pbx.Device{desk("1001"), desk("1002"), desk("1003")}}
	core := pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random}), line, func(e pbx.Event) { told = append(told, e) })
	board := switchboard.New(switchboard.Config{
		Core: core, Line: line, IDs: random, Offices: []office.Office{o}, Fail: func(err error) { t.Error(err) },
	})
	ended := 0
	play(calls.New(board), func() { ended++ })
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	g.Expect(ended).To(Equal(1))
	g.Expect(core.Channels()).To(BeZero())
	return told
}

// names are those of the events, each but once.
func names(told []pbx.Event) []string {
	var all []string
	for _, e := range told {
		all = append(all, e.Name())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestWhatIsDoneDuringACall(t *testing.T) {
	outside := &pbx.Party{Name: "PAT EXAMPLE", Number: "+12125550199"}
	for name, c := range map[string]struct {
		during calls.During
		says   []string
		cause  string // of a leg that ends
	}{
		"hold":                {calls.Holding, []string{"CHANNEL_HOLD", "CHANNEL_UNHOLD"}, "NORMAL_CLEARING"},
		"blind transfer":      {calls.Transferring, []string{"CHANNEL_TRANSFEROR", "CHANNEL_TRANSFEREE"}, "BLIND_TRANSFER"},
		"attended transfer":   {calls.Consulting, []string{"CHANNEL_HOLD", "CHANNEL_REPLACED"}, "ATTENDED_TRANSFER"},
		"parked and taken":    {calls.Parking, []string{"PARK_PARKED", "CHANNEL_INTERCEPTED", "PARK_RETRIEVED"}, "NORMAL_CLEARING"},
		"parked for too long": {calls.ParkingInVain, []string{"PARK_PARKED", "PARK_ABANDONED"}, "NORMAL_CLEARING"},
	} {
		for from, call := range map[string]calls.Call{
			"comes in": {From: outside, Dialled: "+14155550100", Rings: []pbx.Device{desk("1001")}},
			"goes out": {FromDevice: desk("1001"), Dialled: "+12125550188"},
			"in house": {FromDevice: desk("1001"), Dialled: "1002", Rings: []pbx.Device{desk("1002")}},
		} {
			t.Run(name+", "+from, func(t *testing.T) {
				g := NewWithT(t)
				call.Account, call.During, call.Third = acme(), c.during, desk("1003")
				call.Ringing, call.Talking = 6*time.Second, 2*time.Minute
				told := busy(t, func(p *calls.Player, done func()) { p.Play(call, done) })
				g.Expect(names(told)).To(ContainElements(c.says))
				g.Expect(slices.ContainsFunc(told, func(e pbx.Event) bool {
					return e.Fields().String("Hangup-Cause") == c.cause
				})).To(BeTrue(), c.cause)
			})
		}
	}
}

func TestFaxesAndMeetingsArePlayed(t *testing.T) {
	box := pbx.FaxBox{ID: "7adf6ba4f1294427a3db19a8be1a771e", Name: "Fax", Number: "+14155550142", Email: "fax@example.com"}
	fax := func(f calls.Fax) func(*calls.Player, func()) {
		f.Account, f.Box, f.Number, f.Pages = acme(), box, "+12125550166", 2
		return func(p *calls.Player, done func()) { p.Fax(f, done) }
	}
	guest := &pbx.Party{Number: "+12125550199"}
	for name, c := range map[string]struct {
		play func(*calls.Player, func())
		says []string
	}{
		"a fax goes out":  {fax(calls.Fax{}), []string{"outbound_fax", "CHANNEL_FAX_STATUS"}},
		"nobody takes it": {fax(calls.Fax{Cause: "USER_BUSY"}), []string{"outbound_fax_error"}},
		"a fax comes in":  {fax(calls.Fax{Incoming: true}), []string{"inbound_fax", "CHANNEL_FAX_STATUS"}},
		"it breaks off":   {fax(calls.Fax{Incoming: true, Broken: true}), []string{"inbound_fax_error"}},
		"three meet": {func(p *calls.Player, done func()) {
			p.Meet(calls.Meeting{Account: acme(), ID: "42ad0e2f1b6c4d5e8f90a1b2c3d4e5f6", Number: "3000", Members: []calls.Member{
				{Device: desk("1001"), Stays: time.Minute}, {Device: desk("1002"), Comes: 5 * time.Second, Stays: time.Minute},
				{From: guest, Comes: 20 * time.Second, Stays: 20 * time.Second},
			}}, done)
		}, []string{"event", "CHANNEL_ANSWER", "CHANNEL_DESTROY"}},
		"a telephone registers": {func(p *calls.Player, done func()) { p.Register(acme(), desk("1001")); done() }, []string{"reg_success"}},
		"a document changes":    {func(p *calls.Player, done func()) { p.Edit(acme(), "device", box.ID, 2); done() }, []string{"doc_edited"}},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(names(busy(t, c.play))).To(ContainElements(c.says))
		})
	}
}
