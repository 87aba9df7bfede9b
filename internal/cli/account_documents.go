package cli

import (
	"context"
	"log/slog"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// documentSource is where the documents of accounts are kept. What is not there is nil, and no error.
type documentSource interface {
	document(ctx context.Context, accountID, collection, id string) (jobj.Object, error)
	owned(ctx context.Context, accountID, ownerID string) ([]jobj.Object, error)
	flow(ctx context.Context, accountID, dialled string) (callflow.Flow, error)
}

// accountDocuments fetches documents beside the timeline, which goes on meanwhile.
type accountDocuments struct {
	ctx    context.Context //nolint:containedctx // its own life: a flow asks without one
	line   *timeline.Timeline
	source documentSource
	log    *slog.Logger
}

// fetch does something beside the timeline, and then something on it.
func (d *accountDocuments) fetch(what string, do func(ctx context.Context) error, then func()) {
	leave := d.line.Stay()
	go func() {
		ctx, cancel := context.WithTimeout(d.ctx, askLimit)
		defer cancel()
		if err := do(ctx); err != nil && d.ctx.Err() == nil {
			d.log.Warn("what an account has stored cannot be read", "what", what, "error", err)
		}
		_ = d.line.Do(d.ctx, func() { // its end is the simulation's
			leave()
			then()
		})
	}()
}

// Document fetches a document by the name of its collection in REST.
func (d *accountDocuments) Document(accountID, collection, id string, then func(doc jobj.Object, found bool)) {
	var doc jobj.Object
	d.fetch(collection+" "+id, func(ctx context.Context) (err error) {
		doc, err = d.source.document(ctx, accountID, collection, id)
		return err
	}, func() { then(doc, doc != nil) })
}

// Owned fetches the devices of a user.
func (d *accountDocuments) Owned(accountID, ownerID string, then func(devices []jobj.Object)) {
	var devices []jobj.Object
	d.fetch("devices of "+ownerID, func(ctx context.Context) (err error) {
		devices, err = d.source.owned(ctx, accountID, ownerID)
		return err
	}, func() { then(devices) })
}

// Flow fetches the callflow that what was dialled leads to.
func (d *accountDocuments) Flow(accountID, dialled string, then func(flow callflow.Flow, found bool)) {
	var flow callflow.Flow
	d.fetch("the callflow of "+dialled, func(ctx context.Context) (err error) {
		flow, err = d.source.flow(ctx, accountID, dialled)
		return err
	}, func() { then(flow, flow.ID != "") })
}
