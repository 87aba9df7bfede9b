package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func (a *app) socketsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sockets",
		Short: "List the open websockets of an account, show one",
		Long: `See the websockets that clients of an account have open, at whichever node,
through the REST API. A socket is there once its first command has succeeded. The
account is the first customer of the running up unless --account names another;
--url, --token and --account reach any other bridge. See kazoolab socket to open
one.`,
		Example: "  kazoolab sockets list\n  kazoolab sockets show 127.0.0.1:53412",
		Args:    onlySubcommands,
		RunE:    showHelp,
	}
	cmd.AddCommand(a.socketsListCommand(), a.socketsShowCommand())
	return cmd
}

func (a *app) socketsListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List an account's open websockets and what they are subscribed to",
		Example: "  kazoolab sockets list\n  kazoolab sockets list --account reseller --json",
		Args:    noArguments,
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	jsonFlag(cmd, output)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		sockets, err := c.sockets(cmd.Context())
		if err != nil {
			return err
		}
		return a.printOpenSockets(c, sockets, *output)
	}
	return cmd
}

// sockets lists the sockets of the account. Where only their ids are listed, as in the
// talk, each is read.
func (c *client) sockets(ctx context.Context) ([]jobj.Object, error) {
	envelope, err := c.do(ctx, http.MethodGet, "/websockets", nil)
	if err != nil {
		return nil, err
	}
	value, _ := envelope.Get("data")
	list, _ := value.([]any)
	sockets := []jobj.Object{}
	for _, element := range list {
		socket, ok := element.(jobj.Object)
		if id, isID := element.(string); isID {
			socket, err = c.socket(ctx, id)
			if isMissing(err) { // it has gone meanwhile
				continue
			}
			ok = err == nil
		}
		if err != nil {
			return nil, err
		}
		if ok {
			sockets = append(sockets, socket)
		}
	}
	return sockets, nil
}

// socket reads one; in the talk it is the only element of a list.
func (c *client) socket(ctx context.Context, id string) (jobj.Object, error) {
	envelope, err := c.do(ctx, http.MethodGet, socketPath(id), nil)
	if err != nil {
		return nil, err
	}
	if list := listOf(envelope, "data"); len(list) > 0 {
		return list[0], nil
	}
	return envelope.Object("data"), nil
}

func (a *app) printOpenSockets(c *client, sockets []jobj.Object, output string) error {
	if output == outputJSON {
		return a.printJSON(sockets)
	}
	if len(sockets) == 0 {
		a.say("%s has no open websockets", c.account)
		return nil
	}
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tSINCE\tNODE\tBINDINGS")
	for _, socket := range sockets {
		since := "-"
		if at := socket.Int("timestamp"); at != 0 {
			since = kapi.FromGregorian(at).Local().Format("15:04:05")
		}
		fmt.Fprintln(table, strings.Join([]string{
			clean(socket.String("websocket_session_id")), orDash(clean(socket.String("name"))), since,
			orDash(clean(socket.String("destination"))), orDash(clean(strings.Join(each(socket, "bindings"), " "))),
		}, "\t"))
	}
	return table.Flush()
}

func (a *app) socketsShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show one open websocket with all its members",
		Example: "  kazoolab sockets show 127.0.0.1:53412\n  kazoolab sockets show 127.0.0.1:53412 --json",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usagef("which websocket? %s takes an id such as 127.0.0.1:53412; kazoolab sockets list lists them", cmd.CommandPath())
			case len(args) > 1:
				return usagef("%s takes one websocket, %q is too much", cmd.CommandPath(), args[1])
			}
			return nil
		},
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	jsonFlag(cmd, output)
	a.completeSockets(cmd, flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		socket, err := c.socket(cmd.Context(), args[0])
		if isMissing(err) {
			return usagef("%s has no open websocket %q; kazoolab sockets list lists them", c.account, args[0])
		}
		if err != nil {
			return err
		}
		if *output == outputJSON {
			return a.printJSON(socket)
		}
		a.printMembers(socket)
		return nil
	}
	return cmd
}

// completeSockets offers the ids of open sockets.
func (a *app) completeSockets(cmd *cobra.Command, flags clientFlags) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		c, err := a.client(cmd, flags)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		sockets, err := c.sockets(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var offers []cobra.Completion
		for _, socket := range sockets {
			offers = append(offers, cobra.CompletionWithDesc(
				socket.String("websocket_session_id"), clean(strings.Join(each(socket, "bindings"), " "))))
		}
		return offers, cobra.ShellCompDirectiveNoFileComp
	}
}
