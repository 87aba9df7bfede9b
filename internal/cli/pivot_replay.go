package cli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

// replayReport is a comparison as JSON.
type replayReport struct {
	Changed bool             `json:"changed"`
	Lines   []string         `json:"lines"` // with their marks: what was is -, what is +
	Session *session.Session `json:"session"`
}

// recordedCall is a call on file.
type recordedCall struct {
	session    *session.Session
	telephones []caller.Phone
}

func readRecording(path string) (recordedCall, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return recordedCall{}, usagef("--replay: %w", err)
	}
	was, telephones, err := session.Read(text)
	if err != nil {
		return recordedCall{}, usagef("--replay: %s: %w", path, err)
	}
	return recordedCall{was, telephones}, nil
}

// as has the app be asked as it was in a recorded call, but for what flags say.
func (f *runFlags) as(cmd *cobra.Command, was *session.Session) error {
	for _, one := range []struct {
		flag, value string
		into        *choiceFlag
	}{{"format", was.Format, f.format}, {"method", was.Method, f.method}, {"body", was.Body, f.body}} {
		if one.value == "" || cmd.Flags().Changed(one.flag) {
			continue
		}
		if err := one.into.Set(one.value); err != nil {
			return usagef("--replay: %s: --%s of the recorded call: %w", f.replay, one.flag, err)
		}
	}
	if !cmd.Flags().Changed("cdr-url") {
		f.cdr = was.CDR
	}
	return nil
}

// replay makes a recorded call again, and shows what differs.
func (r *rehearsal) replay(ctx context.Context, f runFlags) error {
	was, telephones := f.recorded.session, f.recorded.telephones
	t := &tracer{app: r.app, trace: traceNone}
	is, _, err := r.play(ctx, was.Again(telephones), t.entry)
	if err != nil {
		return err
	}
	changes, changed := session.Differ(was, is)
	if *f.output == outputJSON {
		report := replayReport{Changed: changed, Lines: []string{}, Session: is}
		for _, c := range changes {
			report.Lines = append(report.Lines, string(c.Mark)+" "+c.Text)
		}
		if err := r.printLine(report); err != nil {
			return err
		}
	} else {
		r.differences(changes, changed)
	}
	if err := r.away(); err != nil || !changed {
		return err
	}
	return errDiffers
}

// differences prints what has changed, with a few lines around it.
func (r *rehearsal) differences(changes []session.Change, changed bool) {
	if !changed {
		r.printf("%s\n", r.paint(green, "the call went as it did before"))
		return
	}
	const around = 3
	near := make([]bool, len(changes))
	for i, c := range changes {
		if c.Mark == ' ' {
			continue
		}
		for j := max(0, i-around); j <= min(len(changes)-1, i+around); j++ {
			near[j] = true
		}
	}
	for i, c := range changes {
		switch {
		case !near[i]:
			if i > 0 && near[i-1] {
				r.printf("  …\n")
			}
		case c.Mark == '-':
			r.printf("%s\n", r.paint(red, "- "+c.Text))
		case c.Mark == '+':
			r.printf("%s\n", r.paint(green, "+ "+c.Text))
		default:
			r.printf("  %s\n", c.Text)
		}
	}
}
