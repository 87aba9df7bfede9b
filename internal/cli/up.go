package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/labclock"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/broker"
)

func (a *app) upCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything on this machine, with demo accounts",
		Long: `Run the bridge, a broker and demo accounts in one go, all on 127.0.0.1. The
broker is the one at --amqp-url, else one in this process, which ends with it and
whatever still waits in its queues. Accounts and hooks are temporary too, unless
--data names a folder. Not for production: see kazoolab bridge.

With --scenario a story is played once everything runs, with accounts of its own beside
the demo's. What came of it is printed, and all goes on: the story's calls that are
still up, its hooks and receivers. At another --speed than 1 the clock is put forward.`,
		Example: "  kazoolab up\n  kazoolab up --scenario scenarios/operator-console.yaml\n  kazoolab up --data ./lab --rest-listen 127.0.0.1:8001",
		Args:    noArguments,
	}
	settingFlags(cmd)
	output := outputFlag(cmd)
	rate := cmd.Flags().Float64("rate", 0, "calls a second that the switch makes by itself; 0 is none")
	file := cmd.Flags().String("scenario", "", "file of a scenario that is played")
	speed := cmd.Flags().String("speed", "1", "how fast the scenario's time passes: 1, 60x, max")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		told, err := a.newStory(cmd, *file, *speed)
		if err != nil {
			return err
		}
		if *rate < 0 {
			return usagef("--rate: %g is no rate; write calls a second, as 0.5 or 20, or 0 for none", *rate)
		}
		log, err := a.logger(loaded.Config)
		if err != nil {
			return err
		}
		u := &up{app: a, config: loaded.Config, log: log, output: *output, rate: *rate, story: told, clock: clock.NewAdjustable(a.Clock)}
		u.Clock = u.clock
		return u.run(cmd.Context())
	}
	return cmd
}

// stopLimit bounds the end of what up has started.
const stopLimit = 20 * time.Second

// up is one running lab. What start sets up, end takes down in the opposite order.
type up struct {
	*app
	config config.Config
	log    *slog.Logger
	output string
	rate   float64                 // calls a second that are made without being asked for
	story  *story                  // that is played; nil for none
	store  *store.Store            // of the bridge
	clock  *clock.Adjustable       // of everything in the lab, sockets excepted
	fail   context.CancelCauseFunc // ends the lab for want of a part
	ending []func(context.Context) error
}

func (u *up) atEnd(do func(context.Context) error) { u.ending = append(u.ending, do) }

func (u *up) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	u.whenAbandoned(cancel)
	var errs []error
	for _, do := range slices.Backward(u.ending) {
		errs = append(errs, do(ctx))
	}
	return errors.Join(errs...)
}

func (u *up) run(ctx context.Context) error {
	lab, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	u.fail = fail
	err := errors.Join(orderly(lab, u.start(lab)), u.end(lab))
	if failure := context.Cause(lab); !errors.Is(failure, context.Cause(ctx)) {
		return errors.Join(failure, err)
	}
	return err
}

// start brings everything up and returns when it has ended.
func (u *up) start(ctx context.Context) error {
	path, err := u.runFilePath(u.config)
	if err != nil {
		return err
	}
	if other, err := runfile.Read(ctx, path); err == nil {
		return fmt.Errorf("kazoolab up runs already, as process %d at %s; a second one needs a --run-file of its own", other.PID, other.REST)
	}
	// First of all, so that nothing has to be taken down when the port is taken.
	listener, err := u.open(ctx, u.config.REST.Listen, "--rest-listen")
	if err != nil {
		return err
	}
	u.atEnd(func(context.Context) error { return ignoreClosed(listener.Close()) })
	sockets, err := u.upSockets(ctx)
	if err != nil {
		return err
	}
	u.atEnd(func(context.Context) error { closeSockets(sockets); return nil })
	folder, err := u.folder()
	if err != nil {
		return err
	}
	source := newIDs("")
	s, err := u.openStore(ctx, "sqlite:"+filepath.Join(folder, "kazoolab.db"), source, u.log)
	if err != nil {
		return err
	}
	u.atEnd(func(context.Context) error { return s.Close() })
	u.store = s
	accounts, err := u.accounts(ctx, s)
	if err != nil {
		return err
	}
	broker, err := u.broker(ctx)
	if err != nil {
		return err
	}
	lab := runfile.File{
		PID: u.PID, REST: "http://" + listener.Addr().String(), AMQP: broker.url, Management: broker.management,
		Receiver: defaultReceiver, ClockToken: source.Hex(64), Websocket: socketURL(sockets), Accounts: accounts,
	}
	c := u.bridgeConfig(u.config, broker.url, s, listener, source, u.log)
	c.Sockets = sockets
	c.Tools = labclock.Handler(labclock.Config{
		Clock: u.clock, Token: lab.ClockToken, Port: portOf(listener), Log: u.log,
	})
	collectLess(300)
	b := bridge.New(c)
	return u.serve(ctx, b, banner{lab: lab, path: path, broker: broker})
}

