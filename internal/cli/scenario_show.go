package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

func (a *app) scenarioShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a scenario as a timetable: when, what, who",
		Long: `Show what a scenario's steps become: their moments, from the beginning, with repeats
written out and what the file leaves open filled in.`,
		Example: "  kazoolab scenario show scenarios/screen-pop.yaml",
		Args:    cobra.ArbitraryArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		plan, err := a.onePlan(cmd, args)
		if err != nil {
			return err
		}
		return a.printPlan(plan, *output)
	}
	return cmd
}

// onePlan loads the scenario that is the only argument; see planOf.
func (a *app) onePlan(cmd *cobra.Command, args []string) (*scenario.Plan, error) {
	switch len(args) {
	case 0:
		return nil, usagef("which scenario? Name its file; kazoolab scenario list shows those in %s", scenarioFolder)
	case 1:
	default:
		return nil, usagef("%s takes one file, %q is too much", cmd.CommandPath(), args[1])
	}
	return a.planOf(args[0])
}

// planOf loads a scenario. What is wrong with it is said.
func (a *app) planOf(file string) (*scenario.Plan, error) {
	c, err := checkScenario(file)
	if err != nil {
		return nil, err
	}
	if c.problems != nil {
		a.say("%s", c.problems)
		return nil, usagef("%s has %s", file, problemCount(len(c.problems.List)))
	}
	return c.plan, nil
}

// actReport is a step as a line of JSON.
type actReport struct {
	At    float64 `json:"at_s"`
	Takes float64 `json:"takes_s"`
	Verb  string  `json:"verb"`
	Who   string  `json:"who"`
	Line  int     `json:"line"`
}

func (a *app) printPlan(plan *scenario.Plan, output string) error {
	if output == outputJSON {
		for _, act := range plan.Acts {
			if err := a.printLine(actReport{act.At.Seconds(), act.Takes.Seconds(), act.Verb(), act.Gist(), act.Line}); err != nil {
				return err
			}
		}
		return nil
	}
	a.printf("%s\n", a.paint(bold, clean(plan.Title)))
	start := "now"
	if !plan.Start.IsZero() {
		start = plan.Start.Format("2006-01-02 15:04:05 MST")
	}
	a.printf("%s long, from %s on, seed %s\n\n", roundly(plan.Length), start, clean(plan.Seed))
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "AT\tLINE\tWHAT\tWHO\n")
	for _, act := range plan.Acts {
		fmt.Fprintf(table, "%.1fs\t%d\t%s\t%s\n", act.At.Seconds(), act.Line, act.Verb(), clean(act.Gist()))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	a.printf("\n%d hooks, %d sockets, %d expectations\n", len(plan.Hooks), len(plan.Sockets), plan.Expectations())
	return nil
}
