package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/logging"
	"github.com/kazoolab/kazoolab/simulator/caller"
	pivotclient "github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/explore"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/pivot/stage"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// runFlags are the flags of pivot run.
type runFlags struct {
	*actionFlags

	scripts        []string
	trace          *choiceFlag
	output         *string
	watch          string
	record, replay string
	recorded       recordedCall // of replay
	explore        bool
	mermaid        string
	limits         explore.Limits
}

func (a *app) pivotRunCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run URL",
		Short: "Call an app by a script, show every step, and judge what came of it",
		Long: `Call a Pivot app, show each request beside its answer, what the caller heard, and where
the flow went and why. A script (kazoolab pivot new) says what the caller does and what must
come of it; without one somebody listens until the app hangs up. The time of the call is not
the machine's: an hour of it is over at once.

--explore walks through the menus by itself: at each question it tries every plausible key.
--record keeps the call in a file; --replay makes it again, with its --format, --method and
--body unless others are given, and shows what differs.
--watch runs all again whenever a script or a file of a folder changes, but for what changes
during a run and files whose names end with .log.

Exit codes: 0 all is as expected, 1 it is not, or an answer could not be carried out, 2 the
command line or a script is wrong, 3 the app cannot be reached.`,
		Example: "  kazoolab pivot run http://127.0.0.1:8090/ivr --format twiml --script sales.yaml\n" +
			"  kazoolab pivot run http://127.0.0.1:8090/ivr --explore --mermaid menu.mmd\n" +
			"  kazoolab pivot run http://127.0.0.1:8090/ivr --script sales.yaml --watch=.",
		Args: cobra.ArbitraryArgs,
	}
	f := runFlags{actionFlags: a.addActionFlags(cmd), trace: &choiceFlag{traceFull, []string{traceFull, traceBrief, traceNone}}}
	f.output = outputFlag(cmd)
	cmd.Flags().StringArrayVar(&f.scripts, "script", nil, "what the caller does and what must come of it; can be given several times")
	cmd.Flags().Var(f.trace, "trace", "what is shown of a call: full has commands and parameters, brief leaves them out")
	cmd.Flags().StringVar(&f.watch, "watch", "", "run again when a script, or a file of this folder, changes")
	cmd.Flags().Lookup("watch").NoOptDefVal = "."
	cmd.Flags().StringVar(&f.record, "record", "", "keep the call in a file, with all requests and answers")
	cmd.Flags().StringVar(&f.replay, "replay", "", "make the call of such a file again, and show what differs")
	cmd.Flags().BoolVar(&f.explore, "explore", false, "walk through the menus, and tell of dead ends, errors and loops")
	cmd.Flags().StringVar(&f.mermaid, "mermaid", "", "file for the picture of --explore, instead of printing it")
	cmd.Flags().IntVar(&f.limits.Depth, "explore-depth", 12, "questions that --explore answers in one call")
	cmd.Flags().IntVar(&f.limits.Calls, "explore-calls", 5000, "calls that --explore makes")
	cmd.Flags().IntVar(&f.limits.Requests, "explore-requests", 50_000, "requests that --explore may lead to")
	cmd.Flags().StringVar(&f.limits.Keys, "explore-keys", "1234567890*#", "keys that --explore tries where one is asked for")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.watch != "" && len(args) > 1 { // a flag that may stand alone takes nothing behind a blank
			return usagef("%s takes one URL, %q is too much; the folder of --watch is joined to it, as in --watch=%[2]s", cmd.CommandPath(), args[1])
		}
		url, err := appURL(cmd, args)
		if err != nil {
			return err
		}
		if err := f.check(cmd); err != nil {
			return err
		}
		if f.replay != "" {
			if f.recorded, err = readRecording(f.replay); err != nil {
				return err
			}
			if err := f.as(cmd, f.recorded.session); err != nil {
				return err
			}
		}
		r, err := a.newRehearsal(cmd, url, f.actionFlags)
		if err != nil {
			return err
		}
		do := func() error {
			r.asker.again()
			return r.run(cmd.Context(), f)
		}
		if f.watch != "" {
			return a.watch(cmd.Context(), watched{f.watch, f.scripts}, do)
		}
		return do()
	}
	return cmd
}

