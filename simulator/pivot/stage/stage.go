package stage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// The account whose call it is, as in Kazoo's documentation of Pivot.
const (
	AccountID = "4c9f0a7be13a4d0a8f5a2f7e5c1d9b60"
	Realm     = "acme.example.com"
	// deviceID and ownerID are the caller's telephone and its user, where an extension calls.
	deviceID = "c0ffee00000000000000000000001001"
	ownerID  = "0b5e7e00000000000000000000001001"
)

// Driver is whoever calls: a script, somebody at a terminal, an explorer. It is used by the
// goroutine of the timeline alone.
type Driver interface {
	// Begin is called when the call begins.
	Begin()
	// Hears is called when a sound begins; what it returns when that ends, with why, where it was
	// cut short.
	Hears(sound caller.Sound) (ends func(why string))
	// Waits is called when the app begins to wait for digits, or for a message.
	Waits(question caller.Question)
	// Rings, Connected and Gone are called of what becomes of a telephone, by its name.
	Rings(telephone string)
	Connected(telephone string)
	Gone(telephone string)
	// Ended is called when the caller's call is over.
	Ended()
}

// Config is a call. What is not said to have a default is required.
type Config struct {
	// Action is the data of the callflow's action pivot: voice_url, method, req_format and so on.
	Action jobj.Object
	// From is an extension, or a number in E.164; Name what the caller shows; To what is dialled.
	From, Name, To string
	// Telephones are those that the app can call. With none, every id and every number is
	// somebody's.
	Telephones []caller.Phone
	// Driver makes whoever calls.
	Driver func(line *timeline.Timeline, hands caller.Hands) Driver
	Asker  pivot.Asker
	Flows  pivot.Flows
	// Uploads takes recordings to where an answer says; nil leaves them.
	Uploads *http.Client
	Compat  fidelity.Compat // "" is kazoo
	IDs     *ids.Source
	Wall    clock.Clock
	// Live has the time pass as on the wall; without it nobody waits.
	Live bool
	Log  *slog.Logger
	// Tell is told of each entry of the session, as it is added; nil for nobody.
	Tell func(*session.Entry)
	// Longest is how long the call may last before the caller hangs up; 0 is a day.
	Longest time.Duration
}

// call is a call under way. Everything in it is used by the goroutine of the timeline alone.
type call struct {
	Config

	session.Session

	line     *timeline.Timeline
	wire     *wire
	core     *pbx.Core
	board    *switchboard.Board
	control  *control.Control
	offices  []office.Office
	callflow *callflow.Engine
	driver   Driver
	caller   *pbx.Channel
	began    time.Time
	led      session.Span            // when a callflow began to lead the call
	rings    map[string]*pbx.Channel // the telephones that are in the call, by their names
	names    map[*pbx.Channel]string
	sounds   []heard
	routed   jobj.Object // the request for the caller's route
	hungUp   string      // who did, last
	document *twiml.Node // the answer that is carried out, where it is TwiML
	flow     jobj.Object // the one that is run, where it is JSON
	requests int
	nodes    int                      // of flows that were run
	reports  map[*request.Request]int // the numbers of those that report the end of a leg
	ended    bool
	leave    func() // has a run end for which somebody outside is waited
	wrong    error
}

// heard is a sound that goes on.
type heard struct {
	sound caller.Sound
	ends  func(why string)
}

