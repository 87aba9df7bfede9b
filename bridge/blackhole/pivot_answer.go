package blackhole

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/blackhole/apps"
	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Refusals of an answer.
const (
	errPivotUnknown  = refusal("unknown pivot request")
	errPivotAnswered = refusal("pivot request already answered")
	errPivotExpired  = refusal("pivot request expired")
)

// replying is the action pivot_answer. The engine says whether an answer is taken, as it
// alone knows which was first; its reply comes then.
type replying struct {
	*exchange
	apps.Answer
}

func (x *exchange) readAnswer() (job, error) {
	answer, err := apps.ReadAnswer(x.Data)
	if err != nil {
		return nil, refusal(err.Error())
	}
	return replying{x, answer}, nil
}

// authorize asks nothing: requests are answered by the socket that they were sent to.
func (replying) authorize(string) error { return nil }

func (r replying) run(context.Context) (jobj.Object, error) {
	h := r.hub
	now := h.dep.Clock.Now()
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	one := r.heldPivot(r.PivotID)
	switch {
	case one == nil && r.pivot != nil && r.pivot.ended[r.PivotID] != "":
		return nil, r.pivot.ended[r.PivotID]
	case one == nil:
		return nil, errPivotUnknown
	case one.state != asked:
		return nil, errPivotAnswered
	case !now.Before(one.until):
		h.pivot.end(one, errPivotExpired)
		return nil, errPivotExpired
	}
	one.state = answering
	one.registration.open--
	one.exchange = r.exchange
	one.answer = kapi.PivotAppsMessage{
		Name: kapi.PivotAnswer, PivotID: one.id, Registration: one.registration.id,
		Status: r.Status, ContentType: r.ContentType, Body: r.Body,
	}
	r.answered = true
	h.dep.Engines.Tell(one.engine, one.answer)
	return r.last, nil
}

// heldPivot is a request of this socket's, and of no other. The table is locked.
func (s *session) heldPivot(id string) *held {
	if s.pivot == nil {
		return nil
	}
	return s.pivot.held[id]
}

// owed says that a frame answers a request which has had no answer yet, however bad: that
// one takes no token of the rate. A client would else be refused what it was asked for.
func (x *exchange) owed() bool {
	if x.Action != command.PivotAnswer {
		return false
	}
	t := x.hub.pivot
	t.mu.Lock()
	defer t.mu.Unlock()
	one := x.heldPivot(x.Data.String("pivot_id"))
	if one == nil || one.paid {
		return false
	}
	one.paid = true
	return true
}

// refuse tells the client that its answer was not taken.
func (one *held) refuse(why refusal) {
	one.exchange.reply(command.Error, command.Refusal(string(why)))
}