// check refuses flags that do not go together.
func (f *runFlags) check(cmd *cobra.Command) error {
	for _, pair := range [][2]string{
		{"explore", "script"}, {"explore", "replay"}, {"explore", "record"}, {"replay", "script"}, {"replay", "record"},
		{"replay", "from"}, {"replay", "to"}, {"replay", "name"}, {"record", "watch"},
	} {
		if cmd.Flags().Changed(pair[0]) && cmd.Flags().Changed(pair[1]) {
			return usagef("--%s and --%s do not go together; leave one of them out", pair[0], pair[1])
		}
	}
	if f.record != "" && len(f.scripts) > 1 {
		return usagef("--record keeps one call; give one --script, not %d", len(f.scripts))
	}
	if err := errors.Join(placeRecord(f.record), place("mermaid", f.mermaid, "picture of --explore", explore.Drawn)); err != nil {
		return err
	}
	for _, of := range []string{"mermaid", "explore-depth", "explore-calls", "explore-requests", "explore-keys"} {
		if cmd.Flags().Changed(of) && !f.explore {
			return usagef("--%s is for --explore", of)
		}
	}
	if f.limits.Keys == "" || strings.Trim(f.limits.Keys, "0123456789*#") != "" {
		return usagef("--explore-keys: %q are no keys; there are the digits, * and #, as 123", f.limits.Keys)
	}
	for _, limit := range []struct {
		name string
		n    int
	}{{"depth", f.limits.Depth}, {"calls", f.limits.Calls}, {"requests", f.limits.Requests}} {
		if limit.n < 1 {
			return usagef("--explore-%s: %d is no limit; it is at least 1", limit.name, limit.n)
		}
	}
	return nil
}

// rehearsal calls an app.
type rehearsal struct {
	*app

	action jobj.Object
	flags  *actionFlags
	compat fidelity.Compat
	log    *slog.Logger
	asker  *asking
	flows  *flow.Checker
}

func (a *app) newRehearsal(cmd *cobra.Command, url string, f *actionFlags) (*rehearsal, error) {
	if err := f.given(cmd); err != nil {
		return nil, err
	}
	loaded, err := a.loadOf(cmd, "pivot")
	if err != nil {
		return nil, err
	}
	log, err := logging.New(a.Stderr, logging.Options{Level: loaded.Log.Level, Format: loaded.Log.Format})
	if err != nil {
		return nil, err
	}
	action, err := f.action(url)
	if err != nil {
		return nil, err
	}
	flows, err := flow.New(nil)
	if err != nil {
		return nil, err
	}
	r := &rehearsal{app: a, flows: flows, action: action, flags: f, compat: fidelity.Compat(loaded.Compat), log: log, asker: newAsking(fidelity.Compat(loaded.Compat))}
	return r, r.await(cmd.Context())
}

// call makes a call, of which tell is told as it goes.
func (r *rehearsal) call(
	ctx context.Context, script *caller.Script, driver func(*timeline.Timeline, caller.Hands) stage.Driver, tell func(*session.Entry), live bool,
) (*session.Session, error) {
	s, err := stage.Run(ctx, stage.Config{
		Action: r.action, From: script.From, Name: script.Shows, To: script.To, Telephones: script.Telephones, Driver: driver, Asker: r.asker, Flows: r.flows, Uploads: uploader(pivotclient.Local(), true),
		Compat: r.compat, IDs: newIDs(script.Name), Wall: clock.Machine(r.Clock), Live: live, Log: r.log, Tell: tell,
	})
	if ctx.Err() != nil {
		return s, context.Cause(ctx)
	}
	if s != nil {
		s.Script, s.CDR = script.Name, r.flags.cdr
	}
	return s, err
}

// play makes the call of a script.
func (r *rehearsal) play(ctx context.Context, script *caller.Script, tell func(*session.Entry)) (*session.Session, *caller.Player, error) {
	var player *caller.Player
	s, err := r.call(ctx, script, func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
		player = caller.NewPlayer(caller.Config{Script: script, Line: line, Hands: hands})
		return player
	}, tell, false)
	if err == nil {
		s.Undone = player.Undone()
	}
	return s, player, err
}

