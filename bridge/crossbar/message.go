package crossbar

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	typeMessage = "mailbox_message"

	folderNew     = "new"
	folderSaved   = "saved"
	folderDeleted = "deleted"

	// retention is how long messages are shown, in seconds: 93 days
	// (voicemail.message_retention_duration).
	retention = 93 * 86_400
)

// kept are an account's messages that are not too old.
func (h *handler) kept(ctx context.Context, accountID string) ([]store.Document, error) {
	now := kapi.Gregorian(h.Clock.Now())
	return h.between(ctx, accountID, typeMessage, now-retention, now)
}

// messagesOf are those of one box.
func (h *handler) messagesOf(ctx context.Context, accountID, boxID string) ([]store.Document, error) {
	docs, err := h.kept(ctx, accountID)
	return slices.DeleteFunc(docs, func(doc store.Document) bool { return doc.Body.String("source_id") != boxID }), err
}

// countMessages shows how many messages a box has, where it has any.
func (h *handler) countMessages(ctx context.Context, req *request) (rowMaker, error) {
	found, err := h.kept(ctx, req.account.ID)
	boxes := map[string]map[string]int{}
	for _, message := range found {
		box := message.Body.String("source_id")
		if boxes[box] == nil {
			boxes[box] = map[string]int{}
		}
		boxes[box][message.Body.String("metadata", "folder")]++
	}
	return func(doc store.Document, row jobj.Object) jobj.Object {
		counts, ok := boxes[doc.ID]
		if !ok {
			return row
		}
		return row.Set(messages, oldMessages(doc.Body)+counts[folderNew]+counts[folderSaved]).
			Set("folders", jobj.Object{{Key: folderNew, Value: counts[folderNew]}, {Key: folderSaved, Value: counts[folderSaved]}})
	}, err
}

// messageRow is what a list shows of one (view mailbox_messages/listing_by_mailbox).
func messageRow(doc store.Document) jobj.Object {
	shown := jobj.Object{}
	metadata := doc.Body.Object("metadata")
	for _, name := range []string{"timestamp", "from", "to", "caller_id_number", "caller_id_name", "call_id", "folder", "length", "media_id"} {
		if value, ok := metadata.Get(name); ok {
			shown = append(shown, jobj.Member{Key: name, Value: value})
		}
	}
	return shown
}

func (h *handler) listMessages(ctx context.Context, req *request) (outcome, error) {
	box := req.arg(0)
	return h.messagesListed(ctx, req, func(doc store.Document) bool { return doc.Body.String("source_id") == box },
		func(doc store.Document) any { return messageRow(doc) })
}

// listAllMessages shows those of all boxes, each under the id of its box.
func (h *handler) listAllMessages(ctx context.Context, req *request) (outcome, error) {
	return h.messagesListed(ctx, req, func(store.Document) bool { return true },
		func(doc store.Document) any {
			return jobj.Object{{Key: doc.Body.String("source_id"), Value: messageRow(doc)}}
		})
}

func (h *handler) messagesListed(ctx context.Context, req *request, choose func(store.Document) bool, show func(store.Document) any) (outcome, error) {
	from, to, err := h.messageRange(req)
	if err != nil {
		return outcome{}, err
	}
	docs, err := h.between(ctx, req.account.ID, typeMessage, from, to)
	if err != nil {
		return outcome{}, err
	}
	docs = slices.DeleteFunc(docs, func(doc store.Document) bool { return !choose(doc) })
	// Filters look at what is shown, not at the document around it.
	return req.monthlyListing(docs, show, func(doc store.Document) jobj.Object { return doc.Body.Object("metadata") })
}

// messageRange is that of all messages that are shown, unless a beginning is asked for.
func (h *handler) messageRange(req *request) (from, to int64, err error) {
	if value, given := req.value("created_from"); given && value != nil {
		return h.timeRange(req)
	}
	to = req.moment("created_to", kapi.Gregorian(h.Clock.Now()))
	return to - retention, to, nil
}

// loadMessage finds a message by its id, in the box of the path.
func (h *handler) loadMessage(ctx context.Context, accountID, boxID, id string) (store.Document, error) {
	db, ok := databaseOf(accountID, id)
	if !ok {
		return store.Document{}, badIdentifier(id)
	}
	doc, err := h.load(ctx, db, id, typeMessage, accountID)
	if err == nil && doc.Body.String("source_id") != boxID {
		return doc, badIdentifier(id)
	}
	return doc, err
}

func (h *handler) loadBox(ctx context.Context, req *request, id string) (store.Document, error) {
	return h.load(ctx, kapi.AccountDB(req.account.ID), id, store.TypeVMBox, req.account.ID)
}

func (h *handler) readMessage(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadMessage(ctx, req.account.ID, req.arg(0), req.arg(2))
	return outcome{data: doc.Body.Object("metadata")}, err
}

// createMessage makes a message, with a recording or without.
func (h *handler) createMessage(ctx context.Context, req *request) (outcome, error) {
	box, err := h.loadBox(ctx, req, req.arg(0))
	if err != nil {
		return outcome{}, err
	}
	form, _ := h.schemas.Get("vm_message_metadata")
	body, err := check(form, req.data)
	if err != nil {
		return outcome{}, err
	}
	var recording store.File
	if len(req.uploads) > 0 {
		sent, err := req.onlyUpload("a media")
		if err != nil {
			return outcome{}, err
		}
		recording = h.asFile(req, sent)
	}
	at := body.Int("timestamp")
	if at <= 0 {
		at = kapi.Gregorian(h.Clock.Now())
	}
	id := h.monthlyID(kapi.FromGregorian(at))
	db, _ := databaseOf(req.account.ID, id)
	doc := store.Document{
		DB: db, ID: id, Type: typeMessage, AccountID: req.account.ID, Created: at,
		Body: h.messageBody(req, box, id, at, body).Set("pvt_account_db", db),
	}
	return outcome{data: public(doc), commit: func(ctx context.Context) (outcome, error) {
		if recording.Content != nil {
			saved, err := h.createWithFile(ctx, req, doc, recording)
			return outcome{data: saved.Body.Object("metadata"), revision: saved.Rev, created: saved.ID}, err
		}
		saved, err := h.create(ctx, req, doc)
		return outcome{data: public(saved), revision: saved.Rev, created: saved.ID}, err
	}}, nil
}

func (h *handler) messageBody(req *request, box store.Document, id string, at int64, given jobj.Object) jobj.Object {
	text := func(name, otherwise string) string {
		if value := given.String(name); value != "" {
			return value
		}
		return otherwise
	}
	const unknown = "0000000000"
	number, mailbox := text("caller_id_number", unknown), box.Body.String("mailbox")
	from, to := text("from", number), text("to", mailbox)
	length := int64(1)
	if given.Has("length") {
		length = given.Int("length")
	}
	return jobj.Object{
		{Key: "name", Value: "mailbox " + mailbox + " message " + kapi.FromGregorian(at).UTC().Format("01-02-2006 15:04:05")},
		{Key: "source_type", Value: "voicemail"},
		{Key: "source_id", Value: box.ID},
		{Key: "media_source", Value: "recording"},
		{Key: "streamable", Value: true},
		{Key: "utc_seconds", Value: at},
		{Key: "metadata", Value: jobj.Object{
			{Key: "media_id", Value: id},
			{Key: "call_id", Value: text("call_id", h.IDs.Hex(24))},
			{Key: "caller_id_name", Value: text("caller_id_name", unknown)},
			{Key: "caller_id_number", Value: number},
			{Key: "from", Value: from + "@" + req.account.Realm}, {Key: "from_user", Value: from}, {Key: "from_realm", Value: req.account.Realm},
			{Key: "length", Value: length},
			{Key: "timestamp", Value: at},
			{Key: "to", Value: to + "@" + req.account.Realm}, {Key: "to_user", Value: to}, {Key: "to_realm", Value: req.account.Realm},
			{Key: "folder", Value: text("folder", folderNew)},
		}},
	}
}

// moveMessage puts a message into a folder, and deletes it when gone. The change is
// not published yet.
func (h *handler) moveMessage(ctx context.Context, req *request, doc store.Document, folder string, gone bool) (kapi.DocChange, error) {
	doc.Body = doc.Body.Set("metadata", doc.Body.Object("metadata").Set("folder", folder))
	doc.Deleted = gone
	saved, err := h.write(ctx, req, doc)
	action := kapi.ActionEdited
	if gone {
		action = kapi.ActionDeleted
	}
	return saved.Change(action), err
}

// changeMessage puts one message into a folder, or into another box.
func (h *handler) changeMessage(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadMessage(ctx, req.account.ID, req.arg(0), req.arg(2))
	if err != nil {
		return outcome{}, err
	}
	boxes, err := h.targets(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: doc.Body.Object("metadata"), commit: func(ctx context.Context) (outcome, error) {
		changed, err := h.applyTo(ctx, req, doc, boxes)
		return outcome{data: changed}, err
	}}, nil
}

// targets are the boxes that source_id names: none is a change of folder.
func (h *handler) targets(ctx context.Context, req *request) ([]store.Document, error) {
	value, given := req.object().Get("source_id")
	if !given || value == nil {
		return nil, nil
	}
	ids := []string{}
	switch value := value.(type) {
	case string:
		ids = append(ids, value)
	case []any:
		ids = append(ids, texts(jobj.Object{{Key: "ids", Value: value}}, "ids")...)
	}
	if len(ids) == 0 || slices.Contains(ids, "") {
		return nil, violation("source_id", "required", "empty source_id is specified. please set a single or a list of source_ids.")
	}
	boxes := make([]store.Document, len(ids))
	for i, id := range ids {
		var err error
		if boxes[i], err = h.loadBox(ctx, req, id); err != nil {
			return nil, err
		}
	}
	return boxes, nil
}

