package pivot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// noted is a quirk that the engine told of, and how much it had put out before.
type noted struct {
	quirk                  string
	published, asked, kept int
}

// stage is an engine between a recorded app and a scripted switch, in virtual time.
type stage struct {
	t      *testing.T
	line   *timeline.Timeline
	engine *pivot.Engine
	app    *app
	ask    func(context.Context, request.Request) (client.Answer, error)
	rules  []jobj.Object
	docs   map[string]jobj.Object
	// fetching is how long documents take, and fetched which were asked for.
	fetching time.Duration
	fetched  []string
	idle     time.Duration
	alarm    *timeline.Planned
	stop     context.CancelFunc
	late     bool               // keys after a completion are heard when what it had done is done
	giveUp   context.CancelFunc // ends the time

	published, bindings, saved []any
	notes                      []noted
	steps                      []pivot.Step
	askings                    int
	end                        string

	turns sync.Mutex
	turn  *sync.Cond
	queue []*waiting // requests in the order in which they are to be made
}

// Documents tells of the account's documents: at once, or as late as a store does.
func (s *stage) Documents(_ string, ids []string, then func(map[string]jobj.Object)) {
	s.fetched = append(s.fetched, strings.Join(ids, " "))
	s.line.After(s.fetching, func() { then(s.docs) })
}

func newStage(t *testing.T, app *app, flows pivot.Flows, compat fidelity.Compat, settings pivot.Settings) *stage {
	t.Helper()
	s := &stage{t: t, app: app, docs: map[string]jobj.Object{}, idle: 1500 * time.Millisecond}
	s.turn = sync.NewCond(&s.turns)
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s.line = timeline.New(timeline.Config{Start: start, Wall: clockwork.NewRealClock()})
	ctx, cancel := context.WithCancel(t.Context())
	s.stop, s.giveUp = cancel, func() {}
	s.ask = newAsker(t)
	s.engine = pivot.New(ctx, pivot.Config{
		Line: s.line, Bus: s, Asker: s, Flows: flows, Documents: s, Compat: compat, IDs: ids.Seeded(t.Name()), Node: "n@h", Log: slog.New(slog.DiscardHandler),
		Save: func(db string, doc jobj.Object) {
			s.saved = append(s.saved, jobj.Object{{Key: "db", Value: db}, {Key: "doc", Value: doc}})
		},
		Trace: s.trace, Await: s.await,
	})
	s.engine.Set(settings)
	return s
}

// play runs a pivot_req until nothing more happens.
func (s *stage) play(message jobj.Object, script []any) {
	for _, one := range script {
		entry, _ := one.(jobj.Object)
		s.line.After(time.Duration(entry.Int("after_ms"))*time.Millisecond, func() { s.happen(entry, jobj.Object{}, "") })
	}
	s.line.After(0, func() {
		s.engine.Start(message)
		if s.engine.Running() == 0 && s.end == "" {
			s.over("stopped")
		}
	})
	s.wake()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	s.giveUp = cancel
	s.line.After(24*time.Hour, func() {})
	run := make(chan error, 1)
	go func() { run <- s.line.Run(ctx, false) }()
	err := <-run
	if s.end == "" {
		s.t.Errorf("the call came to no end: %v", err)
	}
}

// wake has the recording go on for another while: it gave up when nothing happened for so long.
func (s *stage) wake() {
	if s.alarm != nil {
		s.alarm.Cancel()
	}
	s.alarm = s.line.After(s.idle, func() {
		s.over("still_running")
		s.giveUp() // what would come later is no part of the record
	})
}

func (s *stage) over(end string) {
	if s.end == "" {
		s.end = end
		s.stop()
	}
}

func (s *stage) trace(step pivot.Step) {
	s.steps = append(s.steps, step)
	switch step.Kind {
	case pivot.Asked, pivot.Reported:
		s.askings++
		s.wake()
	case pivot.Noted:
		s.notes = append(s.notes, noted{step.Quirk, len(s.published), s.askings, len(s.saved)})
	case pivot.Ended:
		s.line.After(0, func() { s.over("stopped") })
	default:
	}
}

// await holds the time while an answer is out, and has requests made in the order of asking.
func (s *stage) await(r request.Request) func() {
	w := &waiting{line: s.line, key: key(r)}
	s.turns.Lock()
	s.queue = append(s.queue, w)
	s.turns.Unlock()
	w.hold()
	return w.release
}

// waiting is one request's hold on the time.
type waiting struct {
	line *timeline.Timeline
	key  string
	held func()
}

func (w *waiting) hold() {
	if w.held == nil {
		w.held = w.line.Hold()
	}
}

func (w *waiting) release() {
	if w.held != nil {
		w.held()
		w.held = nil
	}
}

