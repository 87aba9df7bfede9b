package cli

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/pivot/stage"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

const keysHelp = "0-9 * # press a key, s speaks for 3 s, a answers what rings, r refuses it, h hangs that up, q hangs up"

func (a *app) pivotCallCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "call URL",
		Short: "Call an app from this terminal, in real time",
		Long: `Call a Pivot app, and be the caller: what is heard is shown as text, keys that are typed
are pressed. ` + keysHelp + `.

Keys that come from a file or another program, which does not hear when to press them, wait for
the app to ask: each question takes as many as it wants, or all of a line.

Exit codes: 0 the call was made, 1 an answer of the app could not be carried out, 2 the command
line is wrong, 3 the app cannot be reached.`,
		Example: "  kazoolab pivot call http://127.0.0.1:8090/ivr --format twiml",
		Args:    cobra.ArbitraryArgs,
	}
	f := a.addActionFlags(cmd)
	trace := &choiceFlag{traceBrief, []string{traceFull, traceBrief}}
	cmd.Flags().Var(trace, "trace", "what is shown of the call beside what is heard: full has commands and parameters")
	record := cmd.Flags().String("record", "", "keep the call in a file, for pivot run --replay")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		url, err := appURL(cmd, args)
		if err != nil {
			return err
		}
		r, err := a.newRehearsal(cmd, url, f)
		if err != nil {
			return err
		}
		script, err := f.over(*caller.Listener())
		if err != nil {
			return err
		}
		if err := placeRecord(*record); err != nil {
			return err
		}
		return r.live(cmd.Context(), script, trace.value, *record)
	}
	return cmd
}

// live makes a call whose caller is at the terminal.
func (r *rehearsal) live(ctx context.Context, script *caller.Script, trace, record string) error {
	restore := r.rawTerminal()
	defer restore()
	ctx, finish := context.WithCancel(ctx)
	defer finish()
	t := &tracer{app: r.app, trace: trace}
	t.begin(script)
	r.say("%s", keysHelp)
	s, err := r.call(ctx, script, func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
		person := &person{hands: hands, line: line, hurries: !r.typed()}
		go person.read(ctx, r.Stdin)
		return person
	}, t.entry, true)
	t.flush()
	if err != nil {
		return err
	}
	away := r.away()
	if record != "" && away == nil { // there is nothing of a call in it
		text, err := session.Write(s, nil)
		if err != nil {
			return err
		}
		if err := os.WriteFile(record, text, 0o600); err != nil {
			return usagef("--record: %w", err)
		}
	}
	if away == nil && s.Failed != "" {
		return errNotAsExpected
	}
	return away
}

// typed tells whether somebody types, and not a file or another program.
func (r *rehearsal) typed() bool {
	file, ok := r.Stdin.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// rawTerminal has keys come as they are pressed, where somebody types them.
func (r *rehearsal) rawTerminal() (restore func()) {
	file, ok := r.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return func() {}
	}
	was, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		return func() {} // whole lines do as well
	}
	stdout, stderr := r.Stdout, r.Stderr
	r.Stdout, r.Stderr = &returning{stdout}, &returning{stderr}
	return func() {
		r.Stdout, r.Stderr = stdout, stderr
		_ = term.Restore(int(file.Fd()), was) // there is nothing else to do for it
	}
}

// returning is for a raw terminal, where a line feed does not begin a line.
type returning struct{ to io.Writer }

func (w *returning) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, strings.ReplaceAll(string(p), "\n", "\r\n")); err != nil {
		return 0, err
	}
	return len(p), nil
}
