package callflow_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker/topic"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

const (
	account = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	realm   = "acme.sip.example.com"
	ann     = "0000000000000000000000000000000a" // a user, with two telephones
	desk    = "00000000000000000000000000001001"
	mobile  = "00000000000000000000000000001002"
	boss    = "00000000000000000000000000001003"
)

// rig is a switch with one caller, in virtual time, and the callflow application on a bus in this
// process. What it says and what the caller hears is written down in short.
type rig struct {
	*testing.T
	*WithT

	line     *timeline.Timeline
	core     *pbx.Core
	board    *switchboard.Board
	exchange *control.Control
	engine   *callflow.Engine
	caller   *pbx.Channel
	docs     map[string]jobj.Object // by collection/id

	bound  map[string]*topic.Index[string]
	routes map[string]jobj.Object
	said   []string
	whole  []jobj.Object // the same
	heard  []string
	steps  []callflow.Step
	left   []callflow.VoiceMessage

	answers map[string]time.Duration // when who answers what rings
	refuses map[string]time.Duration
}

func newRig(t *testing.T, change func(*callflow.Config)) *rig {
	t.Helper()
	r := &rig{
		T: t, WithT: NewWithT(t), docs: documents(), bound: map[string]*topic.Index[string]{}, routes: map[string]jobj.Object{},
		answers: map[string]time.Duration{}, refuses: map[string]time.Duration{},
	}
	random := ids.Seeded("callflow")
	r.line = timeline.New(timeline.Config{Start: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), Wall: clock.System()})
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	r.core = pbx.NewCore(pbx.New(pbx.Config{Clock: r.line, IDs: random}), r.line, func(e pbx.Event) {
		m, err := e.Message()
		r.Expect(err).NotTo(HaveOccurred())
		r.deliver(m.Exchange, m.Key, r.parse(string(m.Body)))
	})
	acme := office.Office{Account: pbx.Account{ID: account, Realm: realm, Name: "Acme"}, Numbers: []string{"+14155550100"}}
	for _, d := range []struct{ id, owner, extension string }{{desk, ann, "1001"}, {mobile, ann, "1002"}, {boss, "", "1003"}} {
		acme.Devices = append(acme.Devices, pbx.Device{ID: d.id, OwnerID: d.owner, Username: "user_" + d.extension, Extension: d.extension})
	}
	offices := []office.Office{acme}
	r.board = switchboard.New(switchboard.Config{
		Core: r.core, Line: r.line, IDs: random, Offices: offices, Rings: r.rings, Heard: r.hears,
		Fail: func(err error) { t.Error(err) },
	})
	r.exchange = control.New(t.Context(), control.Config{
		Core: r.core, Board: r.board, Line: r.line, Offices: offices, IDs: random, Node: "ecallmgr@test", Log: log,
		Send: func(m bus.Message) { r.deliver(m.Exchange, m.Key, r.parse(string(m.Body))) },
	})
	c := callflow.Config{
		Line: r.line, IDs: random, Bus: r, Documents: r, Node: "kazoo_apps@test", Queue: "callflow-test", Log: log,
		Unmetered: true,
		Trace:     func(s callflow.Step) { r.steps = append(r.steps, s) },
		Left:      func(m callflow.VoiceMessage) { r.left = append(r.left, m) },
	}
	if change != nil {
		change(&c)
	}
	r.engine = callflow.New(c)
	return r
}

func (r *rig) parse(text string) jobj.Object {
	r.Helper()
	o, err := jobj.ParseObject([]byte(text))
	r.Expect(err).NotTo(HaveOccurred())
	return o
}

// Publish is the application's: it goes to the switch and to whoever is bound.
func (r *rig) Publish(exchange, key string, message jobj.Object) {
	wire := r.parse(string(jobj.Append(nil, message)))
	r.said, r.whole = append(r.said, brief(wire)), append(r.whole, wire)
	r.line.After(0, func() {
		r.exchange.Hear(exchange, key, wire)
		r.deliver(exchange, key, wire)
	})
}

