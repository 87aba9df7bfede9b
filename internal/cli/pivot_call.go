package cli

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"time"

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
		person := &person{hands: hands}
		go person.read(ctx, r.Stdin, line)
		return person
	}, t.entry, true)
	t.flush()
	if err != nil {
		return err
	}
	if record != "" {
		text, err := session.Write(s, nil)
		if err != nil {
			return err
		}
		if err := os.WriteFile(record, text, 0o600); err != nil {
			return usagef("--record: %w", err)
		}
	}
	switch {
	case r.asker.away() != "":
		return unreachablef("the app at %s cannot be reached: %s", r.action.String("voice_url"), r.asker.away())
	case s.Failed != "":
		return errNotAsExpected
	}
	return nil
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

// person is somebody at the terminal. But for read it is used by the goroutine of the timeline.
type person struct {
	hands   caller.Hands
	began   bool
	over    bool
	early   []rune // typed before the call began
	rings   []string
	engaged string // whom the caller speaks with
}

// read takes what is typed, until the call is over.
func (p *person) read(ctx context.Context, from io.Reader, line *timeline.Timeline) {
	keys := bufio.NewReader(from)
	for {
		key, _, err := keys.ReadRune()
		if err != nil || line.Do(ctx, func() { p.typed(key) }) != nil {
			return
		}
	}
}

func (p *person) typed(key rune) {
	if !p.began {
		p.early = append(p.early, key)
		return
	}
	if p.over {
		return
	}
	switch key {
	case 'q', 0x03, 0x04: // Ctrl-C and Ctrl-D, which are keys of a raw terminal
		_ = p.hands.Hangup(caller.TheCaller) // that the call is just over is no one's fault
	case 's':
		p.hands.Speak(3 * time.Second)
	case 'a':
		for _, telephone := range p.rings {
			p.hands.Take(telephone)
		}
	case 'r':
		for _, telephone := range p.rings {
			p.hands.Refuse(telephone, "CALL_REJECTED")
		}
	case 'h':
		if p.engaged == "" {
			p.hands.Tell("nobody has taken the call")
		} else if err := p.hands.Hangup(p.engaged); err != nil {
			p.hands.Tell(err.Error())
		}
	case '\n', '\r', ' ':
	default:
		if strings.ContainsRune("0123456789*#", key) {
			p.hands.Press(string(key))
			return
		}
		p.hands.Tell(keysHelp)
	}
}

// Begin is that of stage.Driver, as the others are.
func (p *person) Begin() {
	p.began = true
	for _, key := range p.early {
		p.typed(key)
	}
}

// Hears has nothing to do: what is heard is printed as any entry is.
func (p *person) Hears(caller.Sound) (ends func(string)) { return func(string) {} }

// Waits has nothing to do.
func (p *person) Waits(caller.Question) {}

// Rings notes who can be answered for.
func (p *person) Rings(telephone string) { p.rings = append(p.rings, telephone) }

// Connected notes who speaks.
func (p *person) Connected(telephone string) { p.engaged = telephone }

// Gone forgets a telephone.
func (p *person) Gone(telephone string) {
	var left []string
	for _, one := range p.rings {
		if one != telephone {
			left = append(left, one)
		}
	}
	p.rings = left
	if p.engaged == telephone {
		p.engaged = ""
	}
}

// Ended notes that nothing can be done any more.
func (p *person) Ended() { p.over = true }
