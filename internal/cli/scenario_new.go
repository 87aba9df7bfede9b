package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

func (a *app) scenarioNewCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new [NAME]",
		Short: "Write a scenario to begin with",
		Long: `Write a scenario that holds together as it is, with comments, and beside it the JSON
Schema by which editors complete and check it. What is there is not overwritten.`,
		Example: "  kazoolab scenario new front-desk\n  kazoolab scenario new stories/night-shift.yaml",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one name, %q is too much", cmd.CommandPath(), args[1])
			}
			name := "scenario"
			if len(args) == 1 {
				name = args[0]
			}
			return a.newScenario(name)
		},
	}
	return cmd
}

func (a *app) newScenario(path string) error {
	if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" {
		path += ".yaml"
	}
	title := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if err := writeNew(path, []byte(scenario.Starter(title))); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return usagef("%s is there already; choose another name", path)
		}
		return usagef("%w", err)
	}
	schema, err := scenario.Schema()
	if err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(path), scenario.SchemaName)
	switch err := writeNew(beside, schema); {
	case err == nil:
		a.say("%s is for editors", beside)
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	a.printf("%s\n", path)
	return nil
}

// writeNew writes a file that must not be there yet.
func writeNew(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // for everybody to read
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

func (a *app) scenarioSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of scenarios, for editors",
		Example: "  kazoolab scenario schema > scenario.schema.json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			schema, err := scenario.Schema()
			if err != nil {
				return err
			}
			a.printf("%s", schema)
			return nil
		},
	}
}
