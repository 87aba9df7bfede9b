package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/coverage"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

func (a *app) certifyCommand() *cobra.Command {
	c := &certify{app: a}
	cmd := &cobra.Command{
		Use:   "certify",
		Short: "Certify a deployment: judge it by what it does on the wire",
		Long: `Judge a deployment, of this make or any other, by what it does on the wire: REST,
webhooks, websockets, the bus. Each requirement is judged from a log of all that was
done and seen, which --log keeps and --from judges again.

Without --target and --profile it is the up that runs on this machine. All that is
made there stands below accounts of certify's own, and is deleted at the end.

Exit codes: 0 certified (or all that --run chose is met), 1 not conformant, 2 the
command line or the profile is wrong, 3 the target cannot be reached, 4 a fault of
this program, 5 incomplete: something could not be judged, 130 interrupted.`,
		Example: "  kazoolab certify\n  kazoolab certify --list\n  kazoolab certify --target up --dialect 4.3 --run 'WH-*'\n" +
			"  kazoolab certify --profile kazoo-5.0 --out results\n  kazoolab certify --from results/log.ndjson",
		Args: noArguments,
	}
	settingFlags(cmd)
	c.flags(cmd)
	cmd.RunE = c.run
	return cmd
}

// certify is one run of the command.
type certify struct {
	*app

	list, dryRun, keep, update bool
	only, skip                 []string
	log, from, out             string
	expectations, seed         string
	timeout, removeLeft        time.Duration
	dialect, output, schema    choiceFlag
	where                      whereabouts
}

func (c *certify) flags(cmd *cobra.Command) {
	c.dialect.choices = []string{suite.Talk, suite.Kazoo5, suite.Kazoo4}
	c.output = choiceFlag{outputText, []string{outputText, outputJSON, outputMarkdown}}
	c.schema.choices = []string{schemaProfile, schemaResults}
	f := cmd.Flags()
	f.BoolVar(&c.list, "list", false, "print the requirements, a line each, and do nothing; -o markdown prints the whole page")
	f.BoolVar(&c.dryRun, "dry-run", false, "print what would be done and what the profile still lacks, and ask nothing of the target")
	f.Var(&c.schema, "schema", "print the JSON Schema of profiles or of results.json, and do nothing")
	f.Var(&c.dialect, "dialect", "version whose shapes are demanded; by default what the target says")
	f.StringSliceVar(&c.only, "run", nil, "only these: ids or groups, * stands for anything (WH-ENC-*, webhooks/*)")
	f.StringSliceVar(&c.skip, "skip", nil, "not these, likewise")
	f.StringVar(&c.log, "log", "", "file for all that was done and seen")
	f.StringVar(&c.from, "from", "", "judge such a file, without a target")
	f.StringVar(&c.out, "out", "", "folder for results.json, junit.xml, report.html, summary.md and log.ndjson")
	f.StringVar(&c.expectations, "expectations", "", "file of the failures that are known; by default the profile's")
	f.BoolVar(&c.update, "update-expectations", false, "write what fails now into that file")
	f.StringVar(&c.seed, "seed", "", "makes ids and the order of judging repeatable; empty means new ones")
	f.DurationVar(&c.timeout, "timeout", 0, "longest run; by default the profile's, or 10m")
	f.DurationVar(&c.removeLeft, "remove-left", 0, "delete what killed runs have left, where they began so long ago: less than a run that goes on takes is too short")
	f.BoolVar(&c.keep, "keep", false, "leave the accounts of groups that fail, to look at")
	f.VarP(&c.output, "output", "o", "form of what is printed")
	c.where.flags(cmd)
}

func (c *certify) run(cmd *cobra.Command, _ []string) error { return noVerdict(c.judge(cmd)) }

// noVerdict has what no code was given be a fault of this program: a container that cannot be
// removed must not be taken for a target that is not conformant.
func noVerdict(err error) error {
	if _, has := codeOf(err); err != nil && !has {
		return harnessf("%w", err)
	}
	return err
}

