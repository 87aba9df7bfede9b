package control_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// rig is a switch with a call that is up, and somebody who asks and commands it.
type rig struct {
	*testing.T
	*WithT

	line   *timeline.Timeline
	core   *pbx.Core
	board  *switchboard.Board
	office office.Office
	heard  *control.Control
	waits  atomic.Int32 // who is waited for now
	a, b   *pbx.Channel
	bus    *bus.Bus
	inbox  string
	events chan jobj.Object
	told   chan jobj.Object
	log    chan string

	answers bool // whether somebody answers what rings
	busy    bool // or refuses it
	ready   <-chan error
}

// Write takes a line of the log.
func (r *rig) Write(line []byte) (int, error) {
	r.log <- string(line)
	return len(line), nil
}

func running(t *testing.T, url, name string) *bus.Bus {
	t.Helper()
	b := bus.New(bus.Config{URL: url, Name: name, Node: name + "@test", Clock: clock.System(), IDs: ids.New(), PublishWindow: outlet.Window})
	outlet.Declare(b)
	control.Declare(b)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return b
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, WithT: NewWithT(t), events: make(chan jobj.Object, 1000), told: make(chan jobj.Object, 100), log: make(chan string, 100)}
	url := brokertest.New(t).URL
	b := running(t, url, "switch")
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	r.line = timeline.New(timeline.Config{Speed: 60, Wall: clock.System()})
	random := ids.Seeded("control")
	out := outlet.New(ctx, b)
	r.core = pbx.NewCore(pbx.New(pbx.Config{Clock: r.line, IDs: random}), r.line, func(e pbx.Event) {
		out.Say(e)
		r.events <- e.Fields()
	})
	acme := office.Office{Account: pbx.Account{ID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", Realm: "acme.sip.example.com"}, Numbers: []string{"+14155550100"}}
	for _, extension := range []string{"1001", "1002", "1003"} {
		acme.Devices = append(acme.Devices, pbx.Device{ID: random.Hex(32), OwnerID: random.Hex(32), Username: "user_" + extension, Extension: extension})
	}
	acme.Devices[2].OwnerID = acme.Devices[0].OwnerID // who has two
	r.office = acme
	r.board = switchboard.New(switchboard.Config{
		Core: r.core, Line: r.line, IDs: random, Offices: []office.Office{acme}, Rings: r.rings, Fail: func(err error) { t.Error(err) },
	})
	r.heard = control.New(ctx, control.Config{
		Core: r.core, Board: r.board, Line: r.line, Offices: []office.Office{acme}, IDs: random, Node: "ecallmgr@test",
		Send: func(m bus.Message) { out.Publish("an answer", m) }, Log: slog.New(slog.NewTextHandler(r, nil)),
		Every: time.Minute, Elsewhere: func(accountID string) bool { return accountID == "another's" }, Awaited: func() func() {
			r.waits.Add(1)
			return func() { r.waits.Add(-1) }
		},
	})
	subs, err := r.heard.Subscribe(b)
	r.Expect(err).NotTo(HaveOccurred())
	for _, sub := range subs {
		r.Expect(sub.WaitReady(ctx)).To(Succeed())
	}
	ended := make(chan error, 1)
	go func() { ended <- r.line.Run(ctx, true) }()
	t.Cleanup(func() {
		stop()
		r.Expect(<-ended).To(MatchError(context.Canceled))
	})
	r.ask(url)
	r.do(func() {
		r.a, err = r.core.FromCarrier(acme.Account, pbx.Party{Number: "+12125550199"}, "+14155550100", "a@203.0.113.20")
		r.Expect(err).NotTo(HaveOccurred())
		r.Expect(r.a.Route("callflow", "")).To(Succeed())
		r.b, err = r.a.Dial(acme.Devices[0])
		r.Expect(err).NotTo(HaveOccurred())
		r.Expect(r.b.Answer()).To(Succeed())
		r.Expect(r.a.Answer()).To(Succeed())
		r.Expect(r.a.Bridge(r.b)).To(Succeed())
	})
	r.until("CHANNEL_BRIDGE")
	return r
}

// rings has somebody answer after a while.
func (r *rig) rings(leg *pbx.Channel) {
	if r.answers {
		r.line.After(2*time.Second, func() { r.board.Answer(leg, nil) })
	}
	if r.busy {
		r.line.After(time.Second, func() { r.board.Refuse(leg, "USER_BUSY", false, nil) })
	}
}

// ask makes who asks and commands.
func (r *rig) ask(url string) {
	r.Helper()
	r.bus = running(r.T, url, "asker")
	r.inbox = "asker-" + ids.New().Hex(8)
	sub, err := r.bus.Consume(bus.Consumer{
		Queue: bus.Queue{Name: r.inbox, Exclusive: true, AutoDelete: true}, NoAck: true,
		Bindings: []bus.Binding{{Exchange: kapi.ExchangeTargeted, Key: r.inbox}, {Exchange: kapi.ExchangeCallEvents, Key: "call.dialplan.#"}},
		Handle: func(d bus.Delivery) {
			message, err := jobj.ParseObject(d.Body)
			if err != nil {
				r.Error(err)
			}
			r.told <- message
		},
	})
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(sub.WaitReady(r.Context())).To(Succeed())
}

func (r *rig) do(what func()) {
	r.Helper()
	r.Expect(r.line.Do(r.Context(), what)).To(Succeed())
}

// until waits for an event, and returns it.
func (r *rig) until(name string) jobj.Object {
	r.Helper()
	for {
		select {
		case e := <-r.events:
			if e.String("Event-Name") == name || e.String("Event") == name {
				return e
			}
		case <-clock.System().After(20 * time.Second):
			r.Fatalf("no %s", name)
		}
	}
}

// send publishes a message of a kind.
func (r *rig) send(kind kapi.Publication, fields jobj.Object) {
	r.Helper()
	m, err := kind.Message(kapi.Sender{AppName: "test", AppVersion: "1", Node: "n", MsgID: func() string { return "m1" }}, fields)
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(r.bus.Publish(r.Context(), outlet.Message(m))).To(Succeed())
}

// command is a dialplan command to the call.
func (r *rig) command(application string, more ...jobj.Member) {
	r.Helper()
	body := jobj.Object{
		{Key: "Event-Category", Value: "call"}, {Key: "Event-Name", Value: "command"}, {Key: "Msg-ID", Value: "m1"},
		{Key: "Application-Name", Value: application}, {Key: "Call-ID", Value: r.a.CallID()},
	}.Merge(more)
	r.Expect(r.bus.Publish(r.Context(), bus.Message{Exchange: kapi.ExchangeCallControl, Key: control.CommandQueue, Body: jobj.Append(nil, body)})).To(Succeed())
}

func (r *rig) reply() jobj.Object {
	r.Helper()
	select {
	case m := <-r.told:
		return m
	case <-clock.System().After(20 * time.Second):
		r.Fatal("no answer")
		return nil
	}
}

func (r *rig) asking(more ...jobj.Member) jobj.Object {
	return append(jobj.Object{{Key: "Server-ID", Value: r.inbox}, {Key: "Msg-ID", Value: "q1"}}, more...)
}

func TestQuestionsAboutChannelsAreAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.send(kapi.AccountChannelsQuery(), r.asking(jobj.Member{Key: "Account-ID", Value: "a1b2c3d4e5f60718293a4b5c6d7e8f90"}))
	answer := r.reply()
	r.Expect(answer.String("Event-Name") + " " + answer.String("Msg-ID")).To(Equal("query_account_channels_resp q1"))
	channels, _ := answer.Get("Channels")
	r.Expect(channels).To(HaveLen(2))
	first, _ := channels.([]any)[0].(jobj.Object)
	r.Expect(first.String("uuid")).To(Equal("a@203.0.113.20"))
	r.Expect(first.String("other_leg")).To(Equal(r.b.CallID()))

	r.send(kapi.AccountChannelsQuery(), r.asking(jobj.Member{Key: "Account-ID", Value: "00000000000000000000000000000000"}))
	channels, _ = r.reply().Get("Channels")
	r.Expect(channels).To(BeEmpty())

	r.send(kapi.UserChannelsQuery(), r.asking(
		jobj.Member{Key: "Realm", Value: "ACME.sip.example.com"}, jobj.Member{Key: "Usernames", Value: []any{"USER_1001"}}))
	channels, _ = r.reply().Get("Channels")
	r.Expect(channels).To(HaveLen(1))

	r.send(kapi.ChannelQuery(), r.asking(jobj.Member{Key: "Call-ID", Value: "a@203.0.113.20"}, jobj.Member{Key: "Fields", Value: "all"}))
	one := r.reply().Object("Channels").Object("a@203.0.113.20")
	r.Expect(one.String("Call-Direction") + " " + one.String("Other-Leg-Call-ID")).To(Equal("inbound " + r.b.CallID()))
	r.Expect(one.Bool(false, "Answered")).To(BeTrue())

	r.send(kapi.ChannelQuery(), r.asking(jobj.Member{Key: "Call-ID", Value: "a@203.0.113.20"}, jobj.Member{Key: "Fields", Value: []any{"To"}}))
	r.Expect(r.reply().Object("Channels").Object("a@203.0.113.20")).To(Equal(jobj.Object{{Key: "To", Value: "+14155550100@203.0.113.5"}}))
}

