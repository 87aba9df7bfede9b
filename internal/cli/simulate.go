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

	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/timeline"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

// patience is how long the broker may take at the beginning and at the end.
const patience = 5 * time.Second

// mostOffices is how many accounts are made up at the most: there are not many more numbers that
// are kept free.
const mostOffices = 1000

// simulateFlags are the flags of simulate that are no settings.
type simulateFlags struct {
	rate       float64
	arrivals   string
	histogram  string
	mix        string
	duration   time.Duration
	calls      int
	concurrent int
	offices    int
	speed      string
	account    *string
	output     *string
	onRunning  *bool
}

func (a *app) simulateCommand() *cobra.Command {
	var flags simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate [FILE]",
		Short: "Publish the events of many calls, as a busy Kazoo would",
		Long: `Play calls from their beginning to their end, and publish on the broker what a
switch and Kazoo's applications say of them: legs that ring, answer, are bridged and hang up,
callers who give up or leave a message, busy ends, lamps of telephones. They are calls of
the customers of the up that runs, or of an account that --account names, else of
accounts that are made up.

Calls come at their time, however slow the broker is: how late they were is in the
summary. --speed max makes a day of calls as fast as the machine can; the times in the
messages are the day's. An end by Ctrl-C is none of the calls': they stay up.

With a FILE, play that scenario, on a bridge and a broker of its own in this process, and
judge what it expects: the exit code is 1 when that does not come, or when the story is
ended before it is over. With --on-running it is played in the up that runs: its accounts,
users, devices and hooks are made there over REST, and removed at the end; at another speed
than 1 the clock of that up is put forward, and stays so.`,
		Example: "  kazoolab simulate --rate 5 --duration 1m\n" +
			"  kazoolab simulate scenarios/screen-pop.yaml --speed max\n" +
			"  kazoolab simulate scenarios/screen-pop.yaml --on-running\n" +
			"  kazoolab simulate --rate 0.5 --arrivals day --duration 24h --speed max --seed monday",
		Args: cobra.ArbitraryArgs,
	}
	settingFlags(cmd)
	flags.output = outputFlag(cmd)
	f := cmd.Flags()
	f.Float64Var(&flags.rate, "rate", 1, "calls a second")
	f.StringVar(&flags.arrivals, "arrivals", "poisson", "how they come: steady, poisson, bursts (each minute 5 s of five times as many), day (as offices call, from midnight on)")
	f.StringVar(&flags.histogram, "histogram", "", "file that says when there are how many calls, in place of --rate and --arrivals: a line for each interval, as: 08:30 42")
	f.StringVar(&flags.mix, "mix", traffic.OfficeMix().String(), "what people do, and how often beside the others; register and edit, which are no calls, can be added")
	f.DurationVar(&flags.duration, "duration", 0, "for how long calls begin; 0 is without end")
	f.IntVar(&flags.calls, "calls", 0, "how many calls, and what else --mix has; 0 is without end")
	f.IntVar(&flags.concurrent, "concurrent", 0, "how many may be up at once; further ones are counted as refused; 0 is any number")
	f.IntVar(&flags.offices, "accounts", 5, "how many accounts are made up, where no up runs")
	f.StringVar(&flags.speed, "speed", "1", "how fast time passes: 1, 60x, max")
	flags.onRunning = f.Bool("on-running", false, "with a FILE: play it in the up that runs")
	flags.account = a.accountFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return a.simulateFile(cmd, args, flags)
		}
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		if flags.histogram != "" && (f.Changed("rate") || f.Changed("arrivals")) {
			return usagef("--histogram says itself when calls come; leave --rate and --arrivals out")
		}
		speed, err := flags.check()
		if err != nil {
			return err
		}
		arrivals, err := flags.arrive()
		if err != nil {
			return err
		}
		url, running := a.brokerOf(cmd.Context(), loaded)
		random := newIDs(loaded.Seed)
		offices, err := officesFor(running, *flags.account, flags.offices, random)
		if err != nil {
			return err
		}
		log, err := a.logger(loaded.Config)
		if err != nil {
			return err
		}
		b := a.switchBus(url, "kazoolab simulate", log)
		// What was published before Ctrl-C is still confirmed after it.
		return onBroker(context.WithoutCancel(cmd.Context()), b, url, patience, func() error {
			return a.simulate(cmd.Context(), b, load{flags, speed, arrivals, offices, placedBy(running, url), random, log})
		})
	}
	return cmd
}

