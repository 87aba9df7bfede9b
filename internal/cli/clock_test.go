package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// standing starts a lab on a machine whose clock stands still: time passes by
// kazoolab clock advance alone.
func standing(t *testing.T, noon time.Time) (*program, lab) {
	t.Helper()
	p := prepare(t, "up", "-o", "json", "--rest-listen", "127.0.0.1:0")
	p.state.Clock = clockwork.NewFakeClockAt(noon)
	return p.running()
}

// besideStanding prepares another command on that machine.
func besideStanding(p *program, args ...string) *program {
	other := beside(p, args...)
	other.state.Clock = p.state.Clock
	return other
}

func TestAnAdvanceBringsARetry(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	noon := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	running, l := standing(t, noon)
	receiver, target := listening(t, "--count", "2", "--answer", "drop,200", "--show", "body")
	status, answer := call(t, http.MethodPut, l.REST+"/v2/accounts/"+l.AccountID+"/webhooks", l.Token,
		`{"data":{"name":"New Calls","uri":"`+target+`","hook":"channel_create","retries":2}}`)
	g.Expect(status).To(gomega.Equal(http.StatusCreated), "%v", answer)

	besideStanding(running, "clock", "advance", "24h").start().expect(cli.ExitOK)
	besideStanding(running, "trigger", "channel_create").start().expect(cli.ExitOK)
	g.Eventually(t.Context(), receiver.stdout.String).WithTimeout(eventually).Should(gomega.ContainSubstring("drop"))
	// The pause begins only after that.
	g.Eventually(t.Context(), func() string {
		besideStanding(running, "clock", "advance", "2s").start().expect(cli.ExitOK)
		return receiver.stdout.String()
	}).WithTimeout(eventually).Should(gomega.ContainSubstring(" 200 "))
	receiver.expect(cli.ExitOK)
	g.Expect(receiver.stdout.String()).To(gomega.ContainSubstring(fmt.Sprint("timestamp = ", kapi.Gregorian(noon.Add(24*time.Hour)))),
		"events are made in the lab's time")
}

func TestAnAdvanceEndsATokensLife(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	running, l := standing(t, clock.System().Now())
	account := l.REST + "/v2/accounts/" + l.AccountID
	good := func(token string) int {
		status, _ := call(t, http.MethodGet, account, token, "")
		return status
	}
	besideStanding(running, "clock", "advance", "59m59s").start().expect(cli.ExitOK)
	g.Expect(good(l.Token)).To(gomega.Equal(http.StatusOK))
	besideStanding(running, "clock", "advance", "1s").start().expect(cli.ExitOK)
	g.Expect(good(l.Token)).To(gomega.Equal(http.StatusUnauthorized))

	env := besideStanding(running, "env", "-o", "json").start().expect(cli.ExitOK)
	var fresh map[string]string
	g.Expect(json.Unmarshal([]byte(env.stdout.String()), &fresh)).To(gomega.Succeed())
	g.Expect(good(fresh["AUTH_TOKEN"])).To(gomega.Equal(http.StatusOK))
}

func TestTheClockIsShownToPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	running, _ := standing(t, time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC))
	shown := func(args ...string) string {
		return besideStanding(running, append([]string{"clock"}, args...)...).start().expect(cli.ExitOK).stdout.String()
	}
	g.Expect(shown()).To(gomega.Equal("2026-10-20 12:00:00 UTC, as the machine's clock\n"))
	g.Expect(shown("advance", "1h30m")).To(gomega.Equal("2026-10-20 13:30:00 UTC, 1h30m0s ahead of the machine's clock\n"))
	g.Expect(shown("-o", "json")).To(gomega.MatchJSON(`{"now":"2026-10-20T13:30:00Z","offset_seconds":5400}`))
	besideStanding(running, "clock", "advance", "87599h").start().expect(cli.ExitFailed, "the clock answered 400", "ahead of the machine's")
}

// The token of the REST API is not the clock's, nor the other way round.
func TestTheClockHasATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	running, l := standing(t, time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC))
	env := besideStanding(running, "env", "-o", "json").start().expect(cli.ExitOK)
	var tokens map[string]string
	g.Expect(json.Unmarshal([]byte(env.stdout.String()), &tokens)).To(gomega.Succeed())
	g.Expect(tokens["CLOCK_TOKEN"]).To(gomega.HaveLen(64))

	advance := func(token string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.REST+"/_dev/clock/advance", strings.NewReader(`{"seconds":1}`))
		g.Expect(err).NotTo(gomega.HaveOccurred())
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		defer res.Body.Close()
		return res.StatusCode
	}
	g.Expect(advance(l.Token)).To(gomega.Equal(http.StatusUnauthorized))
	g.Expect(advance(tokens["CLOCK_TOKEN"])).To(gomega.Equal(http.StatusOK))
	status, _ := call(t, http.MethodGet, l.REST+"/v2/accounts/"+l.AccountID, tokens["CLOCK_TOKEN"], "")
	g.Expect(status).To(gomega.Equal(http.StatusUnauthorized))
	g.Expect(running.stdout.String()+running.stderr.String()).NotTo(gomega.ContainSubstring(tokens["CLOCK_TOKEN"]), "printed by env alone")
}

func TestAProductionBridgeHasNoClockToPutForward(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	_, base := bridging(t, "amqp://127.0.0.1:1/", "--store", "sqlite::memory:")
	at := func(path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(`{"seconds":1}`))
		g.Expect(err).NotTo(gomega.HaveOccurred())
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		return fmt.Sprint(res.StatusCode, string(body))
	}
	for _, path := range []string{"/_dev/clock", "/_dev/clock/advance", "/_dev/"} {
		g.Expect(at(path)).To(gomega.Equal(at("/nothing/here")), path)
	}
}

func TestWhatIsNoAdvance(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"clock advance":           "takes one duration, such as 90s",
		"clock advance 5m 5m":     "takes one duration",
		"clock advance soon":      `"soon" is no duration`,
		"clock advance 5":         `"5" is no duration`,
		"clock advance 0s":        "does not put the clock forward",
		"clock advance -- -5m":    "cannot go back",
		"clock advance 1000000h":  "more than",
		"clock advnace 5m":        "did you mean advance?",
		"clock advance 5m -o yml": "text|json",
	} {
		run(t, strings.Fields(args)...).expect(cli.ExitUsage, says)
	}
	run(t, "clock", "advance", "5m").expect(cli.ExitUnreachable, "kazoolab up is not running")
	run(t, "clock").expect(cli.ExitUnreachable, "kazoolab up is not running")
	prepare(t, "clock").withRunFile(fakeBridge(t, 200, "").URL).start().expect(cli.ExitFailed, "the clock answered 404")
}
