package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// callFlags are the flags of call that are no settings.
type callFlags struct {
	to, name, script string
	account          *string
}

func (a *app) callCommand() *cobra.Command {
	var flags callFlags
	cmd := &cobra.Command{
		Use:   "call [FROM]",
		Short: "Make one call by hand, and see what goes on the bus",
		Long: `Make a call and decide what becomes of it: who answers, holds, transfers, parks, hangs
up. Each message that goes on the bus is drawn below the leg that it is about. FROM is a
number of the telephone network, or the extension of somebody in the account who calls;
--to is a number of the account, an extension, or a number of the telephone network.

What is to happen is typed, a line each, or given by --script, with commas between:
` + actsHelp + `
Nobody answers but who is told to, whoever it is that rings. What cannot be done is told;
of a script which step, and the exit code is 1 when the call is over. So it is with a script
where a Pivot application has failed and its failure led to no child of the callflow.

A number or an extension to which the account has a callflow (REST, /callflows) is led by that:
what the caller hears and where the flow goes is told, press is the caller's until somebody
takes the call, and answer waits until somebody rings.

While it is up the call answers and obeys like any other: by REST, a websocket, a
metaflow. When it is over, what the webhooks of the running bridge made of it is listed.`,
		Example: "  kazoolab call +15551230001 --to 1001\n" +
			"  kazoolab call --to 1001 --script 'wait 2s, answer, hold, wait 3s, resume, transfer 1002, answer, wait 1s, hangup'",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one caller, %q is too much", cmd.CommandPath(), args[1])
			}
			return nil
		},
	}
	settingFlags(cmd)
	cmd.Flags().StringVar(&flags.to, "to", "", "who is called: a number, or an extension (default the account's first number)")
	cmd.Flags().StringVar(&flags.name, "name", "PAT EXAMPLE", "the caller's name, where a number calls")
	cmd.Flags().StringVar(&flags.script, "script", "", "what happens, instead of typing it")
	flags.account = a.accountFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		script, err := parseScript(flags.script)
		if err != nil {
			return err
		}
		url, running := a.brokerOf(cmd.Context(), loaded)
		random := newIDs(loaded.Seed)
		offices, err := officesFor(running, *flags.account, 1, random)
		if err != nil {
			return err
		}
		log, err := a.logger(loaded.Config)
		if err != nil {
			return err
		}
		b := a.switchBus(url, "kazoolab call", log)
		from := "+12125550199"
		if len(args) == 1 {
			from = args[0]
		}
		h := &handCall{app: a, flags: flags, from: from, script: script, typed: flags.script == "", offices: offices, placed: placedBy(running, url), running: running, random: random, at: offices[0]}
		if running != nil {
			usual, err := chooseAccount(*running, *flags.account)
			if o, ok := office.Of(offices, usual.ID); ok && err == nil {
				h.at = o
			}
		}
		// What was published before Ctrl-C is still confirmed after it.
		return onBroker(context.WithoutCancel(cmd.Context()), b, url, patience, func() error {
			if err := h.make(cmd.Context(), b, log); err != nil || cmd.Context().Err() != nil {
				return err
			}
			if cmd.Context().Err() != nil {
				return h.judge()
			}
			return errors.Join(h.tellHooks(cmd.Context(), running), h.judge())
		})
	}
	return cmd
}

// handCall is a call that somebody makes by hand.
type handCall struct {
	*app

	flags    callFlags
	from     string
	script   []act
	typed    bool     // what happens is typed
	busy     bool     // something is under way
	steps    int      // begun
	troubles *appPort // of Pivot; nil where no callflow leads
	doing    act      // the last of them
	undone   int      // could not be done
	troubled int      // times that a Pivot application has failed
	provided int      // of these led to a child of the callflow
	offices  []office.Office
	placed   func(accountID string) bool // see placedBy; nil where no up is on the same broker
	running  *runfile.File               // that up
	random   *ids.Source

	sim     *simulation
	ladder  ladder
	at      office.Office
	caller  *pbx.Channel
	consult *pbx.Channel
	recent  string // the slot in which the caller was parked last
	finish  context.CancelFunc
}

// make makes the call and returns when it is over.
func (h *handCall) make(ctx context.Context, b *bus.Bus, log *slog.Logger) error {
	ctx, finish := context.WithCancel(ctx)
	defer finish()
	h.finish = finish
	wall := clock.Machine(h.Clock)
	line := timeline.New(timeline.Config{Speed: 1, Wall: wall})
	publishing, giveUp := lingering(ctx, wall)
	defer giveUp()
	h.sim = newSimulation(line, outlet.New(publishing, b), otherHost(h.random), h.offices, h.random)
	h.sim.byHand, h.sim.elsewhere = true, h.placed
	h.ladder = ladder{app: h.app, now: line.Now, began: line.Now()}
	h.sim.heard = h.hear
	if err := h.beLed(ctx, b, log); err != nil {
		return err
	}
	c, err := h.sim.obey(ctx, b, log)
	if err != nil {
		return err
	}
	if err := h.begin(ctx); err != nil {
		return err
	}
	c.Advertise()
	if h.typed {
		go h.read(ctx, line)
	}
	err = line.Run(ctx, h.typed)
	if ctx.Err() != nil {
		err = nil
	}
	c.Leave()
	return errors.Join(err, h.sim.wrong, h.sim.out.Close())
}

