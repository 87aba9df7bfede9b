package webhooks

import (
	"strings"

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
	// label is the id as logs show it.
	label string
	// lane keeps the order of one call, document or message.
	lane string
	// record is what is remembered of it; nil when nothing is.
	record *journal.Event
	// main is what hooks send, old what those of Event.OldHook do; nil for none.
	main, old *payload.Base
}

func (e *Engine) newEvent(read *payload.Event, owner account.Account) *event {
	ev := &event{Event: *read, owner: owner, label: clip(read.ID), lane: read.ID}
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

func (e *Engine) render(build func(payload.Owner) payload.Payload, owner account.Account) *payload.Base {
	return payload.NewBase(func() payload.Payload {
		return build(payload.Owner{AccountID: owner.ID, ResellerID: owner.ResellerID})
	}, e.cfg.Compat, e.dep.ClusterID)
}

// rendition is what a hook sends for the event.
func (ev *event) rendition(hook *Hook) *payload.Base {
	if ev.old != nil && hook.Event == ev.OldHook && !hook.Own {
		return ev.old
	}
	return ev.main
}

// clip bounds what a message can put into a line of the log.
func clip(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
