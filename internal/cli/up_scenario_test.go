package cli_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/runfile"
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

// placed counts how often a quickcall is placed until somebody takes it.
func placed(t *testing.T, deliveries <-chan amqp.Delivery) (times int) {
	t.Helper()
	for {
		var event struct {
			Name   string `json:"Event-Name"`
			CallID string `json:"Call-ID"`
		}
		if err := json.Unmarshal((<-deliveries).Body, &event); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(event.CallID, "-quickcall") {
			continue
		}
		switch event.Name {
		case "CHANNEL_CREATE":
			times++
		case "CHANNEL_ANSWER":
			return times
		}
	}
}

// The story's calls are up when it is over, and obey; so they do in the next run.
func TestUpPlaysAScenarioAndGoesOn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	data := filepath.Join(t.TempDir(), "lab")
	path := withSteps(t, "  - fault: {duplicate: 1000}\n    after: 5s\nexpect:\n  - bus: {event: CHANNEL_BRIDGE, exactly: 1}\n  - frames: {exactly: 2}\n")
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

		token := tokenOf(t, p, story.ID)
		channels := func() (ids []string) {
			status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+story.ID+"/channels", token, "")
			g.Expect(status).To(Equal(http.StatusOK))
			list, _ := answer["data"].([]any)
			for _, one := range list {
				channel, _ := one.(map[string]any)
				id, _ := channel["uuid"].(string)
				ids = append(ids, id)
			}
			return ids
		}
		status, hooks := call(t, http.MethodGet, l.REST+"/v2/accounts/"+story.ID+"/webhooks", token, "")
		g.Expect(status).To(Equal(http.StatusOK))
		g.Expect(hooks["data"]).To(HaveLen(1), "not that of the run before")
		var up []string
		g.Eventually(t.Context(), func() []string {
			up = channels()
			return up
		}).WithTimeout(eventually).Should(HaveLen(2))
		g.Eventually(t.Context(), func() int {
			status, _ := call(t, http.MethodPost, l.REST+"/v2/accounts/"+story.ID+"/channels/"+up[0], token, `{"data":{"action":"hangup"}}`)
			return status
		}).WithTimeout(eventually).Should(Equal(http.StatusOK))
		g.Eventually(t.Context(), channels).WithTimeout(eventually).Should(BeEmpty())

		// One switch alone places what is asked for.
		deliveries := bound(t, broker)
		quickcall := l.REST + "/v2/accounts/" + story.ID + "/users/" + story.Users[0].ID + "/quickcall/1002"
		status, _ = call(t, http.MethodGet, quickcall, token, "")
		g.Expect(status).To(Equal(http.StatusOK))
		g.Expect(placed(t, deliveries)).To(Equal(1))
		p.end(cli.ErrTerminated)
		p.expect(cli.ExitOK)
	}
}

// tokenOf is a token of an account in the up that runs.
func tokenOf(t *testing.T, p *program, account string) string {
	t.Helper()
	env := beside(p, "env", "-o", "json", "--account", account).start().expect(cli.ExitOK)
	var own map[string]string
	NewWithT(t).Expect(json.Unmarshal([]byte(env.stdout.String()), &own)).To(Succeed())
	return own["AUTH_TOKEN"]
}

// What a story that fails has held back goes out, and so does what comes after it.
func TestFaultsOfAStoryEndWithIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	path := withSteps(t, "  - fault: {out_of_order: 1000}\n  - rest: {get: /channel}\n")
	deliveries := bound(t, broker)
	p := prepare(t, "up", "-o", "json", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0", "--scenario", path, "--speed", "max").start()
	l, _, came := plays(t, p)
	g.Expect(came.Error).To(ContainSubstring("GET /channel: wanted success, got 404"))
	story := l.Accounts[len(l.Accounts)-1]
	token := tokenOf(t, p, story.ID)
	status, _ := call(t, http.MethodGet, l.REST+"/v2/accounts/"+story.ID+"/users/"+story.Users[0].ID+"/quickcall/1002", token, "")
	g.Expect(status).To(Equal(http.StatusOK))
	g.Expect(placed(t, deliveries)).To(Equal(1))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
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

// toldOf writes a story that does nothing, of an account Acme with users and numbers, and of another.
func toldOf(t *testing.T, users, numbers string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "story.yaml")
	text := `scenario: A story
accounts:
  acme: {numbers: [` + numbers + `], users: {` + users + `}}
  zeta: {numbers: ["+14155550177"], users: {zoe: Zoe}}
steps:
  - emit: {event: doc_edited, account: acme}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The accounts of a story that is edited stay those that they are, and have what is new.
func TestAnEditedStoryIsThatOfTheLab(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	data := filepath.Join(t.TempDir(), "lab")
	in := func(users, numbers string) (acme, zeta runfile.Account) {
		p := prepare(t, "up", "-o", "json", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0", "--data", data,
			"--scenario", toldOf(t, users, numbers), "--speed", "max").start()
		l, _, _ := plays(t, p)
		g.Expect(l.Accounts).To(HaveLen(6))
		acme, zeta = l.Accounts[4], l.Accounts[5]
		for _, user := range acme.Users {
			sum := md5.Sum([]byte(user.Username + ":" + user.Password))
			status, answer := call(t, http.MethodPut, l.REST+"/v2/user_auth", "",
				`{"data":{"credentials":"`+hex.EncodeToString(sum[:])+`","account_realm":"`+acme.Realm+`"}}`)
			g.Expect(status).To(Equal(http.StatusCreated), "%s: %v", user.Name, answer)
		}
		p.end(cli.ErrTerminated)
		p.expect(cli.ExitOK)
		return acme, zeta
	}
	acme, zeta := in("dana: Dana", `"+14155550100"`)
	edited, same := in("remy: Remy, dana: Dana Two", `"+14155550101", "+14155550100"`)
	g.Expect(same).To(Equal(zeta))
	g.Expect(edited.ID).To(Equal(acme.ID))
	g.Expect(edited.APIKey).To(Equal(acme.APIKey))
	g.Expect(edited.Numbers).To(ConsistOf("+14155550100", "+14155550101"))
	g.Expect(edited.Users).To(HaveLen(2))
	g.Expect(edited.Users[1].ID).To(Equal(acme.Users[0].ID))
	g.Expect(edited.Users[1].Password).To(Equal(acme.Users[0].Password))
	g.Expect(edited.Users[1].Name).To(Equal("Dana Two"))
}

// Numbers of the demo are for the story to have, unless they have been given before.
func TestAStoryHasNumbersOfTheDemo(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	data := filepath.Join(t.TempDir(), "lab")
	running, l := up(t, broker, "--seed", "demo", "--data", data)
	running.end(cli.ErrTerminated)
	running.expect(cli.ExitOK)
	demo := l.Accounts[2].Numbers[0]
	path := toldOf(t, "dana: Dana", `"`+demo+`"`)
	args := []string{"up", "-o", "json", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0", "--seed", "demo", "--scenario", path}
	run(t, append(args, "--data", data)...).expect(cli.ExitUsage, "number "+demo+" of the scenario is that of another account in this lab, "+l.Accounts[2].ID)
	p := prepare(t, append(args, "--speed", "max")...).start()
	l, _, _ = plays(t, p)
	g.Expect(l.Accounts[2].Numbers).NotTo(ContainElement(demo))
	g.Expect(l.Accounts[4].Numbers).To(Equal([]string{demo}))
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
