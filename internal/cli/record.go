package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/capture/pseudonyms"
	"github.com/kazoolab/kazoolab/simulator/recorder"
)

// recordGrace is how long what was published before the end may take to come.
const recordGrace = 10 * time.Second

// streamName is standard input or output as a file.
const streamName = "-"

// recordFlags are the flags of record that are no settings.
type recordFlags struct {
	from      string
	exchanges []string
	duration  time.Duration
	messages  int64
	keep      bool
	seed      string
	overwrite bool
	output    *string
}

func (a *app) recordCommand() *cobra.Command {
	var flags recordFlags
	cmd := &cobra.Command{
		Use:   "record [FILE]",
		Short: "Record what is published on a bus, without who it is about",
		Long: `Record what is published on a bus until Ctrl-C, --for or --messages, into a file that
replay plays and docs/captures.md describes. FILE is compressed if it ends in .gz or
.zst; - is standard output. Without it a name is made of the time.

Telephone numbers, names, realms, addresses, ids of accounts, texts and passwords are
replaced by made-up ones, each always by the same one, unless --keep-identities is given.
With --seed they are the same in another capture, too: keep it secret, since who knows it
can try out whom a replacement stands for.

Nothing is declared but a queue of its own, which goes at the end: an exchange that the
broker does not have is left out. The user needs the permission to read exchanges and to
do everything with queues whose names begin with kazoolab-record-.`,
		Example: "  kazoolab record --for 1m\n" +
			"  kazoolab record monday.ndjson.gz --from amqp://watcher:secret@rabbit:5672/ --seed \"$KEY\"\n" +
			"  kazoolab record - --exchange callevt --messages 100 | jq .key",
		Args: atMostOneFile,
	}
	settingFlags(cmd)
	flags.output = outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.from, "from", "", "broker to record, the same as --amqp-url")
	f.StringArrayVar(&flags.exchanges, "exchange", nil, "exchange to record, as NAME or NAME:fanout; may be repeated (default: Kazoo's topics)")
	f.DurationVar(&flags.duration, "for", 0, "for how long; 0 is without end")
	f.Int64Var(&flags.messages, "messages", 0, "end after so many messages; 0 is any number")
	f.BoolVar(&flags.keep, "keep-identities", false, "leave numbers, names and all the rest as they are")
	f.StringVar(&flags.seed, "seed", "", "key of the replacements; empty is a new one each time")
	f.BoolVar(&flags.overwrite, "overwrite", false, "write over a file that is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := a.loadAt(cmd, "from", flags.from)
		if err != nil {
			return err
		}
		bound, err := flags.check()
		if err != nil {
			return err
		}
		out := &captureFile{name: captureName(args, a.Clock.Now()), overwrite: flags.overwrite, stdout: a.Stdout}
		if err := out.check(); err != nil {
			return err
		}
		url, _ := a.brokerOf(cmd.Context(), loaded)
		log, err := a.logger(loaded.Config)
		if err != nil {
			return err
		}
		b := bus.New(bus.Config{URL: url, Name: "kazoolab record", Node: "kazoolab", Clock: a.Clock, IDs: newIDs(""), Log: log})
		// What was published before the end is still recorded after it.
		return withPermissions(url, onBroker(context.WithoutCancel(cmd.Context()), b, url, patience, func() error {
			return a.record(cmd.Context(), b, flags, bound, out)
		}))
	}
	return cmd
}

// loadAt reads the settings; the broker's URL may come by a name of its own.
func (a *app) loadAt(cmd *cobra.Command, flag, url string) (*config.Loaded, error) {
	if !cmd.Flags().Changed(flag) {
		return a.load(cmd)
	}
	if cmd.Flags().Changed("amqp-url") {
		return nil, usagef("--%s and --amqp-url say the same; leave one of them out", flag)
	}
	if url == "" {
		return nil, usagef("--%s: it is empty; write it as amqp://user:password@host:5672/vhost", flag)
	}
	if err := cmd.Flags().Set("amqp-url", url); err != nil {
		return nil, err
	}
	loaded, err := a.load(cmd)
	if err != nil {
		return nil, usagef("%s", strings.ReplaceAll(err.Error(), "--amqp-url", "--"+flag))
	}
	return loaded, nil
}

