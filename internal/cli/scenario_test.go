package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

func TestANewScenarioHoldsTogether(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "front-desk.yaml")
	p := run(t, "scenario", "new", strings.TrimSuffix(path, ".yaml")).expect(cli.ExitOK, scenario.SchemaName)
	g.Expect(p.stdout.String()).To(Equal(path + "\n"))
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(HavePrefix("# yaml-language-server: $schema=" + scenario.SchemaName + "\n# Who wants it: "))

	p = run(t, "scenario", "validate", path).expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(Equal(path + ": ok, 4 steps, 34.2s\n"))
	p = run(t, "scenario", "show", path).expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(ContainSubstring("\n4.2s   31    answer  first: dana\n"))

	before := string(text)
	run(t, "scenario", "new", path).expect(cli.ExitUsage, path+" is there already; choose another name")
	text, err = os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(Equal(before))
}

func TestTheScenariosOfTheTreeAreListed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := run(t, "scenario", "list", "../../scenarios").expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(HavePrefix("FILE "))
	g.Expect(p.stdout.String()).To(ContainSubstring("A call rings two telephones, and one of them wins\n"))

	p = run(t, "scenario", "validate", "../../scenarios", "-o", "json").expect(cli.ExitOK)
	for line := range strings.Lines(p.stdout.String()) {
		var report struct {
			File  string
			OK    bool
			Steps int
		}
		g.Expect(json.Unmarshal([]byte(line), &report)).To(Succeed())
		g.Expect(report.OK).To(BeTrue(), report.File)
		g.Expect(report.Steps).To(BeNumerically(">", 0), report.File)
	}
}

func TestWhatIsWrongWithAScenarioIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const text = "scenario: Broken\naccounts: {acme: {users: {dana: Dana}}}\nsteps:\n  - register: dnaa\n  - wait: 5\n"
	dir := t.TempDir()
	path := filepath.Join(dir, "broken.yaml")
	g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())

	p := run(t, "scenario", "validate", dir).expect(cli.ExitUsage, "2 problems in 1 of 1 files")
	g.Expect(p.stdout.String()).To(ContainSubstring(path + `:4:15: steps[0].register.user: there is no user "dnaa"; did you mean dana?` + "\n    4 |   - register: dnaa\n"))
	g.Expect(p.stdout.String()).To(ContainSubstring("write it with its unit"))

	p = run(t, "scenario", "validate", path, "-o", "json").expect(cli.ExitUsage)
	var report struct {
		OK       bool
		Problems []struct{ Line, Column int }
	}
	g.Expect(json.Unmarshal([]byte(p.stdout.String()), &report)).To(Succeed())
	g.Expect(report.Problems).To(HaveLen(2))
	g.Expect(report.Problems[0].Line).To(Equal(4))

	run(t, "scenario", "show", path).expect(cli.ExitUsage, path+":4:15", path+" has 2 problems")
	g.Expect(run(t, "scenario", "list", dir).expect(cli.ExitOK).stdout.String()).To(ContainSubstring("2 problems"))
}

func TestWrongScenarioCommands(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"validat"}, "did you mean validate?"},
		{[]string{"validate"}, "which scenarios?"},
		{[]string{"validate", empty}, "no scenario in " + empty},
		{[]string{"validate", filepath.Join(empty, "none.yaml")}, "no such file"},
		{[]string{"show"}, "which scenario?"},
		{[]string{"show", "a", "b"}, `"b" is too much`},
		{[]string{"new", "a", "b"}, `"b" is too much`},
		{[]string{"new", filepath.Join(empty, "none", "a")}, "no such file"},
		{[]string{"list", "a", "b"}, `"b" is too much`},
		{[]string{"schema", "a"}, "takes no argument"},
	} {
		run(t, append([]string{"scenario"}, c.args...)...).expect(cli.ExitUsage, c.says)
	}
}

func TestTheSchemaIsPrinted(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := os.ReadFile("../../scenarios/" + scenario.SchemaName)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run(t, "scenario", "schema").expect(cli.ExitOK).stdout.String()).To(Equal(string(text)))
}

// Scenarios know the bridge's hooks by heart, as the simulator cannot ask it.
func TestScenariosKnowTheHooksThereAre(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	hooks, err := catalogue.ForDialect(fidelity.Talk)
	g.Expect(err).NotTo(HaveOccurred())
	fields := form.Fields(reflect.TypeFor[scenario.Hook]())
	hook := slices.IndexFunc(fields, func(f form.Field) bool { return f.Name == "hook" })
	g.Expect(fields[hook].Choices).To(ConsistOf(append(catalogue.Names(hooks), "all")))
	for _, hook := range hooks {
		var known []string
		for _, m := range scenario.Modifiers(hook.Name) {
			known = append(known, m.Name)
			g.Expect(m.Choices).To(ConsistOf(catalogue.Choices(hook.Modifiers.Object(m.Name))), hook.Name)
		}
		var want []string
		for _, m := range hook.Modifiers {
			want = append(want, m.Key)
		}
		g.Expect(known).To(ConsistOf(want), hook.Name)
	}
}
