package cli

import (
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Show settings, and where their values come from",
		Example: "  kazoolab config show --origin",
		Args:    onlySubcommands,
		RunE:    showHelp,
	}
	cmd.AddCommand(a.configShowCommand(), a.configExampleCommand())
	return cmd
}

func (a *app) configShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the value of each setting, secrets masked",
		Long: `Print the value that each setting of a command would have if it were started
now, from the environment, the file and the defaults. Secrets are masked.`,
		Example: "  KAZOOLAB_REST_LISTEN=127.0.0.1:9000 kazoolab config show --origin",
		Args:    noArguments,
	}
	output, command := outputFlag(cmd), commandFlag(cmd)
	origin := cmd.Flags().Bool("origin", false, "also print where each value comes from")
	cmd.Flags().String("config", "", "YAML file with settings [$"+configVariable+"]")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := a.loadFor(cmd, *command, nil)
		if err != nil {
			return err
		}
		rows := loaded.Rows(*command)
		if *output == outputJSON {
			return a.printJSON(rows)
		}
		table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
		for _, row := range rows {
			line := row.Path + "\t" + row.Value
			if *origin {
				line += "\t" + row.Origin
			}
			if _, err := table.Write([]byte(line + "\n")); err != nil {
				return err
			}
		}
		return table.Flush()
	}
	return cmd
}

func (a *app) configExampleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "example",
		Short:   "Print a settings file with everything in it, explained",
		Example: "  kazoolab config example > kazoolab.yaml\n  kazoolab bridge --config kazoolab.yaml",
		Args:    noArguments,
	}
	command := commandFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		a.printf("%s", config.Example(*command))
		return nil
	}
	return cmd
}

// commandFlag chooses the command whose settings are meant.
func commandFlag(cmd *cobra.Command) *string {
	f := &choiceFlag{"bridge", []string{"bridge", "broker", "up"}}
	cmd.Flags().Var(f, "for", "command whose settings are meant")
	return &f.value
}
