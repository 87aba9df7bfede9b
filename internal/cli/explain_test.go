package cli_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// explained runs explain until it tells of the event it is asked for.
func (s *stage) explained(args ...string) string {
	s.Helper()
	var out string
	s.g.Eventually(s.Context(), func() int {
		p := beside(s.running, append([]string{"explain"}, args...)...).start()
		code := p.wait()
		out = p.stdout.String()
		if strings.Contains(out, "under way") {
			return -1
		}
		return code
	}).WithTimeout(eventually).Should(gomega.Equal(cli.ExitOK))
	return out
}

// The way of the README: nothing arrives, and explain says why.
func TestExplainSaysWhyNothingFired(t *testing.T) {
	t.Parallel()
	s, _ := failingStage(t, brokertest.New(t), "503")
	p := beside(s.running, "explain").start().expect(cli.ExitFailed, "nothing to explain for", "has taken events since", "another broker")
	s.g.Expect(p.stdout.String()).To(gomega.BeEmpty())

	s.cli("hooks", "disable", s.hook)
	s.create(`"name":"CRM","uri":"http://127.0.0.1:1/","hook":"channel_create","include_internal_legs":false`)
	s.create(`"name":"Wallboard","uri":"http://127.0.0.1:1/","hook":"channel_answer"`)
	s.cli("trigger", "channel_create", "--set", "Call-ID=c1", "--set", "Channel-Is-Loopback=true")
	beside(s.running, "explain", "").start().expect(cli.ExitUsage, "which event?")
	out := s.explained("c1")
	s.g.Expect(out).To(gomega.MatchRegexp(`(?s)^channel_create [0-9a-f]{4}-\d+  came .*`))
	s.g.Expect(out).To(gomega.ContainSubstring("call c1"))
	s.g.Expect(out).To(gomega.ContainSubstring("No webhook fired."))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	s.g.Expect(lines[len(lines)-1]).To(gomega.Equal("No websocket of the bridge was subscribed to it."))
	lines = lines[:len(lines)-1]
	s.g.Expect(lines[len(lines)-3]).To(gomega.And(
		gomega.ContainSubstring(`hook "New Calls" (`+s.hook[:8]+`) would fire if enabled were true: it is switched off by hand`),
		gomega.HaveSuffix("kazoolab hooks enable "+s.hook[:8]+" --account "+s.lab.AccountID)))
	s.g.Expect(lines[len(lines)-2]).To(gomega.MatchRegexp(
		`hook "CRM" \([0-9a-f]{8}\) would fire if include_internal_legs were true: it wants no internal legs, and this is one`))
	s.g.Expect(lines[len(lines)-1]).To(gomega.ContainSubstring(`would fire if hook were channel_create or all: it listens to channel_answer`))

	// What explain says to do, helps.
	s.cli("hooks", "enable", s.hook[:8], "--account", s.lab.AccountID)
	s.cli("trigger", "channel_create", "--set", "Call-ID=c2")
	out = s.explained("c2", "--show", "sent")
	s.g.Expect(out).To(gomega.MatchRegexp(`hook "New Calls" \(` + s.hook[:8] + `\)  POST http://127\.0\.0\.1:\d+`))
	s.g.Expect(out).To(gomega.MatchRegexp(`  503 .* ms  attempt [0-9a-f]{32}`))
	s.g.Expect(out).To(gomega.ContainSubstring("    > account_id=" + s.lab.AccountID))

	s.cli("trigger", "channel_create", "--account", strings.Repeat("9", 32), "--set", "Call-ID=c3")
	s.g.Expect(s.explained("c3")).To(gomega.ContainSubstring("Nothing fired: it belongs to account " + strings.Repeat("9", 32)))
	out = s.explained()
	s.g.Expect(out).To(gomega.ContainSubstring("Before it"))
	s.g.Expect(out).To(gomega.MatchRegexp(`channel_create [0-9a-f]{4}-\d+  +2 of 2 failed`))
	s.g.Expect(out).To(gomega.MatchRegexp(`channel_create [0-9a-f]{4}-\d+  +no hook fired`))

	var report struct {
		Outcome string
		Why     struct{ Reason string }
		Earlier []struct {
			ID     string
			CallID string `json:"call_id"`
		} `json:"earlier_events"`
		Message map[string]any
	}
	s.g.Expect(json.Unmarshal([]byte(s.explained("-o", "json")), &report)).To(gomega.Succeed())
	s.g.Expect(report.Why.Reason).To(gomega.Equal("account_unknown"))
	s.g.Expect(report.Earlier).To(gomega.HaveLen(2))
	s.g.Expect(report.Message).To(gomega.HaveKeyWithValue("Call-ID", "c3"))
	s.g.Expect(s.explained(report.Earlier[0].ID)).To(gomega.ContainSubstring("call " + report.Earlier[0].CallID))

	// The account itself sees its own events, and nothing of the one that is nobody's.
	beside(s.running, "explain", "c3", "--account", "customer").start().expect(cli.ExitFailed, `"c3": no such event is remembered`)
	beside(s.running, "explain", "c1", "--account", "customer").start().expect(cli.ExitOK)
	s.g.Expect(s.explained("c2", "--show", "message")).To(gomega.ContainSubstring("  Call-ID = \"c2\"\n"))
}

