package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// What is shipped plays on a bridge of its own, and what it expects comes.
func TestScenariosOfTheTreePlay(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			p := run(t, "simulate", file, "--speed", "max").expect(cli.ExitOK)
			if !strings.Contains(p.stdout.String(), ": passed, ") {
				t.Errorf("%s\n%s", &p.stdout, &p.stderr)
			}
		})
	}
}

func TestTheStarterPasses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "starter.yaml")
	if err := os.WriteFile(path, []byte(scenario.Starter("starter")), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "simulate", path, "--speed", "max").expect(cli.ExitOK)
}

func TestWhatDoesNotComeFailsAScenario(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := strings.Replace(scenario.Starter("starter"), "exactly: 3", "exactly: 4", 1)
	text = strings.Replace(text, "expect:\n", "expect:\n  - rest: {account: acme, get: \"/webhooks/{calls}\", data: {enabled: false}}\n    within: 200ms\n", 1)
	path := filepath.Join(t.TempDir(), "starter.yaml")
	g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	p := run(t, "simulate", path, "--speed", "max").expect(cli.ExitFailed, "2 of 5 expectations are not met")
	g.Expect(p.stdout.String()).To(ContainSubstring("expected exactly 4 requests of the hook calls at crm with hook_event=channel_create, but there were 3:"))
	g.Expect(p.stdout.String()).To(ContainSubstring("enabled: wanted false, got \"true\""))
}

func TestAScenarioAndLoadAreTwoThings(t *testing.T) {
	t.Parallel()
	run(t, "simulate", "x.yaml", "--rate", "3").expect(cli.ExitUsage, "--rate is for calls that are made up")
	run(t, "simulate", "x.yaml", "--seed", "other").expect(cli.ExitUsage, "--seed is for calls that are made up")
	run(t, "simulate", "../../scenarios/fax.yaml", "--speed", "slow").expect(cli.ExitUsage, `"slow" is no speed`)
	run(t, "simulate", "none.yaml").expect(cli.ExitUsage, "no such file")
}

// withSteps writes a scenario of a call that is up, and further steps.
func withSteps(t *testing.T, steps string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "story.yaml")
	text := `scenario: A story
accounts: {acme: {numbers: ["+14155550100"], users: {dana: Dana, remy: Remy}}}
people: {pat: "+12125550199"}
receivers: {crm: "200"}
hooks: {ends: {hook: channel_destroy}}
sockets: {console: {subscribe: ["call.CHANNEL_CREATE.*"]}}
steps:
  - call: {name: first, from: pat, to: dana}
  - ring: first
  - answer: first
` + steps
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What is answered otherwise than a step wants fails the story, and is said.
func TestACommandThatIsRefusedFailsAScenario(t *testing.T) {
	t.Parallel()
	for steps, want := range map[string]string{
		`  - rest: {post: "/channels/{first}", body: {action: hold}}`:   "line 11, rest at 4.7s: POST /channels/",
		`  - rest: {get: "/channels/{first}", data: {answered: false}}`: "\n" + `kazoolab:     answered: wanted false, got "true"`,
		`  - send: {api: {post: "/channels/{first}", body: {action: hold}}}`: "line 11, send at 4.7s: POST /channels/{first.call_id} over console " +
			"was answered error: invalid data",
		`  - send: {api: {get: "/channels/{first}"}, status: error}`:                           "was answered success, and was to be answered error",
		`  - send: {subscribe: [call.CHANNEL_FOO.*, "object.*.user"]}`:                         "subscribe call.CHANNEL_FOO.* over console was answered error: event CHANNEL_FOO not supported",
		`  - send: {frame: {action: ping, request_id: 7}, data: {response: pang}}`:             "\n" + `kazoolab:     response: wanted pang, got "pong"`,
		`  - rest: {post: "/channels/{first.dana}", body: {action: transfer, target: "1777"}}`: `msg="the switch could not do what it was told" what="metaflow transfer"`,
	} {
		t.Run(steps, func(t *testing.T) {
			t.Parallel()
			code := cli.ExitFailed
			if strings.HasPrefix(want, "msg=") {
				code = cli.ExitOK // nobody says whether a call has obeyed
			}
			run(t, "simulate", withSteps(t, steps), "--speed", "max").expect(code, want)
		})
	}
}

// At the speed of the wall, too, a story waits for what it has asked for.
func TestAScenarioAtItsTimeIsObeyed(t *testing.T) {
	t.Parallel()
	path := withSteps(t, `  - rest: {get: /channels, data: {"1.answered": true}}
    after: 100ms
  - send: {api: {put: "/channels/{first}", body: {action: metaflow, data: {module: hangup}}}}
    after: 0s
  - rest: {get: /channels, data: {"0": absent}}
expect:
  - bus: {event: CHANNEL_DESTROY, exactly: 2}
`)
	run(t, "simulate", path, "--speed", "30x").expect(cli.ExitOK)
}

// A token is good for an hour alone.
func TestAStoryOfHoursGivesCommands(t *testing.T) {
	t.Parallel()
	path := withSteps(t, `  - hangup: first
  - send: {api: {get: /channels}}
    after: 61m
  - rest: {get: /channels, data: {"0": absent}}
    after: 61m
  - send: {subscribe: [call.CHANNEL_HOLD.*]}
    after: 0s
`)
	run(t, "simulate", path, "--speed", "max").expect(cli.ExitOK)
}
