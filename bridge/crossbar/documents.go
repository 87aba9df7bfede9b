package crossbar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// load reads a document of one type that belongs to one account. To everyone else
// it does not exist, and neither does a deleted one.
func (h *handler) load(ctx context.Context, db, id, typ, accountID string) (store.Document, error) {
	doc, err := h.Store.Get(ctx, db, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return doc, badIdentifier(id)
	case err != nil:
		return doc, err
	case doc.Deleted || doc.Type != typ || doc.AccountID != accountID:
		return doc, badIdentifier(id)
	}
	return doc, nil
}

// unused makes sure that a new document's id is free: one that was soft-deleted
// still has it.
func (h *handler) unused(ctx context.Context, db, id string) error {
	if id == "" {
		return nil
	}
	_, err := h.Store.Get(ctx, db, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return conflict()
}

// create writes a new document and tells everyone.
func (h *handler) create(ctx context.Context, req *request, doc store.Document) (store.Document, error) {
	return h.save(ctx, req, kapi.ActionCreated, doc)
}

// update writes a document that was read before and tells everyone.
func (h *handler) update(ctx context.Context, req *request, doc store.Document) (store.Document, error) {
	return h.save(ctx, req, kapi.ActionEdited, doc)
}

func (h *handler) save(ctx context.Context, req *request, action string, doc store.Document) (store.Document, error) {
	saved, err := h.write(ctx, req, doc)
	if err != nil {
		return saved, err
	}
	h.Changes.Publish(ctx, saved.Change(action))
	return saved, nil
}

// write saves a document and tells nobody yet.
func (h *handler) write(ctx context.Context, req *request, doc store.Document) (store.Document, error) {
	doc.Body = req.stamp(doc)
	return h.Store.Save(ctx, doc)
}

// deletion answers with the document and marks it as gone. What was soft-deleted
// stays stored, and its id stays taken.
func (h *handler) deletion(req *request, doc store.Document, shown jobj.Object) outcome {
	gone := outcome{
		data:     shown.Set("_read_only", jobj.Object{{Key: "deleted", Value: true}}),
		revision: doc.Rev,
	}
	o := gone
	o.commit = func(ctx context.Context) (outcome, error) {
		if req.flag("should_soft_delete", true) {
			doc.Deleted = true
			_, err := h.save(ctx, req, kapi.ActionDeleted, doc)
			return gone, err
		}
		change, err := h.remove(ctx, doc)
		if err != nil {
			return outcome{}, err
		}
		h.Changes.Publish(ctx, change)
		return gone, nil
	}
	return o
}

// withCopy is deletion for a document of which a database that accounts share has a
// copy: that goes after it, the way that removal says.
func (h *handler) withCopy(req *request, doc store.Document, shown jobj.Object, db string, removal func(context.Context, store.Document) error) outcome {
	o := h.deletion(req, doc, shown)
	deletion := o.commit
	o.commit = func(ctx context.Context) (outcome, error) {
		gone, err := deletion(ctx)
		if err != nil {
			return gone, err
		}
		copied, err := h.load(ctx, db, doc.ID, doc.Type, doc.AccountID)
		if err != nil {
			return gone, unlessAbsent(err)
		}
		return gone, removal(ctx, copied)
	}
	return o
}

// remove deletes a document for good and returns the change, which is not
// published yet.
func (h *handler) remove(ctx context.Context, doc store.Document) (kapi.DocChange, error) {
	if err := h.Store.Remove(ctx, doc.DB, doc.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return kapi.DocChange{}, err
	}
	doc.Rev = h.nextRevision(doc.Rev)
	return doc.Change(kapi.ActionDeleted), nil
}

// nextRevision is that of a tombstone, which the store does not keep.
func (h *handler) nextRevision(rev string) string {
	count, _, _ := strings.Cut(rev, "-")
	n, _ := strconv.Atoi(count) // 0 for none
	return fmt.Sprintf("%d-%s", n+1, h.IDs.Hex(32))
}

// stamp writes into a document who wrote it last (crossbar_doc:update_pvt_parameters/2).
func (r *request) stamp(doc store.Document) jobj.Object {
	body := unlessGiven(doc.Body, "pvt_account_db", kapi.AccountDB(doc.AccountID))
	body = unlessGiven(body, "pvt_vsn", "1").
		Set("pvt_request_id", r.id).
		Set("pvt_is_authenticated", r.authenticated())
	name := doc.Body.String("name")
	if name == "" && doc.Type == store.TypeUser {
		name = doc.Body.String("first_name") + doc.Body.String("last_name")
	}
	if name != "" {
		body = body.Set("pvt_alphanum_name", store.NormalName(name))
	}
	if r.authenticated() {
		body = body.Set("pvt_auth_account_id", r.holder.AccountID)
		if r.holder.OwnerID != "" {
			body = body.Set("pvt_auth_user_id", r.holder.OwnerID)
		}
	}
	return body
}

func unlessGiven(body jobj.Object, key string, value any) jobj.Object {
	if body.Has(key) {
		return body
	}
	return body.Set(key, value)
}

// public is a document as clients see it.
func public(doc store.Document) jobj.Object { return publicMembers(doc.Body).Set("id", doc.ID) }

func publicMembers(body jobj.Object) jobj.Object {
	return body.Filter(func(m jobj.Member) bool { return !isPrivate(m.Key) && m.Key != "id" })
}

func privateMembers(body jobj.Object) jobj.Object {
	return body.Filter(func(m jobj.Member) bool { return isPrivate(m.Key) })
}

// replaced is a document's body with all public members exchanged.
func replaced(old, now jobj.Object) jobj.Object {
	return append(publicMembers(now), privateMembers(old)...)
}

// stored is a document as filters see it: all members, those that the store keeps
// beside the body included.
func stored(doc store.Document) jobj.Object {
	return append(slices.Clip(doc.Body),
		jobj.Member{Key: "_id", Value: doc.ID},
		jobj.Member{Key: "_rev", Value: doc.Rev},
		jobj.Member{Key: "pvt_type", Value: doc.Type},
		jobj.Member{Key: "pvt_account_id", Value: doc.AccountID},
		jobj.Member{Key: "pvt_created", Value: doc.Created},
		jobj.Member{Key: "pvt_modified", Value: doc.Modified},
	)
}

// unlessAbsent passes over what is merely not there.
func unlessAbsent(err error) error {
	if f, ok := errors.AsType[*fault](err); ok && f.status == http.StatusNotFound || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
