package control

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Take has the switch take a message that an application in the same process says, in place of one
// from a bus (see Subscribe). It is for the goroutine of the timeline. False tells that the message is
// none for a switch.
func (c *Control) Take(exchange, key string, message jobj.Object) bool {
	for _, hears := range []struct {
		exchange, begins string
		handle           func(jobj.Object)
	}{
		{kapi.ExchangeCallControl, CommandQueue, c.command},
		{kapi.ExchangeCallEvents, "call.status_req.", c.query},
		{kapi.ExchangeMetaflow, "metaflow.action.", c.action},
		{kapi.ExchangeMetaflow, "metaflow.flow.", c.flow},
		{kapi.ExchangeCallManager, kapi.OriginateKey, c.originate},
		{kapi.ExchangeConference, "conference.command.", c.conference},
		{kapi.ExchangeConference, "conference.discovery", c.discover},
	} {
		if exchange == hears.exchange && strings.HasPrefix(key, hears.begins) {
			hears.handle(message)
			return true
		}
	}
	return false
}