// begin has the call come in and ring.
func (h *handCall) begin(ctx context.Context) error {
	if o, ok := office.WithNumber(h.offices, h.flags.to); ok && *h.flags.account == "" {
		h.at = o
	}
	if h.flags.to == "" {
		h.flags.to = h.at.Numbers[0]
	}
	if len(h.at.Called(h.flags.to)) == 0 && !pbx.IsNumber(h.flags.to) && !h.sim.flows.has(ctx, h.at.Account.ID, h.flags.to) {
		return usagef("--to: nobody in %s has %q; it has %s", h.at.Account.Name, h.flags.to, strings.Join(extensions(h.at), ", "))
	}
	var err error
	h.busy = true
	rings := func(err error) {
		if err != nil {
			h.done(err)
			return
		}
		h.sim.board.RingCalled(h.caller, h.flags.to, h.done)
	}
	if d, ok := h.at.Device(h.from); ok {
		h.caller, err = h.sim.board.Dial(h.at.Account, d, h.flags.to, "", "", rings)
		return h.listen(err)
	}
	if !pbx.IsNumber(h.from) {
		return usagef("%q is neither a number nor an extension of %s; it has %s", h.from, h.at.Account.Name, strings.Join(extensions(h.at), ", "))
	}
	h.caller, err = h.sim.board.Arrive(h.at.Account, pbx.Party{Name: h.flags.name, Number: h.from}, h.flags.to, "", "", rings)
	return h.listen(err)
}

func extensions(o office.Office) (names []string) {
	for _, d := range o.Devices {
		names = append(names, d.Extension+" ("+d.Name+")")
	}
	return names
}

// read takes what is typed, a line each.
func (h *handCall) read(ctx context.Context, line *timeline.Timeline) {
	lines := bufio.NewScanner(h.Stdin)
	for lines.Scan() {
		acts, err := parseScript(lines.Text())
		_ = line.Do(ctx, func() { // an end is none of the typist's
			if err != nil {
				h.say("%v", err)
				return
			}
			if h.script = append(h.script, acts...); !h.busy {
				h.next(nil)
			}
		})
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
		h.say("nothing more can be read: %v", err)
	}
	_ = line.Do(ctx, func() {
		if h.typed = false; !h.busy {
			h.next(nil)
		}
	})
}

// done is what acts call when they are over. Some are within the call that begins them: what comes
// next waits until that has returned, or it would be taken for under way for ever.
func (h *handCall) done(err error) { h.sim.line.After(0, func() { h.next(err) }) }

// next does what comes next. Without more to come the call is hung up.
func (h *handCall) next(err error) {
	h.busy = false
	h.wrong(err)
	for len(h.script) > 0 {
		h.doing, h.script = h.script[0], h.script[1:]
		h.steps++
		waits, err := h.do(h.doing)
		h.wrong(err)
		if err == nil && waits {
			h.busy = true
			return
		}
	}
	if !h.typed {
		h.hangUpAll()
	}
}

// wrong tells what cannot be done, and of a script which step that is.
func (h *handCall) wrong(err error) {
	switch {
	case err == nil:
	case h.flags.script == "":
		h.say("%v", err)
	default:
		h.undone++
		h.say("step %d, %s: %v", h.steps, &h.doing, err)
	}
}

// left tells of what a script has left when the call is over. Nobody misses a wait.
func (h *handCall) left() {
	for _, one := range h.script {
		h.doing = one
		if h.steps++; one.word != "wait" {
			h.wrong(errOver)
		}
	}
	h.script = nil
}

// judge is an error where a script's steps could not be done, or led to an application that failed.
func (h *handCall) judge() error {
	var errs []error
	if h.undone > 0 {
		errs = append(errs, fmt.Errorf("the script was not done: %d of %d steps failed", h.undone, h.steps))
	}
	if n := h.troubled - h.provided; h.flags.script != "" && n > 0 {
		errs = append(errs, fmt.Errorf("%s in Pivot that led to no child, told above", session.Counted(n, "failure")))
	}
	return errors.Join(errs...)
}

// hear draws what is said. Once the last leg has ended, whatever was still to come does not.
func (h *handCall) hear(e pbx.Event) {
	h.ladder.add(e)
	if e.Name() != kapi.ChannelDestroy {
		return
	}
	h.sim.line.After(0, func() {
		if h.sim.core.Channels() == 0 {
			h.left()
			h.over()
		}
	})
}

// hangUpAll ends what is left of the call.
func (h *handCall) hangUpAll() {
	for _, ch := range h.sim.core.Up() {
		if !ch.Gone() {
			h.sim.board.Hangup(ch, "", nil)
		}
	}
}

// over ends the command once what follows from the end is told.
func (h *handCall) over() {
	h.sim.line.After(1500*time.Millisecond, h.finish)
}

// tellHooks lists what the bridge's webhooks made of the call.
func (h *handCall) tellHooks(ctx context.Context, running *runfile.File) error {
	if running == nil {
		return nil
	}
	account, ok := running.Account(runfile.Master)
	if !ok {
		return nil
	}
	c := &client{base: strings.TrimRight(running.REST, "/"), accountID: account.ID, account: account.Name}
	var err error
	if c.token, err = newToken(ctx, running.REST, account.APIKey); err != nil {
		return err
	}
	return h.ladder.outcomes(ctx, c)
}