func key(r request.Request) string { return fmt.Sprint(r.Method, r.URL, r.Body, r.Iteration) }

// Ask makes a request when it is its turn. What the record says that the answer takes passes on the timeline.
func (s *stage) Ask(ctx context.Context, r request.Request) (client.Answer, error) {
	s.turns.Lock()
	for s.queue[0].key != key(r) {
		s.turn.Wait()
	}
	own := s.queue[0]
	s.turns.Unlock()
	answer, err := s.ask(ctx, r)
	wait := s.app.wait()
	s.turns.Lock()
	s.queue = s.queue[1:]
	s.turn.Broadcast()
	s.turns.Unlock()
	if wait == 0 {
		return answer, err
	}
	if r.Timeout > 0 && wait > r.Timeout {
		wait, err = r.Timeout, errors.New("it took longer than it may")
	}
	passed := make(chan struct{})
	if s.line.Do(ctx, func() {
		own.release()
		s.line.After(wait, func() {
			own.hold()
			close(passed)
		})
	}) != nil {
		return answer, ctx.Err()
	}
	select {
	case <-passed:
	case <-ctx.Done():
	}
	return answer, err
}

// endless is how much a call may say: a prompt without end is heard for no time here.
const endless = 500

// Bind notes a binding.
func (s *stage) Bind(queue, exchange, key string) {
	s.bindings = append(s.bindings, jobj.Object{
		{Key: "queue", Value: queue}, {Key: "exchange", Value: exchange}, {Key: "routing_key", Value: key},
	})
}

// Unbind is of no concern to a record.
func (s *stage) Unbind(string, string, string) {}

// Publish plays the switch: a rule for a command or message has its events sent.
func (s *stage) Publish(exchange, key string, message jobj.Object) {
	s.published = append(s.published, jobj.Object{
		{Key: "exchange", Value: exchange}, {Key: "routing_key", Value: key}, {Key: "content_type", Value: "application/json"},
		{Key: "payload", Value: message},
	})
	if s.wake(); len(s.published) > endless {
		s.over("still_running")
	}
	names := []string{message.String("Event-Category") + "/" + message.String("Event-Name")}
	noop := ""
	if name := message.String("Application-Name"); name != "" {
		names = append(names, name)
	}
	commands, _ := message.Get("Commands")
	list, _ := commands.([]any)
	for _, one := range list {
		command, _ := one.(jobj.Object)
		names = append(names, command.String("Application-Name"))
		if command.String("Application-Name") == "noop" {
			noop = command.String("Msg-ID")
		}
	}
	if message.String("Application-Name") == "noop" {
		noop = message.String("Msg-ID")
	}
	for i, rule := range s.rules {
		for _, name := range names {
			if rule.String("on") == name {
				s.rules = append(append([]jobj.Object{}, s.rules[:i]...), s.rules[i+1:]...)
				s.happen(rule, message, noop)
				return
			}
		}
	}
	if noop != "" && message.String("App-Name") != "call_response" {
		s.send(completion(message.String("Call-ID"), noop))
	}
}

func completion(callID, noop string) jobj.Object {
	return jobj.Object{
		{Key: "Event-Category", Value: "call_event"}, {Key: "Event-Name", Value: "CHANNEL_EXECUTE_COMPLETE"}, {Key: "Call-ID", Value: callID},
		{Key: "Application-Name", Value: "noop"}, {Key: "Application-Response", Value: noop},
	}
}

// happen sends the events of a rule.
func (s *stage) happen(rule, message jobj.Object, noop string) {
	value, _ := rule.Get("events")
	events, _ := value.([]any)
	completed := false
	for _, one := range events {
		event, _ := one.(jobj.Object)
		if event.Bool(false, "$noop") {
			completed = true
			if noop != "" {
				s.send(completion(message.String("Call-ID"), noop))
			}
			continue
		}
		text := strings.NewReplacer(`"$call"`, `"call-1@10.0.0.5"`, `"$msg"`, string(jobj.Append(nil, message.String("Msg-ID"))),
			`"$noop"`, string(jobj.Append(nil, noop))).Replace(string(jobj.Append(nil, event.Delete("$reply"))))
		ready, err := jobj.ParseObject([]byte(text))
		if err != nil {
			s.t.Fatalf("event of a rule: %v", err)
		}
		if completed && s.late {
			s.line.After(0, func() { s.send(ready) })
		} else {
			s.send(ready)
		}
	}
}

// send hands an event to whoever is there, a moment later.
func (s *stage) send(event jobj.Object) {
	s.line.After(0, func() {
		s.wake()
		for _, one := range s.bindings {
			if binding, _ := one.(jobj.Object); binding.String("exchange") == "targeted" {
				s.engine.Hear(binding.String("queue"), event)
			}
		}
	})
}
