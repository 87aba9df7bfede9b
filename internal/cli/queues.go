package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/deadletter"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

func (a *app) queuesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queues",
		Short: "See what waits and what went wrong; deliver it after all, or drop it",
		Long: `See the queues that bridges share: the events that wait for work, the dead
letters, which are the messages that became no delivery because they are broken, and
the deliveries that wait for a receiver.

Queues are at the broker of the running up, unless --amqp-url names another. What
waits for receivers, --hook included, is told by a bridge's REST API, whatever the
broker: that of the running up, unless --amqp-url names another broker than its, or
the one that --url, --token and --account reach. The account is the master account
unless --account names another, and those below it are included.`,
		Example: "  kazoolab queues list\n  kazoolab queues replay --all --reason delivery_limit",
		Args:    onlySubcommands,
		RunE:    showHelp,
	}
	cmd.AddCommand(
		a.queuesListCommand(),
		a.queuesShowCommand(),
		a.queuesReplayCommand(),
		a.queuesDropCommand(),
	)
	return cmd
}

// queueSettings is the command whose settings all of queues read.
const queueSettings = "queues"

// Limits of working at a broker: to be connected, to take the letters out, to have one
// confirmed.
const (
	queueConnectLimit = 5 * time.Second
	queueTakeLimit    = time.Minute
	queueSendLimit    = 10 * time.Second
)

// queueFlags are the flags that say where queues are, and who tells what waits for
// receivers.
func (a *app) queueFlags(cmd *cobra.Command) clientFlags {
	return a.clientFlagsOf(cmd, queueSettings, runfile.Master)
}

// desk is the broker whose queues are looked at.
type desk struct {
	*bus.Bus
	url string // fit for showing
}

// atDesk runs a piece of work at the broker that the flags mean.
func (a *app) atDesk(cmd *cobra.Command, work func(context.Context, desk) error) error {
	ctx := cmd.Context()
	loaded, err := a.loadOf(cmd, queueSettings)
	if err != nil {
		return err
	}
	url := loaded.AMQPURL
	if loaded.IsDefault("amqp-url") {
		if up, err := a.running(ctx, loaded.Config); err == nil {
			url = up.AMQP
		}
	}
	b := bus.New(bus.Config{URL: url, Name: "kazoolab queues", Clock: a.Clock, IDs: newIDs("")})
	return onBroker(ctx, b, url, queueConnectLimit, func() error {
		d := desk{b, config.MaskURL(url)}
		return d.explain(work(ctx, d))
	})
}

// explain adds to an error what to do about it.
func (d desk) explain(err error) error {
	var returned *bus.ReturnedError
	switch {
	case errors.Is(err, bus.ErrNoQueue):
		return fmt.Errorf("%s has no queue %s: a bridge makes it when it starts; is --amqp-url right, its virtual host too?", d.url, deadletter.Queue)
	case errors.As(err, &returned):
		return fmt.Errorf("%s has no queue %s: a bridge makes it when it starts; start one and run the command again", d.url, returned.Key)
	case errors.Is(err, deadletter.ErrBusy):
		return fmt.Errorf("%w; try again when they are done", err)
	case errors.Is(err, bus.ErrStale), errors.Is(err, context.DeadlineExceeded):
		return unreachablef("the broker at %s does not answer, or the connection was lost; run the command again: %w", d.url, err)
	}
	return err
}

// take takes the dead letters out for as long as work looks at them.
func (d desk) take(ctx context.Context, keep func(deadletter.Letter) bool, work func(*deadletter.Tray) error) error {
	taking, cancel := context.WithTimeout(ctx, queueTakeLimit)
	tray, err := deadletter.Take(taking, d.Bus, keep)
	cancel()
	if err != nil {
		return err
	}
	err = work(tray)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), queueSendLimit)
	defer cancel()
	if closed := tray.Close(closing); err == nil {
		return closed
	}
	return err
}

// queueReport is what list tells, as JSON.
type queueReport struct {
	Queues []queueRow `json:"queues"`
	// Reasons counts dead letters; nil where they were not looked at.
	Reasons map[string]int `json:"reasons,omitempty"`
	// Backlogs are nil where no REST API was asked, or it could not tell.
	Backlogs []jobj.Object `json:"backlogs"`
}

