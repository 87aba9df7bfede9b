package judge_test

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

// answeredCall is what a call of a and b says.
func answeredCall() []step {
	return []step{
		on("a", "CHANNEL_CREATE", 20), on("b", "CHANNEL_CREATE", 300), on("b", "CHANNEL_ANSWER", 7000), on("a", "CHANNEL_ANSWER", 7050),
		on("a", "CHANNEL_BRIDGE", 7090), on("a", "CHANNEL_HOLD", 9000), on("a", "CHANNEL_UNBRIDGE", 41000),
		on("a", "CHANNEL_DESTROY", 41300), on("b", "CHANNEL_DESTROY", 41350),
	}
}

// but replaces the steps at an index by others.
func but(steps []step, i int, by ...step) []step { return slices.Concat(steps[:i:i], by, steps[i+1:]) }

func judged(t testing.TB, all map[string]draft, cfg judge.Config, steps []step) []judge.Finding {
	t.Helper()
	s, j := newStory(t, all), judge.New(cfg)
	for _, p := range steps {
		j.Add(s.message(p))
	}
	return j.End()
}

func TestTheEventsOfALeg(t *testing.T) {
	const other = `"Account-ID":"a1b2c3d4e5f60718293a4b5c6d7e8f90"`
	vars := func(extra string) string {
		return `{` + other + `,"Bridge-ID":"a@203.0.113.20","Call-Interaction-ID":"63877472674-5f3a9c1e","Presence-ID":"+12125550199@203.0.113.20"` + extra + `}`
	}
	all, call := samples(t), answeredCall()
	lost := []step{
		call[0], call[1], on("c", "CHANNEL_CREATE", 310), call[2], call[3], call[4],
		on("c", "CHANNEL_DESTROY", 7200, "Hangup-Cause", `"LOSE_RACE"`, "Hangup-Code", `"sip:487"`, "Disposition", ""),
	}
	lost = append(lost, call[5:]...)
	cancelled := []step{
		call[0], call[1], on("a", "CHANNEL_DESTROY", 5000, "Hangup-Cause", `"ORIGINATOR_CANCEL"`, "Other-Leg-Call-ID", "", "Other-Leg-Direction", ""),
		on("b", "CHANNEL_DESTROY", 5020, "Hangup-Cause", `"ORIGINATOR_CANCEL"`),
	}
	for _, c := range []struct {
		what  string
		steps []step
		rules []string
	}{
		{"a sound call", call, nil},
		{"one with another that rings in vain", lost, nil},
		{"one that the caller gives up", cancelled, nil},
		{"no CREATE", call[1:], []string{"leg.create-first", "leg.dialler"}},
		{"CREATE twice", but(call, 1, call[1], on("b", "CHANNEL_CREATE", 310)), []string{"leg.create-once"}},
		{"CREATE after the end", append(call, on("a", "CHANNEL_CREATE", 50000)), []string{"leg.create-once"}},
		{"an event after the end", append(call, on("a", "CHANNEL_HOLD", 50000)), []string{"leg.destroy-last"}},
		{"DESTROY twice", append(call, on("b", "CHANNEL_DESTROY", 50000)), []string{"leg.destroy-last"}},
		{"no end", call[:8], []string{"leg.destroy-last"}},
		{"ANSWER twice", but(call, 3, call[3], on("a", "CHANNEL_ANSWER", 7060)), []string{"leg.answer-once"}},
		{"no ANSWER of the caller", but(call, 3), []string{"bridge.answered"}},
		{"no ANSWER of the other", but(call, 2), []string{"bridge.answered"}},
		{"the same microsecond", but(call, 5, on("a", "CHANNEL_HOLD", 7090)), []string{"leg.msg-id"}},
		{"time goes back", but(call, 5, on("a", "CHANNEL_HOLD", 7080)), []string{"leg.msg-id"}},
		{"another creation", but(call, 5, on("a", "CHANNEL_HOLD", 9000, "Channel-Created-Time", `"1710253474103457"`)), []string{"leg.created-time"}},
		{"another direction", but(call, 5, on("a", "CHANNEL_HOLD", 9000, "Call-Direction", `"outbound"`)), []string{"leg.direction"}},
		{"a variable less", but(call, 5, on("a", "CHANNEL_HOLD", 9000, "Custom-Channel-Vars", vars(``))), []string{"leg.vars-kept"}},
		{"another account", but(call, 7, on("a", "CHANNEL_DESTROY", 41300, "Custom-Channel-Vars",
			`{"Account-ID":"00000000000000000000000000000000","Bridge-ID":"a@203.0.113.20","Call-Interaction-ID":"63877472674-5f3a9c1e","Presence-ID":"+12125550199@203.0.113.20","Privacy-Hide-Number":false,"Privacy-Hide-Name":false}`)),
			[]string{"leg.account"}},
		{"another bridge's id", but(call, 7, on("a", "CHANNEL_DESTROY", 41300, "Custom-Channel-Vars",
			`{`+other+`,"Bridge-ID":"b","Call-Interaction-ID":"63877472674-5f3a9c1e","Presence-ID":"+12125550199@203.0.113.20","Privacy-Hide-Number":false,"Privacy-Hide-Name":false}`)),
			[]string{"leg.bridge-id"}},
		{"another interaction", but(call, 7, on("a", "CHANNEL_DESTROY", 41300, "Custom-Channel-Vars",
			`{`+other+`,"Bridge-ID":"a@203.0.113.20","Call-Interaction-ID":"63877472674-00000000","Presence-ID":"+12125550199@203.0.113.20","Privacy-Hide-Number":false,"Privacy-Hide-Name":false}`)),
			[]string{"leg.interaction"}},
		{"an hour's difference", []step{
			on("a", "CHANNEL_CREATE", 3600_000, "Channel-Created-Time", `"1710257074103456"`),
			on("a", "CHANNEL_DESTROY", 3601_000, "Channel-Created-Time", `"1710257074103456"`, "Duration-Seconds", "1", "Other-Leg-Call-ID", ""),
		}, []string{"leg.interaction-time"}},
		{"a partner from the beginning on", []step{
			on("b", "CHANNEL_CREATE", 300, "Call-Direction", `"inbound"`), on("b", "CHANNEL_DESTROY", 900, "Call-Direction", `"inbound"`),
		}, []string{"leg.dialler"}},
		{"no BRIDGE", but(call, 4), []string{"bridge.unbridge"}},
		{"no UNBRIDGE", but(call, 6), []string{"bridge.unbridge"}},
		{"BRIDGE twice", but(call, 4, call[4], on("a", "CHANNEL_BRIDGE", 7100)), []string{"bridge.once"}},
		{"UNBRIDGE from another", but(call, 6, on("a", "CHANNEL_UNBRIDGE", 41000, "Bridge-B-Unique-ID", `"x"`)), []string{"bridge.unbridge"}},
		{"a bridge with nobody", but(call, 4, on("a", "CHANNEL_BRIDGE", 7090, "Bridge-B-Unique-ID", `"x"`, "Other-Leg-Call-ID", `"x"`))[:5],
			[]string{"bridge.legs", "leg.destroy-last"}},
		{"another partner while bridged", but(call, 5, on("a", "CHANNEL_HOLD", 9000, "Other-Leg-Call-ID", `"x"`)), []string{"bridge.other-leg"}},
		{"the partner's direction", but(call, 4, on("a", "CHANNEL_BRIDGE", 7090, "Other-Leg-Direction", `"inbound"`)), []string{"bridge.directions"}},
		{"another partner at the end", but(call, 8, on("b", "CHANNEL_DESTROY", 41350, "Other-Leg-Call-ID", `"x"`)), []string{"bridge.symmetric"}},
		{"a second too long", but(call, 7, on("a", "CHANNEL_DESTROY", 41300, "Duration-Seconds", "42")), []string{"leg.durations"}},
		{"billed rounded down", but(call, 7, on("a", "CHANNEL_DESTROY", 41300, "Billing-Seconds", "34")), []string{"leg.durations"}},
		{"billed unanswered", but(cancelled, 3, on("b", "CHANNEL_DESTROY", 5020, "Hangup-Cause", `"ORIGINATOR_CANCEL"`, "Billing-Seconds", "3")),
			[]string{"call-event.durations", "leg.durations"}},
		{"causes that differ", but(call, 8, on("b", "CHANNEL_DESTROY", 41350, "Hangup-Cause", `"USER_BUSY"`)), []string{"hangup.matching"}},
		{"a loser that was busy", but(lost, 6, on("c", "CHANNEL_DESTROY", 7200, "Hangup-Cause", `"USER_BUSY"`)), []string{"hangup.fork"}},
		{"a loser's code", but(lost, 6, on("c", "CHANNEL_DESTROY", 7200, "Hangup-Cause", `"LOSE_RACE"`, "Hangup-Code", `"sip:200"`)), []string{"hangup.fork"}},
		{"given up, and cleared", but(cancelled, 3, on("b", "CHANNEL_DESTROY", 5020)), []string{"hangup.cancel"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			g := NewWithT(t)
			found := judged(t, all, judge.Config{}, c.steps)
			if c.rules == nil {
				c.rules = []string{}
			}
			g.Expect(rulesOf(found)).To(Equal(c.rules), "%v", found)
		})
	}
}