// check reads the flags that have rules of their own.
func (f *simulateFlags) check() (speed float64, err error) {
	switch {
	case *f.onRunning:
		return 0, usagef("--on-running is for a scenario; name its file")
	case f.rate <= 0:
		return 0, usagef("--rate: %g is no rate; write calls a second, as 0.5 or 20", f.rate)
	case f.duration < 0:
		return 0, usagef("--duration: %s is before the beginning; write it as 30s or 24h, or 0 for no end", f.duration)
	case f.calls < 0, f.concurrent < 0:
		return 0, usagef("--calls and --concurrent are counted from 0, which is no bound")
	case f.offices > mostOffices:
		return 0, usagef("--accounts: %d is more than can be made up; at most %d", f.offices, mostOffices)
	case f.offices < 1:
		return 0, usagef("--accounts: %d accounts have no calls; at least 1", f.offices)
	}
	if _, err := traffic.ParseArrivals(f.arrivals, f.rate); err != nil {
		return 0, usagef("--arrivals: %w", err)
	}
	if _, err := traffic.ParseMix(f.mix); err != nil {
		return 0, usagef("--mix: %w", err)
	}
	if f.speed == "max" && f.duration == 0 && f.calls == 0 && f.histogram == "" {
		return 0, usagef("--speed max without --duration, --calls or --histogram has no end")
	}
	return parseSpeed(f.speed)
}

// parseSpeed reads --speed: 0 is as fast as can be.
func parseSpeed(text string) (speed float64, err error) {
	if text == "max" {
		return 0, nil
	}
	if n, err := fmt.Sscanf(strings.TrimSuffix(text, "x")+"\n", "%g\n", &speed); n != 1 || err != nil || speed <= 0 || speed > 1e6 {
		return 0, usagef("--speed: %q is no speed; write 1, 60x or max", text)
	}
	return speed, nil
}

// load is what is to be simulated.
type load struct {
	simulateFlags

	pace     float64 // how fast time passes
	arrivals traffic.Arrivals
	offices  []office.Office
	placed   func(accountID string) bool // see placedBy
	random   *ids.Source
	log      *slog.Logger
}

// arrive says when the calls come. Those of a histogram come once, unless something else
// says how long.
func (f *simulateFlags) arrive() (traffic.Arrivals, error) {
	if f.histogram == "" {
		return traffic.ParseArrivals(f.arrivals, f.rate)
	}
	file, err := os.Open(f.histogram)
	if err != nil {
		return nil, usagef("--histogram: %w", err)
	}
	defer func() { _ = file.Close() }()
	h, err := traffic.ParseHistogram(file)
	if err != nil {
		return nil, usagef("--histogram %s: %w", f.histogram, err)
	}
	if f.duration == 0 && f.calls == 0 {
		f.duration = h.Length()
	}
	return h, nil
}

// simulate plays the calls and tells of them.
func (a *app) simulate(ctx context.Context, b *bus.Bus, l load) error {
	// What lives is some 15 MB, and each message leaves 13 kB behind: this takes 50 MB more and
	// a fifth less time.
	collectLess(400)
	mix, err := traffic.ParseMix(l.mix)
	if err != nil {
		return err
	}
	wall := clock.Machine(a.Clock)
	began := wall.Now()
	start := began
	midnight := began.UTC().Truncate(24 * time.Hour)
	if l.simulateFlags.arrivals == "day" {
		start = midnight
	}
	if h, ok := l.arrivals.(traffic.Histogram); ok {
		start = midnight.Add(h.Start())
	}
	line := timeline.New(timeline.Config{Start: start, Speed: l.pace, Wall: wall})
	publishing, giveUp := lingering(ctx, wall)
	defer giveUp()
	out := outlet.New(publishing, b)
	sim := newSimulation(line, out, otherHost(l.random), l.offices, l.random)
	sim.elsewhere = l.placed
	leave := func() {}
	if l.pace > 0 { // in a day of a minute nobody has the time to ask
		obeying, stop := context.WithCancel(ctx)
		defer stop()
		c, err := sim.obey(obeying, b, l.log)
		if err != nil {
			return err
		}
		c.Advertise()
		leave = c.Leave
	}
	late := &spread{}
	calls := traffic.New(traffic.Config{
		Arrivals: l.arrivals, Offices: l.offices, Calls: l.calls, Duration: l.duration, Concurrent: l.concurrent, Mix: mix,
	}, sim.player, line, l.random, late.add)
	calls.Begin()
	if *l.output != outputJSON {
		a.reportEvery(line, calls, out, wall, began)
	}
	err = line.Run(ctx, false)
	if ctx.Err() != nil {
		err = nil // that is how one without an end ends
	}
	leave()
	err = errors.Join(err, sim.wrong, out.Close())
	return errors.Join(err, a.printSummary(calls.Count(), out.Sent(), wall.Since(began), line.Now().Sub(start), late, *l.output))
}
