package webhooks

import (
	"sync"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// event is a message on its way to the hooks it concerns. It is never changed
// once made, and may be used by many goroutines.
type event struct {
	payload.Event
	// owner is the account that it happened in.
	owner account.Account
	// lane keeps the order of one call, document or message.
	lane string
	// record is what is remembered of it; nil when nothing is.
	record *journal.Event

	// base is the payload before custom_data; form and json are the two encodings
	// that hooks without custom_data share. Each is made when first asked for.
	base       func() payload.Payload
	form, json func() encoded
}

type encoded struct {
	payload payload.Payload
	text    []byte
}

func (e *Engine) newEvent(read *payload.Event, owner account.Account) *event {
	ev := &event{Event: *read, owner: owner, lane: read.ID}
	ev.Payload = nil // what waits in a lane keeps the payload only
	if ev.lane == "" {
		ev.lane = e.dep.IDs.Hex(10)
	}
	ev.base = sync.OnceValue(func() payload.Payload {
		return read.Payload(payload.Owner{AccountID: owner.ID, ResellerID: owner.ResellerID})
	})
	plain := sync.OnceValue(func() payload.Payload { return ev.base().Merge(nil, e.dep.ClusterID) })
	ev.form = sync.OnceValue(func() encoded { return encoded{plain(), plain().Form()} })
	ev.json = sync.OnceValue(func() encoded { return encoded{plain(), plain().JSON()} })
	return ev
}
