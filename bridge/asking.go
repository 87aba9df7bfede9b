package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
)

const (
	// restApp and restVersion sign what REST sends, as crossbar of the reference does.
	restApp, restVersion = "crossbar", "4.0.0"
	// quietAnswers is how long nothing must have followed an answer for all to have
	// answered where it is not known how many there are beside those that are counted.
	quietAnswers = 100 * time.Millisecond
)

// asker puts what REST asks and commands on the bus.
type asker struct{ *Bridge }

func (a asker) sender() kapi.Sender {
	return kapi.Sender{
		Node: a.cfg.NodeName, AppName: restApp, AppVersion: restVersion,
		MsgID: func() string { return a.cfg.IDs.Hex(16) },
	}
}

// Publish sends a message as its kind travels.
func (a asker) Publish(ctx context.Context, kind kapi.Publication, fields jobj.Object) error {
	a.bus.DeclareExchange(kind.Exchange, kapi.ExchangeType(kind.Exchange))
	m, err := kind.Message(a.sender(), fields)
	if err != nil {
		return err
	}
	return heard(a.bus.Publish(ctx, bus.Message{
		Exchange: m.Exchange, Key: m.Key, Body: m.Payload(), ContentEncoding: m.ContentEncoding(), Mandatory: m.Mandatory,
	}))
}

// Ask sends a question and gathers the answers. One that cannot be read is passed over.
// Switches are waited for as the reference does it: for as many answers as there are
// nodes that say they have some, and to the end where none says so.
func (a asker) Ask(ctx context.Context, q crossbar.Question) ([]jobj.Object, error) {
	a.bus.DeclareExchange(q.Kind.Exchange, kapi.ExchangeType(q.Kind.Exchange))
	m, err := q.Kind.Message(a.sender(), q.Fields)
	if err != nil {
		return nil, err
	}
	var answers []jobj.Object
	known := 0
	until := bus.Gathering{Quiet: quietAnswers, AtLeast: q.AtLeast}
	if q.Switches {
		known, until.Quiet = a.switches.count(), 0
	}
	until.Enough = func(replies []bus.Delivery) bool {
		if answer, err := jobj.ParseObject(replies[len(replies)-1].Body); err == nil {
			answers = append(answers, answer)
		} else {
			a.cfg.Log.WarnContext(ctx, "answer dropped", "to", q.Kind.Name, "error", err)
		}
		return known > 0 && len(replies) >= known || q.Enough != nil && q.Enough(answers)
	}
	_, err = a.bus.Collect(ctx, bus.Request{
		Exchange: m.Exchange, Key: m.Key, Fields: q.Fields,
		Encode: func(fields jobj.Object) ([]byte, error) {
			m, err := q.Kind.Message(a.sender(), fields)
			return m.Payload(), err
		},
	}, until)
	return answers, heard(err)
}

// heard tells of a message that nobody took in the words of REST.
func heard(err error) error {
	if _, returned := errors.AsType[*bus.ReturnedError](err); returned {
		return crossbar.ErrUnheard
	}
	return err
}
