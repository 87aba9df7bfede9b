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
	"strings"
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

// Config is what a control works with. All up to Log are required.
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
	// Led tells of calls that an application leads to their end, however long that says nothing;
	// nil for none. The caller of any other hangs up some time after a bridge.
	Led func(callID string) bool
	// Store uploads a recording, and has the timeline's goroutine tell then what came of it. Without
	// it no recording is stored.
	Store func(upload Upload, then func(error))
}

// Control obeys and answers. What it hears is dealt with by the goroutine of the timeline.
type Control struct {
	Config

	idle     map[*pbx.Channel]time.Time // since when an application that leads a call has said nothing
	agendas  map[*pbx.Channel]*agenda
	followed map[*pbx.Channel]bool
	ended    map[string]*pbx.Channel // of which recordings can still be stored, by Call-ID
	ctx      context.Context         //nolint:containedctx // its own life: the bus hands messages over without one
	bus      *bus.Bus
	ears     []*ear
}

// ear is one of the queues in which it hears.
type ear struct {
	*bus.Subscription

	passed chan struct{} // the mark of Settle has come out of the queue
}

// New returns a control of a switch, which works until ctx ends.
func New(ctx context.Context, c Config) *Control {
	return &Control{
		Config: c, ctx: ctx, idle: map[*pbx.Channel]time.Time{}, agendas: map[*pbx.Channel]*agenda{},
		followed: map[*pbx.Channel]bool{}, ended: map[string]*pbx.Channel{},
	}
}

// CommandQueue is the Control-Queue of all calls: the routing key on callctl of what the
// dialplan is told to do.
const CommandQueue = "kazoolab-switch"

// Declare has a bus know the exchanges of what is heard and answered, before it runs.
func Declare(b *bus.Bus) {
	for _, exchange := range []string{
		kapi.ExchangeCallEvents, kapi.ExchangeCallControl, kapi.ExchangeCallManager, kapi.ExchangeMetaflow,
		kapi.ExchangeConference, kapi.ExchangeTargeted, kapi.ExchangeNodes, kapi.ExchangeResources,
	} {
		b.DeclareExchange(exchange, kapi.ExchangeType(exchange))
	}
}

// hearing is what is heard on an exchange, and who deals with it.
type hearing struct {
	module, exchange, key string
	handle                func(jobj.Object)
}

func (c *Control) hears() []hearing {
	return []hearing{
		{"ecallmgr_fs_channels", kapi.ExchangeCallEvents, "call.status_req.*", c.query},
		{"konami", kapi.ExchangeMetaflow, "metaflow.action.#", c.action},
		{"konami_flow", kapi.ExchangeMetaflow, "metaflow.flow.#", c.flow},
		{"ecallmgr_originate", kapi.ExchangeCallManager, kapi.OriginateKey, c.originate},
		{"ecallmgr_call_control", kapi.ExchangeCallControl, CommandQueue, c.command},
		{"ecallmgr_conference", kapi.ExchangeConference, "conference.command.*", c.conference},
		{"ecallmgr_conference_discovery", kapi.ExchangeConference, "conference.discovery", c.discover},
		{"stepswitch", kapi.ExchangeResources, "offnet.resource.req.*", c.offnet},
	}
}

// Hear deals with a message that has come without a broker, as with one that came over a bus, and
// tells whether it is one for the switch. It is for the goroutine of the timeline, which must not
// be inside of an act of the board or an event of the core then: Timeline.After(0, …) sees to that.
func (c *Control) Hear(exchange, key string, message jobj.Object) bool {
	for _, one := range c.hears() {
		prefix, open := strings.CutSuffix(strings.TrimSuffix(one.key, "#"), "*")
		open = open || strings.HasSuffix(one.key, "#")
		if one.exchange != exchange || key != prefix && (!open || !strings.HasPrefix(key, prefix)) {
			continue
		}
		heard, err := jobj.ParseObject(jobj.Append(nil, message)) // a copy, with numbers as they come over a bus
		if err != nil {
			c.Log.Warn("a message to the switch cannot be read", "key", key, "error", err)
			return true
		}
		one.handle(heard)
		return true
	}
	return false
}

// Subscribe begins to hear what comes over a bus, which must have been declared the
// exchanges.
func (c *Control) Subscribe(b *bus.Bus) ([]*bus.Subscription, error) {
	c.bus = b
	var subs []*bus.Subscription
	for _, hears := range c.hears() {
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

// Advertise says, and goes on to say, that there is a switch: without that nobody asks it. applications
// are those that run beside it. Like Leave it is for the goroutine of the timeline.
func (c *Control) Advertise(applications ...string) {
	var apps jobj.Object
	for _, name := range append([]string{"ecallmgr"}, applications...) {
		apps = append(apps, jobj.Member{Key: name, Value: jobj.Object{{Key: "Startup", Value: kapi.Gregorian(c.Line.Now())}}})
	}
	c.advertise(apps)
	c.Line.Meanwhile(c.every(), func() { c.Advertise(applications...) })
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
	c.replyAs("ecallmgr", request, def, fields)
}

// replyAs is reply for one of the applications of the switch's nodes.
func (c *Control) replyAs(app string, request jobj.Object, def kapi.Definition, fields jobj.Object) {
	asker := request.String("Server-ID")
	if asker == "" {
		return
	}
	from := kapi.Sender{Node: c.Node, AppName: app, AppVersion: "5.0.0", MsgID: func() string { return c.IDs.Hex(32) }}
	if app != "ecallmgr" {
		_, host, _ := strings.Cut(c.Node, "@")
		from.Node, from.AppVersion = "kazoo_apps@"+host, "4.0.0"
	}
	body, err := kapi.Build(def, from, fields.Set("Msg-ID", request.String("Msg-ID")))
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
