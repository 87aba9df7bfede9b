package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

const outputMarkdown = "markdown"

func (a *app) quirksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quirks [ID]",
		Short: "List Kazoo's quirks, and what becomes of each",
		Long: `Print the catalogue of Kazoo's quirks: what a receiver or a client notices, what
compat kazoo (the default) does and what compat corrected does. Of the class
keep are those that kazoo reproduces; never are crashes, holes and losses, which
no mode reproduces. With an ID, print that one in full.`,
		Example:           "  kazoolab quirks raw-keys\n  kazoolab quirks --class never",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.FixedCompletions(fidelity.QuirkIDs(), cobra.ShellCompDirectiveNoFileComp),
	}
	output := &choiceFlag{outputText, []string{outputText, outputJSON, outputMarkdown}}
	cmd.Flags().VarP(output, "output", "o", "form of what is printed; markdown is the whole page")
	class := &choiceFlag{"", nil}
	for _, c := range fidelity.Classes() {
		class.choices = append(class.choices, string(c))
	}
	cmd.Flags().Var(class, "class", "list this class only")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 1:
			return usagef("%s takes one ID, %q is too much; see %[1]s --help", cmd.CommandPath(), args[1])
		case len(args) == 1 && class.value != "":
			return usagef("--class is for the list; leave it or %q out", args[0])
		case output.value == outputMarkdown && (len(args) == 1 || class.value != ""):
			return usagef("-o markdown prints the whole page; leave the ID and --class out")
		case output.value == outputMarkdown:
			a.printf("%s", fidelity.Page())
			return nil
		case len(args) == 1:
			return a.printQuirk(args[0], output.value)
		}
		return a.printQuirks(fidelity.Class(class.value), output.value)
	}
	return cmd
}

func (a *app) printQuirks(class fidelity.Class, output string) error {
	quirks := slices.DeleteFunc(fidelity.Quirks(), func(q fidelity.Quirk) bool { return class != "" && q.Class != class })
	if output == outputJSON {
		return a.printJSON(quirks)
	}
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	for _, q := range quirks {
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", q.ID, q.Class, plain(q.Notices)); err != nil {
			return err
		}
	}
	return table.Flush()
}

func (a *app) printQuirk(id, output string) error {
	q, ok := fidelity.Find(id)
	if !ok {
		return usagef("no quirk %q%s; kazoolab quirks lists them", id, suggest.Hint(id, fidelity.QuirkIDs()))
	}
	if output == outputJSON {
		return a.printJSON(q)
	}
	class := "keep: compat kazoo reproduces it"
	if q.Class == fidelity.Never {
		class = "never: no mode reproduces it"
	}
	a.printf("%s\n", a.paint(bold, q.ID))
	for _, line := range [][2]string{
		{"class", class}, {"area", string(q.Area)}, {"notices", q.Notices},
		{"kazoo", q.Kazoo}, {"corrected", q.Corrected}, {"source", q.Source},
	} {
		a.printf("  %-9s  %s\n", line[0], plain(line[1]))
	}
	return nil
}

// plain is a text of the catalogue without the marks that a page shows as code.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }
