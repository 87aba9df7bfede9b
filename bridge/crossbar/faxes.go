package crossbar

import (
	"context"
	"net/http"
	"regexp"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	typeFax     = "fax"
	typeSMTPLog = "fax_smtp_log"
	jobStatus   = "pvt_job_status"
	pending     = "pending"

	inbox  = "inbox"
	outbox = "outbox"
)

// faxesFamily is cb_faxes: a fax that is to be sent waits in the database of all faxes,
// and those of the past lie in the monthly databases.
func (h *handler) faxesFamily() family {
	get := func(act action) operation { return operation{method: http.MethodGet, within: h.nested(act)} }
	send := operation{method: http.MethodPut, within: h.nested(h.sendFax), uploads: true}
	one := func(folder string) []operation {
		return []operation{
			get(func(ctx context.Context, req *request) (outcome, error) { return h.readFax(ctx, req, folder) }),
			{method: http.MethodPut, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
				return h.actOnFax(ctx, req, folder)
			})},
			{method: http.MethodDelete, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
				return h.deleteFax(ctx, req, folder)
			})},
		}
	}
	listed := func(folder string) action {
		return func(ctx context.Context, req *request) (outcome, error) { return h.listFaxes(ctx, req, folder) }
	}
	attachment := func(folder string) []operation {
		return []operation{
			{method: http.MethodGet, binary: true, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
				return h.readPages(ctx, req, folder)
			})},
			{method: http.MethodDelete, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
				doc, err := h.loadFax(ctx, req, typeFax, folder)
				if err != nil {
					return outcome{}, err
				}
				return h.withoutFile(ctx, req, doc, public(doc))
			})},
		}
	}
	return family{name: "faxes", clauses: []clause{
		{operations: []operation{send}},
		{args: []string{"outgoing"}, operations: []operation{get(h.listOutgoing), send}},
		{args: []string{inbox}, operations: []operation{get(listed(inbox))}},
		{args: []string{"incoming"}, operations: []operation{get(listed(inbox))}},
		{args: []string{outbox}, operations: []operation{get(listed(outbox))}},
		{args: []string{"smtplog"}, operations: []operation{get(h.listSMTPLog)}},
		{args: []string{"outgoing", "*"}, operations: []operation{get(h.readOutgoing)}},
		{args: []string{"incoming", "*"}, operations: []operation{
			get(func(ctx context.Context, req *request) (outcome, error) { return h.readFax(ctx, req, "incoming") }),
		}},
		{args: []string{"smtplog", "*"}, operations: []operation{get(h.readSMTPLog)}},
		{args: []string{inbox, "*"}, operations: one(inbox)},
		{args: []string{outbox, "*"}, operations: one(outbox)},
		{args: []string{inbox, "*", "attachment"}, operations: attachment(inbox)},
		{args: []string{outbox, "*", "attachment"}, operations: attachment(outbox)},
	}}
}

// reconcilable tells the numbers that a carrier could be asked for
// (knm_converters:is_reconcilable/2).
var reconcilable = regexp.MustCompile(`^(\+?1)?\d{10}$|^\+[2-9]\d{7,}$|^011\d*$|^00\d*$`)

