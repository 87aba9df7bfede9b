package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/internal/socketclient"
)

// socketFlags are the flags of socket that are no settings.
type socketFlags struct {
	clientFlags

	resume  bool
	expect  []string
	timeout time.Duration
}

func (a *app) socketCommand() *cobra.Command {
	var flags socketFlags
	cmd := &cobra.Command{
		Use:   "socket [BINDING…]",
		Short: "Connect to the websocket, subscribe, watch events and give commands",
		Long: `Connect to the websocket of the running up, or to any at --url, subscribe to the
bindings and print each frame that comes: time, what it is, the binding or the
command, and the most telling members. GET /v2/websockets lists what there is to
subscribe to; so does the completion of the shell. When the connection ends,
another is made after a while, and everything is subscribed to anew; with
--resume nothing that came meanwhile is left out, or else a gap is announced.

Commands come from standard input, one a line:
  subscribe BINDING       also unsubscribe
  ping
  api VERB /v2/PATH BODY  a request to REST; the body is JSON, if any
  {…}                     a frame as it is

--expect NAME ends the command with 0 when an event of that name has come, as
CHANNEL_CREATE or doc_edited; reply and gap are the other frames. Members follow
with spaces between, as in 'doc_edited type=user' or 'reply status=error'. Given
several times, they must come in that order, other frames between them allowed.
What has not come within --timeout is an error, which says what has.`,
		Example: "  kazoolab socket 'call.*.*'\n" +
			"  kazoolab socket call.CHANNEL_CREATE.* object.doc_edited.user --resume\n" +
			"  kazoolab socket 'call.*.*' --expect CHANNEL_CREATE --expect 'CHANNEL_DESTROY hangup_cause=NORMAL_CLEARING'\n" +
			"  kazoolab socket --json 'object.*.*'",
	}
	settingFlagsOf(cmd, clientSettings)
	flags.clientFlags = clientFlags{
		url:     cmd.Flags().String("url", "", "URL of a websocket, such as "+exampleSocketURL+" (default that of the running up)"),
		token:   cmd.Flags().String("token", "", "token to use (default a fresh one; with --url $AUTH_TOKEN)"),
		account: a.accountFlagOf(cmd, clientSettings, runfile.Customer), command: clientSettings, otherwise: runfile.Customer,
	}
	output := outputFlag(cmd)
	jsonFlag(cmd, output)
	cmd.Flags().BoolVar(&flags.resume, "resume", false, "after a lost connection, go on with what came meanwhile")
	cmd.Flags().StringArrayVar(&flags.expect, "expect", nil, "end when this has come, as 'NAME member=value'; may be repeated")
	cmd.Flags().DurationVar(&flags.timeout, "timeout", 10*time.Second, "how long to wait for what is expected")
	a.completeBindings(cmd, flags.clientFlags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		expected, err := parseExpected(flags.expect)
		switch {
		case err != nil:
			return err
		case flags.timeout <= 0:
			return usagef("--timeout: %s is no time to wait; write it as 10s", flags.timeout)
		case cmd.Flags().Changed("timeout") && len(expected) == 0:
			return usagef("--timeout is for --expect")
		}
		w := &watcher{app: a, asJSON: *output == outputJSON, args: args, expected: expected}
		return orderly(cmd.Context(), w.run(cmd, flags))
	}
	return cmd
}

// jsonFlag adds --json, which is what -o json is.
func jsonFlag(cmd *cobra.Command, output *string) {
	cmd.Flags().BoolFunc("json", "print JSON, like -o json", func(string) error {
		*output = outputJSON
		return nil
	})
}

// watcher prints what a socket brings, and waits for what is expected.
type watcher struct {
	*app

	asJSON   bool
	args     []string // bindings
	expected []expectation
	client   *socketclient.Client
	met      int      // so many of what is expected have come
	came     []string // since then, the latest, for the error
	before   int      // of what came before those
	open     int      // bindings of the command line that are not answered yet
	begin    sync.Once
	opened   bool
}

// errMet ends a watcher that has seen all it was to.
var errMet = errors.New("everything has come")

