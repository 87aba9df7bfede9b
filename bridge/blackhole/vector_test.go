package blackhole_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// The transcripts of the reference's sockets, played over a real one.
func TestWebsocketVectors(t *testing.T) {
	tally := vectortest.NewTally(t, "websocket")
	for _, record := range vectortest.Read(t, "websocket", "scenario", "steps", "listener_calls_on_disconnect") {
		t.Run(record.String("scenario"), func(t *testing.T) {
			play := newPlay(t, record)
			steps, _ := record.Get("steps")
			for i, step := range steps.([]any) {
				play.step(i, step.(jobj.Object))
			}
			switch {
			case len(play.wrong) > 0:
				tally.Disagree(record, "%s", strings.Join(play.wrong, "\n"))
			case len(play.quirks) > 0:
				tally.Differ(play.quirks[0])
			default:
				tally.Agree()
			}
		})
	}
}

// play is one transcript being played.
type play struct {
	t       *testing.T
	rig     *rig
	sockets map[int]*heard
	quirks  []string
	wrong   []string
}

// heard is a socket and what came from it.
type heard struct {
	*socket
	frames chan string
}

func newPlay(t *testing.T, record vectortest.Record) *play {
	t.Helper()
	p := &play{t: t, sockets: map[int]*heard{}}
	p.rig = newRig(t, in(fidelity.V50, fidelity.Kazoo), func(c *blackhole.Config, _ *blackhole.Dependencies) {
		if strings.Contains(record.String("scenario"), "rate") {
			c.Rate = limits.Rate{Tokens: 2, Refill: 1, Every: time.Hour}
		}
	})
	const root = "master00000000000000000000000000"
	p.rig.accounts.Put(account.Account{ID: root, Superduper: true})
	for i, realm := range []string{"a.sip.local", "b.sip.local", "c.sip.local"} {
		p.rig.accounts.Put(account.Account{ID: fmt.Sprintf("account%025d", i+1), Realm: realm, Tree: []string{root}})
	}
	return p
}

func (p *play) socket(n int) *heard {
	if s, open := p.sockets[n]; open {
		return s
	}
	s := &heard{p.rig.dial(p.t), make(chan string, 100)}
	s.SetPongHandler(func(data string) error {
		s.frames <- `{"opcode":"pong","payload":"` + data + `"}`
		return nil
	})
	go func() {
		defer close(s.frames)
		for {
			_, text, err := s.ReadMessage()
			if err != nil {
				return
			}
			s.frames <- string(text)
		}
	}()
	p.sockets[n] = s
	return s
}

func (p *play) step(i int, step jobj.Object) {
	number := 1
	if n := step.Int("socket"); n != 0 {
		number = int(n)
	}
	for _, m := range step {
		switch m.Key {
		case "socket", "account_id", "routing_key", "listener_calls", "received", "received_by_socket_2":
		case "send":
			p.socket(number).send(m.Value.(string))
		case "send_binary":
			if err := p.socket(number).WriteMessage(websocket.BinaryMessage, []byte(m.Value.(string))); err != nil {
				p.t.Fatal(err)
			}
		case "ping":
			_ = p.socket(number).WriteControl(websocket.PingMessage, []byte(m.Value.(string)), clock.System().Now().Add(patience))
		case "call_event":
			p.callEvent(m.Value.(jobj.Object), step)
		case "amqp_event":
			p.rig.Handle(blackhole.Message{RoutingKey: step.String("routing_key"), Body: jobj.Append(nil, m.Value)})
		case "close_socket":
			gone := p.socket(int(step.Int(m.Key)))
			before := p.rig.Open()
			_ = gone.Close()
			p.rig.open(p.t, before-1)
			delete(p.sockets, int(step.Int(m.Key)))
		default:
			p.wrong = append(p.wrong, fmt.Sprintf("step %d: member %q is not played", i, m.Key))
		}
	}
	p.expect(i, step, 1, "received")
	p.expect(i, step, 2, "received_by_socket_2")
}

func (p *play) callEvent(event, step jobj.Object) {
	m := blackhole.Message{
		RoutingKey: kapi.CallEventKey(event.String("Event-Name"), event.String("Call-ID")), Body: jobj.Append(nil, event),
	}
	if !step.Has("account_id") {
		p.rig.Handle(m)
		return
	}
	if err := p.rig.HandleCall(m, step.String("account_id")); err != nil {
		p.t.Fatal(err)
	}
}

// expect compares what a socket got in a step.
func (p *play) expect(i int, step jobj.Object, number int, member string) {
	value, _ := step.Get(member)
	list, _ := value.([]any)
	want := []string{}
	for _, one := range list {
		text, isText := one.(string)
		if !isText {
			text = string(jobj.Append(nil, one))
		}
		want = append(want, stable(text))
	}
	s, open := p.sockets[number]
	if !open {
		if len(want) > 0 {
			p.wrong = append(p.wrong, fmt.Sprintf("step %d: socket %d is not open", i, number))
		}
		return
	}
	closed := slices.ContainsFunc(want, func(text string) bool { return strings.Contains(text, `"connection":"closed"`) })
	got := s.receive(len(want), closed)
	if slices.Equal(got, want) {
		return
	}
	if quirk := reason(step, want, got); quirk != "" {
		p.quirks = append(p.quirks, quirk)
	} else {
		p.wrong = append(p.wrong, fmt.Sprintf("step %d:\n got %s\nwant %s", i, strings.Join(got, "\n     "), strings.Join(want, "\n     ")))
	}
	if closed { // the reference's client connects again
		_ = s.Close()
		delete(p.sockets, number)
	}
}

// receive returns what comes: as many frames as are awaited, and what follows at once.
func (s *heard) receive(awaited int, closed bool) []string {
	got := []string{}
	limit := patience
	if closed {
		awaited = 1
	}
	for {
		if len(got) >= awaited {
			limit = 30 * time.Millisecond
		}
		select {
		case text, more := <-s.frames:
			if !more {
				return append(got, "closed")
			}
			got = append(got, stable(text))
		case <-clock.System().After(limit):
			return got
		}
	}
}

var (
	madeUp  = regexp.MustCompile(`"request_id":"[0-9a-f]{32}"`)
	session = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+:\d+`)
)

// stable takes out what is random.
func stable(text string) string {
	return session.ReplaceAllString(madeUp.ReplaceAllString(text, `"request_id":"<id>"`), "<session>")
}

// reason is the quirk that explains why we answer otherwise, if one does.
func reason(step jobj.Object, want, got []string) string {
	sent, _ := jobj.ParseObject([]byte(step.String("send")))
	action := sent.String("action")
	has := func(frames []string, text string) bool {
		return slices.ContainsFunc(frames, func(f string) bool { return strings.Contains(f, text) })
	}
	failed, stays := has(got, `"status":"error"`), !slices.Contains(got, "closed")
	switch {
	case has(want, `"opcode":"close"`) && failed && stays:
		return "nonstring-crash"
	case strings.Contains(action, ".") && has(got, "authentication token required"):
		return "dot-skips-auth"
	case action == "*" || action == "#":
		return "wildcard-action"
	case has(want, "no available subscriptions") && has(got, "unauthorized account id"):
		return "tenant-hole"
	case len(want) == 0 && len(got) > 0 && has(got, `"action":"event"`), has(want, `"subscribed"`) && has(got, "not supported"):
		return "accepted-undelivered"
	}
	return ""
}
