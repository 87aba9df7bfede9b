package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/deadletter"
)

// letterTime is how times are shown that may be of another day.
const letterTime = "2006-01-02 15:04:05"

func (a *app) queuesShowCommand() *cobra.Command {
	var choice letterChoice
	cmd := &cobra.Command{
		Use:   "show [ID]",
		Short: "List the dead letters, or show one with its body",
		Long: `List the dead letters, in the order in which they came: id, time, why each is
dead, size of the body, routing key, and what was wrong. With an id, or the beginning
of one, show that with its body; one that came compressed is shown unpacked.`,
		Example: "  kazoolab queues show --reason not_json\n  kazoolab queues show 1a2b3c",
	}
	settingFlagsOf(cmd, queueSettings)
	output := outputFlag(cmd)
	cmd.Flags().StringVar(&choice.reason, "reason", "", "only those that are dead for this reason, such as not_json")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 1:
			return usagef("%s takes one dead letter, %q is too much", cmd.CommandPath(), args[1])
		case len(args) == 1 && choice.reason != "":
			return usagef("--reason is for the list; leave it or %q out", args[0])
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		choice.ids, choice.all = args, len(args) == 0
		keep := func(l deadletter.Letter) bool { return !choice.all && choice.mayMean(l) }
		var found []deadletter.Letter
		err := a.atDesk(cmd, func(ctx context.Context, d desk) error {
			return d.take(ctx, keep, func(tray *deadletter.Tray) error {
				chosen, err := choice.pick(tray.Letters)
				for _, i := range chosen {
					found = append(found, tray.Letters[i])
				}
				return err
			})
		})
		switch {
		case err != nil:
			return err
		case choice.all:
			return a.printLetters(found, *output)
		}
		return a.printLetter(found[0], *output)
	}
	return cmd
}

// letterReport is a dead letter as JSON. Of the bodies one is there when it is shown
// alone: as text where it is that.
type letterReport struct {
	ID              string  `json:"id"`
	Time            string  `json:"time"`
	Reason          string  `json:"reason"`
	Problem         string  `json:"problem"`
	RoutingKey      string  `json:"routing_key"`
	Exchange        string  `json:"exchange,omitempty"`
	Node            string  `json:"node"`
	ContentType     string  `json:"content_type,omitempty"`
	ContentEncoding string  `json:"content_encoding,omitempty"`
	Bytes           int     `json:"bytes"`
	Body            *string `json:"body,omitempty"`
	BodyBase64      *string `json:"body_base64,omitempty"`
}

func reportLetter(l deadletter.Letter) letterReport {
	at := ""
	if !l.Time.IsZero() {
		at = l.Time.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return letterReport{
		ID: l.ID, Time: at, Reason: l.Reason, Problem: l.Problem, RoutingKey: l.RoutingKey, Exchange: l.Exchange,
		Node: l.Node, ContentType: l.ContentType, ContentEncoding: l.ContentEncoding, Bytes: l.Size,
	}
}

func (a *app) printLetters(letters []deadletter.Letter, output string) error {
	if output == outputJSON {
		reports := make([]letterReport, len(letters))
		for i, l := range letters {
			reports[i] = reportLetter(l)
		}
		return a.printJSON(reports)
	}
	if len(letters) == 0 {
		a.say("there are no dead letters")
		return nil
	}
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tTIME\tREASON\tBYTES\tROUTING KEY\tPROBLEM")
	for _, l := range letters {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", orDash(clean(l.ID)), localTime(reportLetter(l).Time),
			orDash(clean(l.Reason)), l.Size, orDash(clean(l.RoutingKey)), clean(l.Problem))
	}
	return table.Flush()
}

func (a *app) printLetter(l deadletter.Letter, output string) error {
	report := reportLetter(l)
	if output == outputJSON {
		if utf8.Valid(l.Body) {
			text := string(l.Body)
			report.Body = &text
		} else {
			text := base64.StdEncoding.EncodeToString(l.Body)
			report.BodyBase64 = &text
		}
		return a.printJSON(report)
	}
	for _, member := range []struct{ name, value string }{
		{"id", l.ID}, {"time", localTime(report.Time)}, {"reason", l.Reason}, {"problem", l.Problem},
		{"exchange", l.Exchange}, {"routing key", l.RoutingKey}, {"node", l.Node},
		{"content type", l.ContentType}, {"content encoding", l.ContentEncoding}, {"bytes", fmt.Sprint(l.Size)},
	} {
		a.printf("%-16s  %s\n", member.name, orDash(clean(member.value)))
	}
	a.printf("\n")
	for line := range strings.Lines(string(unpacked(l))) {
		a.printf("%s\n", visible(strings.TrimSuffix(line, "\n")))
	}
	return nil
}

// unpacked is the body as its sender wrote it, as far as it can be had.
func unpacked(l deadletter.Letter) []byte {
	const most = 16 << 20
	if l.ContentEncoding != "gzip" {
		return l.Body
	}
	z, err := gzip.NewReader(bytes.NewReader(l.Body))
	if err != nil {
		return l.Body
	}
	text, err := io.ReadAll(io.LimitReader(z, most))
	if err != nil {
		return l.Body
	}
	return text
}
