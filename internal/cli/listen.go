package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// defaultReceiver is where listen listens and the curl that up prints points to.
const defaultReceiver = "127.0.0.1:8099"

// listenGrace is how long answers under way are waited for at the end.
const listenGrace = time.Second

func (a *app) listenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Receive webhooks and print a line for each",
		Long: `Receive webhooks and print one line for each request: time, verb, id of the
hook, event, what was answered, how long that took.

Answers come in turn, the last one repeats:
  200            a status; 500x3 gives it three times
  slow:2s        200 after a wait
  drop           close the connection without an answer
  redirect:/x    302 to /x; redirect:308:/x for another status

With --secret, each line also says whether the request is signed with it.`,
		Example: "  kazoolab listen --answer 500x2,200 --show body --count 3",
		Args:    noArguments,
	}
	settingFlags(cmd)
	output := outputFlag(cmd)
	show := &choiceFlag{"", []string{"body"}}
	cmd.Flags().Var(show, "show", "also print the decoded payload, a value a line")
	address := cmd.Flags().String("addr", "", "address to listen on; port 0 takes a free one (default "+defaultReceiver+", or what up was told)")
	answer := cmd.Flags().String("answer", "200", "what to answer, in turn")
	secrets := secretFlag(cmd)
	count := cmd.Flags().Int("count", 0, "end after so many requests; 0 never ends")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		script, err := receiver.ParseScript(*answer)
		if err != nil {
			return usagef("--answer: %w", err)
		}
		if *count < 0 {
			return usagef("--count: %d is less than 0", *count)
		}
		known, err := parseSecrets(*secrets)
		if err != nil {
			return err
		}
		if *address == "" {
			*address = defaultReceiver
			if path, err := a.runFilePath(loaded.Config); err == nil {
				if running, err := runfile.Read(cmd.Context(), path); err == nil {
					*address = running.Receiver
				}
			}
		}
		p := requestPrinter{app: a, secrets: known}
		report := p.line
		if *output == outputJSON {
			report = p.json
		} else if show.value == "body" {
			report = p.withBody
		}
		return a.listen(cmd.Context(), *address, script, *count, report)
	}
	return cmd
}

func (a *app) listen(ctx context.Context, address string, script *receiver.Script, count int, report func(receiver.Request)) error {
	listener, err := a.open(ctx, address, "--addr")
	if err != nil {
		return err
	}
	enough := make(chan struct{})
	seen := 0
	server := &http.Server{
		Handler: receiver.New(receiver.Config{Clock: a.Clock, Script: script, Report: func(done receiver.Request) {
			seen++
			if count > 0 && seen > count {
				return // came while the last one asked for was answered
			}
			report(done)
			if seen == count {
				close(enough)
			}
		}}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	a.say("listening on http://%s, Ctrl-C to end", listener.Addr())
	select {
	case <-ctx.Done():
	case <-enough:
	case err := <-failed:
		return err
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), listenGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // a slow answer is cut short
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// open listens on an address that the user can change with the named flag.
func (a *app) open(ctx context.Context, address, flag string) (net.Listener, error) {
	listener, err := a.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; choose another address with %s", address, cause(err), flag)
	}
	return listener, nil
}

// cause is the innermost error: what the system said, without the layers that
// repeat the address.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