type queueRow struct {
	Queue     string `json:"queue"`
	There     bool   `json:"there"`
	Messages  int    `json:"messages"`
	Consumers int    `json:"consumers"`
}

func (a *app) queuesListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the queues, with why letters are dead, and the hooks for which deliveries wait",
		Long: `List how many events wait for a bridge and how many consumers take them, one for
each bridge; how many dead letters there are, and why; and the hooks for which
deliveries wait in the store, since when, and which node delivers them.`,
		Example: "  kazoolab queues list\n  kazoolab queues list --amqp-url amqp://guest:guest@127.0.0.1:5672/ -o json",
		Args:    noArguments,
	}
	flags, output := a.queueFlags(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var report queueReport
		err := a.atDesk(cmd, func(ctx context.Context, d desk) (err error) {
			report, err = d.report(ctx)
			return err
		})
		if err != nil {
			return err
		}
		var unknown error
		if report.Backlogs, unknown = a.listBacklogs(cmd, flags); unknown != nil {
			report.Backlogs, unknown = nil, fmt.Errorf("what waits for receivers is not known: %w", unknown)
		}
		if *output == outputJSON {
			err = a.printJSON(report)
		} else {
			err = a.printQueues(report)
		}
		return errors.Join(unknown, err)
	}
	return cmd
}

// report looks at the queues.
func (d desk) report(ctx context.Context) (queueReport, error) {
	limited, cancel := context.WithTimeout(ctx, queueSendLimit)
	defer cancel()
	var report queueReport
	there := false
	for _, name := range []string{bridge.WorkQueue, bridge.DeadQueue} {
		depth, err := d.Inspect(limited, name)
		if err != nil && !errors.Is(err, bus.ErrNoQueue) {
			return report, err
		}
		there = there || err == nil
		report.Queues = append(report.Queues, queueRow{name, err == nil, depth.Ready, depth.Consumers})
	}
	if !there {
		return report, bus.ErrNoQueue
	}
	var err error
	report.Reasons, err = d.reasons(ctx, report.Queues[1].Messages)
	return report, err
}

// mostCounted is how many dead letters are looked at to count their reasons: each has
// to be transferred with its body.
const mostCounted = 1000

func (d desk) reasons(ctx context.Context, letters int) (map[string]int, error) {
	if letters == 0 || letters > mostCounted {
		return nil, nil
	}
	counts := map[string]int{}
	err := d.take(ctx, func(deadletter.Letter) bool { return false }, func(tray *deadletter.Tray) error {
		for _, letter := range tray.Letters {
			counts[letter.Reason]++
		}
		return nil
	})
	if errors.Is(err, deadletter.ErrBusy) {
		return nil, nil
	}
	return counts, err
}

func (a *app) printQueues(report queueReport) error {
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "QUEUE\tMESSAGES\tCONSUMERS\t")
	for _, row := range report.Queues {
		note := ""
		switch {
		case !row.There:
			note = "there is no such queue; a bridge makes it when it starts"
		case row.Queue == bridge.WorkQueue && row.Consumers == 0:
			note = "no bridge takes events"
		case row.Queue == bridge.DeadQueue:
			note = reasonsText(report.Reasons)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", row.Queue, row.Messages, row.Consumers, note)
	}
	if err := table.Flush(); err != nil || report.Backlogs == nil {
		return err
	}
	if len(report.Backlogs) == 0 {
		a.printf("\nNothing waits for a receiver.\n")
		return nil
	}
	a.printf("\n")
	table = tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "HOOK\tACCOUNT\tWAITING\tSINCE\tNODE")
	for _, row := range report.Backlogs {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", clean(row.String("hook_id")), clean(row.String("account_id")), row.Int("waiting"),
			localTime(row.String("since")), orDash(clean(row.String("node"))))
	}
	return table.Flush()
}

// reasonsText is "5 not_json, 2 panic".
func reasonsText(counts map[string]int) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[reason], orDash(clean(reason))))
	}
	return strings.Join(parts, ", ")
}

// localTime is a time of RFC 3339 as people here read it.
func localTime(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return orDash(clean(text))
	}
	return at.Local().Format(letterTime)
}
