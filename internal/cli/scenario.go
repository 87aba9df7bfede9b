package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// scenarioFolder is where scenarios are looked for.
const scenarioFolder = "scenarios"

func (a *app) scenarioCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenario",
		Short: "Write, check and show scenarios: stories of calls in files",
		Long: `A scenario is a YAML file that says who there is, what happens when, and what hooks
and sockets must get of it. See docs/scenarios.md.`,
		Example: "  kazoolab scenario new front-desk\n  kazoolab scenario validate scenarios",
		Args:    onlySubcommands,
		RunE:    showHelp,
	}
	cmd.AddCommand(a.scenarioNewCommand(), a.scenarioListCommand(), a.scenarioValidateCommand(), a.scenarioShowCommand(), a.scenarioSchemaCommand())
	return cmd
}

func (a *app) scenarioListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list [DIR]",
		Short:   "List scenarios: what happens, in how many steps, for how long",
		Example: "  kazoolab scenario list\n  kazoolab scenario list ./stories -o json",
		Args:    cobra.ArbitraryArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("%s takes one folder, %q is too much", cmd.CommandPath(), args[1])
		}
		if len(args) == 0 {
			args = []string{scenarioFolder}
		}
		checked, err := checkScenarios(args)
		if err != nil {
			return err
		}
		return a.printScenarios(checked, *output)
	}
	return cmd
}

func (a *app) scenarioValidateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check scenarios, and say all that is wrong with them",
		Long: `Check scenarios without playing them: names that are nothing's, times that run
backwards, somebody who answers without a telephone that rings. Each problem has its file,
line and column, and how to put it right. The exit code is 2 when there is any.`,
		Example: "  kazoolab scenario validate scenarios\n  kazoolab scenario validate front-desk.yaml -o json",
		Args:    cobra.ArbitraryArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("which scenarios? Name files or folders, such as %s", scenarioFolder)
		}
		checked, err := checkScenarios(args)
		if err != nil {
			return err
		}
		return a.printChecked(checked, *output)
	}
	return cmd
}

// checkedScenario is a file, and what it is or what is wrong with it.
type checkedScenario struct {
	file     string
	plan     *scenario.Plan
	problems *form.FileError
}

// checkScenarios loads files, and those of folders.
func checkScenarios(paths []string) ([]checkedScenario, error) {
	var files []string
	for _, path := range paths {
		found, err := scenarioFiles(path)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	var all []checkedScenario
	for _, file := range files {
		c, err := checkScenario(file)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func checkScenario(file string) (checkedScenario, error) {
	c := checkedScenario{file: file}
	var err error
	c.plan, err = scenario.Read(file)
	if err != nil && !errors.As(err, &c.problems) {
		return c, usagef("%w", err)
	}
	return c, nil
}

// scenarioFiles are those at a path: itself, or those in the folder.
func scenarioFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, usagef("%w", err)
	case !info.IsDir():
		return []string{path}, nil
	}
	var files []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		found, err := filepath.Glob(filepath.Join(escapedGlob(path), pattern))
		if err != nil {
			return nil, usagef("%s: %w", path, err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, usagef("no scenario in %s: their names end in .yaml", path)
	}
	slices.Sort(files)
	return files, nil
}

// escapedGlob is a path that stands for itself in a pattern.
func escapedGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// scenarioReport is a scenario as a line of JSON.
type scenarioReport struct {
	File     string            `json:"file"`
	OK       bool              `json:"ok"`
	Title    string            `json:"title,omitempty"`
	Steps    int               `json:"steps"`
	Expected int               `json:"expectations"`
	Seconds  float64           `json:"length_s"`
	Problems []scenarioProblem `json:"problems,omitempty"`
}

type scenarioProblem struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path,omitempty"`
	Problem string `json:"problem"`
}

func (c checkedScenario) report() scenarioReport {
	if c.problems != nil {
		r := scenarioReport{File: c.file}
		for _, p := range c.problems.List {
			r.Problems = append(r.Problems, scenarioProblem{p.Line, p.Column, p.Path, p.What})
		}
		return r
	}
	return scenarioReport{
		File: c.file, OK: true, Title: c.plan.Title, Steps: len(c.plan.Acts), Expected: c.plan.Expectations(), Seconds: c.plan.Length.Seconds(),
	}
}

func (a *app) printScenarios(checked []checkedScenario, output string) error {
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	if output != outputJSON {
		fmt.Fprintf(table, "FILE\tSTEPS\tLENGTH\tWHAT HAPPENS\n")
	}
	for _, c := range checked {
		switch r := c.report(); {
		case output == outputJSON:
			if err := a.printLine(r); err != nil {
				return err
			}
		case !r.OK:
			fmt.Fprintf(table, "%s\t-\t-\t%s\n", clean(c.file), problemCount(len(r.Problems)))
		default:
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", clean(c.file), r.Steps, roundly(c.plan.Length), clean(r.Title))
		}
	}
	return table.Flush()
}

func (a *app) printChecked(checked []checkedScenario, output string) error {
	problems, files := 0, 0
	for _, c := range checked {
		r := c.report()
		if !r.OK {
			problems, files = problems+len(r.Problems), files+1
		}
		switch {
		case output == outputJSON:
			if err := a.printLine(r); err != nil {
				return err
			}
		case r.OK:
			a.printf("%s: %s, %d steps, %s\n", clean(c.file), a.paint(green, "ok"), r.Steps, roundly(c.plan.Length))
		default:
			a.printf("%s\n", c.problems)
		}
	}
	if problems > 0 {
		return usagef("%s in %d of %d files", problemCount(problems), files, len(checked))
	}
	return nil
}

func problemCount(n int) string {
	if n == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", n)
}

// roundly is a length for people.
func roundly(d time.Duration) string {
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
