package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/replay"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// playFlags are the flags of replay that are no settings.
type playFlags struct {
	to       string
	speed    string
	shift    bool
	accounts []string
	only     []string
	output   *string
}

func (a *app) replayCommand() *cobra.Command {
	var flags playFlags
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Publish what record recorded: the same messages, at their time",
		Long: `Publish the messages of a capture on a broker: in their order, each as long after the
first as it was recorded, with the address, headers and bytes that it had. - is standard
input. The exchanges are declared as Kazoo declares them.

Times in the messages are those of the recording, unless --shift-time moves them so that
the first message is now: times, ids made of them, and months in names of databases and
documents. --map-account has the messages be of an account that is there, by its id.

Of a capture that is cut off or damaged, what comes before is published.`,
		Example: "  kazoolab replay monday.ndjson.gz --speed 60x\n" +
			"  kazoolab replay monday.ndjson.gz --speed max --only-event CHANNEL_CREATE --only-event CHANNEL_DESTROY\n" +
			"  kazoolab replay monday.ndjson.gz --shift-time --map-account a1b2c3d4e5f60718293a4b5c6d7e8f90=\"$ACCOUNT_ID\"",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which capture? Name its file, or - for standard input; kazoolab record makes one")
			}
			return atMostOneFile(cmd, args)
		},
	}
	settingFlags(cmd)
	flags.output = outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.to, "to", "", "broker to publish on, the same as --amqp-url")
	f.StringVar(&flags.speed, "speed", "1", "how fast time passes: 1, 60x, max")
	f.BoolVar(&flags.shift, "shift-time", false, "move the times in the messages so that the first one is now")
	f.StringArrayVar(&flags.accounts, "map-account", nil, "account to move messages from and to, as OLD=NEW, each an id; may be repeated")
	f.StringArrayVar(&flags.only, "only-event", nil, "publish the messages of this Event-Name, or event of a conference, alone; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := a.loadAt(cmd, "to", flags.to)
		if err != nil {
			return err
		}
		speed, err := parseSpeed(flags.speed)
		if err != nil {
			return err
		}
		moved, err := flags.moves()
		if err != nil {
			return err
		}
		file, err := a.openCapture(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		url, running := a.brokerOf(cmd.Context(), loaded)
		now, err := a.clockOf(cmd.Context(), running)
		if err != nil {
			return err
		}
		log, err := a.logger(loaded.Config)
		if err != nil {
			return err
		}
		b := bus.New(bus.Config{URL: url, Name: "kazoolab replay", Clock: now, IDs: newIDs(""), Log: log, PublishWindow: outlet.Window})
		outlet.Declare(b)
		for _, bound := range file.Header.Bound {
			b.DeclareExchange(bound.Exchange, bound.Kind)
		}
		// What was published before Ctrl-C is still confirmed after it.
		return onBroker(context.WithoutCancel(cmd.Context()), b, url, patience, func() error {
			return a.replayCapture(cmd.Context(), b, replaying{flags, file, speed, now, moved})
		})
	}
	return cmd
}

// replaying is what a replay works with.
type replaying struct {
	flags   playFlags
	capture *openedCapture
	speed   float64
	now     clock.Clock
	moved   *movedAccounts
}

// moves reads --map-account.
func (f *playFlags) moves() (*movedAccounts, error) {
	if len(f.accounts) == 0 {
		return nil, nil
	}
	moves := map[string]string{}
	for _, text := range f.accounts {
		from, to, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usagef("--map-account: %q is no pair; write it as OLD=NEW", text)
		}
		if _, twice := moves[from]; twice {
			return nil, usagef("--map-account: %s is moved twice; leave one out", from)
		}
		moves[from] = to
	}
	alter, err := replay.Accounts(moves)
	if err != nil {
		return nil, usagef("--map-account: %w", err)
	}
	return &movedAccounts{moves: moves, alter: alter, seen: map[string]bool{}, others: map[string]bool{},
		named: regexp.MustCompile(`"Account-ID":"([0-9a-f]{32})"`)}, nil
}

// movedAccounts are what --map-account moves, and whether there was anything of them.
type movedAccounts struct {
	moves  map[string]string
	alter  replay.Alteration
	named  *regexp.Regexp  // an account in a message
	seen   map[string]bool // those of moves
	others map[string]bool // some accounts of the capture, where one of moves is yet to come
}

func (m *movedAccounts) alterations() []replay.Alteration {
	if m == nil {
		return nil
	}
	return []replay.Alteration{func(_ time.Time, one capture.Message) capture.Message {
		if len(m.seen) < len(m.moves) {
			m.look(one)
		}
		return one
	}, m.alter}
}

func (m *movedAccounts) look(one capture.Message) {
	text, _ := capture.Unpack(one)
	for from := range m.moves {
		if strings.Contains(one.Key, from) || bytes.Contains(text, []byte(from)) {
			m.seen[from] = true
		}
	}
	if found := m.named.FindSubmatch(text); found != nil && len(m.others) < 5 {
		m.others[string(found[1])] = true
	}
}

