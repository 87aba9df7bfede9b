package explore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/explore"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

// menus is an app: what each place says, and where each key leads; what leads nowhere repeats it.
type menus map[string]map[string]string

// call is a call to it: at a place whose name begins with end the app hangs up, at one that begins
// with bad its answer is no good.
func (m menus) call(calls *int) explore.Call {
	return func(_ context.Context, answers []string) (*session.Session, error) {
		*calls++
		s := &session.Session{CallID: fmt.Sprintf("%032x", *calls)}
		at := "start"
		for i := 0; ; i++ {
			s.Add(&session.Entry{Kind: session.Asks, Request: &session.Request{Number: i + 1}})
			s.Add(&session.Entry{Kind: session.Answers, Answer: &session.Answer{Number: i + 1, Status: 200, Body: "<Say>" + at + "</Say>" + s.CallID}})
			s.Add(&session.Entry{Kind: session.Hears, Sound: &caller.Sound{Kind: "tts", Text: at}})
			switch {
			case strings.HasPrefix(at, "end"):
				s.HungUp = "app"
				return s, nil
			case strings.HasPrefix(at, "bad"):
				s.HungUp, s.Failed = "app", "status 500"
				return s, nil
			}
			s.Add(&session.Entry{Kind: session.Waits, Question: &caller.Question{By: "Gather", Most: 1, Finish: "#"}})
			if i == len(answers) {
				s.HungUp = "caller"
				return s, nil
			}
			if to := m[at][answers[i]]; to != "" {
				at = to
			}
		}
	}
}

func limits() explore.Limits { return explore.Limits{Depth: 50, Calls: 5000, Requests: 100_000} }

func find(r *explore.Result, title string) *explore.Place {
	i := slices.IndexFunc(r.Places, func(p *explore.Place) bool { return p.Title == title })
	if i < 0 {
		return nil
	}
	return r.Places[i]
}

func kinds(r *explore.Result) (all []string) {
	for _, p := range r.Problems() {
		all = append(all, p.Kind+" at "+p.Place.Title)
	}
	return all
}

func TestEveryPlaceOfAMenuWithLoopsIsFound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const places = 200
	app := menus{}
	name := func(i int) string {
		if i == 0 {
			return "start"
		}
		return fmt.Sprintf("menu %d", i)
	}
	for i := range places {
		app[name(i)] = map[string]string{"9": "start", "*": name((i * 7) % places), "0": "end"} // loops in plenty
		for key := 1; key <= 3; key++ {
			if below := 3*i + key; below < places {
				app[name(i)][fmt.Sprint(key)] = name(below)
			}
		}
	}
	calls := 0
	r, err := explore.Explore(t.Context(), limits(), app.call(&calls))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Limited).To(BeEmpty())
	g.Expect(r.Places).To(HaveLen(places + 1))
	for i := range places {
		p := find(r, name(i))
		g.Expect(p).NotTo(BeNil(), name(i))
		for _, m := range p.Moves {
			want := app[name(i)][m.Keys]
			if want == "" {
				want = name(i)
			}
			g.Expect(m.To.Title).To(Equal(want), "%s by %s", p.Title, m.Keys)
		}
		g.Expect(p.Moves).To(HaveLen(12)) // all keys but #, and none
	}
	g.Expect(calls).To(Equal(1 + places*12))

	// The picture has a line for each place, and one for each arrow.
	picture := r.Mermaid()
	for _, p := range r.Places {
		g.Expect(picture).To(ContainSubstring("    " + p.ID + map[bool]string{true: "([", false: "["}[p.Ends != ""] + `"`))
	}
	arrows := 0
	for i := range places {
		to := map[string]bool{name(i): true}
		for _, there := range app[name(i)] {
			to[there] = true
		}
		arrows += len(to)
	}
	g.Expect(strings.Count(picture, " -->|")).To(Equal(arrows))
}

func TestAnExplorationIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	app := menus{"start": {"1": "sales", "2": "bad"}, "sales": {"1": "start", "2": "end"}}
	calls := 0
	first, err := explore.Explore(t.Context(), limits(), app.call(&calls))
	g.Expect(err).NotTo(HaveOccurred())
	second, err := explore.Explore(t.Context(), limits(), app.call(&calls))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(second.Mermaid()).To(Equal(first.Mermaid()))
	g.Expect(first.Mermaid()).To(Equal(`flowchart TD
    p1["start"]
    p2["sales"]
    p3{{"bad (failed)"}}
    p4(["end (app)"])
    p1 -->|"1"| p2
    p1 -->|"2"| p3
    p1 -->|"3, 4, 5, 6, 7, 8, 9, 0, #42;, no key"| p1
    p2 -->|"1"| p1
    p2 -->|"2"| p4
    p2 -->|"3, 4, 5, 6, 7, 8, 9, 0, #42;, no key"| p2
    classDef failed stroke:#c00,color:#c00
    class p3 failed
`))
}

func TestWhatIsWrongWithAMenuIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	app := menus{
		"start": {"1": "nowhere", "2": "bad", "3": "round", "4": "end"},
		"round": {"1": "about"}, "about": {"1": "round"},
	}
	calls := 0
	r, err := explore.Explore(t.Context(), limits(), app.call(&calls))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(kinds(r)).To(ConsistOf(
		"loop at start", "dead end at nowhere", "loop at nowhere", "error at bad", "trap at round", "loop at round", "loop at about",
	))
	for _, p := range r.Problems() {
		if p.Kind == "trap" {
			g.Expect(p.Text).To(HaveSuffix("never reaches an end; nor does one from " + find(r, "about").ID))
		}
	}
}

// A label has neither the signs of an answer in it, nor what Mermaid, or Markdown in it, takes for its own.
func TestALabelIsWordsOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status          int
		heard, body, is string
	}{
		{200, "", "<?xml version=\"1.0\"?>\n<Response><Hangup/></Response>", `"Hangup (app)"`},
		{200, "", "<Response><Dial action=\"x\"><User>remy</User></Dial></Response>", `"Dial, User (app)"`},
		{200, "", "<Response> </Response>", `"an empty Response (app)"`},
		{200, "", "", `"an empty answer (app)"`},
		{200, "", `{"module": "user", "data": {"id": "x"}, "children": {"_": {"module": "hangup"}}}`, `"user, hangup (app)"`},
		{500, "", "<h1>oops</h1>", `"status 500 (app)"`},
		{200, "1. Sales <b> \"now\" #1: `x` *y*_z_", "", `"1#46; Sales #60;b#62; #34;now#34; #35;1#58; #96;x#96; #42;y#42;#95;z#95; (app)"`},
		{200, "- no, 2. - yes", "", `"#45; no, 2. - yes (app)"`},
	} {
		g := NewWithT(t)
		r, err := explore.Explore(t.Context(), limits(), func(context.Context, []string) (*session.Session, error) {
			s := &session.Session{HungUp: "app"}
			s.Add(&session.Entry{Kind: session.Answers, Answer: &session.Answer{Status: c.status, Body: c.body}})
			if c.heard != "" {
				s.Add(&session.Entry{Kind: session.Hears, Sound: &caller.Sound{Kind: "tts", Text: c.heard}})
			}
			return s, nil
		})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(r.Mermaid()).To(ContainSubstring("p1([" + c.is + "])"))
	}
}

func TestMistakesOfTheFirstAnswerAreTold(t *testing.T) {
	t.Parallel()
	for _, asks := range []bool{false, true} {
		g := NewWithT(t)
		r, err := explore.Explore(t.Context(), limits(), func(_ context.Context, answers []string) (*session.Session, error) {
			s := &session.Session{HungUp: "app"}
			s.Add(&session.Entry{Kind: session.Answers, Answer: &session.Answer{Status: 200, Body: fmt.Sprint(len(answers))}})
			if len(answers) == 0 {
				mistake := session.Finding{Line: 2, Column: 3, Rule: "there is no Sya"}
				s.Add(&session.Entry{Kind: session.Mistakes, Findings: []session.Finding{mistake, mistake}})
			}
			if asks && len(answers) == 0 {
				s.Add(&session.Entry{Kind: session.Waits, Question: &caller.Question{By: "Gather", Most: 1}})
			}
			return s, nil
		})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(r.Problems()).To(Equal([]explore.Problem{
			{Kind: "mistake", Place: r.Places[0], Text: "the first answer, line 2, column 3: there is no Sya"},
		}))
		g.Expect(r.Problems()[0].Serious()).To(BeTrue())
	}
}

