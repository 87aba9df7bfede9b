package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "kazoolab",
		Short: "Kazoo's webhooks and websockets on your own machine and in production",
		Long: `kazoolab delivers a Kazoo cluster's events to webhooks and websockets, and brings
what a laptop lacks to try that: a broker, accounts, calls on demand, a receiver.

Exit codes: 0 done, 1 what was asked for failed, 2 the command line or the
configuration is wrong, 3 something needed cannot be reached, 130 interrupted. Of
certify: 0 certified, 1 not conformant, 4 a fault of kazoolab itself, 5 incomplete.`,
		Example:       "  kazoolab up\n  kazoolab listen --count 1\n  kazoolab trigger channel_create",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          onlySubcommands,
		RunE:          showHelp,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		a.upCommand(),
		a.bridgeCommand(),
		a.brokerCommand(),
		a.triggerCommand(),
		a.simulateCommand(),
		a.callCommand(),
		a.pivotCommand(),
		a.recordCommand(),
		a.replayCommand(),
		a.scenarioCommand(),
		a.listenCommand(),
		a.hooksCommand(),
		a.socketCommand(),
		a.socketsCommand(),
		a.queuesCommand(),
		a.explainCommand(),
		a.verifyCommand(),
		a.certifyCommand(),
		a.healthCommand(),
		a.envCommand(),
		a.clockCommand(),
		a.configCommand(),
		a.quirksCommand(),
		a.versionCommand(),
	)
	root.SetHelpCommand(helpCommand())
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Example = "  source <(kazoolab completion bash)"
			cmd.Args, cmd.RunE = onlySubcommands, showHelp
		}
	}
	return root
}

// helpCommand is for those who type help where others type --help.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [command]",
		Short:   "Print what --help of a command prints",
		Example: "  kazoolab help up",
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usagef("%w", err)
			}
			if err := onlySubcommands(target, rest); err != nil {
				return err
			}
			target.InitDefaultHelpFlag() // which the help lists
			return target.Help()
		},
	}
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// onlySubcommands refuses arguments of a command that only has subcommands.
func onlySubcommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	return usagef("unknown command %q for %q%s", args[0], cmd.CommandPath(), suggest.Hint(args[0], known))
}

// noArguments refuses every argument.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, but was given %q; see %[1]s --help", cmd.CommandPath(), args[0])
	}
	return nil
}

// flagError offers the nearest flags for one that there is not.
func flagError(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok { // for these its cause speaks of Go
		switch invalid.GetFlag().Value.Type() {
		case "int":
			return usagef("--%s: %q is no whole number", invalid.GetFlag().Name, invalid.GetValue())
		case "duration":
			return usagef("--%s: %q is no duration such as 90s, 5m or 1h30m", invalid.GetFlag().Name, invalid.GetValue())
		}
	}
	hint := ""
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1 {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		hint = suggest.Hint("--"+unknown.GetSpecifiedName(), known)
	}
	return usagef("%w%s; see %s --help", err, hint, cmd.CommandPath())
}

// choiceFlag is a flag that takes one of a few words.
type choiceFlag struct {
	value   string
	choices []string
}

// String, Type and Set make it a pflag.Value.
func (f *choiceFlag) String() string { return f.value }

// Type lists the words.
func (f *choiceFlag) Type() string { return strings.Join(f.choices, "|") }

// Set refuses every other word.
func (f *choiceFlag) Set(text string) error {
	i := slices.IndexFunc(f.choices, func(choice string) bool { return strings.EqualFold(choice, text) }) // a method is often written in capitals
	if i < 0 {
		return errors.New("use " + strings.Join(f.choices, "|") + suggest.Hint(text, f.choices))
	}
	f.value = f.choices[i]
	return nil
}

const (
	outputText = "text"
	outputJSON = "json"
)

// outputFlag adds -o and returns where its value will be.
func outputFlag(cmd *cobra.Command) *string {
	f := &choiceFlag{outputText, []string{outputText, outputJSON}}
	cmd.Flags().VarP(f, "output", "o", "form of what is printed")
	return &f.value
}
