// Package control is what a switch hears on the bus: who asks for its channels gets an
// answer, and what calls are told to do is done (simulator/switchboard does it). It owns
// the reading of such messages and the replies. It never connects by itself, and never
// decides what a call does next.
package control

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Config is what a control works with. All but the last three are required.
type Config struct {
	Core    *pbx.Core
	Board   *switchboard.Board
	Line    *timeline.Timeline
	Offices []office.Office
	IDs     *ids.Source
	Node    string // of the ecallmgr that has the switch, as name@host
	Send    func(bus.Message)
	Log     *slog.Logger
	// Every is how often it says that there is a switch; 0 is every 10 s.
	Every time.Duration
	// Awaited is told when somebody begins to wait for what takes the switch its time, which
	// is somebody's answer to a call. What it returns is called once they have been told.
	Awaited func() (told func())
	// Elsewhere tells of accounts whose calls another switch places: all switches hear of
	// one that is asked for.
	Elsewhere func(accountID string) bool
}

// Control obeys and answers. What it hears is dealt with by the goroutine of the timeline.
type Control struct {
	Config

	idle map[*pbx.Channel]time.Time // since when an application that leads a call has said nothing
	ctx  context.Context            //nolint:containedctx // its own life: the bus hands messages over without one
	bus  *bus.Bus
	ears []*ear
}

// ear is one of the queues in which it hears.
type ear struct {
	*bus.Subscription

	passed chan struct{} // the mark of Settle has come out of the queue
}

// New returns a control of a switch, which works until ctx ends.
func New(ctx context.Context, c Config) *Control {
	return &Control{Config: c, ctx: ctx, idle: map[*pbx.Channel]time.Time{}}
}

// CommandQueue is the Control-Queue of all calls: the routing key on callctl of what the
// dialplan is told to do.
const CommandQueue = "kazoolab-switch"

// Declare has a bus know the exchanges of what is heard and answered, before it runs.
func Declare(b *bus.Bus) {
	for _, exchange := range []string{
		kapi.ExchangeCallEvents, kapi.ExchangeCallControl, kapi.ExchangeCallManager, kapi.ExchangeMetaflow,
		kapi.ExchangeConference, kapi.ExchangeTargeted, kapi.ExchangeNodes,
	} {
		b.DeclareExchange(exchange, kapi.ExchangeType(exchange))
	}
}

// Subscribe begins to hear what comes over a bus, which must have been declared the
// exchanges.
func (c *Control) Subscribe(b *bus.Bus) ([]*bus.Subscription, error) {
	c.bus = b
	var subs []*bus.Subscription
	for _, hears := range []struct {
		module, exchange, key string
		handle                func(jobj.Object)
	}{
		{"ecallmgr_fs_channels", kapi.ExchangeCallEvents, "call.status_req.*", c.query},
		{"konami", kapi.ExchangeMetaflow, "metaflow.action.#", c.action},
		{"konami_flow", kapi.ExchangeMetaflow, "metaflow.flow.#", c.flow},
		{"ecallmgr_originate", kapi.ExchangeCallManager, kapi.OriginateKey, c.originate},
		{"ecallmgr_call_control", kapi.ExchangeCallControl, CommandQueue, c.command},
		{"ecallmgr_conference", kapi.ExchangeConference, "conference.command.*", c.conference},
		{"ecallmgr_conference_discovery", kapi.ExchangeConference, "conference.discovery", c.discover},
	} {
		e := &ear{passed: make(chan struct{}, 1)}
		sub, err := b.Consume(bus.Consumer{
			Queue:    bus.Queue{Module: hears.module, Exclusive: true, AutoDelete: true},
			Bindings: []bus.Binding{{Exchange: hears.exchange, Key: hears.key}},
			NoAck:    true,
			Handle: func(d bus.Delivery) {
				if d.Exchange == "" { // straight to the queue, as nothing else comes
					e.pass()
					return
				}
				c.hear(d, hears.handle)
			},
		})
		if err != nil {
			return subs, err
		}
		e.Subscription = sub
		c.ears, subs = append(c.ears, e), append(subs, sub)
	}
	return subs, nil
}