func (c *certify) judge(cmd *cobra.Command) error {
	if c.schema.value != "" {
		return c.printSchema()
	}
	if err := c.check(cmd); err != nil {
		return err
	}
	catalogue := conformance.Standard()
	for _, add := range c.Additions {
		add(catalogue)
	}
	specs, err := suite.Declare(catalogue)
	if err != nil {
		return harnessf("%w", err)
	}
	switch {
	case c.list:
		return c.printList(specs)
	case c.from != "":
		return c.judgeFile(specs)
	case c.dryRun:
		return c.printPlan(cmd, specs)
	}
	return c.judgeTarget(cmd, specs)
}

// check refuses flags that do not go together.
func (c *certify) check(cmd *cobra.Command) error {
	if c.timeout < 0 || cmd.Flags().Changed("timeout") && c.timeout == 0 {
		return usagef("--timeout: %s is no time in which something can be judged; write it as 10m", c.timeout)
	}
	if c.removeLeft < 0 || cmd.Flags().Changed("remove-left") && c.removeLeft == 0 {
		return usagef("--remove-left: after %s a run may still go on; give more than the longest takes, as 1h", c.removeLeft)
	}
	for _, flag := range []string{"from", "log", "out", "expectations", "profile"} {
		if cmd.Flags().Changed(flag) && cmd.Flag(flag).Value.String() == "" {
			return usagef("--%s: it is empty; is a variable unset?", flag)
		}
	}
	if c.output.value == outputMarkdown && !c.list {
		return usagef("-o markdown is for --list; results are written as markdown by --out")
	}
	if c.update && c.expectations == "" && c.where.profile == "" {
		return usagef("--update-expectations needs --expectations FILE, or a profile that names one")
	}
	if c.from != "" {
		for _, other := range append(whereaboutFlags(), "log", "seed", "timeout", "keep", "dry-run", "remove-left") {
			if cmd.Flags().Changed(other) {
				return usagef("--from judges a file, and asks nothing of a target; leave --%s out", other)
			}
		}
	}
	return c.where.check(cmd)
}

// plan chooses requirements of those that hold in a dialect. The error names a pattern that
// fits none, or says that nothing is left.
func (c *certify) plan(all []suite.Planned) ([]suite.Planned, error) {
	chosen := slices.Clone(all)
	for _, list := range []struct {
		flag     string
		patterns []string
		keep     bool
	}{{"--run", c.only, true}, {"--skip", c.skip, false}} {
		if len(list.patterns) == 0 {
			continue
		}
		for _, pattern := range list.patterns {
			if !slices.ContainsFunc(all, func(p suite.Planned) bool { return fits(pattern, p) }) {
				return nil, usagef("%s: no requirement or group fits %q%s; kazoolab certify --list shows them", list.flag, pattern, suggest.Hint(pattern, names(all)))
			}
		}
		chosen = slices.DeleteFunc(chosen, func(p suite.Planned) bool {
			return slices.ContainsFunc(list.patterns, func(pattern string) bool { return fits(pattern, p) }) != list.keep
		})
	}
	if len(chosen) == 0 {
		return nil, usagef("nothing is left to judge: --skip %s leaves nothing of %s", strings.Join(c.skip, ","), c.wanted())
	}
	return chosen, nil
}

// wanted is what --run chose.
func (c *certify) wanted() string {
	if len(c.only) == 0 {
		return "all requirements"
	}
	return "--run " + strings.Join(c.only, ",")
}

func names(all []suite.Planned) []string {
	var list []string
	for _, p := range all {
		list = append(list, p.Requirement.ID)
		if !slices.Contains(list, p.Group.Name) {
			list = append(list, p.Group.Name)
		}
	}
	return list
}

func fits(pattern string, p suite.Planned) bool {
	return matches(pattern, p.Requirement.ID) || matches(pattern, p.Group.Name)
}

// matches compares with a pattern in which each * stands for anything.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(name, first) {
		return false
	}
	name = name[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return strings.HasSuffix(name, last)
}

