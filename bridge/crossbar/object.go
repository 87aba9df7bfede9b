package crossbar

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// kind describes a family of objects: documents of one type in their account's
// database that can be listed, made, read, replaced, patched and deleted
// (crossbar_doc). Where one differs from the others it has a function; nil is what
// all have in common.
type kind struct {
	name string // in paths
	typ  string // pvt_type
	form string // the name of its schema

	// fields are the members of a row of the list, after the id.
	fields []field
	// order is what a list is ordered by; nil is the id.
	order func(jobj.Object) string
	// ownedBy chooses what is listed below a user.
	ownedBy func(object jobj.Object, userID string) bool
	// row makes, once for a list, what shows an object in it where fields do not tell
	// all; req.account is whose they are.
	row func(h *handler, ctx context.Context, req *request) (rowMaker, error)

	// lookFirst tells of an id that does not exist before the data are looked at.
	lookFirst bool
	// patchAlone validates what a PATCH brings by itself, not the whole that it makes.
	patchAlone bool
	// randomID takes no id from the client.
	randomID bool

	// prepare changes the data before the schema sees them.
	prepare func(h *handler, d *draft)
	// unique refuses what another object has already. It is asked twice: before the
	// answer is decided, and once more when nobody else writes.
	unique func(h *handler, ctx context.Context, d *draft) error
	// finish looks at data that the schema is content with, and sets private members.
	finish func(h *handler, ctx context.Context, d *draft) error

	// read shows one object to who asks for it; written to who has written it.
	read    func(h *handler, ctx context.Context, req *request, doc store.Document) (jobj.Object, error)
	written func(doc store.Document) jobj.Object
	// remove deletes an object with what belongs to it.
	remove func(h *handler, req *request, doc store.Document, shown jobj.Object) outcome
	// copied is the database in which a copy lies that all accounts share; "" for none.
	copied func(doc store.Document) string

	// without are methods of one object that there are not; more are the other
	// operations on one, and others the clauses beside those that all have, which
	// come first.
	without []string
	more    func(h *handler) []operation
	others  func(h *handler) []clause
	// unserved are paths of the reference below one object that nothing is behind here.
	unserved []string
	// bare lists and reads what belongs to no account.
	bare func(h *handler) (list, read action)
}

// rowMaker completes a row.
type rowMaker = func(doc store.Document, row jobj.Object) jobj.Object

// objectFamily makes the endpoint of a kind.
func (h *handler) objectFamily(k kind) family {
	list := operation{method: http.MethodGet, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
		return h.listObjects(ctx, req, k)
	})}
	read := operation{method: http.MethodGet, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
		return h.readObject(ctx, req, k)
	})}
	if k.bare != nil {
		list.bare, read.bare = k.bare(h)
	}
	one := []operation{
		read,
		{method: http.MethodPost, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
			return h.changeObject(ctx, req, k, false)
		})},
		{method: http.MethodPatch, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
			return h.changeObject(ctx, req, k, true)
		})},
		{method: http.MethodDelete, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
			return h.deleteObject(ctx, req, k)
		})},
	}
	one = slices.DeleteFunc(one, func(op operation) bool { return slices.Contains(k.without, op.method) })
	if k.more != nil {
		one = append(one, k.more(h)...)
	}
	f := family{name: k.name}
	for _, path := range k.unserved {
		f.clauses = append(f.clauses, clause{args: strings.Split(path, "/"), operations: absentOperations(allMethods())})
	}
	if k.others != nil {
		f.clauses = append(f.clauses, k.others(h)...)
	}
	f.clauses = append(f.clauses,
		clause{operations: []operation{list, {method: http.MethodPut, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
			return h.createObject(ctx, req, k)
		})}}},
		clause{args: []string{"*"}, operations: one})
	return f
}

// nested makes sure that the user and the device that a path leads through exist
// (cb_users and cb_devices, validate_resource).
func (h *handler) nested(act action) action {
	return func(ctx context.Context, req *request) (outcome, error) {
		for _, n := range req.route.nouns[1:] {
			if typ, ok := map[string]string{"users": store.TypeUser, "devices": store.TypeDevice}[n.name]; ok && len(n.args) > 0 {
				if _, err := h.load(ctx, kapi.AccountDB(req.account.ID), n.args[0], typ, req.account.ID); err != nil {
					return outcome{}, err
				}
			}
		}
		return act(ctx, req)
	}
}

// below is the id of the noun of a path, such as that of the user in
// /users/{id}/devices; "" without one.
func (r *request) below(name string) string {
	for _, n := range r.route.nouns[1:] {
		if n.name == name && len(n.args) == 1 {
			return n.args[0]
		}
	}
	return ""
}

func (h *handler) loadObject(ctx context.Context, req *request, k kind) (store.Document, error) {
	return h.load(ctx, kapi.AccountDB(req.account.ID), req.arg(0), k.typ, req.account.ID)
}

func (h *handler) listObjects(ctx context.Context, req *request, k kind) (outcome, error) {
	docs, err := h.Store.List(ctx, store.Query{DB: kapi.AccountDB(req.account.ID), Type: k.typ, AccountID: req.account.ID})
	if err != nil {
		return outcome{}, err
	}
	show := func(_ store.Document, row jobj.Object) jobj.Object { return row }
	if k.row != nil {
		if show, err = k.row(h, ctx, req); err != nil {
			return outcome{}, err
		}
	}
	user := req.below("users")
	rows := make([]row, 0, len(docs))
	for _, doc := range docs {
		if user != "" && k.ownedBy != nil && !k.ownedBy(doc.Body, user) {
			continue
		}
		key := doc.ID
		if k.order != nil {
			key = k.order(doc.Body)
		}
		rows = append(rows, row{key: key, id: doc.ID, value: show(doc, rowOf(doc, k.fields)), stored: stored(doc)})
	}
	return req.listing(rows, false)
}

func (h *handler) readObject(ctx context.Context, req *request, k kind) (outcome, error) {
	doc, err := h.loadObject(ctx, req, k)
	if err != nil {
		return outcome{}, err
	}
	shown := public(doc)
	if k.read != nil {
		if shown, err = k.read(h, ctx, req, doc); err != nil {
			return outcome{}, err
		}
	}
	return outcome{data: shown, revision: doc.Rev}, nil
}

func (k kind) shown(doc store.Document) jobj.Object {
	if k.written != nil {
		return k.written(doc)
	}
	return public(doc)
}

func (h *handler) deleteObject(ctx context.Context, req *request, k kind) (outcome, error) {
	doc, err := h.loadObject(ctx, req, k)
	if err != nil {
		return outcome{}, err
	}
	shown := public(doc)
	if k.remove != nil {
		return k.remove(h, req, doc, shown), nil
	}
	return h.deletion(req, doc, shown), nil
}
