package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/recorder"
)

// reportPause is how often those that work for long say how far they are.
const reportPause = 5 * time.Second

func exchangesOf(bound []capture.Bound) string {
	names := make([]string, len(bound))
	for i, b := range bound {
		names[i] = b.Exchange
	}
	return strings.Join(names, ", ")
}

// reportRecording says how far it is, every few seconds.
func (a *app) reportRecording(ctx context.Context, r *recorder.Recorder, began time.Time) {
	last := int64(0)
	for clock.Sleep(ctx, a.Clock, reportPause) == nil {
		count := r.Count()
		a.say("%s  %d messages, %.0f/s, %s", a.Clock.Since(began).Round(time.Second), count.Messages,
			float64(count.Messages-last)/reportPause.Seconds(), bytesText(count.Bytes))
		last = count.Messages
	}
}

func bytesText(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// recording is the summary as JSON.
type recording struct {
	File       string          `json:"file"`
	Messages   int64           `json:"messages"`
	Seconds    float64         `json:"seconds"`
	Rate       float64         `json:"messages_per_s"`
	Bytes      int64           `json:"bytes"`      // of bodies
	FileBytes  int64           `json:"file_bytes"` // 0 for standard output
	Gaps       int64           `json:"gaps"`       // how often messages may be missing
	Left       int             `json:"left"`       // messages that came too late to be recorded
	Anonymised bool            `json:"anonymised"`
	Events     []recordedEvent `json:"events"`
}

type recordedEvent struct {
	Exchange string `json:"exchange"`
	Event    string `json:"event"`
	Messages int64  `json:"messages"`
}

func (a *app) printRecording(count recorder.Count, took time.Duration, anonymised bool, out *captureFile, output string) error {
	s := recording{
		File: out.name, Messages: count.Messages, Seconds: took.Seconds(), Rate: float64(count.Messages) / took.Seconds(),
		Bytes: count.Bytes, FileBytes: out.size(), Gaps: count.Gaps, Left: count.Left, Anonymised: anonymised,
		Events: []recordedEvent{},
	}
	for event := range maps.Keys(count.Events) {
		s.Events = append(s.Events, recordedEvent{event.Exchange, event.Name, count.Events[event]})
	}
	slices.SortFunc(s.Events, func(x, y recordedEvent) int {
		return cmp.Or(cmp.Compare(x.Exchange, y.Exchange), cmp.Compare(y.Messages, x.Messages), cmp.Compare(x.Event, y.Event))
	})
	to := a.Stdout
	if out.name == streamName { // where the capture is
		to = a.Stderr
	}
	if output == outputJSON {
		encoder := json.NewEncoder(to)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(s)
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, e := range s.Events {
		fmt.Fprintf(table, "%s\t%s\t%d\n", clean(e.Exchange), clean(cmp.Or(e.Event, "(no event)")), e.Messages)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(to, "%d messages in %s, %.0f/s, %s", s.Messages, took.Round(time.Millisecond), s.Rate, bytesText(s.Bytes))
	if s.FileBytes > 0 {
		fmt.Fprintf(to, ", into %s of %s", out.shown(), bytesText(s.FileBytes))
	}
	if anonymised {
		fmt.Fprint(to, ", without identities")
	}
	fmt.Fprintln(to)
	if s.Gaps > 0 {
		a.say("warning: messages may be missing at %d places, which the capture names", s.Gaps)
	}
	if s.Left > 0 {
		a.say("warning: %d messages had not come when the recording ended", s.Left)
	}
	return nil
}
