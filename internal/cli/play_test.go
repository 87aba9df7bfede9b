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