const (
	schemaProfile = "profile"
	schemaResults = "results"
)

func (c *certify) printSchema() error {
	text := resultsSchema()
	if c.schema.value == schemaProfile {
		var err error
		if text, err = target.Schema(); err != nil {
			return err
		}
	}
	c.printf("%s", text)
	return nil
}

func (c *certify) printList(specs *suite.Specs) error {
	if c.output.value == outputMarkdown {
		page, err := coverage.Page(specs.Catalogue(""))
		if err != nil {
			return harnessf("%w", err)
		}
		c.printf("%s", page)
		return nil
	}
	plan, err := c.plan(specs.Catalogue(c.dialect.value))
	if err != nil {
		return err
	}
	if c.output.value == outputJSON {
		type row struct {
			ID       string      `json:"id"`
			Level    suite.Level `json:"level"`
			Group    string      `json:"group"`
			Text     string      `json:"text"`
			Source   string      `json:"source"`
			Dialects []string    `json:"dialects,omitempty"`
			Needs    []string    `json:"needs,omitempty"`
		}
		var rows []row
		for _, p := range plan {
			r := p.Requirement
			rows = append(rows, row{r.ID, r.Level(), p.Group.Name, r.Text, r.Source, r.Dialects, slices.Concat(p.Group.Needs, r.Needs)})
		}
		return c.printJSON(rows)
	}
	for _, p := range plan {
		c.printf("%s %s\n", p.Requirement.ID, p.Requirement.Text)
	}
	return nil
}

// printPlan tells what would be done where.
func (c *certify) printPlan(cmd *cobra.Command, specs *suite.Specs) error {
	profile, outside, err := c.where.describe(c, cmd)
	if err != nil {
		return err
	}
	dialect := c.dialect.value
	if dialect == "" && profile.Dialect != autoDialect {
		dialect = profile.Dialect
	}
	plan, err := c.plan(specs.Catalogue(dialect))
	if err != nil {
		return err
	}
	counts := map[string]int{}
	var groups []suite.Group
	for _, p := range plan {
		if counts[p.Group.Name]++; counts[p.Group.Name] == 1 {
			groups = append(groups, p.Group)
		}
	}
	if dialect == "" {
		dialect = "what the target says"
	}
	c.printf("target %s, dialect %s, may %s: %d requirements in %d groups\n", profile.Name, dialect, profile.May, len(plan), len(groups))
	for _, g := range groups {
		c.printf("%s: %d requirements, needs %s\n", g.Name, counts[g.Name], strings.Join(g.Needs, ", "))
	}
	return c.where.complete(profile, outside)
}

// judgeFile judges a log that was written before.
func (c *certify) judgeFile(specs *suite.Specs) error {
	f, err := os.Open(c.from)
	if err != nil {
		return usagef("--from: %w", err)
	}
	defer func() { _ = f.Close() }()
	file, err := capture.Read(f)
	if err != nil {
		return usagef("--from: %s: %w", c.from, err)
	}
	strange, err := specs.Strange(file.Facts)
	if err != nil {
		return usagef("--from: %s: line 1: %w", c.from, err)
	}
	if c.dialect.value != "" && c.dialect.value != file.Facts.Dialect {
		return usagef("--dialect: %s was recorded of a target that speaks %s; leave the flag out", c.from, file.Facts.Dialect)
	}
	if len(c.only)+len(c.skip) == 0 {
		c.only, c.skip = file.Facts.Run, file.Facts.Skip
	}
	all := specs.Catalogue(file.Facts.Dialect)
	plan, err := c.plan(all)
	if err != nil {
		return err
	}
	known, err := c.known(specs, c.expectations, os.ReadFile)
	if err != nil {
		return err
	}
	v := telling{certify: c, specs: specs, plan: plan, all: len(all), file: file, known: known, strange: strange}
	return v.tell()
}

// harnessf says that this program is at fault.
func harnessf(format string, args ...any) error {
	return &codedError{ExitHarness, fmt.Errorf(format, args...)}
}