// Run makes the call, and returns when it is over and nothing more comes of it. The error says
// that it could not be made, or that ctx ended; what came of the app is in the session.
func Run(ctx context.Context, c Config) (*session.Session, error) {
	k := &call{Config: c, rings: map[string]*pbx.Channel{}, names: map[*pbx.Channel]string{}, reports: map[*request.Request]int{}}
	k.URL, k.Format = c.Action.String("voice_url"), c.Action.String("req_format")
	k.Method, k.Body = c.Action.String("method"), c.Action.String("req_body_format")
	k.Session.From, k.Session.Name, k.Session.To = c.From, c.Name, c.To
	speed := 0.0
	if c.Live {
		speed = 1
	}
	k.line = timeline.New(timeline.Config{Speed: speed, Wall: c.Wall})
	k.leave = func() {}
	if c.Live {
		k.leave = k.line.Stay()
	}
	k.build(ctx)
	if err := k.begin(); err != nil {
		return nil, err
	}
	k.line.Meanwhile(cmp.Or(c.Longest, 24*time.Hour), func() {
		if !k.ended {
			k.add(&session.Entry{Kind: session.Notes, Text: "the call has lasted too long: the caller hangs up"})
			_ = k.hangUp(caller.TheCaller) // that it is just over is no one's fault
		}
	})
	err := k.line.Run(ctx, false)
	if k.caller != nil {
		k.CallID = k.caller.CallID()
	}
	if err = errors.Join(err, k.wrong); err != nil {
		return &k.Session, err
	}
	if !k.ended {
		return &k.Session, errors.New("the call did not end")
	}
	return &k.Session, nil
}

// build joins the parts.
func (k *call) build(ctx context.Context) {
	k.wire = newWire(k.line)
	k.offices = k.office()
	k.core = pbx.NewCore(pbx.New(pbx.Config{Clock: k.line, IDs: k.IDs, Host: pbx.DefaultHost()}), k.line, k.say)
	k.board = switchboard.New(switchboard.Config{
		Core: k.core, Line: k.line, IDs: k.IDs, Offices: k.offices, Rings: k.ringing, Heard: k.hears,
		Fail: func(err error) { k.wrong = errors.Join(k.wrong, err) },
	})
	k.control = control.New(ctx, control.Config{
		Core: k.core, Board: k.board, Line: k.line, Offices: k.offices, IDs: k.IDs, Node: "ecallmgr@" + pbx.DefaultHost().Apps, Log: k.Log,
		Send: k.send, Led: func(string) bool { return true },
		Store: k.store(ctx),
	})
	k.wire.tap = func(exchange, key string, message jobj.Object) {
		k.command(exchange, message)
		if message.String("Event-Name") == "CHANNEL_PIVOT" {
			k.flow, _ = jobj.ParseObject([]byte(message.String("Application-Data"))) // else the callflow tells
		}
		k.line.After(0, func() { k.control.Hear(exchange, key, message) })
	}
	flow := k.wire.join(func(queue string, message jobj.Object) { k.callflow.Hear(queue, message) })
	k.callflow = callflow.New(callflow.Config{
		Line: k.line, IDs: k.IDs, Bus: flow, Documents: stored{k.documents()}, Node: "callflow@" + pbx.DefaultHost().Apps,
		Queue: "callflow-" + k.IDs.Hex(16), Log: k.Log, Compat: k.Compat, Trace: k.flows,
		// The time of a call does not pass by itself, so that tokens would not come back as they do in Kazoo: loops are bounded instead.
		Unmetered: true, Bound: k.bound,
	})
	var engine *pivot.Engine
	asks := k.wire.join(func(queue string, message jobj.Object) { engine.Hear(queue, message) })
	ec := pivot.Config{
		Line: k.line, Bus: asks, Asker: settled{k.Asker, k.line}, Flows: k.Flows, Documents: k.documents(), Compat: k.Compat, IDs: k.IDs,
		Node: "pivot@" + pbx.DefaultHost().Apps, Log: k.Log, Trace: k.steps,
	}
	if k.Live {
		ec.Asker = k.Asker
		ec.Await = func(request.Request) func() { return k.line.Stay() }
	}
	engine = pivot.New(ctx, ec)
	engine.Listen()
	k.driver = k.Driver(k.line, caller.Hands{
		Press: k.press, Speak: k.speak, Hangup: k.hangUp, Take: k.take, Refuse: k.refuse,
		Tell: func(text string) { k.add(&session.Entry{Kind: session.Notes, Text: text}) },
	})
}

