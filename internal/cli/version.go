package cli

import (
	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/buildinfo"
)

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which build this is",
		Example: "  kazoolab version -o json",
		Args:    noArguments,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		info := buildinfo.Read()
		if *output == outputJSON {
			return a.printJSON(info)
		}
		a.printf("%s\n", info)
		return nil
	}
	return cmd
}
