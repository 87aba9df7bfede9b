package stage_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/explore"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/pivot/stage"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// app answers by the path, and the digits, of a request: "/ivr", "/ivr 1". One that begins with a
// brace is JSON, one of three digits is a status.
type app map[string]string

func (a app) Ask(_ context.Context, r request.Request) (client.Answer, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return client.Answer{}, err
	}
	body, ok := a[strings.TrimSpace(u.Path+" "+r.Params.String("Digits"))]
	if !ok {
		body, ok = a[u.Path]
	}
	switch {
	case !ok:
		return client.Answer{Status: 404}, nil
	case len(body) == 3:
		return client.Answer{Status: 500}, nil
	case strings.HasPrefix(body, "{"):
		return client.Answer{Status: 200, Header: [][2]string{{"content-type", "application/json"}}, Body: []byte(body)}, nil
	}
	return client.Answer{Status: 200, Header: [][2]string{{"content-type", "text/xml"}}, Body: []byte("<Response>" + body + "</Response>")}, nil
}

func config(t *testing.T, a app) stage.Config {
	t.Helper()
	flows, err := flow.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return stage.Config{
		Flows: flows,
		Action: jobj.Object{
			{Key: "voice_url", Value: "http://127.0.0.1:8090/ivr"}, {Key: "method", Value: "get"}, {Key: "req_format", Value: "twiml"},
			{Key: "req_body_format", Value: "form"},
		},
		From: "1001", Name: "Alice Doe", To: "2000", Asker: a, IDs: ids.Seeded("stage"), Wall: clock.System(), Log: slog.New(slog.DiscardHandler),
	}
}

// play plays a script, and judges it.
func play(t *testing.T, a app, text string) *session.Session {
	t.Helper()
	script, err := caller.Parse("script.yaml", []byte("caller: x\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	var player *caller.Player
	c := config(t, a)
	c.From, c.To, c.Telephones = script.From, script.To, script.Telephones
	c.Driver = func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
		player = caller.NewPlayer(caller.Config{Script: script, Line: line, Hands: hands})
		return player
	}
	s, err := stage.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	s.Undone = player.Undone()
	e := s.Evidence(player.Heard())
	for _, j := range caller.Judge(script.Expect, e) {
		if !j.Met {
			t.Errorf("line %d, %s: %s", j.Line-1, j.What, j.Report)
		}
	}
	if s.Undone != "" {
		t.Error(s.Undone)
	}
	if t.Failed() {
		t.Log(strings.Join(s.Lines(), "\n"))
	}
	return s
}

const (
	gather = `<Gather action="choice" numDigits="1"><Say>Press one for sales</Say></Gather><Say>Goodbye</Say>`
	dial   = `<Say>Thank you</Say><Dial action="done"><User>remy</User></Dial>`
)

func TestACallerIsLedThroughTwiML(t *testing.T) {
	t.Parallel()
	play(t, app{"/ivr": gather, "/ivr/choice 1": dial, "/ivr/choice/done": "<Hangup/>"}, `
from: "+12125550199"
telephones: {remy: {does: answers, after: 2s, hangs_up: 5s}}
steps:
  - wait_for: press one
  - press: "1"
  - wait_for: {ringing: remy}
  - wait_for: {connected: remy}
expect:
  - heard: [press one, thank you]
  - not_heard: goodbye
  - request: {number: 1, method: GET, params: {From: "+12125550199", Digits: absent}}
  - request: {number: 2, method: POST, url: /choice$/, params: {Digits: "1"}}
  - request: {number: 3, url: /done$/, params: {DialCallStatus: completed, CallStatus: completed}}
  - request: {exactly: 3}
  - branches: ["Gather: the app is asked", "Say: done", "Dial"]
  - final: {hung_up: remy, cause: NORMAL_CLEARING, call_status: completed, outcome: completed, seconds: "< 15"}
`)
}

func TestTelephonesDecideWhatBecomesOfADial(t *testing.T) {
	t.Parallel()
	for does, status := range map[string]string{
		"{does: refuses, after: 1s}":  "busy",
		"busy":                        "busy",
		"{does: ignores, after: 10s}": "/no-answer|failed|ringing/",
	} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			play(t, app{"/ivr": `<Dial action="done" timeout="10"><User>remy</User></Dial>`, "/ivr/done": "<Hangup/>"},
				"telephones: {remy: "+does+"}\nexpect:\n  - request: {url: /done$/, params: {CallStatus: "+status+"}}\n")
		})
	}
}