func TestExplainSaysWhatIsParked(t *testing.T) {
	t.Parallel()
	hook := `{"id":"6e097cd2aaaa","name":"CRM","account_id":"acc","method":"post","target":"http://h/","tries":[],`
	server := kazooAnswering(t, func(mux *http.ServeMux, answer func(http.ResponseWriter, *http.Request, string)) {
		mux.HandleFunc("GET /v2/accounts/acc/kazoolab/events/e1", func(w http.ResponseWriter, r *http.Request) {
			answer(w, r, `{"id":"e1","received":"2024-03-12T14:24:34.000Z","event":"channel_create","account_id":"acc","outcome":"parked","silent_hooks":[],"fired_hooks":[`+
				hook+`"outcome":"parked","unsent":"parked","parked":{"since":"2024-03-12T14:24:35.000Z","reason":"no_answer","text":"its receiver gives no answer","next_try":"2024-03-12T14:25:00Z"}},`+
				hook+`"outcome":"parked","unsent":"parked","parked":{"since":"2024-03-12T14:24:36.000Z","reason":"behind","text":"others of its hook are parked before it"}},`+
				hook+`"outcome":"taken_out","unsent":"parked","parked":{"since":"2024-03-12T14:24:37.000Z","reason":"no_answer","text":"its receiver gives no answer"}}]}`)
		})
	})
	p := run(t, "explain", "e1", "--url", server.URL, "--account", "acc", "--token", "tok.en").expect(cli.ExitOK)
	g := gomega.NewWithT(t)
	g.Expect(p.stdout.String()).To(gomega.And(
		gomega.MatchRegexp(`parked since \d\d:24:35\.000: its receiver gives no answer; the receiver is tried next at \d\d:25:00\n`),
		gomega.MatchRegexp(`parked since \d\d:24:36\.000: others of its hook are parked before it; delivered as soon as`),
		gomega.MatchRegexp(`was parked at \d\d:24:37\.000: its receiver gives no answer; taken out since: see kazoolab hooks attempts 6e097cd2aaaa\n`),
		gomega.Not(gomega.ContainSubstring("given up"))))
}

func TestExplainCanBeOff(t *testing.T) {
	t.Parallel()
	running, _ := up(t, brokertest.New(t), "--webhooks-explain-events", "0")
	beside(running, "trigger", "channel_create").start().expect(cli.ExitOK)
	beside(running, "explain").start().expect(cli.ExitFailed, "webhooks.explain-events")
}
