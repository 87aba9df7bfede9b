package stage_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// played is a play without a bridge: what was on the bus, and what of that was expected.
type played struct {
	bytes    []byte
	evidence *verdict.Evidence
	stage    *stage.Stage
}

func play(t *testing.T, plan *scenario.Plan, seed string) played {
	t.Helper()
	start := plan.Start
	if start.IsZero() {
		start = time.Date(2026, time.March, 12, 14, 24, 34, 0, time.UTC)
	}
	p := played{evidence: verdict.NewEvidence()}
	random := ids.Seeded(seed)
	line := timeline.New(timeline.Config{Start: start, Wall: clock.System()})
	var wire bytes.Buffer
	p.stage = stage.New(stage.Config{
		Plan: plan, World: stage.NewWorld(plan, seed, ""), Line: line, IDs: random,
		Say: func(e pbx.Event) {
			m, err := e.Message()
			if err != nil {
				t.Errorf("%s: %v", e.Name(), err)
				return
			}
			wire.WriteString(m.Exchange + " " + m.Key + " ")
			wire.Write(m.Body)
			wire.WriteByte('\n')
			p.evidence.OnBus(verdict.Message(p.stage.Since(), e.Fields()))
		},
		Ask:   func(context.Context, *scenario.REST) error { return nil },
		Send:  func(context.Context, *scenario.Send) error { return nil },
		Break: func(*scenario.Fault) error { return nil },
		Check: func(context.Context, []scenario.Expected) error { return nil },
	})
	p.stage.Begin(t.Context())
	if err := line.Run(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	p.bytes = wire.Bytes()
	return p
}

// commands tells whether a plan has calls obey what comes over REST or a websocket: without
// a bridge nothing comes.
func commands(plan *scenario.Plan) bool {
	return slices.ContainsFunc(plan.Acts, func(a scenario.Act) bool {
		switch do := a.Do.(type) {
		case *scenario.REST:
			return strings.Contains(do.Target, "/channels") || strings.Contains(do.Target, "/quickcall/")
		case *scenario.Send:
			return true
		}
		return false
	})
}

// What is shipped plays to its end, and what it expects on the bus comes, whatever the
// seed. Where calls are commanded, only the test of simulate plays it.
func TestWhatIsShippedPlays(t *testing.T) {
	files, err := filepath.Glob("../../../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		plan, err := scenario.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		if commands(plan) {
			continue
		}
		t.Run(plan.Name, func(t *testing.T) {
			for _, seed := range []string{plan.Seed, "another", "a third"} {
				p := play(t, plan, seed)
				if err := p.stage.Err(); err != nil {
					t.Errorf("seed %s: %v", seed, err)
				}
				for _, x := range plan.Expect {
					if x.Of != scenario.OnBus || x.Event == "webhook_disabled" { // which the bridge says
						continue
					}
					if v := verdict.Judge(x, p.evidence, p.stage.Lookup); !v.Met {
						t.Errorf("seed %s, line %d: %s", seed, x.Line, v.Report)
					}
				}
			}
		})
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	g := NewWithT(t)
	for _, name := range []string{"operator-console", "busy-monday", "fax", "conference"} {
		plan, err := scenario.Read("../../../scenarios/" + name + ".yaml")
		g.Expect(err).NotTo(HaveOccurred())
		once, again, other := play(t, plan, "one").bytes, play(t, plan, "one").bytes, play(t, plan, "two").bytes
		g.Expect(len(once)).To(BeNumerically(">", 1000))
		g.Expect(bytes.Equal(once, again)).To(BeTrue(), name)
		g.Expect(bytes.Equal(once, other)).To(BeFalse(), name)
	}
}

// What no story of the tree does can be done as well.
func TestTheOtherVerbsPlay(t *testing.T) {
	g := NewWithT(t)
	plan, err := scenario.Parse("verbs.yaml", []byte(`scenario: Everything else
accounts:
  acme:
    numbers: ["+14155550100"]
    users: {dana: Dana, remy: {name: Remy, voicemail: true}, lou: Lou}
    groups: {front: [dana, remy]}
people: {pat: "+12125550199", sam: "+12125550198"}
steps:
  - call: {name: taken, from: pat, to: dana}
  - ring: taken
  - intercept: {call: taken, by: lou}
  - record: {call: taken, for: 5s}
  - hangup: {call: taken, by: lou}
  - call: {name: one, from: pat, to: front}
  - ring: one
  - answer: {call: one, by: dana}
  - call: {name: two, from: sam, to: lou}
  - ring: {call: two, early: true}
  - answer: two
  - bridge: {call: one, with: two}
  - hangup: one
  - call: {name: message, from: pat, to: remy}
  - ring: message
  - voicemail: {call: message, heard: saved}
  - call: {name: outside, from: dana, to: sam}
  - ring: outside
  - answer: outside
  - transfer: {call: outside, by: dana, to: lou, how: attended}
  - hangup: {call: outside, by: lou}
  - conference: {name: room, join: [dana, pat, sam]}
  - conference: {name: room, lock: true}
  - conference: {name: room, deaf: pat}
  - conference: {name: room, undeaf: pat}
  - conference: {name: room, kick: sam}
  - conference: {name: room, leave: [dana, pat]}
  - message: {from: dana, to: pat, body: Hello, kind: mms}
  - fax: {from: pat, to: "+14155550100", result: broken}
  - emit: {event: call, set: {Caller-ID-Name: "{pat}"}}
  - load: {calls: 3, arrivals: steady, for: 1m}
expect:
  - bus: {event: CHANNEL_BRIDGE, fields: {Call-ID: "{taken.lou}"}}
  - bus: {event: RECORD_STOP, exactly: 1, fields: {Call-ID: "{taken}"}}
  - bus: {event: CHANNEL_PROGRESS_MEDIA, fields: {Call-ID: "{two.lou}"}}
  - bus: {event: voicemail_saved, exactly: 1, fields: {Call-ID: "{message}"}}
  - bus: {event: mwi_update, in_order: [{Messages-New: 1}, {Messages-New: 0, Messages-Saved: 1}]}
  - bus: {event: event, exactly: 1, fields: {Event: lock}}
  - bus: {event: event, exactly: 1, fields: {Event: deaf-member}}
  - bus: {event: inbound_fax_error, exactly: 1}
  - bus: {event: CHANNEL_CREATE, fields: {Caller-ID-Name: "{pat}"}}
`))
	g.Expect(err).NotTo(HaveOccurred())
	for _, seed := range []string{"one", "two", "three"} {
		p := play(t, plan, seed)
		g.Expect(p.stage.Err()).NotTo(HaveOccurred(), seed)
		for _, x := range plan.Expect {
			g.Expect(verdict.Judge(x, p.evidence, p.stage.Lookup).Report).To(BeEmpty(), "line %d", x.Line)
		}
	}
}
