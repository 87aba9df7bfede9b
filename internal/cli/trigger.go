package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// triggerFlags are the flags of trigger that are no settings.
type triggerFlags struct {
	account string
	set     []string
	file    string
	count   int
	timeout time.Duration
	output  *string
}

func (a *app) triggerCommand() *cobra.Command {
	var flags triggerFlags
	cmd := &cobra.Command{
		Use:   "trigger [" + strings.Join(eventNames(), "|") + "]",
		Short: "Publish a call event, as the switch would",
		Long: `Publish the complete message of a call event on the broker and wait until a
queue has taken it. Without a call to continue, each event is one moment of a new
call from the telephone network to the account.

--set changes a field of the message, by its name on the bus: dots lead into
objects, and members of Custom-Channel-Vars and Custom-Application-Vars may be
new. An empty value removes the field. --set Call-ID=… continues a call.`,
		Example: "  kazoolab trigger channel_create --set 'Caller-ID-Number=+15551234567' --count 3\n" +
			"  kazoolab trigger channel_destroy --set Custom-Channel-Vars.Ticket=T-17 -o json",
		Args:      triggerArgs,
		ValidArgs: eventNames(),
	}
	settingFlags(cmd)
	flags.output = outputFlag(cmd)
	cmd.Flags().StringArrayVar(&flags.set, "set", nil, "change a field, as Path=value; may be repeated")
	cmd.Flags().StringVar(&flags.file, "file", "", "publish the event in this JSON file instead of a made one")
	cmd.Flags().IntVar(&flags.count, "count", 1, "how many events")
	cmd.Flags().DurationVar(&flags.timeout, "timeout", 5*time.Second, "how long to wait for a queue to take an event")
	account := a.accountFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		if flags.count < 1 {
			return usagef("--count: %d is less than 1", flags.count)
		}
		flags.account = *account
		url := loaded.AMQPURL
		var running *runfile.File
		if up, err := a.running(cmd.Context(), loaded.Config); err == nil {
			running = &up
			if loaded.IsDefault("amqp-url") {
				url = up.AMQP
			}
		}
		clock, err := a.clockOf(cmd.Context(), running)
		if err != nil {
			return err
		}
		sw := pbx.New(pbx.Config{Clock: clock, IDs: newIDs(loaded.Seed)})
		events, err := newEventMaker(sw, running, flags, strings.Join(args, ""))
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

// eventNames are the names of events as hooks spell them.
func eventNames() []string {
	var names []string
	for _, name := range pbx.Events() {
		names = append(names, strings.ToLower(name))
	}
	return names
}

func triggerArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 && !cmd.Flags().Changed("file") {
		return usagef("which event? There are %s", strings.Join(eventNames(), ", "))
	}
	if len(args) > 1 {
		return usagef("one event at a time: %q is too much", args[1])
	}
	if len(args) == 1 {
		_, err := busName(args[0])
		return err
	}
	return nil
}

// busName is the Event-Name that belongs to either spelling of an event.
func busName(text string) (string, error) {
	name := strings.ToUpper(text)
	for _, known := range pbx.Events() {
		if name == known {
			return known, nil
		}
	}
	return "", usagef("no event %q%s", text, suggest.Hint(text, eventNames()))
}

// publish sends the events one after the other and prints each.
func (a *app) publish(ctx context.Context, c config.Config, url string, flags triggerFlags, events eventMaker) error {
	log, err := a.logger(c)
	if err != nil {
		return err
	}
	b := bus.New(bus.Config{URL: url, Name: "kazoolab trigger", Clock: a.Clock, IDs: newIDs(""), Log: log})
	b.DeclareExchange(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents))
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(running) }()
	err = a.publishOn(ctx, b, url, flags, events)
	stop()
	if unusable := <-ended; unusable != nil {
		return usagef("%w", unusable)
	}
	return err
}

func (a *app) publishOn(ctx context.Context, b *bus.Bus, url string, flags triggerFlags, events eventMaker) error {
	if err := connected(ctx, b, flags.timeout); err != nil {
		return unreachablef("no broker at %s: %w", config.MaskURL(url), err)
	}
	for range flags.count {
		e, err := events.next()
		if err != nil {
			return err
		}
		message, err := e.Message()
		if err != nil {
			return err
		}
		if err := send(ctx, b, message, flags.timeout); err != nil {
			return err
		}
		if err := a.printEvent(e, message, *flags.output); err != nil {
			return err
		}
	}
	return nil
}

// connected waits for the first attempt to connect to end, one way or the other.
func connected(ctx context.Context, b *bus.Bus, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := b.WaitState(ctx, func(s bus.State) bool { return s.Connected || s.LastError != nil })
	if err == nil && !b.State().Connected {
		return cause(b.State().LastError)
	}
	return err
}

func send(ctx context.Context, b *bus.Bus, m pbx.Message, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := b.Publish(ctx, bus.Message{
		Exchange:    m.Exchange,
		Key:         m.Key,
		Body:        m.Body,
		Headers:     amqp.Table{"call-id": []byte(m.CallID)},
		Mandatory:   true,
		UntilRouted: true,
	})
	var returned *bus.ReturnedError
	switch {
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
	CallID     string          `json:"call_id"`
	Exchange   string          `json:"exchange"`
	RoutingKey string          `json:"routing_key"`
	Message    json.RawMessage `json:"message"`
}

func (a *app) printEvent(e pbx.Event, m pbx.Message, output string) error {
	if output != outputJSON {
		a.printf("%s  %s  %s\n", e.Name(), e.CallID(), m.Key)
		return nil
	}
	return a.printLine(eventReport{e.Name(), e.CallID(), m.Exchange, m.Key, m.Body})
}