// serve runs the bridge, and tells of it once it takes events.
func (u *up) serve(ctx context.Context, b *bridge.Bridge, banner banner) error {
	tell := func(why string) {
		if !banner.broker.builtIn {
			u.say("waiting for the broker at %s (--amqp-url): %s", banner.broker.shown(), why)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- u.runBridge(ctx, b, tell) }()
	select {
	case <-b.Ready():
	case err := <-ended:
		return err
	}
	if err := u.startSwitch(ctx, banner.broker.url, banner.lab.Accounts); err != nil && ctx.Err() == nil {
		u.say("the simulated switch does not run: %v", err)
	}
	if err := u.announce(ctx, banner); err != nil && ctx.Err() == nil {
		u.say("%v", err)
	}
	u.playStory(ctx, banner.lab)
	return <-ended
}

// announce leaves the run file and prints what a person needs to begin.
func (u *up) announce(ctx context.Context, b banner) error {
	if err := b.lab.Write(b.path); err != nil {
		return err
	}
	u.atEnd(func(context.Context) error { return b.lab.Remove(b.path) })
	u.whenAbandoned(func() { _ = b.lab.Remove(b.path) })
	var err error
	if b.account, err = chooseAccount(b.lab, ""); err != nil {
		return err
	}
	if b.token, err = newToken(ctx, b.lab.REST, b.account.APIKey); err != nil {
		return err
	}
	return u.printBanner(b)
}

// folder is where state is kept: the one the user named, or a temporary one.
func (u *up) folder() (string, error) {
	if u.config.Data != "" {
		if err := os.MkdirAll(u.config.Data, 0o700); err != nil {
			return "", usagef("--data: %w", err)
		}
		return filepath.Abs(u.config.Data)
	}
	folder, err := os.MkdirTemp("", "kazoolab-")
	if err != nil {
		return "", err
	}
	u.atEnd(func(context.Context) error { return os.RemoveAll(folder) })
	u.whenAbandoned(func() { _ = os.RemoveAll(folder) })
	return folder, nil
}

// accounts puts the demo accounts into an empty store and lists what is there.
func (u *up) accounts(ctx context.Context, s *store.Store) ([]runfile.Account, error) {
	demo := fixtures.DemoTree(newIDs(u.config.Seed), u.storyNumbers()...)
	has, err := hasAccounts(ctx, s)
	if err != nil {
		return nil, err
	}
	if !has {
		if err := saveAccounts(ctx, s, demo); err != nil {
			return nil, err
		}
	}
	return u.inhabit(ctx, s, demo)
}

// broker is the broker to use: the one that the user named, or one in this process.
func (u *up) broker(ctx context.Context) (upBroker, error) {
	if u.config.AMQPURL != "" {
		return upBroker{url: u.config.AMQPURL}, nil
	}
	own := builtIn{config: broker.Config{Clock: u.Clock, IDs: newIDs(""), Log: u.log}}
	var err error
	if own.amqp, err = u.openNear(ctx, "the built-in broker", 5672); err != nil {
		return upBroker{}, err
	}
	if own.http, err = u.openNear(ctx, "its management API", 15672); err != nil {
		return upBroker{}, errors.Join(err, own.amqp.Close())
	}
	// It outlives ctx: the bridge acknowledges what it finishes while it ends.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := own.serve(running)
		if running.Err() == nil {
			u.fail(fmt.Errorf("the built-in broker has ended: %w", err))
			err = nil // said once
		}
		ended <- err
	}()
	u.atEnd(func(context.Context) error {
		stop()
		return <-ended
	})
	return upBroker{url: own.url(config.Broker{}), management: own.managementURL(), builtIn: true}, nil
}

// openNear listens on this machine at a port or the next one that nobody has, and
// says so when it is not the port that people expect.
func (u *up) openNear(ctx context.Context, who string, port int) (net.Listener, error) {
	const tries = 20
	listener, first := u.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if first == nil {
		return listener, nil
	}
	err := first
	for next := port + 1; err != nil && next < port+tries; next++ {
		listener, err = u.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", next))
	}
	if err != nil {
		if listener, err = u.open(ctx, "127.0.0.1:0", "--amqp-url"); err != nil {
			return nil, err
		}
	}
	u.say("%s listens on %s, as it cannot on port %d: %v", who, listener.Addr(), port, cause(first))
	return listener, nil
}

func portOf(listener net.Listener) string {
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// usualSockets is the port that Kazoo has for websockets.
const usualSockets = 5555

// upSockets opens the listeners of websockets. Where somebody has the usual port, one
// near it will do, unless the user has named it.
func (u *up) upSockets(ctx context.Context) (bridge.Sockets, error) {
	c := u.config.Websockets
	if c.Listen != fmt.Sprintf("127.0.0.1:%d", usualSockets) {
		return u.app.sockets(ctx, c, u.log)
	}
	c.Listen = ""
	sockets, err := u.app.sockets(ctx, c, u.log)
	if err != nil {
		return sockets, err
	}
	sockets.Listener, err = u.openNear(ctx, "the websocket server", usualSockets)
	return sockets, err
}
