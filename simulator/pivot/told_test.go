package pivot_test

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
)

// failures are the steps of a run that tell of a failure.
func failures(s *stage) []pivot.Step {
	var all []pivot.Step
	for _, step := range s.steps {
		if step.Kind == pivot.Failed {
			all = append(all, step)
		}
	}
	return all
}

// noting tells whether a step of a run is about a quirk.
func noting(s *stage, quirk string) bool {
	return slices.ContainsFunc(s.steps, func(step pivot.Step) bool { return step.Quirk == quirk })
}

// What Kazoo would have done is told as its table of refusals has it: over most URLs it fails as well.
func TestWhatKazooDoesWithARequestThatFails(t *testing.T) {
	flows := newFlows(t)
	const fails, waits = "In Kazoo, too, the callflow goes on", "Kazoo waits without a word"
	for name, c := range map[string]struct {
		uri     string // that of the app where it is ""
		answers []any
		kazoo   string
	}{
		"status 600":                {answers: []any{reply(600, "text/xml", "x")}, kazoo: waits},
		"status 599":                {answers: []any{reply(599, "text/xml", "x")}, kazoo: fails},
		"no host":                   {uri: "http://", kazoo: waits},
		"no authority":              {uri: "http:/v", kazoo: waits},
		"a port that is no number":  {uri: "http://127.0.0.1:x/v", kazoo: fails},
		"a host with an underscore": {uri: "http://a^b/v", kazoo: fails},
		"bad credentials":           {uri: "http://u%:p@127.0.0.1/v", kazoo: fails},
		"no scheme":                 {uri: "127.0.0.1/v", kazoo: fails},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			app := newApp(t, c.answers)
			s := newStage(t, app, flows, fidelity.Kazoo, pivot.Settings{})
			uri := c.uri
			if uri == "" {
				uri = app.here("http://" + recordedAddress + "/v")
			}
			s.play(message(uri), nil)
			told := failures(s)
			g.Expect(told).To(HaveLen(1))
			g.Expect(told[0].Kazoo).To(HavePrefix(c.kazoo))
			silent := noting(s, "silent-transport")
			g.Expect(silent).To(Equal(c.kazoo == waits), "the note agrees with it")
		})
	}
}

// A switch that no longer knows the call is why a verb ends, and told once; what is odd about the verb is not.
func TestASwitchThatHasLostTheCallIsToldOnce(t *testing.T) {
	flows := newFlows(t)
	for _, document := range []string{`<Say loop="often">hi</Say>`, `<Play loops="2">http://h/a.wav</Play>`} {
		g := NewWithT(t)
		s := newStage(t, newApp(t, []any{twimlReply(document)}), flows, fidelity.Kazoo, pivot.Settings{})
		s.idle = time.Minute
		s.rules = []jobj.Object{{{Key: "on", Value: "noop"}}} // of which nothing is heard
		s.play(message(s.app.here("http://"+recordedAddress+"/v")), nil)
		told := failures(s)
		g.Expect(told).To(HaveLen(1), document)
		g.Expect(told[0].Text).To(ContainSubstring("could not be done (the switch has told nothing for 10 s, and no longer knows the call): the document ends"))
	}
}

// An attribute that is odd ends no verb: the reason is what is wrong with the verb as a whole.
func TestWhyAVerbCouldNotBeDone(t *testing.T) {
	flows := newFlows(t)
	for document, why := range map[string]string{
		`<Play loop="often"></Play>`:                     "(<Play> needs a URL or the name of media)",
		`<Pause length="soon"> </Pause>`:                 "(<Pause> has no content at all, not even a blank or a line break: write <Pause/>)",
		`<Dial timeout="soon"></Dial>`:                   "(it holds nothing to dial)",
		`<Dial timeout="soon">nobody</Dial>`:             "(it holds neither a number nor somebody to dial)",
		`<Set><Variable key="a" value="b"/></Set><Sya/>`: "(<Sya> is no verb; did you mean Say or Set?)",
	} {
		g := NewWithT(t)
		s := newStage(t, newApp(t, []any{twimlReply(document)}), flows, fidelity.Kazoo, pivot.Settings{})
		s.play(message(s.app.here("http://"+recordedAddress+"/v"), jobj.Member{Key: "Msg-ID", Value: "1"}), nil)
		told := failures(s)
		g.Expect(told).To(HaveLen(1), document)
		g.Expect(told[0].Text).To(ContainSubstring("could not be done " + why + ":"))
	}
}

// A declared encoding that has a document said otherwise than it is meant is told, where it is heeded.
func TestADeclaredEncodingThatGarblesIsTold(t *testing.T) {
	flows := newFlows(t)
	for encoding, told := range map[string]map[fidelity.Compat]bool{
		"ISO-8859-1": {fidelity.Kazoo: true, fidelity.Corrected: false},
		"UTF-8":      {fidelity.Kazoo: false, fidelity.Corrected: false},
	} {
		for compat, is := range told {
			g := NewWithT(t)
			body := `<?xml version="1.0" encoding="` + encoding + `"?><Response><Say>ü</Say></Response>`
			s := newStage(t, newApp(t, []any{reply(200, "text/xml", body)}), flows, compat, pivot.Settings{})
			s.play(message(s.app.here("http://"+recordedAddress+"/v")), nil)
			g.Expect(noting(s, "utf8-only")).To(Equal(is), "%s in %s", encoding, compat)
		}
	}
}
