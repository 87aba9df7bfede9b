package cli

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/logging"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// settingFlag is the flag of a setting. Its text is judged when all sources are.
type settingFlag struct {
	text, kind string
	list       bool // each time it is given adds to it
	given      bool
}

// String, Type and Set make it a pflag.Value.
func (f *settingFlag) String() string { return f.text }

// Type names the kind of value for the help.
func (f *settingFlag) Type() string { return f.kind }

// Set takes any text.
func (f *settingFlag) Set(text string) error {
	if f.list && f.given {
		text = f.text + config.ListSeparator + text
	}
	f.text, f.given = text, true
	return nil
}

const configVariable = config.EnvPrefix + "CONFIG"

// settingFlags gives cmd a flag for each setting that it reads, and --config.
func settingFlags(cmd *cobra.Command) { settingFlagsOf(cmd, cmd.Name()) }

// settingFlagsOf gives cmd, part of command, the flags of that.
func settingFlagsOf(cmd *cobra.Command, command string) {
	for _, s := range config.For(command) {
		flag := cmd.Flags().VarPF(&settingFlag{text: s.Default, kind: s.Type(), list: s.IsList()}, s.Flag(), "", s.Help+" [$"+s.Env()+"]")
		if s.IsSwitch() {
			flag.NoOptDefVal = "true"
		}
	}
	cmd.Flags().String("config", "", "YAML file with settings [$"+configVariable+"]")
}

// load reads the settings of cmd from all sources.
func (a *app) load(cmd *cobra.Command) (*config.Loaded, error) { return a.loadOf(cmd, cmd.Name()) }

// loadOf reads the settings of command, of which cmd is part.
func (a *app) loadOf(cmd *cobra.Command, command string) (*config.Loaded, error) {
	given := map[string]string{}
	for _, s := range config.For(command) {
		if flag := cmd.Flags().Lookup(s.Flag()); flag.Changed {
			given[s.Path] = flag.Value.String()
		}
	}
	return a.loadFor(cmd, command, given)
}

func (a *app) loadFor(cmd *cobra.Command, command string, given map[string]string) (*config.Loaded, error) {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = a.getenv(configVariable)
	}
	return config.Load(config.Sources{
		Command:  command,
		File:     file,
		ReadFile: os.ReadFile,
		Env:      a.Env,
		Flags:    given,
	})
}

// logger writes to standard error as the settings say.
func (a *app) logger(c config.Config) (*slog.Logger, error) {
	return logging.New(a.Stderr, logging.Options{Level: c.Log.Level, Format: c.Log.Format})
}

// newIDs is the source of randomness that belongs to a seed, "" being none.
func newIDs(seed string) *ids.Source {
	if seed == "" {
		return ids.New()
	}
	return ids.Seeded(seed)
}

// runFilePath is where the run file is or goes.
func (a *app) runFilePath(c config.Config) (string, error) {
	if c.RunFile != "" {
		return c.RunFile, nil
	}
	path, err := runfile.Path(a.getenv)
	if err != nil {
		return "", usagef("%w", err)
	}
	return path, nil
}
