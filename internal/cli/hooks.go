package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

func (a *app) hooksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hooks",
		Short: "List an account's webhooks, switch them on and off, try one",
		Long: `See and change the webhooks of an account, through the REST API. The account is
the first customer of the running up unless --account names another; --url,
--token and --account reach any other bridge.

A hook is named by its id, by the beginning of it, or by its name, as long as
there is only one such.`,
		Example: "  kazoolab hooks list\n  kazoolab hooks enable --all",
		Args:    onlySubcommands,
		RunE:    showHelp,
	}
	cmd.AddCommand(
		a.hooksListCommand(),
		a.hooksShowCommand(),
		a.hooksEnableCommand(),
		a.hooksDisableCommand(),
		a.hooksTestCommand(),
		a.hooksAttemptsCommand(),
	)
	return cmd
}

func (a *app) hooksListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List an account's webhooks, with those that were switched off and why",
		Long: `List the webhooks of an account: id, name, what they listen to, whether they are
on and, where a hook was switched off by itself, why; how many of its requests
have failed lately and how many would switch it off; its address.`,
		Example: "  kazoolab hooks list\n  kazoolab hooks list --account reseller -o json",
		Args:    noArguments,
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		hooks, err := c.hooks(cmd.Context())
		if err != nil {
			return err
		}
		return a.printHooks(c, hooks, *output)
	}
	return cmd
}

// hooks lists the webhooks, each with its failures where the bridge counts them.
func (c *client) hooks(ctx context.Context) ([]jobj.Object, error) {
	hooks, err := c.rows(ctx, "/webhooks")
	if err != nil {
		return nil, err
	}
	failures, err := c.rows(ctx, "/kazoolab/failures")
	if err != nil && !isMissing(err) { // a Kazoo does not tell
		return nil, err
	}
	counted := map[string]jobj.Object{}
	for _, row := range failures {
		counted[row.String("id")] = row
	}
	for i, hook := range hooks {
		hooks[i] = hook.Merge(counted[hook.String("id")])
	}
	return hooks, nil
}

func (a *app) printHooks(c *client, hooks []jobj.Object, output string) error {
	if output == outputJSON {
		return a.printJSON(append([]jobj.Object{}, hooks...))
	}
	if len(hooks) == 0 {
		a.say("%s has no webhooks", c.account)
		return nil
	}
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tHOOK\tSTATE\tFAILURES\tURI")
	for _, hook := range hooks {
		fmt.Fprintln(table, strings.Join([]string{
			hook.String("id"), orDash(clean(hook.String("name"))), orDash(hook.String("hook")), hookState(hook), hookFailures(hook), clean(hook.String("uri")),
		}, "\t"))
	}
	return table.Flush()
}

// clean is text from outside, without what would upset a table or terminal: control
// characters, those above ASCII too, and what turns the direction of writing.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

func hookState(hook jobj.Object) string {
	switch reason := hook.String("disable_reason"); {
	case hook.Bool(true, "enabled"):
		return "on"
	case reason != "":
		return "off: " + clean(reason)
	}
	return "off"
}

// hookFailures is "2 of 6 in 1m", or a dash where nobody counts.
func hookFailures(hook jobj.Object) string {
	if !hook.Has("failures") {
		return "-"
	}
	window := (time.Duration(hook.Int(disabler.WindowKey)) * time.Millisecond).String()
	window = strings.Replace(strings.Replace(window, "m0s", "m", 1), "h0m", "h", 1) // 1m0s is 1m, 24h0m0s is 24h
	return fmt.Sprintf("%d of %d in %s", hook.Int("failures"), hook.Int(disabler.CountKey), window)
}

func (a *app) hooksShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show one webhook with all its members",
		Example: "  kazoolab hooks show 6e097cd2\n  kazoolab hooks show 'New Calls' -o json",
		Args:    oneHook,
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	a.completeHooks(cmd, flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		listed, err := c.findHook(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		hook, err := c.hook(cmd.Context(), listed)
		if err != nil {
			return err
		}
		if *output == outputJSON {
			return a.printJSON(hook)
		}
		a.printMembers(hook)
		return nil
	}
	return cmd
}

// printMembers prints an object, a member a line.
func (a *app) printMembers(object jobj.Object) {
	for _, member := range object {
		a.printf("%-25s  %s\n", clean(member.Key), clean(plainText(member.Value)))
	}
}

// hook reads a listed hook in full.
func (c *client) hook(ctx context.Context, listed jobj.Object) (jobj.Object, error) {
	envelope, err := c.do(ctx, http.MethodGet, hookPath(listed), nil)
	if err != nil {
		return nil, err
	}
	hook := envelope.Object("data")
	if failures, ok := listed.Get("failures"); ok {
		hook = hook.Set("failures", failures)
	}
	return hook, nil
}

func hookPath(hook jobj.Object) string { return "/webhooks/" + url.PathEscape(hook.String("id")) }

// oneHook refuses anything but one argument.
func oneHook(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("which webhook? %s takes an id, the beginning of one or a name; kazoolab hooks list lists them", cmd.CommandPath())
	case 1:
		return nil
	}
	return usagef("%s takes one webhook, %q is too much", cmd.CommandPath(), args[1])
}

// findHook finds the hook that a person means: by id, by the beginning of the id or
// by name.
func (c *client) findHook(ctx context.Context, which string) (jobj.Object, error) {
	hooks, err := c.hooks(ctx)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, means := range []func(jobj.Object) bool{
		func(hook jobj.Object) bool { return hook.String("id") == which },
		func(hook jobj.Object) bool { return strings.HasPrefix(hook.String("id"), which) && which != "" },
		func(hook jobj.Object) bool { return hook.String("name") == which },
	} {
		var meant []jobj.Object
		for _, hook := range hooks {
			if means(hook) {
				meant = append(meant, hook)
			}
		}
		switch len(meant) {
		case 0:
			continue
		case 1:
			return meant[0], nil
		}
		for _, hook := range meant {
			known = append(known, hook.String("id"))
		}
		return nil, usagef("%q means %d webhooks of %s: %s", which, len(meant), c.account, strings.Join(known, ", "))
	}
	for _, hook := range hooks {
		known = append(known, hook.String("id"), hook.String("name"))
	}
	return nil, usagef("%s has no webhook %q%s", c.account, which, suggest.Hint(which, known))
}

// completeHooks offers the ids of hooks with their names.
func (a *app) completeHooks(cmd *cobra.Command, flags clientFlags) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		c, err := a.client(cmd, flags)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		hooks, err := c.hooks(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var offers []cobra.Completion
		for _, hook := range hooks {
			offers = append(offers, cobra.CompletionWithDesc(hook.String("id"), clean(hook.String("name"))))
		}
		return offers, cobra.ShellCompDirectiveNoFileComp
	}
}