func (r *rig) Bind(queue, exchange, key string) {
	if r.bound[exchange] == nil {
		r.bound[exchange] = &topic.Index[string]{}
	}
	r.bound[exchange].Insert(key, queue)
}

func (r *rig) Unbind(queue, exchange, key string) { r.bound[exchange].Remove(key, queue) }

func (r *rig) deliver(exchange, key string, message jobj.Object) {
	if message.String("Event-Name") == "route_req" {
		r.routes[message.String("Call-ID")] = message
	}
	bound := r.bound[exchange]
	if bound == nil {
		return
	}
	queues := map[string]bool{}
	bound.Match(key, func(queue string) { queues[queue] = true })
	for queue := range queues {
		r.line.After(0, func() { r.engine.Hear(queue, message) })
	}
}

func (r *rig) Document(accountID, collection, id string, then func(jobj.Object, bool)) {
	r.Expect(accountID).To(Equal(account))
	doc, found := r.docs[collection+"/"+id]
	then(doc, found)
}

func (r *rig) Owned(_, ownerID string, then func([]jobj.Object)) {
	var owned []jobj.Object
	for _, id := range []string{desk, mobile, boss} {
		if doc := r.docs["devices/"+id]; doc.String("owner_id") == ownerID {
			owned = append(owned, doc)
		}
	}
	then(owned)
}

func (r *rig) Flow(_, dialled string, then func(callflow.Flow, bool)) {
	for name, doc := range r.docs {
		if value, _ := doc.Get("numbers"); strings.HasPrefix(name, "callflows/") {
			if list, _ := value.([]any); slices.Contains(list, any(dialled)) {
				then(callflow.Flow{ID: doc.String("id"), Root: doc.Object("flow")}, true)
				return
			}
		}
	}
	then(callflow.Flow{}, false)
}

// rings has people answer or refuse.
func (r *rig) rings(leg *pbx.Channel) {
	for who, after := range r.answers {
		if who == leg.Far().Number || leg.Device() != nil && leg.Device().Extension == who {
			r.line.After(after, func() {
				if !leg.Gone() {
					r.board.Answer(leg, nil)
				}
			})
		}
	}
	for who, after := range r.refuses {
		if leg.Device() != nil && leg.Device().Extension == who {
			r.line.After(after, func() {
				if !leg.Gone() {
					r.board.Refuse(leg, "USER_BUSY", false, nil)
				}
			})
		}
	}
}

func (r *rig) hears(ch *pbx.Channel, s switchboard.Sound) {
	if ch != r.caller || !s.Began {
		return
	}
	r.heard = append(r.heard, strings.TrimSpace(s.Kind+" "+s.Text+s.Media))
}

// calls has somebody call 2000, and a flow lead the call.
func (r *rig) calls(flow string) {
	r.Helper()
	root := r.parse(flow)
	var err error
	r.caller, err = r.board.Arrive(pbx.Account{ID: account, Realm: realm, Name: "Acme"}, pbx.Party{Name: "PAT EXAMPLE", Number: "+12125550199"},
		"+14155550100", "call-1@203.0.113.20", "flow-1", func(err error) {
			r.Expect(err).NotTo(HaveOccurred())
			r.engine.Lead(callflow.Won(r.routes["call-1@203.0.113.20"], control.CommandQueue), callflow.Flow{ID: "flow-1", Root: root})
		})
	r.Expect(err).NotTo(HaveOccurred())
}

// run plays all of it, with what happens at its times.
func (r *rig) run(script map[time.Duration]func()) {
	r.Helper()
	for at, do := range script {
		r.line.After(at, do)
	}
	r.Expect(r.line.Run(context.Background(), false)).To(Succeed())
}

func (r *rig) press(keys string) func() {
	return func() { r.board.Press(r.caller, keys, nil) }
}

func (r *rig) hangUp() { r.board.Hangup(r.caller, "", nil) }

// hear has the application hear a message about the call.
func (r *rig) tells(text string) func() {
	return func() { r.engine.Hear("callflow-test", r.parse(text).Set("Call-ID", r.caller.CallID())) }
}

