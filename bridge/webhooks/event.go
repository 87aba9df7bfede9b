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
	// main is what hooks send, old what those of Event.OldHook do; nil for none.
	main, old *rendition
}

// rendition is one payload of an event with the two encodings that hooks without
// custom_data share. Each is made when first asked for.
type rendition struct {
	base       func() payload.Payload
	form, json func() encoded
}

type encoded struct {
	payload payload.Payload
	text    []byte
}

func (e *Engine) newEvent(read *payload.Event, owner account.Account) *event {
	ev := &event{Event: *read, owner: owner, lane: read.ID}
	if ev.lane == "" {
		ev.lane = e.dep.IDs.Hex(10)
	}
	ev.main = e.render(read.Payload, owner)
	if read.OldHook != "" {
		ev.old = e.render(read.OldPayload, owner)
	}
	ev.Payload, ev.OldPayload = nil, nil // what waits in a lane does not keep the message
	return ev
}

func (e *Engine) render(build func(payload.Owner) payload.Payload, owner account.Account) *rendition {
	base := sync.OnceValue(func() payload.Payload {
		return build(payload.Owner{AccountID: owner.ID, ResellerID: owner.ResellerID})
	})
	plain := sync.OnceValue(func() payload.Payload { return base().Merge(nil, e.dep.ClusterID) })
	return &rendition{
		base: base,
		form: sync.OnceValue(func() encoded { return encoded{plain(), plain().Form()} }),
		json: sync.OnceValue(func() encoded { return encoded{plain(), plain().JSON()} }),
	}
}

// rendition is what a hook sends for the event.
func (ev *event) rendition(hook *Hook) *rendition {
	if ev.old != nil && hook.Event == ev.OldHook && !hook.Own {
		return ev.old
	}
	return ev.main
}
