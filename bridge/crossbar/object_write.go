package crossbar

import (
	"context"
	"errors"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// draft is an object on its way to be written.
type draft struct {
	*request
	kind kind
	old  store.Document // as it is stored; without a revision for a new one
	// data are what it shall be, as the client wants it; body is what the schema made
	// of them, nil while it is not content.
	data, body jobj.Object
	// private are the members that clients do not see.
	private jobj.Object
	wrong   violations
}

func (d *draft) isNew() bool { return d.old.Rev == "" }

// doc is the document as it is to be stored.
func (d *draft) doc() store.Document {
	doc := d.old
	doc.Body = append(publicMembers(d.body), d.private...)
	return doc
}

func (h *handler) createObject(ctx context.Context, req *request, k kind) (outcome, error) {
	d := &draft{request: req, kind: k, old: store.Document{
		DB: kapi.AccountDB(req.account.ID), ID: req.chosenID, Type: k.typ, AccountID: req.account.ID,
	}}
	if k.randomID {
		d.old.ID = h.IDs.Hex(32)
	}
	if err := h.complete(ctx, d, req.data); err != nil {
		return outcome{}, err
	}
	if err := nameable(d.old); err != nil {
		return outcome{}, err
	}
	return h.writing(d, kapi.ActionCreated), nil
}

// changeObject replaces an object, or patches it: laid over what there is, null
// removing a member. An id that does not exist is told only once the data are
// right, as the reference does it.
func (h *handler) changeObject(ctx context.Context, req *request, k kind, patch bool) (outcome, error) {
	old, missing := h.loadObject(ctx, req, k)
	if _, absent := errors.AsType[*fault](missing); missing != nil && (!absent || k.lookFirst) {
		return outcome{}, missing
	}
	data := req.data
	over, isObject := data.(jobj.Object)
	if patch && isObject && missing == nil && !k.patchAlone {
		data = publicMembers(old.Body).Merge(publicMembers(over))
	}
	d := &draft{request: req, kind: k, old: old, private: privateMembers(old.Body)}
	if missing != nil {
		d.old = store.Document{AccountID: req.account.ID, DB: kapi.AccountDB(req.account.ID), Type: k.typ}
	}
	if err := h.complete(ctx, d, data); err != nil {
		return outcome{}, err
	}
	if missing != nil {
		return outcome{}, missing
	}
	if patch && k.patchAlone {
		d.body = publicMembers(old.Body).Merge(d.body)
	}
	return h.writing(d, kapi.ActionEdited), nil
}

// complete validates data and makes them the draft's body.
func (h *handler) complete(ctx context.Context, d *draft, data any) error {
	form, _ := h.schemas.Get(d.kind.form)
	object, isObject := data.(jobj.Object)
	if !isObject {
		_, err := check(form, data)
		return err
	}
	d.data = object.Delete("id")
	if d.kind.prepare != nil {
		d.kind.prepare(h, d)
		if err := d.wrong.err(); err != nil {
			return err
		}
	}
	value, wrong := form.Check(d.data)
	d.wrong.addAll(wrong)
	body, _ := value.(jobj.Object)
	if len(wrong) == 0 {
		d.body = body
	}
	if d.kind.unique != nil {
		if err := d.kind.unique(h, ctx, d); err != nil {
			return err
		}
	}
	if err := d.wrong.err(); err != nil {
		return err
	}
	if d.kind.finish != nil {
		if err := d.kind.finish(h, ctx, d); err != nil {
			return err
		}
	}
	return d.wrong.err()
}

// nameable refuses an id that no change message could ever name, so that nobody
// would hear of the document.
func nameable(doc store.Document) error {
	key := kapi.DocChange{Action: kapi.ActionCreated, DB: doc.DB, Type: doc.Type, ID: doc.ID}.Key()
	if len(key) > kapi.MaxRoutingKey {
		return violation("id", "maxLength", "the id is too long to stand in a routing key; leave it out, or choose one of 32 hexadecimal digits")
	}
	return nil
}

// writing is the outcome of a draft that is in order.
func (h *handler) writing(d *draft, action string) outcome {
	doc := d.doc()
	o := outcome{data: d.kind.shown(doc), revision: doc.Rev}
	o.commit = func(ctx context.Context) (outcome, error) {
		release, err := h.objectWrites.Take(ctx)
		if err != nil {
			return outcome{}, err
		}
		defer release()
		if d.kind.unique != nil {
			if err := d.kind.unique(h, ctx, d); err != nil {
				return outcome{}, err
			}
			if err := d.wrong.err(); err != nil {
				return outcome{}, err
			}
		}
		if action == kapi.ActionCreated {
			// Looked up at the last moment: Save itself lets a new document follow a
			// deleted one.
			if err := h.unused(ctx, doc.DB, doc.ID); err != nil {
				return outcome{}, err
			}
		}
		saved, err := h.saveObject(ctx, d, action, doc)
		if err != nil {
			return outcome{}, err
		}
		o := outcome{data: d.kind.shown(saved), revision: saved.Rev}
		if action == kapi.ActionCreated {
			o.created = saved.ID
		}
		return o, nil
	}
	return o
}

// saveObject writes an object together with its copy, and tells everyone of both. A
// copy that is no longer to be goes after the object is written; what was written is
// told even when that fails, and the next write tries it again.
func (h *handler) saveObject(ctx context.Context, d *draft, action string, doc store.Document) (store.Document, error) {
	if d.kind.copied == nil {
		return h.save(ctx, d.request, action, doc)
	}
	if doc.ID == "" {
		doc.ID = h.IDs.Hex(32)
	}
	copied, err := h.copyOf(ctx, d.kind, doc)
	if err != nil {
		return doc, err
	}
	together, actions := []store.Document{doc}, []string{action}
	stays := copied.DB != "" && d.kind.copied(doc) == copied.DB
	if stays {
		actions = append(actions, kapi.ActionEdited)
		if copied.Rev == "" || copied.Deleted {
			actions[1] = kapi.ActionCreated
		}
		copied.Deleted, copied.Body = false, doc.Body.Set("pvt_account_db", copied.DB)
		together = append(together, copied)
	}
	for i := range together {
		together[i].Body = d.stamp(together[i])
	}
	saved, err := h.Store.SaveTogether(ctx, together...)
	if err != nil {
		return doc, err
	}
	changes := make([]kapi.DocChange, 0, len(saved)+1)
	for i, one := range saved {
		changes = append(changes, one.Change(actions[i]))
	}
	if copied.DB != "" && !stays {
		var change kapi.DocChange
		if change, err = h.remove(ctx, copied); err == nil {
			changes = append(changes, change)
		}
	}
	h.Changes.Publish(ctx, changes...)
	return saved[0], err
}

// copyOf is the copy that there is of an object, or that is to be made; its DB is ""
// where there is none and none is to be. One that belongs to another account has the
// id first.
func (h *handler) copyOf(ctx context.Context, k kind, doc store.Document) (store.Document, error) {
	for _, db := range []string{kapi.DatabaseFaxes, kapi.DatabaseSIPAuth} {
		wanted := k.copied(doc) == db
		old, err := h.Store.Get(ctx, db, doc.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			if wanted {
				return store.Document{DB: db, ID: doc.ID, Type: doc.Type, AccountID: doc.AccountID}, nil
			}
			continue
		case err != nil:
			return store.Document{}, err
		case old.AccountID != doc.AccountID || old.Type != doc.Type:
			if wanted {
				return store.Document{}, conflict()
			}
			continue
		}
		return old, nil
	}
	return store.Document{}, nil
}

// taken says whether another object has a value already.
func (h *handler) taken(ctx context.Context, d *draft, view store.View, key string) (bool, error) {
	docs, err := h.Store.Find(ctx, view, key)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(docs, func(doc store.Document) bool { return d.isNew() || doc.ID != d.old.ID }), nil
}