// trail is the way through the flow: module>key, and at last why it ended.
func (r *rig) trail() string {
	var words []string
	for _, s := range r.steps {
		switch s.What {
		case callflow.Went:
			words = append(words, s.Module+">"+s.Next)
		case callflow.Branched:
			words = append(words, s.Module+"=>"+s.Next)
		case callflow.Returned:
			words = append(words, "back")
		case callflow.Replaced:
			words = append(words, "replaced")
		case callflow.Waits:
			words = append(words, s.Module+" waits")
		case callflow.Ended:
			words = append(words, s.Why)
		}
	}
	return strings.Join(words, ", ")
}

// brief is a message in short.
func brief(m jobj.Object) string {
	name := m.String("Application-Name")
	if m.String("Event-Name") != "command" {
		name = m.String("Event-Name")
	}
	if m.String("Application-Name") == "queue" {
		value, _ := m.Get("Commands")
		list, _ := value.([]any)
		var parts []string
		for _, one := range list {
			part, _ := one.(jobj.Object)
			parts = append(parts, strings.TrimSpace(part.String("Application-Name")+" "+part.String("Text")+part.String("Media-Name")+part.String("Response-Code")))
		}
		return "queue[" + strings.Join(parts, ", ") + "]"
	}
	out := name
	for _, field := range []string{
		"Insert-At", "Record-Action", "DTMFs", "Voice-URI", "To-DID", "Transfer-To", "Conference-ID", "Presence-ID", "State", "Media-Transfer-Destination",
	} {
		if text := m.String(field); text != "" {
			out += " " + text
		}
	}
	for _, field := range []string{"Custom-Application-Vars", "Custom-Channel-Vars", "Custom-Call-Vars"} {
		if held := m.Object(field); len(held) > 0 && m.String("Application-Name") == "set" {
			out += " " + string(jobj.Append(nil, held))
		}
	}
	if value, has := m.Get("Endpoints"); has {
		list, _ := value.([]any)
		for _, one := range list {
			end, _ := one.(jobj.Object)
			out += " " + end.String("To-Username")
		}
		out += fmt.Sprintf(" %d s %s", m.Int("Timeout"), m.String("Dial-Endpoint-Method"))
	}
	return out
}

// documents are those of the account.
func documents() map[string]jobj.Object {
	docs := map[string]jobj.Object{}
	for name, text := range map[string]string{
		"accounts/" + account:    `{"id":"` + account + `","plan":"gold","caller":{"tier":"one"}}`,
		"devices/" + desk:        `{"id":"` + desk + `","owner_id":"` + ann + `","name":"Ann's desk","sip":{"username":"user_1001"},"where":"office"}`,
		"devices/" + mobile:      `{"id":"` + mobile + `","owner_id":"` + ann + `","name":"Ann's mobile","sip":{"username":"user_1002"}}`,
		"devices/" + boss:        `{"id":"` + boss + `","name":"Boss","enabled":true,"sip":{"username":"user_1003"}}`,
		"devices/off":            `{"id":"off","enabled":false,"sip":{"username":"user_off"}}`,
		"users/" + ann:           `{"id":"` + ann + `","first_name":"Ann"}`,
		"groups/sales":           `{"id":"sales","endpoints":{"` + boss + `":{"type":"device"},"` + ann + `":{"type":"user"}}}`,
		"menus/main":             `{"id":"main","retries":2,"timeout":4000,"max_extension_length":3,"media":{"greeting":"greeting-1"}}`,
		"menus/deaf":             `{"id":"deaf","retries":1,"hunt":false,"suppress_media":true}`,
		"callflows/support":      `{"id":"support","numbers":["300"],"flow":{"module":"tts","data":{"text":"Support"}}}`,
		"callflows/again":        `{"id":"again","numbers":["301"],"flow":{"module":"callflow","data":{"id":"again"}}}`,
		"vmboxes/box":            `{"id":"box","mailbox":"1001"}`,
		"conferences/conference": `{"id":"conference","name":"Standup","play_welcome":false}`,
	} {
		o, err := jobj.ParseObject([]byte(text))
		if err != nil {
			panic(name) //nolint:forbidigo // a literal above is broken
		}
		docs[name] = o
	}
	return docs
}
