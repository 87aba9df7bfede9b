package crossbar_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// switchboard is a bus whose answers are scripted, and which keeps what was said.
type switchboard struct {
	mu   sync.Mutex
	seen []kapi.Message
	// answer is what those who listen answer; nil: nobody listens.
	answer func(message jobj.Object) []jobj.Object
	// down is the error while there is no broker.
	down error
}

func (s *switchboard) say(kind kapi.Publication, fields jobj.Object) (kapi.Message, error) {
	if s.down != nil {
		return kapi.Message{}, s.down
	}
	m, err := kind.Message(kapi.Sender{
		Node: "kazoo_apps@ref.test", AppName: "crossbar", AppVersion: "4.0.0", MsgID: func() string { return "drawn" },
	}, fields)
	return m, err
}

func (s *switchboard) Publish(_ context.Context, kind kapi.Publication, fields jobj.Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.say(kind, fields)
	if err != nil {
		return err
	}
	s.seen = append(s.seen, m)
	if kind.Mandatory && s.answer == nil {
		return crossbar.ErrUnheard
	}
	return nil
}

// Ask adds what brings answers back, as the bus does. The reference knows which nodes
// are switches, and asks for no list where there is none.
func (s *switchboard) Ask(ctx context.Context, q crossbar.Question) ([]jobj.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fields := q.Fields
	if fields.String("Msg-ID") == "" {
		fields = fields.Set("Msg-ID", "drawn")
	}
	log := fields.String("Msg-ID")
	if call := fields.String("Call-ID"); call != "" {
		log = call
	}
	m, err := s.say(q.Kind, fields.Set("System-Log-ID", log).Set("Server-ID", "queue"))
	if err != nil {
		return nil, err
	}
	if s.answer != nil || !q.Switches || q.Kind.Name == kapi.ChannelQuery().Name {
		s.seen = append(s.seen, m)
	}
	if s.answer == nil {
		return nil, crossbar.ErrUnheard
	}
	message, err := jobj.ParseObject(m.Body)
	if err != nil {
		return nil, err
	}
	var answers []jobj.Object
	for _, answer := range s.answer(message) {
		answers = append(answers, answer)
		if q.Enough != nil && q.Enough(answers) {
			return answers, nil
		}
	}
	if q.AtLeast > len(answers) {
		<-ctx.Done()
	}
	return answers, nil
}

// take returns what was said since the last call.
func (s *switchboard) take() []kapi.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

// said is a message in one line: exchange, key, body.
func said(m kapi.Message) string {
	return strings.Join([]string{m.Exchange, m.Key, string(m.Body)}, " ")
}

// ecallmgr answers questions about channels as the switch of the reference does. Its
// channels have both shapes: that of lists, and under "one" that of a channel alone.
type ecallmgr struct{ channels []jobj.Object }

func (e ecallmgr) answer(message jobj.Object) []jobj.Object {
	var matching []any
	for _, channel := range e.channels {
		names, _ := message.Get("Usernames")
		list, _ := names.([]any)
		switch message.String("Event-Name") {
		case "query_account_channels_req":
			if asked := message.String("Account-ID"); asked != "all" && asked != channel.String("account_id") {
				continue
			}
		case "query_user_channels_req":
			if !slices.Contains(list, any(channel.String("username"))) || message.String("Realm") != channel.String("realm") {
				continue
			}
		case "query_channels_req":
			if message.String("Call-ID") == channel.String("uuid") {
				return []jobj.Object{{{Key: "Channels", Value: jobj.Object{{Key: channel.String("uuid"), Value: channel.Object("one")}}}}}
			}
			continue
		default:
			return nil
		}
		matching = append(matching, channel.Delete("one"))
	}
	if message.String("Event-Name") == "query_channels_req" {
		return nil // a switch that has not the channel keeps silent
	}
	return []jobj.Object{{{Key: "Channels", Value: matching}}}
}

var errNoBroker = errors.New("no broker")
