package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// rewrite writes a scenario once more, with other words in it.
func rewrite(t *testing.T, path string, oldNew ...string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := string(text)
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(changed, oldNew[i]) {
			t.Fatalf("%s has no %q", path, oldNew[i])
		}
		changed = strings.Replace(changed, oldNew[i], oldNew[i+1], 1)
	}
	path = filepath.Join(t.TempDir(), "story.yaml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Channels that are still up are not absent.
func TestAStoryFailsWhoseCallIsNotHungUp(t *testing.T) {
	t.Parallel()
	path := rewrite(t, "../../scenarios/quickcall.yaml", `rest: {post: "/channels/{dana.quickcall}", body: {action: hangup}}`, "wait: 1s")
	run(t, "simulate", path, "--speed", "max").expect(cli.ExitFailed, `0: wanted absent, got {"`)
	for _, file := range []string{"quickcall", "metaflow-on-a-live-call"} {
		path := rewrite(t, "../../scenarios/"+file+".yaml", `"1.answered": true, "2": absent`, `"1": absent`)
		run(t, "simulate", path, "--speed", "max").expect(cli.ExitFailed, `1: wanted absent, got {"`)
	}
}

// An upper bound is judged when nothing is unanswered, and no retry is due.
func TestBoundsAreJudgedWhenDeliveriesAreOver(t *testing.T) {
	t.Parallel()
	const hook = "{hook: channel_destroy}"
	for expectation, c := range map[string]struct{ answers, hook, says string }{
		`exactly: 0, nothing_else: true`: {"slow:8s", hook, "expected no requests of the hook ends at crm, but there "},
		`exactly: 1`:                     {"slow:700ms", "{hook: all, http_verb: put}", "expected exactly 1 request of the hook ends at crm, but there were "},
		`exactly: 3`:                     {"drop", hook, "expected exactly 3 requests of the hook ends at crm, but there were 4:"},
		`exactly: 4`:                     {"drop", hook, ""},
		`exactly: 2, nothing_else: true`: {"slow:500ms", hook, ""},
	} {
		t.Run(expectation, func(t *testing.T) {
			t.Parallel()
			path := withSteps(t, "  - hangup: first\nexpect:\n  - webhooks: {hook: ends, "+expectation+"}\n    within: 10s\n")
			path = rewrite(t, path, `crm: "200"`, `crm: "`+c.answers+`"`, hook, c.hook)
			code := cli.ExitOK
			if c.says != "" {
				code = cli.ExitFailed
			}
			p := run(t, "simulate", path, "--speed", "max").expect(code)
			NewWithT(t).Expect(p.stdout.String()).To(ContainSubstring(c.says))
		})
	}
}

// An answer that is not the one that was wanted is told with what was.
func TestARequestThatIsAnsweredOtherwiseSaysWhatWasWanted(t *testing.T) {
	t.Parallel()
	for step, says := range map[string][]string{
		`{get: "/users/{dana}", status: 404, data: {first_name: Remy}}`: {
			": wanted 404, got 200 OK\n", "first_name: wanted Remy, got ", "the data of the answer: {",
		},
		`{get: /users/nobody}`:                  {"GET /users/nobody: wanted success, got 404 Not Found: "},
		`{get: /channels, data: absent}`:        {"GET /channels:\n", "data: wanted absent, got [{", "the data of the answer: [{"},
		`{get: "/users/{dana}", data: absent}`:  {"data: wanted absent, got {"},
		`{get: /channels, data: {"1": absent}}`: {"1: wanted absent, got {"},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			p := run(t, "simulate", withSteps(t, "  - rest: "+step+"\n"), "--speed", "max").expect(cli.ExitFailed)
			for _, part := range says {
				NewWithT(t).Expect(p.stderr.String()).To(ContainSubstring(part))
			}
			NewWithT(t).Expect(p.stderr.String()).NotTo(ContainSubstring("ui_help: "))
		})
	}
	run(t, "simulate", withSteps(t, `  - rest: {get: /channels, data: {"0": "*", "1": "*", "2": absent}}`+"\n"), "--speed", "max").expect(cli.ExitOK)
}
