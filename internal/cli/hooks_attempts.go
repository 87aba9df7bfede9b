package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
)

func (a *app) hooksAttemptsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attempts [HOOK]",
		Short: "List the attempts to reach webhooks, follow them, make them again",
		Long: `List the stored attempts of an account's webhooks, or of one: time, id, hook,
verb, what was answered, address. Failed ones are stored, successful ones where
webhooks.log-successful-attempts says so, and replays always. The last ones are
listed unless --since says from when on.`,
		Example: "  kazoolab hooks attempts --failed --since 1h\n  kazoolab hooks attempts 'New Calls' --follow",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one webhook, %q is too much", cmd.CommandPath(), args[1])
			}
			return nil
		},
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	a.completeHooks(cmd, flags)
	since := cmd.Flags().Duration("since", 0, "only those of so long ago or less, as 10m or 1h")
	failed := cmd.Flags().Bool("failed", false, "only those that were no success")
	follow := cmd.Flags().Bool("follow", false, "go on with what comes, until Ctrl-C")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *since < 0 {
			return usagef("--since: %s is less than 0", *since)
		}
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		choice, err := c.choice(cmd.Context(), args, *failed)
		if err != nil {
			return err
		}
		log := &attemptLog{app: a, client: c, choice: choice, asJSON: *output == outputJSON, seen: map[string]bool{}}
		return log.run(cmd.Context(), *since, *follow)
	}
	cmd.AddCommand(a.hooksReplayCommand())
	return cmd
}

// choice says which attempts are meant.
func (c *client) choice(ctx context.Context, hook []string, failed bool) (url.Values, error) {
	query := url.Values{}
	if failed {
		query.Set("failed", "true")
	}
	if len(hook) > 0 && hook[0] != "" {
		found, err := c.findHook(ctx, hook[0])
		if err != nil {
			return nil, err
		}
		query.Set("hook_id", found.String("id"))
	}
	return query, nil
}

const attemptsPath = "/kazoolab/attempts"

// now is the time of the bridge, which need not be this machine's.
func (c *client) now(ctx context.Context) (time.Time, error) {
	envelope, err := c.do(ctx, http.MethodGet, attemptsPath+"?page_size=1", nil)
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, envelope.String("timestamp"))
}

// attempts reads all attempts that a query chooses, the oldest first.
func (c *client) attempts(ctx context.Context, query url.Values) ([]jobj.Object, error) {
	query.Set("ascending", "true")
	return c.rows(ctx, attemptsPath+"?"+query.Encode())
}

// attemptLog prints attempts as they come.
type attemptLog struct {
	*app
	client *client
	choice url.Values
	asJSON bool
	seen   map[string]bool
	last   int64 // the latest time seen, Gregorian seconds
}

// Of following: how often to ask, and how far back, since an attempt is stored a
// moment after the time that it bears.
const (
	followPause   = time.Second
	followOverlap = 10 // seconds
	lastAttempts  = "20"
)

func (l *attemptLog) run(ctx context.Context, since time.Duration, follow bool) error {
	rows, err := l.first(ctx, since)
	if err != nil {
		return err
	}
	if len(rows) == 0 && !follow {
		l.say("%s has no such attempts", l.client.account)
	}
	for {
		for _, row := range rows {
			if err := l.print(row); err != nil {
				return err
			}
		}
		if !follow {
			return nil
		}
		if err := clock.Sleep(ctx, l.Clock, followPause); err != nil {
			return orderly(ctx, err)
		}
		l.choice.Set("created_from", fmt.Sprint(l.last-followOverlap))
		if rows, err = l.client.attempts(ctx, l.choice); err != nil {
			return orderly(ctx, err)
		}
	}
}

// first reads what is there already.
func (l *attemptLog) first(ctx context.Context, since time.Duration) ([]jobj.Object, error) {
	now, err := l.client.now(ctx)
	if err != nil {
		return nil, err
	}
	l.last = kapi.Gregorian(now)
	if since > 0 {
		l.choice.Set("created_from", fmt.Sprint(kapi.Gregorian(now.Add(-since))))
		return l.client.attempts(ctx, l.choice)
	}
	query := url.Values{"page_size": {lastAttempts}}
	maps.Copy(query, l.choice)
	envelope, err := l.client.do(ctx, http.MethodGet, attemptsPath+"?"+query.Encode(), nil)
	newest := listOf(envelope, "data")
	rows := make([]jobj.Object, 0, len(newest))
	for i := range newest {
		rows = append(rows, newest[len(newest)-1-i])
	}
	return rows, err
}

// print prints an attempt that was not printed before.
func (l *attemptLog) print(row jobj.Object) error {
	id := row.String("id")
	if l.seen[id] {
		return nil
	}
	l.seen[id] = true
	l.last = max(l.last, row.Int("timestamp"))
	if l.asJSON {
		return l.printLine(row)
	}
	l.printf("%s\n", l.attemptLine(row))
	return nil
}

// attemptLine is an attempt for people.
func (a *app) attemptLine(row jobj.Object) string {
	line := fmt.Sprintf("%s  %-32s  %-8.8s  %-4s  %s  %s",
		kapi.FromGregorian(row.Int("timestamp")).Local().Format("15:04:05"), clean(row.String("id")), clean(row.String("hook_id")),
		strings.ToUpper(clean(row.String("method"))), a.paintAttempt(row), clean(row.String("uri")))
	if original := row.String("replay_of"); original != "" {
		line += "  replay of " + clean(original)
	}
	return line
}

// paintAttempt is the outcome of an attempt: a status, or why there was none.
func (a *app) paintAttempt(row jobj.Object) string {
	outcome := clean(row.String("resp_status_code"))
	if outcome == "" {
		outcome = clean(row.String("client_error"))
	}
	return a.paintOutcome(orDash(outcome))
}