func TestMetaflowsAreObeyed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := jobj.Member{Key: "Call-ID", Value: r.b.CallID()}
	flow := func(module string, data jobj.Object) {
		t.Helper()
		r.send(kapi.MetaflowFlow(), jobj.Object{id, {Key: "Flow", Value: jobj.Object{{Key: "module", Value: module}, {Key: "data", Value: data}}}})
	}
	flow("hold", jobj.Object{})
	r.until("CHANNEL_HOLD")
	flow("resume", jobj.Object{})
	r.until("CHANNEL_UNHOLD")
	flow("record_call", jobj.Object{{Key: "action", Value: "start"}})
	r.until("RECORD_START")
	flow("record_call", jobj.Object{{Key: "action", Value: "stop"}})
	r.until("RECORD_STOP")
	r.send(kapi.MetaflowAction(), jobj.Object{
		id, {Key: "Action", Value: "transfer"}, {Key: "Data", Value: jobj.Object{{Key: "target", Value: "1002"}, {Key: "transfer-type", Value: "blind"}}},
	})
	r.Expect(r.until("CHANNEL_TRANSFEREE").String("Call-ID")).To(Equal(r.a.CallID()))
	rings := r.until("CHANNEL_PROGRESS")
	r.Expect(rings.String("Callee-ID-Number")).To(Equal("1002"))
	r.send(kapi.MetaflowAction(), jobj.Object{
		{Key: "Call-ID", Value: r.a.CallID()}, {Key: "Action", Value: "hangup"}, {Key: "Data", Value: jobj.Object{}},
	})
	r.Expect(r.until("CHANNEL_DESTROY").String("Call-ID")).To(Equal(r.a.CallID()))
}

func TestWhoCannotBeCalledIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.send(kapi.OriginateRequest(), r.asking(
		jobj.Member{Key: "Application-Name", Value: "transfer"},
		jobj.Member{Key: "Custom-Channel-Vars", Value: jobj.Object{{Key: "Account-ID", Value: "another's"}}},
		jobj.Member{Key: "Endpoints", Value: []any{}},
	))
	r.Expect(r.heard.Settle(r.Context())).To(Succeed())
	r.Expect(r.told).To(BeEmpty(), "another switch answers")
	r.send(kapi.OriginateRequest(), r.asking(
		jobj.Member{Key: "Application-Name", Value: "transfer"},
		jobj.Member{Key: "Application-Data", Value: jobj.Object{{Key: "Route", Value: "1001"}}},
		jobj.Member{Key: "Endpoints", Value: []any{}},
	))
	r.Expect(r.reply().String("Event-Category")).To(Equal("error"))
	r.do(func() {})
	r.Expect(r.waits.Load()).To(BeZero())
}

// What was told before has been begun, without anybody waiting for its events.
func TestItSettles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 50 {
		r.command("noop")
	}
	r.send(kapi.MetaflowAction(), jobj.Object{
		{Key: "Call-ID", Value: r.b.CallID()}, {Key: "Action", Value: "hold"}, {Key: "Data", Value: jobj.Object{}},
	})
	r.Expect(r.heard.Settle(r.Context())).To(Succeed())
	done := map[string]int{}
	r.do(func() {
		for len(r.events) > 0 {
			done[(<-r.events).String("Event-Name")]++
		}
	})
	r.Expect(done["CHANNEL_EXECUTE_COMPLETE"]).To(Equal(50))
	r.Expect(done["CHANNEL_HOLD"]).To(Equal(1))
	r.Expect(r.heard.Settle(r.Context())).To(Succeed(), "once more")
	ended, end := context.WithCancel(t.Context())
	end()
	r.Expect(r.heard.Settle(ended)).To(MatchError(context.Canceled))
}

func TestItSaysHowLongItsWordHolds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	words := make(chan jobj.Object, 10)
	sub, err := r.bus.Consume(bus.Consumer{
		Queue: bus.Queue{Exclusive: true, AutoDelete: true}, NoAck: true, Bindings: []bus.Binding{{Exchange: kapi.ExchangeNodes}},
		Handle: func(d bus.Delivery) {
			word, _ := jobj.ParseObject(d.Body)
			words <- word
		},
	})
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(sub.WaitReady(r.Context())).To(Succeed())
	r.do(func() { r.heard.Advertise() })
	r.Expect((<-words).Int("Expires")).To(BeEquivalentTo(60_000))
	r.do(r.heard.Leave)
	r.Expect((<-words).Object("WhApps")).To(BeEmpty())
}

func TestAConferenceIsCommanded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do(func() {
		r.Expect(r.a.Unbridge()).To(Succeed())
		_, err := r.core.Enter(r.a, "room1", true)
		r.Expect(err).NotTo(HaveOccurred())
	})
	r.until("add-member")
	r.send(kapi.ConferenceCommand(), jobj.Object{
		{Key: "Application-Name", Value: "mute_participant"}, {Key: "Conference-ID", Value: "room1"}, {Key: "Participant-ID", Value: 1},
	})
	r.until("mute-member")
	r.send(kapi.ConferenceSearch(), r.asking(jobj.Member{Key: "Conference-ID", Value: "room1"}))
	r.Expect(r.reply().Int("Participant-Count")).To(BeEquivalentTo(1))
	r.send(kapi.ConferenceCommand(), jobj.Object{{Key: "Application-Name", Value: "kick"}, {Key: "Conference-ID", Value: "room1"}})
	r.until("conference-destroy")
}
