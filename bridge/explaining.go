package bridge

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/explain"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// explainer says why events fired or not.
func (b *Bridge) explainer() *explain.Explainer {
	dep := explain.Dependencies{
		Journal: b.journal, Engine: b.engine, Documents: b.cfg.Store, Accounts: b.directory, Live: b.hooks,
		Parked: b.stillParked, Parse: b.changes.read,
	}
	if b.cfg.Sockets.served() {
		dep.Sockets = b.socketsSent
	}
	return explain.New(dep)
}

// stillParked says whether a delivery that was parked still is, on whichever node, and
// what this one knows of when it is made.
func (b *Bridge) stillParked(ctx context.Context, d journal.Delivery) (bool, webhooks.Waiting, error) {
	key := store.HookKey{AccountID: d.AccountID, HookID: d.Parking.HookID}
	is, err := b.cfg.Store.IsParked(ctx, store.ParkedKey{HookKey: key, ID: d.Parking.Row})
	return is, b.engine.Waiting(key), err
}

// socketsSent says to which websockets of this node a message went.
func (b *Bridge) socketsSent(m webhooks.Message) explain.SocketsSent {
	body, err := kapi.Unpack(m.Body, m.ContentEncoding, b.cfg.Webhooks.MaxEvent)
	if err != nil {
		return explain.SocketsSent{}
	}
	received := b.sockets.hub.Received(blackhole.Message{RoutingKey: m.RoutingKey, Body: body})
	sent := explain.SocketsSent{Unlisted: received.Frames - len(received.First)}
	for _, r := range received.First {
		sent.Sockets = append(sent.Sockets, explain.Socket(r))
	}
	return sent
}

// listening says since when this node takes events, if it does.
func (b *Bridge) listening() (since time.Time, ok bool) {
	at := b.taking.Load()
	if at == nil || !b.bus.State().Connected || !b.subscribed() {
		return time.Time{}, false
	}
	return *at, true
}
