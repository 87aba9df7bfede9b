package switchboard

import (
	"errors"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Click has the switch call itself for what an account's telephone could dial, and connects who
// answers there with a number: so does a click to call. vars are variables of the switch's own two
// legs, of which the first, the caller's, is returned.
func (b *Board) Click(a pbx.Account, dialled, callID string, shown pbx.Party, vars jobj.Object, to string, then Then) (*pbx.Channel, error) {
	outer, inner, err := b.Core.PlaceLoop(a, dialled, callID, shown, vars)
	if err != nil {
		return nil, err
	}
	b.onward[outer] = func(then Then) { b.answerOriginated(outer, to, then) }
	b.act(then, later(func() error { return b.route(inner) }), soon(func() error {
		b.RingCalled(inner, dialled, func(err error) {
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