func (r *rehearsal) run(ctx context.Context, f runFlags) error {
	switch {
	case f.explore:
		return r.explore(ctx, f)
	case f.replay != "":
		return r.replay(ctx, f)
	}
	scripts, err := f.read()
	if err != nil {
		return err
	}
	failed := 0
	var away error
	for _, script := range scripts {
		r.asker.again()
		err := r.rehearse(ctx, script, f)
		if coded, ok := errors.AsType[*codedError](err); ok && coded.code == ExitUnreachable {
			away = err
		}
		switch {
		case errors.Is(err, errNotAsExpected), away != nil:
			failed++
		case err != nil:
			return err
		}
	}
	switch {
	case away != nil:
		return away
	case failed > 0 && len(scripts) == 1:
		return errNotAsExpected
	case failed > 0:
		return fmt.Errorf("%d of %d calls did not go as expected", failed, len(scripts))
	}
	return nil
}

// errNotAsExpected says that a call was made, and what came of it is not what should have.
var errNotAsExpected = errors.New("the call did not go as expected")

// read reads the scripts; without any somebody listens.
func (f *runFlags) read() (all []*caller.Script, err error) {
	if len(f.scripts) == 0 {
		script, err := f.over(*caller.Listener())
		return []*caller.Script{script}, err
	}
	for _, path := range f.scripts {
		script, err := readScript(path)
		if err != nil {
			return nil, err
		}
		if script, err = f.over(*script); err != nil {
			return nil, err
		}
		all = append(all, script)
	}
	return all, nil
}

// pivotReport is a call as JSON.
type pivotReport struct {
	Script       string             `json:"script"`
	Title        string             `json:"title"`
	Passed       bool               `json:"passed"`
	Expectations []caller.Judgement `json:"expectations"`
	Session      *session.Session   `json:"session"`
}

// rehearse plays a script, and judges.
func (r *rehearsal) rehearse(ctx context.Context, script *caller.Script, f runFlags) error {
	p := &tracer{app: r.app, trace: f.trace.value}
	if *f.output == outputJSON {
		p.trace = traceNone
	}
	p.begin(script)
	began := r.Clock.Now()
	s, player, err := r.play(ctx, script, p.entry)
	p.flush()
	if err != nil {
		return err
	}
	away := r.away()
	if f.record != "" && away == nil { // there is nothing of a call in it
		text, err := session.Write(s, script.Telephones)
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.record, text, 0o600); err != nil {
			return usagef("--record: %w", err)
		}
	}
	judged := caller.Judge(script.Expect, s.Evidence(player.Heard()))
	passed := s.Undone == "" && away == nil && (s.Failed == "" || expectsFailure(script))
	for _, j := range judged {
		passed = passed && j.Met
	}
	if *f.output == outputJSON {
		if err := r.printLine(pivotReport{script.Name, script.Title, passed, judged, s}); err != nil {
			return err
		}
	} else {
		r.tell(script, s, judged, passed, r.Clock.Since(began))
	}
	if away == nil && !passed {
		return errNotAsExpected
	}
	return away // whatever is expected: an app that was not started meets no expectation
}

// expectsFailure tells whether a script wants the app's answer to fail.
func expectsFailure(script *caller.Script) bool {
	for _, x := range script.Expect {
		if x.Final == nil {
			continue
		}
		for _, m := range x.Final.Rules {
			if m.Field == "outcome" && m.Text == "failed" {
				return true
			}
		}
	}
	return false
}

// tell prints what came of a script.
func (r *rehearsal) tell(script *caller.Script, s *session.Session, judged []caller.Judgement, passed bool, took time.Duration) {
	how := fmt.Sprintf("%s met; %s of a call in %s", session.Counted(len(judged), "expectation"), roundly(time.Duration(s.Seconds)), took.Round(time.Millisecond))
	if passed {
		r.printf("%s: %s, %s\n", script.Name, r.paint(green, "passed"), how)
		return
	}
	r.printf("%s: %s\n", script.Name, r.paint(red, "failed"))
	if s.Undone != "" {
		r.printf("  script not done: %s\n", s.Undone)
	}
	if s.Failed != "" && !expectsFailure(script) {
		r.printf("  the app failed: %s\n", s.Failed)
	}
	for _, j := range judged {
		if !j.Met {
			r.printf("  line %d, %s: %s\n", j.Line, j.What, strings.ReplaceAll(strings.TrimSpace(j.Report), "\n", "\n  "))
		}
	}
}
