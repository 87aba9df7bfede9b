package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

func (a *app) explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [EVENT]",
		Short: "Say why an event reached some webhooks and not others",
		Long: `Say what became of an event that came in: which webhooks fired and what they were
answered, and of each other one what kept it from firing, the nearest miss first.
EVENT is an id that explain has printed or a Call-ID, else the last event is meant,
and the ones before it are listed. Changes of documents are passed over without
--all where no webhook is for them: each login and each edit of a webhook is one.

The bridge remembers the last events (webhooks.explain-events). With up, those of
every account are shown unless --account names one.`,
		Example: "  kazoolab explain\n  kazoolab explain c1@192.0.2.7 --show sent",
		Args:    atMostOneEvent,
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	cmd.Flags().Lookup("account").Usage = "account by id, name or kind: master, reseller, customer (default the master account, which sees all)"
	show := &choiceFlag{"", []string{"sent", "message"}}
	cmd.Flags().Var(show, "show", "also print what each webhook was sent, or the message as it came")
	all := cmd.Flags().Bool("all", false, "of the last events, also the changes of documents that no webhook is for")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *flags.account == "" && *flags.url == "" {
			*flags.account = runfile.Master
		}
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		explanation, err := c.explanation(cmd.Context(), args, *all)
		if err != nil {
			return err
		}
		var before []jobj.Object
		if len(args) == 0 {
			if before, err = c.earlier(cmd.Context(), explanation.String("id"), *all); err != nil {
				return err
			}
		}
		if *output == outputJSON {
			return a.printExplanationJSON(explanation, before)
		}
		a.printExplanation(explanation, show.value)
		a.printEarlier(before)
		return nil
	}
	return cmd
}

func atMostOneEvent(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return usagef("%s takes one event, %q is too much", cmd.CommandPath(), args[1])
	case len(args) == 1 && args[0] == "":
		return usagef("which event? The id is empty; without one the last event is meant")
	}
	return nil
}

// explanation explains an event by its id, else the last one of a call, else the
// last of all.
func (c *client) explanation(ctx context.Context, args []string, all bool) (jobj.Object, error) {
	const last = "/kazoolab/events/last"
	var envelope jobj.Object
	var err error
	switch {
	case len(args) == 0:
		envelope, err = c.do(ctx, http.MethodGet, fmt.Sprintf("%s?all=%t", last, all), nil)
	default:
		envelope, err = c.do(ctx, http.MethodGet, "/kazoolab/events/"+url.PathEscape(args[0]), nil)
		if isMissing(err) {
			envelope, err = c.do(ctx, http.MethodGet, last+"?"+url.Values{"call_id": args}.Encode(), nil)
		}
	}
	if isMissing(err) {
		refused, _ := errors.AsType[*refusedError](err)
		return nil, &codedError{ExitFailed, c.notRemembered(args, refused)}
	}
	return envelope.Object("data"), err
}

// notRemembered helps on when there is nothing to explain.
func (c *client) notRemembered(args []string, refused *refusedError) error {
	said := refused.said
	if _, why, ok := strings.Cut(said, "; "); ok {
		said = why
	}
	if len(args) == 0 {
		return fmt.Errorf("nothing to explain for %s: %s\n%s", c.account, said,
			"an event that was sent before that, to another broker or under an Event-Name that no hook is for never reached the bridge")
	}
	return fmt.Errorf("%q: %s\nkazoolab explain without an event lists the last ones; the id of an event or its Call-ID names one", args[0], said)
}

// earlierEvents is how many events before the last one are listed.
const earlierEvents = 5

// earlier lists events before the one with an id.
func (c *client) earlier(ctx context.Context, id string, all bool) ([]jobj.Object, error) {
	envelope, err := c.do(ctx, http.MethodGet, fmt.Sprintf("/kazoolab/events?page_size=%d&all=%t", earlierEvents+1, all), nil)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(listOf(envelope, "data"), func(row jobj.Object) bool { return row.String("id") == id }), nil
}

// listOf is a member that is a list of objects.
func listOf(o jobj.Object, key string) []jobj.Object {
	value, _ := o.Get(key)
	list, _ := value.([]any)
	rows := make([]jobj.Object, len(list))
	for i, element := range list {
		rows[i], _ = element.(jobj.Object)
	}
	return rows
}

func (a *app) printExplanationJSON(explanation jobj.Object, before []jobj.Object) error {
	if before != nil {
		list := make([]any, len(before))
		for i, row := range before {
			list[i] = row
		}
		explanation = append(explanation, jobj.Member{Key: "earlier_events", Value: list})
	}
	return a.printJSON(explanation)
}
