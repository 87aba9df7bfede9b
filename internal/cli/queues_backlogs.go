package cli

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

const backlogsPath = "/kazoolab/backlogs"

// listBacklogs lists the hooks for which deliveries wait; nil where there is no REST
// API to ask.
func (a *app) listBacklogs(cmd *cobra.Command, flags clientFlags) ([]jobj.Object, error) {
	c, err := a.backlogClient(cmd, flags)
	if errors.Is(err, errNoBridge) && *flags.account == "" && *flags.token == "" {
		a.say("%v", errNoBridge)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.backlogs(cmd.Context())
}

// errNoBridge says that it is not known which bridge is meant.
var errNoBridge = errors.New("what waits for receivers is told by a bridge's REST API, not by the broker: name it by --url, --token and --account")

// backlogClient finds the bridge that tells what waits for receivers. Without --url
// that is the running up, but not where --amqp-url names the broker of another deployment.
func (a *app) backlogClient(cmd *cobra.Command, flags clientFlags) (*client, error) {
	if *flags.url == "" {
		loaded, err := a.loadOf(cmd, flags.command)
		if err != nil {
			return nil, err
		}
		up, err := a.running(cmd.Context(), loaded.Config)
		switch meant := loaded.IsDefault("amqp-url"); {
		case err != nil && meant:
			return nil, unreachablef("%w; %w", err, errNoBridge)
		case err != nil, !meant && up.AMQP != loaded.AMQPURL:
			return nil, usagef("%w", errNoBridge)
		}
	}
	return a.client(cmd, flags)
}

func (c *client) backlogs(ctx context.Context) ([]jobj.Object, error) {
	rows, err := c.rows(ctx, backlogsPath)
	if isMissing(err) {
		err = nil // a Kazoo, where nothing waits
	}
	return append([]jobj.Object{}, rows...), err
}

// findBacklog finds what waits for the hook that a person means, by id or by the
// beginning of it.
func (c *client) findBacklog(ctx context.Context, which string) (jobj.Object, error) {
	rows, err := c.backlogs(ctx)
	if err != nil {
		return nil, err
	}
	var exact, begun []jobj.Object
	var known []string
	for _, row := range rows {
		id := row.String("hook_id")
		known = append(known, id)
		if id == which {
			exact = append(exact, row)
		}
		if strings.HasPrefix(id, which) && which != "" {
			begun = append(begun, row)
		}
	}
	if len(exact) > 0 {
		begun = exact
	}
	switch len(begun) {
	case 0:
		return nil, usagef("nothing waits for a hook %q%s; kazoolab queues list lists the hooks for which deliveries wait",
			which, suggest.Hint(which, known))
	case 1:
		return begun[0], nil
	}
	var all []string
	for _, row := range begun {
		all = append(all, clean(row.String("hook_id"))+" of account "+clean(row.String("account_id")))
	}
	return nil, usagef("%q means %d hooks: %s; write more of the id, or name the account by --account", which, len(begun), strings.Join(all, ", "))
}

// onBacklog has the bridge do something with what waits for a hook.
func (c *client) onBacklog(ctx context.Context, method string, row jobj.Object, data any) (jobj.Object, error) {
	query := url.Values{"account_id": {row.String("account_id")}}
	envelope, err := c.do(ctx, method, backlogsPath+"/"+url.PathEscape(row.String("hook_id"))+"?"+query.Encode(), data)
	return envelope.Object("data"), err
}

// retryBacklog has a hook's receiver tried now.
func (a *app) retryBacklog(cmd *cobra.Command, flags clientFlags, which, output string) error {
	c, err := a.backlogClient(cmd, flags)
	if err != nil {
		return err
	}
	row, err := c.findBacklog(cmd.Context(), which)
	if err != nil {
		return err
	}
	if row, err = c.onBacklog(cmd.Context(), http.MethodPost, row, jobj.Object{{Key: "action", Value: "retry"}}); err != nil {
		return err
	}
	if output == outputJSON {
		return a.printJSON(row)
	}
	a.printf("the receiver of hook %s is tried now; %d deliveries wait for it\n", clean(row.String("hook_id")), row.Int("waiting"))
	return nil
}

// dropBacklog deletes what waits for a hook, if the user means it.
func (a *app) dropBacklog(cmd *cobra.Command, flags clientFlags, which string, yes bool, output string) error {
	c, err := a.backlogClient(cmd, flags)
	if err != nil {
		return err
	}
	row, err := c.findBacklog(cmd.Context(), which)
	if err != nil {
		return err
	}
	if !yes {
		if err := a.confirm(cmd.Context(), "Drop the %d deliveries that wait for hook %s for good?", row.Int("waiting"), clean(row.String("hook_id"))); err != nil {
			return err
		}
	}
	if row, err = c.onBacklog(cmd.Context(), http.MethodDelete, row, nil); err != nil {
		return err
	}
	if output == outputJSON {
		return a.printJSON(row)
	}
	a.printf("dropped %d deliveries of hook %s\n", row.Int("waiting"), clean(row.String("hook_id")))
	return nil
}
