package cli

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge"
)

// answerLimit is how long the first attempt may last before people are told of
// it: a host that drops what it is sent takes five seconds to fail.
const answerLimit = time.Second

// runBridge runs b, and tells why it is without its broker: once of each cause,
// and anew after a connection.
func (a *app) runBridge(ctx context.Context, b *bridge.Bridge, tell func(why string)) error {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	watch.Go(func() { a.watchBroker(watching, b, tell) })
	return b.Run(ctx)
}

func (a *app) watchBroker(ctx context.Context, b *bridge.Bridge, tell func(why string)) {
	told := map[string]bool{}
	once := func(why string) {
		if !told[why] {
			told[why] = true
			tell(why)
		}
	}
	slow := a.Clock.After(answerLimit)
	for {
		state, changed := b.Broker()
		switch {
		case state.Connected:
			clear(told)
		case state.LastError != nil:
			once(whyNoBroker(state.LastError))
		}
		select {
		case <-changed:
		case <-slow:
			if !state.Connected && state.LastError == nil {
				once("no answer yet")
			}
		case <-ctx.Done():
			return
		}
	}
}

// whyNoBroker says in plain words why there is no connection. The words of one
// cause stay the same, whereas the library's name the port of the attempt.
func whyNoBroker(err error) string {
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host " + lookup.Name + " is not found"
	}
	const brokeOff = "the connection broke off; does an AMQP broker answer there?"
	refusal, ok := errors.AsType[*amqp.Error](err)
	network, _ := errors.AsType[*net.OpError](err)
	switch {
	case !ok && network != nil && network.Op != "dial": // it stood, and was cut while something was read or written
		return brokeOff
	case !ok: // what the broker refuses for good is among these
		return cause(err).Error()
	case !refusal.Server:
		return brokeOff
	}
	return refusal.Reason
}