// A note of Kazoo's quirks is no failure, and most are met at every answer.
func TestANoteIsToldOnceAndIsNoFailure(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r, err := explore.Explore(t.Context(), limits(), func(_ context.Context, answers []string) (*session.Session, error) {
		s := &session.Session{HungUp: "app", CallID: "call@host"}
		for n := range len(answers) + 1 {
			s.Add(&session.Entry{Kind: session.Answers, Answer: &session.Answer{Status: 200, Body: fmt.Sprint(n)}})
			s.Add(&session.Entry{Kind: session.Notes, Findings: []session.Finding{{Rule: "Kazoo makes another URL of call@host", Quirk: "url-append"}}})
			s.Add(&session.Entry{Kind: session.Notes, Text: "the call has lasted too long"})
			if n == 0 {
				s.Add(&session.Entry{Kind: session.Waits, Question: &caller.Question{By: "Gather", Most: 1}})
			}
		}
		return s, nil
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Problems()).To(Equal([]explore.Problem{
		{Kind: "note", Place: r.Places[0], Text: "the first answer, Kazoo makes another URL of ID [url-append]"},
	}))
	g.Expect(r.Problems()[0].Serious()).To(BeFalse())
}

func TestLimitsEndAnExploration(t *testing.T) {
	t.Parallel()
	endless := menus{}
	for i := range 10_000 {
		endless[fmt.Sprintf("menu %d", i)] = map[string]string{"1": fmt.Sprintf("menu %d", i+1)}
	}
	endless["start"] = map[string]string{"1": "menu 0"}
	for says, l := range map[string]explore.Limits{
		"depth 3":     {Depth: 3, Calls: 5000, Requests: 5000},
		"30 calls":    {Depth: 5000, Calls: 30, Requests: 5000},
		"40 requests": {Depth: 5000, Calls: 5000, Requests: 40},
	} {
		g := NewWithT(t)
		calls := 0
		r, err := explore.Explore(t.Context(), l, endless.call(&calls))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(r.Limited).To(Equal(says))
		g.Expect(calls).To(BeNumerically("<", 50))
		g.Expect(r.Places[len(r.Places)-1].Cut).To(BeTrue())
		g.Expect(kinds(r)).NotTo(ContainElement(HavePrefix("dead end at " + r.Places[len(r.Places)-1].Title)))
	}
}

func TestACallThatCannotBeMadeEndsIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	away := errors.New("connection refused")
	_, err := explore.Explore(t.Context(), limits(), func(context.Context, []string) (*session.Session, error) { return nil, away })
	g.Expect(err).To(MatchError(away))
}

func TestNumbersThatAPromptNamesAreTried(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var tried []string
	_, err := explore.Explore(t.Context(), limits(), func(_ context.Context, answers []string) (*session.Session, error) {
		s := &session.Session{HungUp: "app"}
		s.Add(&session.Entry{Kind: session.Answers, Answer: &session.Answer{Status: 200, Body: strings.Join(answers, ",")}})
		s.Add(&session.Entry{Kind: session.Hears, Sound: &caller.Sound{Text: "Enter 4711 or 12 & more"}})
		if len(answers) == 0 {
			s.Add(&session.Entry{Kind: session.Waits, Question: &caller.Question{By: "Gather", Finish: "#"}})
			return s, nil
		}
		tried = append(tried, answers...)
		return s, nil
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tried).To(Equal([]string{"4711#", "12#", "1#", explore.Nothing}))
}
