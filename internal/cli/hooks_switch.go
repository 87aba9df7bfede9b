package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func (a *app) hooksEnableCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enable ID | --all | --descendants",
		Short: "Switch a webhook on; or all that were switched off for their failures",
		Long: `Switch one webhook on, whoever switched it off. With --all switch on every hook
of the account that was switched off for its failures, with --descendants those
of the accounts below it as well; hooks that a person switched off stay off. Their
failures are forgotten.`,
		Example: "  kazoolab hooks enable 6e097cd2\n  kazoolab hooks enable --all\n  kazoolab hooks enable --descendants --account reseller",
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	all := cmd.Flags().Bool("all", false, "all of the account that were switched off for their failures")
	descendants := cmd.Flags().Bool("descendants", false, "those of the account and of all accounts below it")
	a.completeHooks(cmd, flags)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case *all && *descendants:
			return usagef("--descendants includes --all; leave one of them out")
		case (*all || *descendants) && len(args) > 0:
			return usagef("%s takes either a webhook or --all or --descendants; leave %q or the flag out", cmd.CommandPath(), args[0])
		case *all || *descendants:
			return nil
		}
		return oneHook(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		switch {
		case *all:
			return a.enableAll(cmd.Context(), c, "", *output)
		case *descendants:
			return a.enableAll(cmd.Context(), c, "/descendants", *output)
		}
		return a.switchHook(cmd.Context(), c, args[0], true, *output)
	}
	return cmd
}

// enableAll switches on what was switched off by itself, below the account's path.
func (a *app) enableAll(ctx context.Context, c *client, below, output string) error {
	envelope, err := c.do(ctx, http.MethodPatch, below+"/webhooks", jobj.Object{{Key: "re-enable", Value: true}})
	if err != nil {
		return err
	}
	if output == outputJSON {
		return a.printJSON(map[string]string{"account_id": c.accountID, "answer": envelope.String("data")})
	}
	reach := c.account
	if below != "" {
		reach += " and of the accounts below it"
	}
	a.printf("%s: those of %s that had been switched off for their failures are on\n", envelope.String("data"), reach)
	return nil
}

func (a *app) hooksDisableCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "disable ID",
		Short:   "Switch a webhook off, until someone switches it on",
		Example: "  kazoolab hooks disable 6e097cd2",
		Args:    oneHook,
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	a.completeHooks(cmd, flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		return a.switchHook(cmd.Context(), c, args[0], false, *output)
	}
	return cmd
}

func (a *app) switchHook(ctx context.Context, c *client, which string, on bool, output string) error {
	hook, err := c.findHook(ctx, which)
	if err != nil {
		return err
	}
	change := jobj.Object{{Key: "enabled", Value: on}}
	if on {
		// A PATCH would make the reason a member that stays (cb_webhooks).
		change = append(change, jobj.Member{Key: "disable_reason", Value: nil})
	}
	envelope, err := c.do(ctx, http.MethodPatch, hookPath(hook), change)
	if err != nil {
		return err
	}
	switched := envelope.Object("data")
	if output == outputJSON {
		return a.printJSON(switched)
	}
	a.printf("%s  %s  %s\n", switched.String("id"), clean(switched.String("name")), hookState(switched))
	return nil
}