// Nothing is waited for that can no longer happen: who is at a terminal would have to wait with it.
func TestACallThatIsOverIsOver(t *testing.T) {
	t.Parallel()
	for _, remy := range []string{"does: refuses}}", "does: answers, hangs_up: 1s}}", "does: answers}}\nsteps: [{wait_for: {connected: remy}}, {hangup: caller}]"} {
		g := NewWithT(t)
		script, err := caller.Parse("script.yaml", []byte("caller: x\ntelephones: {remy: {after: 1s, "+remy+"\n"))
		g.Expect(err).NotTo(HaveOccurred())
		c := config(t, app{"/ivr": `<Dial timeout="300"><User>remy</User></Dial>`})
		c.From, c.To, c.Telephones = script.From, script.To, script.Telephones
		var course *timeline.Timeline
		var began time.Time
		c.Driver = func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
			course, began = line, line.Now()
			return caller.NewPlayer(caller.Config{Script: script, Line: line, Hands: hands})
		}
		s, err := stage.Run(t.Context(), c)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(course.Now().Sub(began)-time.Duration(s.Seconds)).To(BeNumerically("<", 10*time.Second), remy)
	}
}

func TestWhoeverHangsUpIsKnown(t *testing.T) {
	t.Parallel()
	answers := app{"/ivr": gather, "/ivr/choice": dial, "/ivr/choice/done": "<Hangup/>"}
	for by, script := range map[string]string{
		"app":    "",
		"caller": "steps: [{wait_for: press}, {hangup: caller}]\n",
		"remy":   "telephones: {remy: answers}\nsteps: [{wait_for: press}, {press: \"1\"}, {wait_for: {connected: remy}}, {hangup: remy}]\n",
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			play(t, answers, script+"expect: [{final: {hung_up: "+by+"}}]\n")
		})
	}
}

func TestACallerIsLedThroughJSON(t *testing.T) {
	t.Parallel()
	play(t, app{
		"/ivr": `{"module":"tts","data":{"text":"Press one"},"children":{"_":{"module":"collect_dtmf","data":{"max_digits":1},"children":{"_":` +
			`{"module":"pivot","data":{"voice_url":"http://127.0.0.2:8090/choice","method":"post","req_format":"kazoo","req_body_format":"json"}}}}}}`,
		"/choice": `{"module":"user","data":{"id":"remy","timeout":20},"children":{"_":{"module":"tts","data":{"text":"Nobody is there"}}}}`,
	}, `
telephones: {remy: {does: refuses, after: 2s}}
steps:
  - wait_for: {prompt: press one, to_the_end: true}
  - press: "1"
expect:
  - heard: [press one, nobody is there]
  - request: {number: 2, url: /choice$/, params: {Digits: {default: "1"}}}
  - branches: ["tts: _", "collect_dtmf: _", "user: _"]
  - final: {hung_up: app}
`)
}

func TestACallerSpeaksIntoARecording(t *testing.T) {
	t.Parallel()
	play(t, app{"/ivr": `<Record timeout="2" finishOnKey="#" playBeep="false"/>`, "/ivr 1": "<Hangup/>", "/ivr #": "<Say>Thanks</Say>"}, `
steps:
  - wait: 1s
  - speak: 5s
  - press: "#"
    after: 1s
  - wait_for: thanks
expect:
  - request: {number: 2, params: {Digits: "#", RecordingDuration: "/^[78]$/"}}
`)
}

func TestACallerIsInAConference(t *testing.T) {
	t.Parallel()
	play(t, app{"/ivr": "<Dial><Conference>sales</Conference></Dial>"},
		"steps: [{wait_for: {connected: conference}}, {hangup: caller}]\nexpect: [{final: {hung_up: caller}}]\n")
}

func TestARecordingGoesToTheApp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var mu sync.Mutex
	got := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		size, _ := io.Copy(io.Discard, r.Body) // it is compared
		got = fmt.Sprintf("%s %s %t", r.Method, r.URL.Path, size > 1000)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	c := config(t, app{"/ivr": `<Record timeout="2" playBeep="false" action="` + server.URL + `/take"/>`, "/take": "<Hangup/>"})
	c.Uploads = server.Client()
	c.Driver = func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
		return explore.NewCaller(line, hands, nil)
	}
	s, err := stage.Run(t.Context(), c)
	g.Expect(err).NotTo(HaveOccurred())
	mu.Lock()
	defer mu.Unlock()
	g.Expect(got).To(Equal("PUT /take/call_recording_" + s.CallID + ".mp3 true"))
	var told []string
	for _, e := range s.Entries {
		if e.Kind == session.Stores || e.Kind == session.Mistakes {
			told = append(told, e.Text)
		}
	}
	g.Expect(told).To(HaveLen(2))
	g.Expect(told[0]).To(HavePrefix("PUT " + server.URL + "/take/call_recording_"))
	g.Expect(told[1]).To(ContainSubstring("403"))
}

func TestAnAppThatFailsIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := play(t, app{"/ivr": "500"}, "expect: [{final: {hung_up: app, outcome: failed}}, {request: {number: 1, status: 500}}]\n")
	g.Expect(s.Failed).To(ContainSubstring("500"))
}

func TestAMistakeIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := play(t, app{"/ivr": "\n  <Sey>Hello</Sey>"}, "")
	i := slices.IndexFunc(s.Entries, func(e *session.Entry) bool { return e.Kind == session.Mistakes })
	g.Expect(i).To(BeNumerically(">=", 0), strings.Join(s.Lines(), "\n"))
	f := s.Entries[i].Findings[0]
	g.Expect([]int{f.Line, f.Column}).To(Equal([]int{2, 3}))
	g.Expect(f.Rule).To(ContainSubstring("Say"))
}

func TestAMistakeInAFlowIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := play(t, app{"/ivr": "{\"module\": \"tts\",\n \"data\": {\"tex\": \"Hello\"}}"}, "expect: [{final: {outcome: failed}}]\n")
	i := slices.IndexFunc(s.Entries, func(e *session.Entry) bool { return e.Kind == session.Mistakes })
	g.Expect(i).To(BeNumerically(">=", 0), strings.Join(s.Lines(), "\n"))
	g.Expect(s.Entries[i].Findings[0].Line).To(Equal(2))
	g.Expect(s.Entries[i].Findings[0].Rule).To(ContainSubstring("text"))
}

// A call that nobody ends is ended by the caller, without anybody waiting for that.
func TestAnEndlessCallEnds(t *testing.T) {
	t.Parallel()
	s := play(t, app{"/ivr": `<Play loop="0">http://127.0.0.1/music.mp3</Play>`}, "expect: [{final: {hung_up: caller}}]\n")
	if s.Seconds > session.Span(time.Hour) {
		t.Error(s.Seconds)
	}
}

func TestTheSameScriptMakesTheSameCall(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	answers := app{"/ivr": gather, "/ivr/choice 1": dial, "/ivr/choice/done": "<Hangup/>"}
	script := "telephones: {remy: answers}\nsteps: [{wait_for: press}, {press: \"1\"}, {wait_for: {connected: remy}}, {hangup: remy}]\n"
	first := play(t, answers, script)
	second := play(t, answers, script)
	g.Expect(second).To(Equal(first))
}

// maze is an IVR of many menus, with ways back.
type maze struct {
	places int
	mu     sync.Mutex
	asked  int
}

func (m *maze) Ask(_ context.Context, r request.Request) (client.Answer, error) {
	m.mu.Lock()
	m.asked++
	m.mu.Unlock()
	u, err := url.Parse(r.URL)
	if err != nil {
		return client.Answer{}, err
	}
	var at int
	if _, err := fmt.Sscanf(u.Path, "/ivr/%d.xml", &at); err != nil {
		at = 0
	} else {
		at = m.next(at, r.Params.String("Digits"))
	}
	body := fmt.Sprintf(`<Response><Gather action="%d.xml" numDigits="1"><Say>Menu %d.</Say></Gather><Redirect>%d.xml</Redirect></Response>`, at, at, at)
	if at < 0 {
		body = `<Response><Say>Bye</Say><Hangup/></Response>`
	}
	return client.Answer{Status: 200, Header: [][2]string{{"content-type", "text/xml"}}, Body: []byte(body)}, nil
}

// next is where a key leads: 1 to 3 below, or across where nothing is, 9 to the start, 0 to the end, others nowhere.
func (m *maze) next(at int, key string) int {
	switch key {
	case "1", "2", "3":
		if below := 3*at + int(key[0]-'0'); below < m.places {
			return below
		}
		return at * 7 % m.places
	case "9":
		return 0
	case "0":
		return -1
	}
	return at
}

func TestAnIVROf200MenusWithLoopsIsWalkedThrough(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := &maze{places: 200}
	c := config(t, nil)
	c.Asker = m
	c.Action = c.Action.Set("voice_url", "http://127.0.0.1:8090/ivr/start.xml")
	r, err := explore.Explore(t.Context(), explore.Limits{Depth: 12, Calls: 5000, Requests: 100_000, Keys: "12390"},
		func(ctx context.Context, answers []string) (*session.Session, error) {
			c := c
			c.IDs = ids.Seeded("maze")
			c.Driver = func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
				return explore.NewCaller(line, hands, answers)
			}
			return stage.Run(ctx, c)
		})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Limited).To(BeEmpty())
	g.Expect(r.Places).To(HaveLen(m.places + 1))
	titles := map[string]*explore.Place{}
	for _, p := range r.Places {
		titles[p.Title] = p
	}
	for at := range m.places {
		p := titles[fmt.Sprintf("Menu %d.", at)]
		g.Expect(p).NotTo(BeNil(), "menu %d", at)
		for _, move := range p.Moves {
			want := fmt.Sprintf("Menu %d.", m.next(at, move.Keys))
			if m.next(at, move.Keys) < 0 {
				want = "Bye"
			}
			g.Expect(move.To.Title).To(Equal(want), "%s by %q", p.Title, move.Keys)
		}
	}
	for _, p := range r.Problems() {
		g.Expect(p.Serious()).To(BeFalse(), "%s at %s: %s", p.Kind, p.Place.Title, p.Text)
	}
}