func TestLegsOfDifferentPublishersMayInterleave(t *testing.T) {
	g := NewWithT(t)
	c := answeredCall()
	// The times are those of the events, however late the other leg's messages arrive.
	g.Expect(judged(t, samples(t), judge.Config{}, []step{c[0], c[3], c[4], c[1], c[2], c[5], c[6], c[7], c[8]})).To(BeEmpty())
}

func TestAPieceOfTrafficHasNeitherBeginningNorEnd(t *testing.T) {
	g := NewWithT(t)
	g.Expect(judged(t, samples(t), judge.Config{Cut: true}, answeredCall()[4:8])).To(BeEmpty())
}

func TestSeveralEcallmgrsRepeatWhatComesBeforeTheRoute(t *testing.T) {
	g := NewWithT(t)
	c := answeredCall()
	twice := append([]step{c[0]}, c...)
	g.Expect(rulesOf(judged(t, samples(t), judge.Config{}, twice))).To(Equal([]string{"leg.create-once"}))
	g.Expect(judged(t, samples(t), judge.Config{Ecallmgrs: 2}, twice)).To(BeEmpty())
}

func TestDurationsCanBeLoose(t *testing.T) {
	g := NewWithT(t)
	loose := but(answeredCall(), 7, on("a", "CHANNEL_DESTROY", 41300, "Duration-Seconds", "42"))
	g.Expect(judged(t, samples(t), judge.Config{Slack: time.Second}, loose)).To(BeEmpty())
}

func TestFindingsAreBounded(t *testing.T) {
	g := NewWithT(t)
	s, j := newStory(t, samples(t)), judge.New(judge.Config{Keep: 3})
	for i := range int64(10) {
		j.Add(s.message(on("a", "CHANNEL_HOLD", 1000*(i+1), "Call-Direction", `"sideways"`)))
	}
	found := j.End()
	g.Expect(found[0].Index).To(Equal(0))
	g.Expect(j.Left()).To(HaveKeyWithValue("call-event.value", 7))
	g.Expect(j.Messages()).To(Equal(10))
}