// sendFax puts a fax into the queue, with the address of its document or with its pages.
// The answer is the whole document, private members included, as the reference has it.
func (h *handler) sendFax(ctx context.Context, req *request) (outcome, error) {
	data := req.data
	box, err := h.faxboxBelow(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	if object, ok := data.(jobj.Object); ok && box.ID != "" {
		data = fromBox(object, box)
	}
	form, _ := h.schemas.Get("faxes")
	body, err := check(form, data)
	if err != nil {
		return outcome{}, err
	}
	number := kapi.E164(body.String("to_number"))
	switch {
	case body.String("document", "url") == "" && len(req.uploads) == 0:
		return outcome{}, violation("document.url", "required", "add document url or upload a document")
	case !reconcilable.MatchString(number):
		return outcome{}, violation("document.to_number", "required", "add a valid number to send the fax to")
	}
	timezone, err := h.timezoneOf(ctx, req, body)
	if err != nil {
		return outcome{}, err
	}
	body = publicMembers(body).
		Set("to_number", number).
		Set("attempts", 0).
		Set("fax_timezone", timezone).
		Set(jobStatus, pending).
		Set("pvt_account_db", kapi.DatabaseFaxes).
		Set(resellerKey, req.account.ResellerID)
	doc := store.Document{DB: kapi.DatabaseFaxes, ID: req.chosenID, Type: typeFax, AccountID: req.account.ID, Body: body}
	if err := nameable(doc); err != nil {
		return outcome{}, err
	}
	return outcome{data: stored(doc), commit: func(ctx context.Context) (outcome, error) {
		if err := h.unused(ctx, doc.DB, doc.ID); err != nil {
			return outcome{}, err
		}
		if len(req.uploads) > 0 && body.String("document", "url") == "" {
			return h.queuePages(ctx, req, doc)
		}
		saved, err := h.create(ctx, req, doc)
		return outcome{data: stored(saved), revision: saved.Rev, created: saved.ID}, err
	}}, nil
}

// faxboxBelow is the box of a path such as /faxboxes/{id}/faxes; empty without one.
func (h *handler) faxboxBelow(ctx context.Context, req *request) (store.Document, error) {
	id := req.below("faxboxes")
	if id == "" {
		return store.Document{}, nil
	}
	return h.load(ctx, kapi.AccountDB(req.account.ID), id, store.TypeFaxbox, req.account.ID)
}

// fromBox fills in what a box says of the faxes that it sends.
func fromBox(data jobj.Object, box store.Document) jobj.Object {
	for _, pair := range [][2]string{
		{"from_name", "caller_name"}, {"fax_identity_name", "fax_header"}, {"from_number", "caller_id"},
		{"fax_identity_number", "fax_identity"}, {"fax_timezone", "fax_timezone"}, {"retries", "retries"},
	} {
		if value, ok := box.Body.Get(pair[1]); ok && !data.Has(pair[0]) {
			data = data.Set(pair[0], value)
		}
	}
	return data.Set("faxbox_id", box.ID)
}

// timezoneOf is that of the fax, of who sends it, or of the account.
func (h *handler) timezoneOf(ctx context.Context, req *request, body jobj.Object) (string, error) {
	if zone := body.String("timezone"); zone != "" {
		return zone, nil
	}
	if req.holder.OwnerID != "" && req.holder.AccountID == req.account.ID {
		user, err := h.Store.Get(ctx, kapi.AccountDB(req.account.ID), req.holder.OwnerID)
		if zone := user.Body.String("timezone"); err == nil && zone != "" && zone != "inherit" {
			return zone, nil
		}
		if err := unlessAbsent(err); err != nil {
			return "", err
		}
	}
	doc, err := h.accountDocument(ctx, req.account.ID)
	if zone := doc.Body.String("timezone"); zone != "" {
		return zone, err
	}
	return defaultTimezone, err
}

// faxSummary is what every list shows of a fax.
func faxSummary(doc store.Document) jobj.Object {
	shown := jobj.Object{{Key: "id", Value: doc.ID}}
	for _, pair := range [][2]string{{"status", jobStatus}, {"to", "to_number"}, {"from", "from_number"}} {
		if value, ok := doc.Body.Get(pair[1]); ok {
			shown = append(shown, jobj.Member{Key: pair[0], Value: value})
		}
	}
	return append(shown, jobj.Member{Key: "created", Value: doc.Created})
}

func (h *handler) listOutgoing(ctx context.Context, req *request) (outcome, error) {
	docs, err := h.Store.List(ctx, store.Query{DB: kapi.DatabaseFaxes, Type: typeFax, AccountID: req.account.ID})
	if err != nil {
		return outcome{}, err
	}
	if box := req.below("faxboxes"); box != "" {
		docs = slices.DeleteFunc(docs, func(doc store.Document) bool { return doc.Body.String("faxbox_id") != box })
	}
	return req.monthlyListing(docs, func(doc store.Document) any {
		return append(faxSummary(doc), members(doc.Body, "faxbox_id", "attempts")...)
	}, stored)
}

func (h *handler) readOutgoing(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.load(ctx, kapi.DatabaseFaxes, req.arg(1), typeFax, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	shown := public(doc).Set("created", doc.Created).Set("status", doc.Body.String(jobStatus))
	return outcome{data: shown, revision: doc.Rev}, nil
}

// members are those of the named ones that an object has.
func members(o jobj.Object, names ...string) jobj.Object {
	return o.Filter(func(m jobj.Member) bool { return slices.Contains(names, m.Key) })
}

// folderOf is where a fax of the past lies.
func folderOf(doc store.Document) string {
	if folder := doc.Body.String("folder"); folder != "" {
		return folder
	}
	return inbox
}

func (h *handler) listFaxes(ctx context.Context, req *request, folder string) (outcome, error) {
	from, to, err := h.timeRange(req)
	if err != nil {
		return outcome{}, err
	}
	docs, err := h.between(ctx, req.account.ID, typeFax, from, to)
	if err != nil {
		return outcome{}, err
	}
	box, user := req.below("faxboxes"), req.below("users")
	docs = slices.DeleteFunc(docs, func(doc store.Document) bool {
		return folderOf(doc) != folder || box != "" && doc.Body.String("faxbox_id") != box || user != "" && !owned(doc.Body, user)
	})
	return req.monthlyListing(docs, func(doc store.Document) any { return faxSummary(doc).Merge(public(doc)) }, stored)
}

// loadFax finds a fax of the past by its id. One that lies elsewhere is told so.
func (h *handler) loadFax(ctx context.Context, req *request, typ, folder string) (store.Document, error) {
	id := req.arg(1)
	db, ok := databaseOf(req.account.ID, id)
	if !ok {
		return store.Document{}, badIdentifier(id)
	}
	doc, err := h.load(ctx, db, id, typ, req.account.ID)
	if err == nil && folder != "" && doc.Body.String("folder") != folder {
		message := "document is not in folder " + folder
		return doc, systemFault(http.StatusInternalServerError, message, message)
	}
	return doc, err
}

func (h *handler) readFax(ctx context.Context, req *request, folder string) (outcome, error) {
	doc, err := h.loadFax(ctx, req, typeFax, folder)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: public(doc), revision: doc.Rev}, nil
}

func (h *handler) deleteFax(ctx context.Context, req *request, folder string) (outcome, error) {
	doc, err := h.loadFax(ctx, req, typeFax, folder)
	if err != nil {
		return outcome{}, err
	}
	return h.deletion(req, doc, public(doc)), nil
}

// actOnFax sends a fax once more, or one that came in to somebody else: a copy of it,
// pages included, with what the data say of it, waits in the queue.
func (h *handler) actOnFax(ctx context.Context, req *request, folder string) (outcome, error) {
	act, known := req.envelope.String("action"), map[string]string{inbox: "forward", outbox: "resubmit"}[folder]
	message := "invalid action"
	if act == "" {
		message = "action required"
	}
	if act != known {
		return outcome{}, systemFault(http.StatusInternalServerError, message, message)
	}
	doc, err := h.loadFax(ctx, req, typeFax, folder)
	if err != nil {
		return outcome{}, err
	}
	pages, err := h.fileOf(ctx, doc, nil)
	if err != nil {
		return outcome{}, err
	}
	again := store.Document{DB: kapi.DatabaseFaxes, Type: typeFax, AccountID: doc.AccountID, Body: doc.Body.
		Merge(publicMembers(req.object())).
		Delete("folder", "tx_result", "rx_result", "retry_after", "pvt_job_node").
		Set(jobStatus, pending).Set("attempts", 0).Set("pvt_account_db", kapi.DatabaseFaxes)}
	return outcome{data: public(doc), commit: func(ctx context.Context) (outcome, error) {
		saved, err := h.saveFile(ctx, req, kapi.ActionCreated, again, pages)
		return outcome{data: public(saved), revision: saved.Rev, created: saved.ID}, err
	}}, nil
}

func (h *handler) listSMTPLog(ctx context.Context, req *request) (outcome, error) {
	from, to, err := h.timeRange(req)
	if err != nil {
		return outcome{}, err
	}
	docs, err := h.between(ctx, req.account.ID, typeSMTPLog, from, to)
	if err != nil {
		return outcome{}, err
	}
	return req.monthlyListing(docs, func(doc store.Document) any {
		return append(rowOf(doc, plain("from", "to")), jobj.Member{Key: "created", Value: doc.Created})
	}, stored)
}

func (h *handler) readSMTPLog(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadFax(ctx, req, typeSMTPLog, "")
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: public(doc), revision: doc.Rev}, nil
}
