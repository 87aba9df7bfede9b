package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// triggerFlags are the flags of trigger that are no settings.
type triggerFlags struct {
	account string
	set     []string
	file    string
	count   int
	timeout time.Duration
	list    bool
	output  *string
}

func (a *app) triggerCommand() *cobra.Command {
	var flags triggerFlags
	cmd := &cobra.Command{
		Use:   "trigger EVENT",
		Short: "Publish an event, as Kazoo would",
		Long: `Publish the complete message of an event on the broker, and wait until a queue
has taken it if a hook listens to it. What happens is new each time: a call from
the telephone network to the account, with the people, phones and documents
around it. --list shows what can happen. Names are those of hooks or of the bus
(voicemail_new, CHANNEL_CREATE, add-member); call is a whole one, of four events.

--set changes a field of the message, by its name on the bus: dots lead into
objects, whose members may be new. An empty value removes the field.
--set Call-ID=… continues a call; --set Type=user says which document changes.`,
		Example: "  kazoolab trigger channel_create --set 'Caller-ID-Number=+15551234567' --count 3\n" +
			"  kazoolab trigger channel_destroy --set Custom-Channel-Vars.Ticket=T-17 -o json\n" +
			"  kazoolab trigger doc_edited --set Type=user\n" +
			"  kazoolab trigger --list",
		Args:      flags.args,
		ValidArgs: completions(),
	}
	settingFlags(cmd)
	flags.output = outputFlag(cmd)
	cmd.Flags().StringArrayVar(&flags.set, "set", nil, "change a field, as Path=value; may be repeated")
	cmd.Flags().StringVar(&flags.file, "file", "", "publish the event in this JSON file instead of a made one")
	cmd.Flags().IntVar(&flags.count, "count", 1, "how many times")
	cmd.Flags().BoolVar(&flags.list, "list", false, "show the events, and the hooks that hear them")
	cmd.Flags().DurationVar(&flags.timeout, "timeout", 5*time.Second, "how long to wait for a queue to take an event")
	account := a.accountFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		if flags.list {
			return a.printKinds(*flags.output)
		}
		if flags.count < 1 {
			return usagef("--count: %d is less than 1", flags.count)
		}
		if flags.timeout <= 0 {
			return usagef("--timeout: %s is no time to wait; write it as 5s", flags.timeout)
		}
		flags.account = *account
		url, running := a.brokerOf(cmd.Context(), loaded)
		clock, err := a.clockOf(cmd.Context(), running)
		if err != nil {
			return err
		}
		sw := pbx.New(pbx.Config{Clock: clock, IDs: newIDs(loaded.Seed)})
		events, err := newEventMaker(sw, running, flags, args)
		if err != nil {
			return err
		}
		if err := events.check(); err != nil {
			return err
		}
		return a.publish(cmd.Context(), loaded.Config, url, flags, events)
	}
	return cmd
}

func (f *triggerFlags) args(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 && !cmd.Flags().Changed("file") && !f.list:
		return usagef("which event? kazoolab trigger --list shows them: channel_create, doc_edited, voicemail_new …")
	case len(args) > 1:
		return usagef("one event at a time: %q is too much", args[1])
	case len(args) == 1 && !isWholeCall(args[0]):
		_, err := findKind(args[0])
		return err
	}
	return nil
}

// publish sends the events one after the other and prints each.
func (a *app) publish(ctx context.Context, c config.Config, url string, flags triggerFlags, events *eventMaker) error {
	log, err := a.logger(c)
	if err != nil {
		return err
	}
	b := bus.New(bus.Config{URL: url, Name: "kazoolab trigger", Clock: a.Clock, IDs: newIDs(""), Log: log})
	b.DeclareExchange(events.exchange, kapi.ExchangeType(events.exchange))
	return onBroker(ctx, b, url, flags.timeout, func() error { return a.publishOn(ctx, b, flags, events) })
}

func (a *app) publishOn(ctx context.Context, b *bus.Bus, flags triggerFlags, events *eventMaker) error {
	for range flags.count {
		happened, err := events.next()
		if err != nil {
			return err
		}
		for _, e := range happened {
			message, err := e.Message()
			if err != nil {
				return err
			}
			if err := a.send(ctx, b, message, events.heard, flags.timeout); err != nil {
				return err
			}
			if err := a.printEvent(e, message, *flags.output); err != nil {
				return err
			}
		}
	}
	return nil
}

// send publishes a message. One that a hook hears has to reach a queue; any other
// may be for nobody, as on a real Kazoo.
func (a *app) send(ctx context.Context, b *bus.Bus, m kapi.Message, heard bool, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := outlet.Message(m)
	out.Mandatory, out.UntilRouted = true, heard
	err := b.Publish(ctx, out)
	var returned *bus.ReturnedError
	switch {
	case errors.As(err, &returned) && !heard:
		a.say("no queue takes %s; no hook listens to it", m.Key)
		return nil
	case errors.As(err, &returned):
		return fmt.Errorf("no queue takes %s: does a bridge run at this broker?", m.Key)
	case errors.Is(err, context.DeadlineExceeded):
		return unreachablef("the broker did not confirm within %s: %w", limit, err)
	}
	return err
}

// eventReport is a published event as a line of JSON.
type eventReport struct {
	Event      string          `json:"event"`
	CallID     string          `json:"call_id,omitempty"`
	Exchange   string          `json:"exchange"`
	RoutingKey string          `json:"routing_key"`
	Message    json.RawMessage `json:"message"`
}

func (a *app) printEvent(e pbx.Event, m kapi.Message, output string) error {
	if output != outputJSON {
		a.printf("%s  %s  %s\n", clean(e.Name()), clean(e.ID()), clean(m.Key))
		return nil
	}
	return a.printLine(eventReport{e.Name(), e.CallID(), m.Exchange, m.Key, m.Body})
}
