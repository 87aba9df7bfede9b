package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// replayFlags say what to replay and how.
type replayFlags struct {
	to, from, until, hook string
	edit, failed          bool
}

func (f replayFlags) isRange() bool { return f.from != "" || f.until != "" || f.hook != "" || f.failed }

func (a *app) hooksReplayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [ID...]",
		Short: "Make attempts once more: the same bytes, marked as a replay",
		Long: `Make stored attempts once more, one after the other: the same verb, address,
headers and bytes, and a header x-kazoolab-replay with the id of the attempt, by
which a receiver can tell them. What comes of it is stored as an attempt, and
counts as no failure of the webhook.

The attempts are named by their ids, or chosen by --from, --until, --hook and
--failed, in the order in which they were made; replays are left out then. Times
are 15:04, 15:04:05, 2006-01-02T15:04:05Z or how long ago, as 10m.`,
		Example: "  kazoolab hooks attempts replay 1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d --to http://127.0.0.1:8099/\n" +
			"  kazoolab hooks attempts replay --failed --from 10m --hook 'New Calls'",
	}
	flags, output := a.clientFlags(cmd), outputFlag(cmd)
	cmd.Flags().StringVar(&f.to, "to", "", "send to this address instead")
	cmd.Flags().BoolVar(&f.edit, "edit", false, "change the body, or the query of a GET, in $EDITOR first")
	cmd.Flags().StringVar(&f.from, "from", "", "attempts made at this time or later")
	cmd.Flags().StringVar(&f.until, "until", "", "attempts made at this time or earlier")
	cmd.Flags().StringVar(&f.hook, "hook", "", "attempts of this webhook")
	cmd.Flags().BoolVar(&f.failed, "failed", false, "attempts that were no success")
	cmd.Args = func(cmd *cobra.Command, args []string) error { return f.check(cmd, args) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.client(cmd, flags)
		if err != nil {
			return err
		}
		if f.isRange() {
			if args, err = a.attemptsInRange(cmd.Context(), c, f); err != nil {
				return err
			}
		}
		change := jobj.Object{}
		if f.to != "" {
			change = append(change, jobj.Member{Key: "to", Value: f.to})
		}
		if f.edit {
			text, err := a.editAttempt(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			change = append(change, jobj.Member{Key: "body", Value: text})
		}
		return a.replay(cmd.Context(), c, args, change, *output)
	}
	return cmd
}

func (f replayFlags) check(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 && !f.isRange():
		return usagef("which attempts? Give their ids, as kazoolab hooks attempts lists them, or --from, --until, --hook, --failed")
	case len(args) > 0 && f.isRange():
		return usagef("%s takes either ids or --from, --until, --hook and --failed; leave %q or the flags out", cmd.CommandPath(), args[0])
	case f.edit && len(args) != 1:
		return usagef("--edit is for one attempt, named by its id")
	case f.to != "":
		return checkURL("--to", f.to, "http://"+defaultReceiver+"/")
	}
	return nil
}

// attemptsInRange lists the ids of the attempts that flags choose.
func (a *app) attemptsInRange(ctx context.Context, c *client, f replayFlags) ([]string, error) {
	query, err := c.choice(ctx, []string{f.hook}, f.failed)
	if err != nil {
		return nil, err
	}
	now, err := c.now(ctx)
	if err != nil {
		return nil, err
	}
	for _, limit := range []struct{ flag, parameter, text string }{{"--from", "created_from", f.from}, {"--until", "created_to", f.until}} {
		if limit.text == "" {
			continue
		}
		at, err := parseMoment(limit.text, now)
		if err != nil {
			return nil, usagef("%s: %w", limit.flag, err)
		}
		query.Set(limit.parameter, fmt.Sprint(kapi.Gregorian(at)))
	}
	rows, err := c.attempts(ctx, query)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, row := range rows {
		if row.String("replay_of") == "" {
			ids = append(ids, row.String("id"))
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s has no such attempts; kazoolab hooks attempts lists those that there are", c.account)
	}
	return ids, nil
}

// parseMoment reads a time of day of today, a full time, or how long ago.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago.Abs()), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	today := now.Local()
	for _, layout := range []string{"15:04", "15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return time.Date(today.Year(), today.Month(), today.Day(), at.Hour(), at.Minute(), at.Second(), 0, today.Location()), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 15:04, 15:04:05, 2006-01-02T15:04:05Z, or 10m for ten minutes ago", text)
}

// replayLimit is how long one replay may take: a receiver may use all of
// webhooks.request-timeout.
const replayLimit = 2 * time.Minute

// replay makes attempts again, in order, and prints what came of each. It goes on
// after one that is answered badly, and fails at the end.
func (a *app) replay(ctx context.Context, c *client, ids []string, change jobj.Object, output string) error {
	failures := 0
	for _, id := range ids {
		limited, cancel := context.WithTimeout(ctx, replayLimit)
		envelope, err := c.doUntil(limited, http.MethodPost, attemptsPath+"/"+url.PathEscape(id)+"/replay", change)
		cancel()
		if isMissing(err) {
			return fmt.Errorf("%s has no attempt %q; kazoolab hooks attempts lists those that there are", c.account, id)
		}
		if err != nil {
			return err
		}
		made := envelope.Object("data")
		if !made.Bool(false, "success") {
			failures++
		}
		if output == outputJSON {
			if err := a.printLine(made); err != nil {
				return err
			}
			continue
		}
		a.printf("%s\n", a.attemptLine(made))
	}
	if failures > 0 {
		return fmt.Errorf("%d of %d replays were no success", failures, len(ids))
	}
	return nil
}

// editAttempt lets the user change what an attempt sent.
func (a *app) editAttempt(ctx context.Context, c *client, id string) (string, error) {
	envelope, err := c.do(ctx, http.MethodGet, attemptsPath+"/"+url.PathEscape(id), nil)
	if isMissing(err) {
		return "", fmt.Errorf("%s has no attempt %q; kazoolab hooks attempts lists those that there are", c.account, id)
	}
	if err != nil {
		return "", err
	}
	attempt := envelope.Object("data")
	if !attempt.Has("sent") {
		return "", errors.New("what this attempt sent is not known, or is no text: it cannot be edited")
	}
	name := "body.txt"
	if attempt.String("req_headers", "content-type") == kapi.ContentType {
		name = "body.json"
	}
	return a.edit(ctx, name, attempt.String("sent"))
}