// begin has the call come in, and the callflow with the action take it.
func (k *call) begin() error {
	flow := callflow.Flow{ID: k.IDs.Hex(32), Root: jobj.Object{
		{Key: "module", Value: "pivot"}, {Key: "data", Value: k.Action}, {Key: "children", Value: jobj.Object{}},
	}}
	k.began = k.line.Now()
	taken := func(err error) {
		if err != nil {
			k.wrong = errors.Join(k.wrong, err)
			return
		}
		k.callflow.Lead(callflow.Won(k.routed, control.CommandQueue), flow)
		k.led = k.since()
		k.driver.Begin()
	}
	account := k.offices[0].Account
	var err error
	if pbx.IsNumber(k.Config.From) {
		k.caller, err = k.board.Arrive(account, pbx.Party{Name: k.Config.Name, Number: k.Config.From}, k.Config.To, "", flow.ID, taken)
	} else {
		device, _ := k.offices[0].Device(k.Config.From)
		k.caller, err = k.board.Dial(account, device, k.Config.To, "", flow.ID, taken)
	}
	if err != nil {
		return fmt.Errorf("the call cannot be made: %w", err)
	}
	k.CallID = k.caller.CallID()
	return nil
}

// since is how long the call has lasted.
func (k *call) since() session.Span { return session.Span(k.line.Now().Sub(k.began)) }

// add adds an entry of now.
func (k *call) add(e *session.Entry) {
	e.At = k.since()
	k.Add(e)
	if k.Tell != nil {
		k.Tell(e)
	}
}

// say has the applications hear what the switch says.
func (k *call) say(e pbx.Event) {
	m, err := e.Message()
	if err == nil {
		var fields jobj.Object
		if fields, err = jobj.ParseObject(m.Body); err == nil {
			k.event(e.Name(), fields)
			k.wire.publish(m.Exchange, m.Key, fields)
			return
		}
	}
	k.wrong = errors.Join(k.wrong, fmt.Errorf("%s: %w", e.Name(), err))
}

// send has the applications hear what the switch answers.
func (k *call) send(m bus.Message) {
	fields, err := jobj.ParseObject(m.Body)
	if err != nil {
		k.wrong = errors.Join(k.wrong, err)
		return
	}
	k.wire.publish(m.Exchange, m.Key, fields)
}

// event notes what becomes of the caller's leg, and of the telephones.
func (k *call) event(name string, fields jobj.Object) {
	if name == "route_req" && k.routed == nil {
		k.routed = fields
	}
	id := fields.String("Call-ID")
	if k.caller == nil {
		return
	}
	if fields.String("Event") == "add-member" && id == k.caller.CallID() {
		k.connected(caller.Conference)
	}
	switch name {
	case kapi.ChannelBridge:
		if other, ok := k.rings[k.telephone(fields.String("Other-Leg-Call-ID"))]; ok && id == k.caller.CallID() {
			k.connected(k.names[other])
		}
	case kapi.ChannelDestroy:
		if id == k.caller.CallID() {
			k.over(fields.String("Hangup-Cause"))
			return
		}
		if name := k.telephone(id); name != "" {
			k.add(&session.Entry{Kind: session.Rings, Text: name + " is gone", Why: fields.String("Hangup-Cause")})
			k.driver.Gone(name)
		}
	}
}

// telephone is the name of the one that a leg is to.
func (k *call) telephone(callID string) string {
	for name, leg := range k.rings {
		if leg.CallID() == callID {
			return name
		}
	}
	return ""
}

func (k *call) connected(name string) {
	k.add(&session.Entry{Kind: session.Rings, Text: name + " is connected"})
	k.line.After(0, func() { k.driver.Connected(name) })
}

// over notes that the caller's leg has ended.
func (k *call) over(cause string) {
	if k.ended {
		return
	}
	k.ended = true
	k.HungUp, k.Cause, k.Seconds = cmp.Or(k.hungUp, caller.TheApp), cause, k.since()
	k.add(&session.Entry{Kind: session.Ends, Text: k.HungUp + " hung up", Why: cause})
	k.leave()
	k.line.After(0, k.driver.Ended)
}

// ringing tells of a telephone that rings.
func (k *call) ringing(leg *pbx.Channel) {
	name := k.called(leg)
	k.rings[name], k.names[leg] = leg, name
	k.add(&session.Entry{Kind: session.Rings, Text: name + " rings"})
	k.driver.Rings(name)
}

