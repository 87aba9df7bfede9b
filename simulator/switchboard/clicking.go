package switchboard

import (
	"errors"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Click is a click to call: of two ends, each of which can be whoever a telephone could dial.
type Click struct {
	First, Second string // what is dialled for each
	CallID        string // of the leg that is to be the first one's; "" for one of the switch's choice
	Shown         pbx.Party
	Vars          jobj.Object // of the switch's own legs
}

// Click has the switch call itself for the first of two, and connects who answers there with the
// second. The leg that it returns is the caller's of the switch's own pair.
func (b *Board) Click(a pbx.Account, click Click, then Then) (*pbx.Channel, error) {
	outer, inner, err := b.Core.PlaceLoop(a, click.First, click.CallID, click.Shown, click.Vars)
	if err != nil {
		return nil, err
	}
	b.onward[outer] = func(then Then) { b.answerOriginated(outer, click.Second, then) }
	b.act(then, later(func() error { return b.route(inner) }), soon(func() error {
		b.RingCalled(inner, click.First, func(err error) {
			if _, nobody := errors.AsType[*NobodyError](err); nobody {
				b.Hangup(inner, "NO_ROUTE_DESTINATION", nil)
				return
			}
			b.done(nil, err)
		})
		return nil
	}))
	return outer, nil
}