// check reads the flags that have rules of their own. No exchanges are the usual ones.
func (f *recordFlags) check() ([]capture.Bound, error) {
	switch {
	case f.duration < 0:
		return nil, usagef("--for: %s is before the beginning; write it as 30s or 24h, or 0 for no end", f.duration)
	case f.messages < 0:
		return nil, usagef("--messages: %d is less than 0", f.messages)
	case f.keep && f.seed != "":
		return nil, usagef("--seed is for replacements, and --keep-identities makes none; leave one of them out")
	}
	var bound []capture.Bound
	for _, text := range f.exchanges {
		name, kind, given := strings.Cut(text, ":")
		if !given {
			kind = kapi.ExchangeType(name)
		}
		switch {
		case name == "":
			return nil, usagef("--exchange: %q names none; write it as callevt, or as NAME:fanout", text)
		case kind != "topic" && kind != "fanout":
			return nil, usagef("--exchange: %s is of type %s, of which a queue hears only keys that it knows; those of type topic and fanout can be recorded", name, kind)
		}
		if next := recorder.Whole(name, kind); !slices.Contains(bound, next) {
			bound = append(bound, next)
		}
	}
	return bound, nil
}

// record writes what is heard into a file and tells of it.
func (a *app) record(ctx context.Context, b *bus.Bus, flags recordFlags, bound []capture.Bound, out *captureFile) error {
	bound, err := a.present(ctx, b, bound)
	if err != nil {
		return err
	}
	if err := out.open(); err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // once more, where an error came first
	began := a.Clock.Now()
	writer, err := capture.NewWriter(out, capture.CompressionOf(out.name), capture.Header{Began: began, Anonymised: !flags.keep, Bound: bound})
	if err != nil {
		out.discard()
		return out.failed(err)
	}
	cfg := recorder.Config{Bus: b, Clock: a.Clock, Bound: bound, Writer: writer, Most: flags.messages}
	if !flags.keep {
		key := flags.seed
		if key == "" {
			key = newIDs("").Hex(64)
		}
		cfg.Alter = pseudonyms.New(key).Message
	}
	r := recorder.New(cfg)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err = r.Run(ctx, recordGrace, func() {
		a.say("recording %s into %s, Ctrl-C to end", exchangesOf(bound), out.shown())
		began = a.Clock.Now()
		if flags.duration > 0 {
			go func() {
				_ = clock.Sleep(ctx, a.Clock, flags.duration)
				stop()
			}()
		}
		if *flags.output != outputJSON {
			go a.reportRecording(ctx, r, began)
		}
	})
	if err != nil && r.Count().Messages == 0 {
		out.discard()
	}
	switch {
	case isRefusal(err):
		return unreachablef("%w", cause(err))
	case err != nil:
		return out.failed(err)
	}
	if err := out.Close(); err != nil {
		return out.failed(err)
	}
	return a.printRecording(r.Count(), a.Clock.Since(began), !flags.keep, out, *flags.output)
}

// present are those of the exchanges that the broker has. One that was asked for must be
// there; of the usual ones some.
func (a *app) present(ctx context.Context, b *bus.Bus, wanted []capture.Bound) ([]capture.Bound, error) {
	asked := len(wanted) > 0
	if !asked {
		wanted = recorder.Usual()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	present, missing, err := recorder.Present(ctx, b, wanted)
	const remedy = "whoever publishes declares it, so start that first, or correct the virtual host, which is the path of the broker's URL"
	switch {
	case isRefusal(err):
		return nil, unreachablef("%w", cause(err))
	case err != nil:
		return nil, err
	case asked && len(missing) > 0:
		var known []string
		for _, usual := range recorder.Usual() {
			known = append(known, usual.Exchange)
		}
		return nil, fmt.Errorf("--exchange: the broker has no exchange %s; %s%s", missing[0], remedy, suggest.Hint(missing[0], known))
	case len(present) == 0:
		return nil, fmt.Errorf("the broker has none of Kazoo's exchanges (%s); %s", strings.Join(missing, ", "), remedy)
	case len(missing) > 0:
		a.say("not recorded, since the broker has no such exchange: %s", strings.Join(missing, ", "))
	}
	return present, nil
}
