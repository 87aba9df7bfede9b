package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// phones are a switch and its callers, on the engine's timeline: a prompt is followed by a
// key at once, a hangup by the end of the call, and that by another call.
type phones struct {
	options

	line   *timeline.Timeline
	engine *pivot.Engine
	fail   context.CancelCauseFunc

	slots   map[string]int // of the calls that are up
	begun   int
	began   time.Time
	waiting chan struct{} // a call that is to wait does
}

func newSwitch(line *timeline.Timeline, o options, fail context.CancelCauseFunc) *phones {
	if o.account == "" {
		o.account = "5ccb3a1e90d2f74c86ba0f2de1b7c394"
	}
	return &phones{
		options: o, line: line, fail: fail, slots: map[string]int{}, waiting: make(chan struct{}, atATime),
	}
}

const (
	realm     = "acme.sip.example.com"
	telephone = "9a1ed5c40c7f4f0e8a6f6a1b4f1d9e07"
)

// hold has calls come to wait for a digit, a few at a time.
func (s *phones) hold(ctx context.Context) error {
	started := 0
	for done := 0; done < s.held; {
		for ; started < s.held && started-done < atATime; started++ {
			if err := s.line.Do(ctx, func() { s.call(fmt.Sprintf("%s%d@10.0.0.5", heldMark, started), s.url+holding) }); err != nil {
				return err
			}
		}
		select {
		case <-s.waiting:
			done++
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// atATime is how many of them ask at once.
const atATime = 64

// heldMark begins the ids of calls that wait.
const heldMark = "held-"

// begin has the other calls come.
func (s *phones) begin() {
	s.began = s.line.Now()
	if s.rate > 0 {
		s.arrive()
		return
	}
	for slot := range s.calls {
		s.start(slot)
	}
}

// arrive has come who is due, whatever becomes of the others.
func (s *phones) arrive() {
	const pause, most = time.Millisecond, slots / 4
	for due := int(s.line.Now().Sub(s.began).Seconds() * s.rate); s.begun < due; {
		s.start(s.begun % slots)
	}
	if len(s.slots) > most {
		s.fail(failed{fmt.Errorf("%d calls are up: %.0f a second are too many", len(s.slots), s.rate)})
		return
	}
	s.line.After(pause, s.arrive)
}

func (s *phones) start(slot int) {
	s.begun++
	id := fmt.Sprintf("%08d-%d@10.0.0.5", s.begun, slot)
	s.slots[id] = slot
	s.call(id, s.url+path(slot, 0))
}

func (s *phones) call(id, url string) {
	s.engine.Start(jobj.Object{
		{Key: "Call", Value: jobj.Object{
			{Key: "Call-ID", Value: id}, {Key: "Account-ID", Value: s.account}, {Key: "Account-DB", Value: kapi.AccountDB(s.account)},
			{Key: "Control-Queue", Value: "control"}, {Key: "Controller-Queue", Value: "callflow"}, {Key: "Call-Direction", Value: "inbound"},
			{Key: "Resource-Type", Value: "audio"}, {Key: "From", Value: "1001@" + realm}, {Key: "To", Value: "2000@" + realm},
			{Key: "Request", Value: "2000@" + realm}, {Key: "Caller-ID-Name", Value: "Ann Lee"}, {Key: "Caller-ID-Number", Value: "1001"},
			{Key: "Authorizing-ID", Value: telephone},
		}},
		{Key: "Voice-URI", Value: url}, {Key: "HTTP-Method", Value: "post"}, {Key: "Request-Format", Value: "twiml"},
		{Key: "Event-Category", Value: "dialplan"}, {Key: "Event-Name", Value: "pivot_req"},
	})
}

// Publish takes what the engine commands.
func (s *phones) Publish(_, _ string, m jobj.Object) {
	id := m.String("Call-ID")
	switch m.String("Application-Name") {
	case "queue": // a prompt
		queue, event := m.String("Server-ID"), pressed(id)
		isHeld := strings.HasPrefix(id, heldMark)
		if isHeld {
			event = finished(id, m)
		}
		s.line.After(0, func() {
			s.engine.Hear(queue, event)
			if isHeld {
				s.waiting <- struct{}{}
			}
		})
	case "hangup":
		slot, up := s.slots[id]
		if !up {
			return // the document's end hangs up once more
		}
		delete(s.slots, id)
		queue := m.String("Server-ID")
		s.line.After(0, func() {
			over := event(id, "CHANNEL_DESTROY", jobj.Member{Key: "Hangup-Cause", Value: "NORMAL_CLEARING"})
			s.engine.Hear(queue, over)
			s.engine.Hear(pivot.ListenerQueue, over)
			if s.rate == 0 {
				s.start(slot)
			}
		})
	}
}

// Bind is no matter: queues are known from commands.
func (*phones) Bind(string, string, string) {}

// Unbind neither.
func (*phones) Unbind(string, string, string) {}

func event(id, name string, more ...jobj.Member) jobj.Object {
	return append(jobj.Object{
		{Key: "Event-Category", Value: "call_event"}, {Key: "Event-Name", Value: name}, {Key: "Call-ID", Value: id},
		{Key: "Channel-State", Value: "ROUTING"}, {Key: "Channel-Call-State", Value: "ANSWERED"},
	}, more...)
}

func pressed(id string) jobj.Object {
	return event(id, "DTMF", jobj.Member{Key: "DTMF-Digit", Value: digit}, jobj.Member{Key: "DTMF-Duration", Value: "2000"})
}

// finished says that a prompt has been heard to its end, which is where its noop is.
func finished(id string, queue jobj.Object) jobj.Object {
	commands, _ := queue.Get("Commands")
	list, _ := commands.([]any)
	noop := ""
	for _, one := range list {
		if command, _ := one.(jobj.Object); command.String("Application-Name") == "noop" {
			noop = command.String("Msg-ID")
		}
	}
	return event(id, "CHANNEL_EXECUTE_COMPLETE", jobj.Member{Key: "Application-Name", Value: "noop"}, jobj.Member{Key: "Application-Response", Value: noop})
}

// trace ends all when a call goes wrong: what is measured then is something else.
func (s *phones) trace(step pivot.Step) {
	if step.Kind == pivot.Failed {
		s.fail(failed{fmt.Errorf("call %s: %s", step.CallID, step.Text)})
	}
}