// called is the name of the telephone that a leg is to.
func (k *call) called(leg *pbx.Channel) string {
	number := leg.Destination()
	for _, t := range k.Telephones {
		if d := leg.Device(); d != nil && t.ID != "" && d.OwnerID == t.ID || t.Number != "" && t.Number == number {
			return t.Name
		}
	}
	if d := leg.Device(); d != nil {
		return d.Name
	}
	return number
}

// hears tells of what the caller hears.
func (k *call) hears(ch *pbx.Channel, sound switchboard.Sound) {
	if ch != k.caller {
		return
	}
	s := caller.Sound{Kind: sound.Kind, Text: cmp.Or(sound.Text, sound.Media)}
	if sound.Began {
		k.hungUp = ""
		k.add(&session.Entry{Kind: session.Hears, Sound: &s, Text: s.Text})
		k.sounds = append(k.sounds, heard{s, k.driver.Hears(s)})
		return
	}
	i := slices.IndexFunc(k.sounds, func(h heard) bool { return h.sound == s })
	if i < 0 {
		return
	}
	why := map[string]string{
		switchboard.SoundKey: "key " + sound.Key, switchboard.SoundBroken: "it was told to stop", switchboard.SoundHangup: "the call was over",
	}[sound.Ended]
	k.add(&session.Entry{Kind: session.Silent, Sound: &s, Text: s.Text, Why: why})
	ends := k.sounds[i].ends
	k.sounds = slices.Delete(k.sounds, i, i+1)
	ends(why)
}

// did notes what the caller does.
func (k *call) did(text string, act session.Act) {
	n, last := k.Sounds()
	if n == 0 {
		last = k.led // from when whoever makes the call again counts, too
	}
	act.Sounds, act.Later = n, k.since()-last
	k.add(&session.Entry{Kind: session.Did, Text: text, Act: &act})
}

func (k *call) press(key string) {
	k.did("press "+key, session.Act{Keys: key})
	k.board.Press(k.caller, key, k.excuse)
}

func (k *call) speak(d time.Duration) {
	k.did("speak for "+d.String(), session.Act{Speaks: session.Span(d)})
	k.board.Speak(k.caller, d)
}

// excuse passes over that a call is over meanwhile.
func (k *call) excuse(err error) { k.board.Excuse(err) }

func (k *call) hangUp(who string) error {
	leg := k.caller
	if who != caller.TheCaller {
		if leg = k.rings[who]; leg == nil || leg.Gone() || !leg.Answered() {
			return fmt.Errorf("%s is in no call", who)
		}
	}
	if leg.Gone() {
		return errors.New("the call is over")
	}
	k.did(who+" hangs up", session.Act{HangUp: who})
	k.hungUp = who
	k.board.Hangup(leg, "", k.excuse)
	return nil
}

func (k *call) take(telephone string) {
	if leg := k.rings[telephone]; leg != nil && !leg.Gone() {
		k.add(&session.Entry{Kind: session.Rings, Text: telephone + " answers"})
		k.board.Answer(leg, k.excuse)
	}
}

func (k *call) refuse(telephone, cause string) {
	if leg := k.rings[telephone]; leg != nil && !leg.Gone() {
		what := " refuses"
		if cause == "USER_BUSY" {
			what = " is busy"
		}
		k.add(&session.Entry{Kind: session.Rings, Text: telephone + what})
		k.board.Refuse(leg, cause, true, k.excuse)
	}
}

// command notes what the applications tell the switch to do.
func (k *call) command(exchange string, message jobj.Object) {
	if exchange != kapi.ExchangeCallControl && exchange != kapi.ExchangeResources {
		return
	}
	name := message.String("Application-Name")
	if value, ok := message.Get("Commands"); ok {
		var parts []string
		list, _ := value.([]any)
		for _, one := range slices.Backward(list) { // in the order in which they are done
			part, _ := one.(jobj.Object)
			parts = append(parts, part.String("Application-Name"))
		}
		name += " [" + strings.Join(parts, ", ") + "]"
	}
	k.add(&session.Entry{Kind: session.Commands, Text: name})
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