// missed says of which account nothing was there to move.
func (m *movedAccounts) missed() error {
	if m == nil {
		return nil
	}
	for _, from := range slices.Sorted(maps.Keys(m.moves)) {
		if m.seen[from] {
			continue
		}
		has := "none that is named"
		if len(m.others) > 0 {
			has = strings.Join(slices.Sorted(maps.Keys(m.others)), ", ")
		}
		return fmt.Errorf("--map-account: no message is of account %s; the capture has %s", from, has)
	}
	return nil
}

// openedCapture is a capture that is read.
type openedCapture struct {
	*capture.Reader
	io.Closer
	name string
}

func (a *app) openCapture(name string) (*openedCapture, error) {
	c := &openedCapture{name: name, Closer: io.NopCloser(a.Stdin)}
	from := a.Stdin
	if name != streamName {
		file, err := os.Open(name)
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, usagef("cannot read %s: %w", name, path.Err)
		}
		if err != nil {
			return nil, err
		}
		c.Closer, from = file, file
	}
	reader, err := capture.NewReader(from)
	if err != nil {
		c.Close()
		return nil, usagef("%s: %w", name, err)
	}
	c.Reader = reader
	return c, nil
}

// replayCapture publishes the messages and tells of them.
func (a *app) replayCapture(ctx context.Context, b *bus.Bus, r replaying) error {
	wall := clock.Machine(a.Clock)
	began := wall.Now()
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	publishing, giveUp := lingering(ctx, wall)
	defer giveUp()
	out := outlet.New(publishing, b)
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		a.watchReplay(watching, b, out, *r.flags.output == outputJSON, func(why error) {
			refuse(why)
			giveUp() // it would not come even a little later
		})
	})
	chosen := &choice{wanted: r.flags.only, seen: map[string]bool{}}
	late := &spread{}
	player := replay.New(replay.Config{
		Capture: r.capture.Reader,
		Publish: func(name string, m capture.Message) {
			b.DeclareExchange(m.Exchange, m.Kind) // one that the header does not name
			out.Publish(name, captured(m))
		},
		Only: chosen.only(),
		Late: late.add,
	})
	played := a.play(ctx, player, r)
	err := errors.Join(played, out.Close())
	stop()
	watch.Wait() // it tells of the messages on its way
	switch why := context.Cause(ctx); {
	case errors.Is(why, bus.ErrForbidden):
		err = unreachablef("%w", cause(why))
	case why != nil:
		err = nil // that is how a replay is ended
	}
	if err == nil {
		err = errors.Join(chosen.missed(player.Count().Messages), r.moved.missed())
	}
	return errors.Join(a.printReplay(player.Count(), out.Sent(), wall.Since(began), late, *r.flags.output), err, a.toEnd(player, r.capture))
}

// play runs the messages by their time.
func (a *app) play(ctx context.Context, player *replay.Player, r replaying) error {
	first, ok := player.First()
	if !ok {
		return nil
	}
	alter := r.moved.alterations()
	if r.flags.shift {
		alter = append(alter, replay.Shift(r.now.Now().Sub(first)))
	}
	wall := clock.Machine(a.Clock)
	line := timeline.New(timeline.Config{Start: first, Speed: r.speed, Wall: wall})
	player.Begin(line, alter...)
	return line.Run(ctx, false)
}

// toEnd says why a capture was not read to its end. One that is cut off is what a killed
// recording leaves behind, and of use as it is.
func (a *app) toEnd(player *replay.Player, c *openedCapture) error {
	err := player.Err()
	switch {
	case errors.Is(err, capture.ErrCut):
		a.say("warning: %s, line %d: %s", c.name, c.Line(), err)
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w; the %d messages before were read", c.name, err, player.Count().Messages+player.Count().Skipped)
	}
	return nil
}

// captured is a message of a capture as the bus takes it.
func captured(m capture.Message) bus.Message {
	return bus.Message{
		Exchange: m.Exchange, Key: m.Key, Body: m.Body,
		ContentType: m.ContentType, ContentEncoding: m.ContentEncoding, Timestamp: m.Timestamp, Headers: m.Headers,
	}
}

// choice is which events are published.
type choice struct {
	wanted []string
	seen   map[string]bool // names that were met, some of them where there are many
}

// only is nil where all are.
func (c *choice) only() func([]string) bool {
	if len(c.wanted) == 0 {
		return nil
	}
	return func(names []string) bool {
		for _, name := range names {
			if slices.Contains(c.wanted, name) {
				return true
			}
			if len(c.seen) < 100 {
				c.seen[name] = true
			}
		}
		return false
	}
}

// missed is an error where nothing was chosen.
func (c *choice) missed(messages int64) error {
	if len(c.wanted) == 0 || messages > 0 {
		return nil
	}
	known := slices.Sorted(maps.Keys(c.seen))
	return fmt.Errorf("--only-event: the capture has no event %s; it has %s%s", strings.Join(c.wanted, ", "),
		strings.Join(known, ", "), suggest.Hint(c.wanted[0], known))
}