// applyTo does what a request wants done with a message, and returns what is shown
// of it.
func (h *handler) applyTo(ctx context.Context, req *request, doc store.Document, boxes []store.Document) (jobj.Object, error) {
	_, isText := first(req.object().Get("source_id")).(string)
	if len(boxes) == 0 {
		folder := req.text("folder")
		if !slices.Contains([]string{folderNew, folderSaved, folderDeleted}, folder) {
			folder = folderSaved
		}
		change, err := h.moveMessage(ctx, req, doc, folder, false)
		if err == nil {
			h.Changes.Publish(ctx, change)
		}
		return doc.Body.Object("metadata").Set("folder", folder), err
	}
	recording, err := h.fileOf(ctx, doc, nil)
	if err != nil {
		return nil, err
	}
	var shown jobj.Object
	for _, box := range boxes {
		now := h.Clock.Now()
		id := h.monthlyID(now)
		db, _ := databaseOf(doc.AccountID, id)
		shown = doc.Body.Object("metadata").
			Set("folder", folderNew).Set("media_id", id).Set("timestamp", kapi.Gregorian(now)).
			Set("to_user", box.Body.String("mailbox"))
		other := store.Document{DB: db, ID: id, Type: doc.Type, AccountID: doc.AccountID, Body: doc.Body.
			Set("source_id", box.ID).Set("metadata", shown).Set("utc_seconds", kapi.Gregorian(now)).Set("pvt_account_db", db)}
		if _, err := h.saveFile(ctx, req, kapi.ActionCreated, other, recording); err != nil {
			return nil, err
		}
	}
	if !isText {
		return shown, nil
	}
	change, err := h.remove(ctx, doc)
	if err == nil {
		h.Changes.Publish(ctx, change)
	}
	return shown, err
}

// changeMessages does with several messages what changeMessage does with one.
func (h *handler) changeMessages(ctx context.Context, req *request) (outcome, error) {
	ids := texts(req.object(), messages)
	if len(ids) == 0 {
		return outcome{}, violation(messages, "required", "No array of message ids are specified")
	}
	if _, err := h.loadBox(ctx, req, req.arg(0)); err != nil {
		return outcome{}, err
	}
	boxes, err := h.targets(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: jobj.Object{}, commit: func(ctx context.Context) (outcome, error) {
		return h.bulk(ctx, req, ids, func(doc store.Document) error {
			_, err := h.applyTo(ctx, req, doc, boxes)
			return err
		})
	}}, nil
}

// bulk does something with each message and tells with which it did not succeed.
func (h *handler) bulk(ctx context.Context, req *request, ids []string, do func(store.Document) error) (outcome, error) {
	succeeded, failed := []any{}, jobj.Object{}
	for _, id := range ids {
		doc, err := h.loadMessage(ctx, req.account.ID, req.arg(0), id)
		if err == nil {
			err = do(doc)
		}
		if f, ok := errors.AsType[*fault](err); ok {
			failed = append(failed, jobj.Member{Key: id, Value: strings.ReplaceAll(f.message, "bad_identifier", "not_found")})
			continue
		}
		if err != nil {
			return outcome{}, err
		}
		succeeded = append(succeeded, id)
	}
	result := jobj.Object{}
	if len(succeeded) > 0 {
		result = result.Set("succeeded", succeeded)
	}
	if len(failed) > 0 {
		result = result.Set("failed", failed)
	}
	return outcome{data: result}, nil
}

func (h *handler) deleteMessage(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadMessage(ctx, req.account.ID, req.arg(0), req.arg(2))
	if err != nil {
		return outcome{}, err
	}
	shown := doc.Body.Object("metadata").Set("folder", folderDeleted)
	return outcome{data: shown, commit: func(ctx context.Context) (outcome, error) {
		return outcome{data: shown}, h.deleteOne(ctx, req, doc)
	}}, nil
}

func (h *handler) deleteOne(ctx context.Context, req *request, doc store.Document) error {
	change, err := h.moveMessage(ctx, req, doc, folderDeleted, true)
	if err == nil {
		h.Changes.Publish(ctx, change)
	}
	return err
}

// deleteMessages deletes those that are named, those in a folder, or else all.
func (h *handler) deleteMessages(ctx context.Context, req *request) (outcome, error) {
	ids := texts(req.object(), messages)
	if len(ids) == 0 {
		found, err := h.messagesOf(ctx, req.account.ID, req.arg(0))
		if err != nil {
			return outcome{}, err
		}
		folder := req.text("folder")
		for _, doc := range found {
			if folder == "" || folder == doc.Body.String("metadata", "folder") {
				ids = append(ids, doc.ID)
			}
		}
	}
	return outcome{data: jobj.Object{}, commit: func(ctx context.Context) (outcome, error) {
		return h.bulk(ctx, req, ids, func(doc store.Document) error { return h.deleteOne(ctx, req, doc) })
	}}, nil
}