// Settle returns when the switch has begun whatever it had been told before, as far as
// the broker has confirmed that: each of its queues is worked off. It is not for the
// goroutine of the timeline, which must run meanwhile.
func (c *Control) Settle(ctx context.Context) error {
	for _, e := range c.ears {
		if err := e.settle(ctx, c.bus); err != nil {
			return err
		}
	}
	return nil
}

// settle sends a mark behind what is in the queue, and waits until it has come out.
func (e *ear) settle(ctx context.Context, b *bus.Bus) error {
	if err := e.WaitReady(ctx); err != nil {
		return err
	}
	select {
	case <-e.passed: // of an earlier one, which did not wait for it
	default:
	}
	err := b.Publish(ctx, bus.Message{Key: e.QueueName(), Body: []byte("{}"), Mandatory: true})
	if _, gone := errors.AsType[*bus.ReturnedError](err); gone {
		return nil // with its connection, and with all that was in it
	}
	if err != nil {
		return err
	}
	select {
	case <-e.passed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *ear) pass() {
	select {
	case e.passed <- struct{}{}:
	default: // it came twice, over a lost connection
	}
}

// hear has a message dealt with, if it can be read.
func (c *Control) hear(d bus.Delivery, handle func(jobj.Object)) {
	message, err := jobj.ParseObject(d.Body)
	if err != nil {
		c.Log.Warn("a message to the switch cannot be read", "key", d.RoutingKey, "error", err)
		return
	}
	_ = c.Line.Do(c.ctx, func() { handle(message) }) // that the switch has ended is no one's fault
}

// advertised is how often a node says what runs on it (kz_nodes: every 5 to 15 s).
const advertised = 10 * time.Second

func (c *Control) every() time.Duration { return cmp.Or(c.Every, advertised) }

// Advertise says, and goes on to say, that there is a switch: without that nobody asks it.
// Like Leave it is for the goroutine of the timeline.
func (c *Control) Advertise() {
	c.advertise(jobj.Object{{Key: "ecallmgr", Value: jobj.Object{{Key: "Startup", Value: kapi.Gregorian(c.Line.Now())}}}})
	c.Line.Meanwhile(c.every(), c.Advertise)
}

// Leave says that there is no switch any more, so that nobody waits for its answers.
func (c *Control) Leave() { c.advertise(jobj.Object{}) }

func (c *Control) advertise(apps jobj.Object) {
	c.Send(bus.Message{Exchange: kapi.ExchangeNodes, Body: jobj.Append(nil, jobj.Object{
		{Key: "Event-Category", Value: "nodes"},
		{Key: "Event-Name", Value: "advertise"},
		{Key: "Node", Value: c.Node},
		{Key: "App-Name", Value: "ecallmgr"},
		{Key: "App-Version", Value: "5.0.0"},
		{Key: "Msg-ID", Value: c.IDs.Hex(32)},
		{Key: "WhApps", Value: apps},
		{Key: "Expires", Value: c.every().Milliseconds()},
	})})
}

// reply answers a request, unless nobody waits for it.
func (c *Control) reply(request jobj.Object, def kapi.Definition, fields jobj.Object) {
	asker := request.String("Server-ID")
	if asker == "" {
		return
	}
	fields = fields.Set("Msg-ID", request.String("Msg-ID"))
	body, err := kapi.Build(def, kapi.Sender{
		Node: c.Node, AppName: "ecallmgr", AppVersion: "5.0.0", MsgID: func() string { return c.IDs.Hex(32) },
	}, fields)
	if err != nil {
		c.Log.Error("an answer of the switch could not be made", "error", err)
		return
	}
	key, headers := kapi.ReplyAddress(asker)
	c.Send(bus.Message{Exchange: kapi.ExchangeTargeted, Key: key, Headers: headers, Body: body})
}

// then tells the log what could not be done, and why.
func (c *Control) then(what string, message jobj.Object) switchboard.Then {
	return func(err error) {
		if err != nil {
			c.Log.Warn("the switch could not do what it was told", "what", what, "call_id", message.String("Call-ID"), "error", err)
		}
	}
}

// channel finds the call that a message is about; one that nobody has is of no concern.
func (c *Control) channel(message jobj.Object) (*pbx.Channel, bool) {
	return c.Core.Channel(message.String("Call-ID"))
}