func (w *watcher) run(cmd *cobra.Command, flags socketFlags) error {
	ctx := cmd.Context()
	account, err := w.socketAccount(cmd, flags.clientFlags)
	if err != nil {
		return err
	}
	if len(w.expected) > 0 {
		var end context.CancelFunc
		ctx, end = context.WithTimeoutCause(ctx, flags.timeout, errTimeout)
		defer end()
	}
	w.open = len(w.args)
	w.client = socketclient.New(socketclient.Config{
		Find: func(ctx context.Context) (socketclient.Place, error) {
			return w.socketPlace(ctx, cmd, flags.clientFlags)
		},
		AccountID: account, Bindings: w.args, Resume: flags.resume,
		Frame: w.frame, Lost: w.lost, Clock: w.Clock, IDs: newIDs(""),
		Opened: func(place socketclient.Place) {
			w.opened = true
			w.say("connected to %s", place.URL)
			w.begin.Do(func() { go w.readCommands(ctx) })
		},
	})
	err = w.client.Run(ctx)
	switch {
	case errors.Is(err, errMet):
		return nil
	case errors.Is(context.Cause(ctx), errTimeout):
		return w.notMet(flags.timeout)
	case !w.opened && exitCode(err) == ExitFailed:
		return unreachablef("%w", err)
	}
	return err
}

func (w *watcher) lost(why error, pause time.Duration) {
	w.say("%v; once more in %s", why, pause.Round(10*time.Millisecond))
}

// frame prints one, and looks whether it is what is waited for.
func (w *watcher) frame(f socketclient.Frame) error {
	if err := w.subscribed(f); err != nil {
		return err
	}
	if w.asJSON {
		w.printf("%s\n", f.Text)
	} else {
		w.printf("%s\n", w.frameLine(f))
	}
	return w.meet(f)
}

// subscribed follows the answers for the bindings of the command line. One that is
// refused ends the command.
func (w *watcher) subscribed(f socketclient.Frame) error {
	if w.open == 0 || f.Answers.Action != "subscribe" {
		return nil
	}
	if why := f.Refused(); why != nil {
		return fmt.Errorf("%s is not subscribed to: %w", f.Answers.Binding, why)
	}
	if w.open--; w.open == 0 {
		w.say("subscribed to %s; Ctrl-C to end", strings.Join(w.args, ", "))
	}
	return nil
}

// socketAccount is the account whose events are wanted.
func (w *watcher) socketAccount(cmd *cobra.Command, f clientFlags) (string, error) {
	if *f.url == "" {
		running, err := w.runningOf(cmd.Context(), cmd, f.command)
		if err != nil {
			return "", err
		}
		account, err := chooseAccount(running, *f.account)
		return account.ID, err
	}
	if err := checkURL("--url", *f.url, exampleSocketURL); err != nil {
		return "", err
	}
	c, err := w.remoteClient(f)
	if err != nil {
		return "", err
	}
	return c.accountID, nil
}

// socketPlace is where the socket is now, and a token for it: an up that was started
// anew may be elsewhere.
func (w *watcher) socketPlace(ctx context.Context, cmd *cobra.Command, f clientFlags) (socketclient.Place, error) {
	if *f.url != "" {
		c, err := w.remoteClient(f)
		if err != nil {
			return socketclient.Place{}, err
		}
		return socketclient.Place{URL: *f.url, Token: c.token}, nil
	}
	running, err := w.runningOf(ctx, cmd, f.command)
	if err != nil {
		return socketclient.Place{}, err
	}
	if running.Websocket == "" {
		return socketclient.Place{}, unreachablef("the running up serves no websockets: websockets.listen is empty")
	}
	place := socketclient.Place{URL: running.Websocket, Token: *f.token}
	if place.Token == "" {
		account, err := chooseAccount(running, *f.account)
		if err != nil {
			return place, err
		}
		place.Token, err = newToken(ctx, running.REST, account.APIKey)
		return place, err
	}
	return place, nil
}

// runningOf is the up that runs, as the settings of a command say.
func (a *app) runningOf(ctx context.Context, cmd *cobra.Command, command string) (runfile.File, error) {
	loaded, err := a.loadOf(cmd, command)
	if err != nil {
		return runfile.File{}, err
	}
	return a.running(ctx, loaded.Config)
}
