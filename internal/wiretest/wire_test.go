package wiretest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

// seen is an event as a consumer would see it.
func seen(t rapid.TB, e pbx.Event) judge.Message {
	t.Helper()
	composed, err := e.Message()
	if err != nil {
		t.Fatal(err)
	}
	m := outlet.Message(composed)
	return judge.Message{
		Exchange: m.Exchange, Key: m.Key, ContentType: "application/json", ContentEncoding: m.ContentEncoding, Headers: m.Headers, Body: m.Body,
	}
}

func start() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 123_456_000, time.UTC) }

// spec is an account, of which all else is made up.
func spec() pbx.Spec {
	return pbx.Spec{
		AccountID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", AccountRealm: "acme.sip.example.com", ResellerID: "c0ffee00c0ffee00c0ffee00c0ffee00",
	}
}

func TestEveryKindOfMessageIsSound(t *testing.T) {
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	sw := pbx.New(pbx.Config{Clock: line, IDs: ids.Seeded("kinds")})
	for _, k := range pbx.Kinds() {
		events, err := sw.Compose(k, spec())
		if err != nil {
			t.Fatal(err)
		}
		j := judge.New(judge.Config{Cut: true}) // each is a piece of what happens
		for _, e := range events {
			j.Add(seen(t, e))
		}
		for _, f := range j.End() {
			t.Errorf("%s: %s", k.Name, f)
		}
	}
}

// known are rules that the simulator breaks knowingly, with why. One that it no longer
// breaks is to go.
func known() map[string]string {
	return map[string]string{
		"bridge.unbridge": "WholeCall is what hooks hear of one leg, and no hook hears CHANNEL_UNBRIDGE",
	}
}

// expect fails for what is found beyond the rules that are broken knowingly.
func expect(t *testing.T, j *judge.Judge, broken ...string) {
	t.Helper()
	found := j.End()
	for _, rule := range broken {
		if known()[rule] == "" || !slices.ContainsFunc(found, func(f judge.Finding) bool { return f.Rule == rule }) {
			t.Errorf("%s is kept, or not known to be broken", rule)
		}
	}
	told := slices.Clone(broken)
	for _, f := range found {
		if !slices.Contains(told, f.Rule) { // the first of each rule will do
			t.Errorf("%s (and %d more)", f, j.Left()[f.Rule])
			told = append(told, f.Rule)
		}
	}
}

func TestAWholeCallIsSound(t *testing.T) {
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	sw := pbx.New(pbx.Config{Clock: line, IDs: ids.Seeded("whole")})
	j := judge.New(judge.Config{Cut: true}) // its other leg is silent
	for _, e := range sw.WholeCall(spec()) {
		j.Add(seen(t, e))
	}
	expect(t, j, "bridge.unbridge")
}

// offices are accounts that call and are called.
func offices(n int) []office.Office {
	random := ids.Seeded("offices")
	all := make([]office.Office, n)
	for i := range all {
		o := office.Office{
			Account: pbx.Account{ID: random.Hex(32), ResellerID: random.Hex(32), Realm: fmt.Sprintf("office%d.sip.example.com", i)},
			Numbers: []string{fmt.Sprintf("+141555501%02d", i)},
		}
		o.Account.Number = o.Numbers[0]
		o.FaxBoxes = []pbx.FaxBox{{ID: random.Hex(32), Name: "Fax", Number: fmt.Sprintf("+141555502%02d", i), Email: "fax@example.com"}}
		o.Alerts = map[string][]string{o.Numbers[0]: {"front@" + o.Account.Realm}}
		for d := range 4 {
			o.Devices = append(o.Devices, pbx.Device{
				ID: random.Hex(32), OwnerID: random.Hex(32), Username: fmt.Sprintf("user_%d", d),
				Name: fmt.Sprintf("Desk %d", d), Extension: fmt.Sprintf("100%d", d),
			})
			o.Boxes = append(o.Boxes, &pbx.Mailbox{ID: random.Hex(32), Number: fmt.Sprintf("100%d", d), Phones: []string{fmt.Sprintf("user_%d", d)}})
		}
		all[i] = o
	}
	return all
}

// play has people do things through say.
func play(t testing.TB, cfg traffic.Config, say func(pbx.Event)) traffic.Count {
	t.Helper()
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	random := ids.Seeded("traffic")
	core := pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random}), line, say)
	board := switchboard.New(switchboard.Config{Core: core, Line: line, IDs: random, Offices: offices(10), Fail: func(err error) { t.Error(err) }})
	cfg.Offices = offices(10)
	load := traffic.New(cfg, calls.New(board), line, random, nil)
	load.Begin()
	if err := line.Run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if up := core.Channels(); up > 0 {
		t.Errorf("%d channels are left", up)
	}
	return load.Count()
}

func TestAnHourOfAllThatPeopleDoIsSound(t *testing.T) {
	g := NewWithT(t)
	j := judge.New(judge.Config{})
	mix, err := traffic.ParseMix("call=50,hold=10,transfer=10,consult=8,park=10,conference=4,fax=4,register=2,edit=2")
	g.Expect(err).NotTo(HaveOccurred())
	told := map[string]int{}
	count := play(t, traffic.Config{Arrivals: traffic.Poisson{Rate: 1}, Duration: time.Hour, Mix: mix}, func(e pbx.Event) {
		told[e.Name()]++
		j.Add(seen(t, e))
	})
	expect(t, j)
	g.Expect(j.Messages()).To(BeNumerically(">", 40_000))
	for _, share := range mix {
		g.Expect(count.Did[share.What]).To(BeNumerically(">", 30), share.What.String())
	}
	g.Expect(told["missed_call"]).To(And(BeNumerically(">", 100), BeNumerically("<", 1000)), "those from outside that nobody took")
}

// BenchmarkJudge is what a message of such traffic costs.
func BenchmarkJudge(b *testing.B) {
	var messages []judge.Message
	play(b, traffic.Config{Arrivals: traffic.Poisson{Rate: 2}, Calls: 500}, func(e pbx.Event) { messages = append(messages, seen(b, e)) })
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		j := judge.New(judge.Config{})
		for _, m := range messages {
			j.Add(m)
		}
		j.End()
		n += len(messages)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/message")
}
