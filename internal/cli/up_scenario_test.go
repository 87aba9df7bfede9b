package cli_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// plays is what up -o json prints when it plays a scenario: what runs, and what came of it.
func plays(t *testing.T, p *program) (l lab, scenario string, came played) {
	t.Helper()
	NewWithT(t).Eventually(t.Context(), func() error {
		values := json.NewDecoder(strings.NewReader(p.stdout.String()))
		var named struct{ Scenario string }
		var banner json.RawMessage
		err := values.Decode(&banner)
		if err == nil {
			err = errors.Join(json.Unmarshal(banner, &l), json.Unmarshal(banner, &named), values.Decode(&came))
		}
		scenario = named.Scenario
		return err
	}).WithTimeout(eventually).Should(Succeed(), func() string { return p.stderr.String() })
	return l, scenario, came
}

// The story's calls are up when it is over, and obey; so they do in the next run.
func TestUpPlaysAScenarioAndGoesOn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	data := filepath.Join(t.TempDir(), "lab")
	path := withSteps(t, "expect:\n  - bus: {event: CHANNEL_BRIDGE, exactly: 1}\n  - frames: {exactly: 2}\n")
	for range 2 {
		p := prepare(t, "up", "-o", "json", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0", "--data", data,
			"--scenario", path, "--speed", "max").start()
		l, name, came := plays(t, p)
		g.Expect(name).To(Equal("story"))
		g.Expect(came.Passed).To(BeTrue(), "%+v", came)
		g.Expect(came.Played).To(BeNumerically(">", 4))
		story := l.Accounts[len(l.Accounts)-1]
		g.Expect(l.Accounts).To(HaveLen(5))
		g.Expect(story.Name).To(Equal("Acme"))

		env := beside(p, "env", "-o", "json", "--account", story.ID).start().expect(cli.ExitOK)
		var own map[string]string
		g.Expect(json.Unmarshal([]byte(env.stdout.String()), &own)).To(Succeed())
		channels := func() (ids []string) {
			status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+story.ID+"/channels", own["AUTH_TOKEN"], "")
			g.Expect(status).To(Equal(http.StatusOK))
			list, _ := answer["data"].([]any)
			for _, one := range list {
				channel, _ := one.(map[string]any)
				id, _ := channel["uuid"].(string)
				ids = append(ids, id)
			}
			return ids
		}
		status, hooks := call(t, http.MethodGet, l.REST+"/v2/accounts/"+story.ID+"/webhooks", own["AUTH_TOKEN"], "")
		g.Expect(status).To(Equal(http.StatusOK))
		g.Expect(hooks["data"]).To(HaveLen(1), "not that of the run before")
		up := channels()
		g.Expect(up).To(HaveLen(2))
		status, _ = call(t, http.MethodPost, l.REST+"/v2/accounts/"+story.ID+"/channels/"+up[0], own["AUTH_TOKEN"], `{"data":{"action":"hangup"}}`)
		g.Expect(status).To(Equal(http.StatusOK))
		g.Eventually(t.Context(), channels).WithTimeout(eventually).Should(BeEmpty())

		// One switch alone places what is asked for.
		deliveries := bound(t, broker)
		quickcall := l.REST + "/v2/accounts/" + story.ID + "/users/" + story.Users[0].ID + "/quickcall/1002"
		status, _ = call(t, http.MethodGet, quickcall, own["AUTH_TOKEN"], "")
		g.Expect(status).To(Equal(http.StatusOK))
		created, answered := 0, false
		for !answered {
			var event struct {
				Name   string `json:"Event-Name"`
				CallID string `json:"Call-ID"`
			}
			g.Expect(json.Unmarshal((<-deliveries).Body, &event)).To(Succeed())
			if strings.HasSuffix(event.CallID, "-quickcall") {
				created += strings.Count(event.Name, "CHANNEL_CREATE")
				answered = event.Name == "CHANNEL_ANSWER"
			}
		}
		g.Expect(created).To(Equal(1))
		p.end(cli.ErrTerminated)
		p.expect(cli.ExitOK)
	}
}

func TestWhatCameOfAScenarioIsSaidAndUpGoesOn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	path := withSteps(t, "  - rest: {get: /channel}\n")
	p := prepare(t, "up", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0", "--scenario", path, "--speed", "100x").start()
	g.Eventually(t.Context(), p.stderr.String).WithTimeout(eventually).Should(ContainSubstring("line 11, rest at 4.7s: GET /channel: wanted success, got 404"))
	g.Expect(p.stdout.String()).To(MatchRegexp(`scenario +story, played now; its accounts are the last below`))
	g.Expect(p.stdout.String()).To(MatchRegexp(`User of Acme: user_[0-9a-f]+, password [0-9a-f]{12} \(Dana, extension 1001\)`))
	beside(p, "health").start().expect(cli.ExitOK)
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
}

func TestUpSaysWhatItCannotPlay(t *testing.T) {
	t.Parallel()
	run(t, "up", "--speed", "max").expect(cli.ExitUsage, "--speed is for --scenario")
	run(t, "up", "--scenario", "none.yaml").expect(cli.ExitUsage, "no such file")
	run(t, "up", "--scenario", "../../scenarios/fax.yaml", "--speed", "slow").expect(cli.ExitUsage, `"slow" is no speed`)
	run(t, "up", "--scenario", "../../scenarios/faults-on-the-bus.yaml").expect(cli.ExitUsage, "broker_drop is for a broker that the story has for itself")
	broker := brokertest.New(t)
	p := prepare(t, "up", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0", "--websockets-listen", "",
		"--scenario", withSteps(t, "  - hangup: first\n")).start()
	NewWithT(t).Eventually(t.Context(), p.stderr.String).WithTimeout(eventually).Should(ContainSubstring("there are no websockets, and the story has some"))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
}
