package crossbar

import (
	"context"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// ErrUnheard says that a message reached no queue: nobody is there to act on it.
var ErrUnheard = errors.New("nobody listens on the bus")

// Bus takes questions and commands to switches and to other nodes. Its errors are
// ErrUnheard, and others for a broker that could not be reached in time.
type Bus interface {
	// Publish returns when the broker has taken the message.
	Publish(ctx context.Context, kind kapi.Publication, fields jobj.Object) error
	// Ask publishes a question and returns what everyone answers, in the order of
	// arrival, when they are all or ctx ends, which is no error once the question is
	// out. Without anyone to hear it, it is ErrUnheard at once.
	Ask(ctx context.Context, q Question) ([]jobj.Object, error)
}

// Question is what anyone on the bus may answer.
type Question struct {
	Kind   kapi.Publication
	Fields jobj.Object
	// Enough is asked after each answer, with all so far; nil never has enough.
	Enough func(answers []jobj.Object) bool
	// AtLeast is how many answers must have come before it is over when none follows
	// for a moment; 0 is one.
	AtLeast int
	// Switches says that it is for all nodes with switches, and over when as many have
	// answered as are known; AtLeast then means nothing.
	Switches bool
}

// askLimit is how long answers from the bus are waited for
// (kz_amqp_worker:default_timeout/0).
const askLimit = 2 * time.Second

// deserted is the bus where there is none.
type deserted struct{}

// Publish drops what needs nobody to hear it.
func (deserted) Publish(_ context.Context, kind kapi.Publication, _ jobj.Object) error {
	if kind.Mandatory {
		return ErrUnheard
	}
	return nil
}

// Ask finds nobody.
func (deserted) Ask(context.Context, Question) ([]jobj.Object, error) { return nil, ErrUnheard }

// ask puts a question to the bus within askLimit.
func (h *handler) ask(ctx context.Context, q Question) ([]jobj.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return h.Bus.Ask(ctx, q)
}

// tell publishes a command within askLimit.
func (h *handler) tell(ctx context.Context, req *request, kind kapi.Publication, fields jobj.Object) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	err := h.Bus.Publish(ctx, kind, fields)
	if err == nil || errors.Is(err, ErrUnheard) {
		return err
	}
	return h.unreachable(ctx, req, "could not reach the switch", err)
}

// unreachable is the answer when the broker was not reached.
func (h *handler) unreachable(ctx context.Context, req *request, message string, err error) error {
	h.Log.WarnContext(ctx, "the bus was not reached", "answer", message, "request_id", req.id, "error", err)
	return &fault{status: http.StatusInternalServerError, message: message, data: jobj.Object{}}
}

// messageID is the Msg-ID of what a request asks of the bus; "" lets the bus choose,
// where a client has chosen what cannot stand in a message.
func (r *request) messageID() string {
	const longest = 128
	if len(r.id) > longest || !utf8.ValidString(r.id) {
		return ""
	}
	return r.id
}
