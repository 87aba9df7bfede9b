package crossbar

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// versionTwo is what new menus say of themselves.
func (h *handler) versionTwo(_ context.Context, d *draft) error {
	if d.isNew() {
		d.private = d.private.Set("pvt_vsn", "2")
	}
	return nil
}

// removeMedia deletes a prompt for good, and whatever is asked for so.
func (h *handler) removeMedia(req *request, doc store.Document, shown jobj.Object) outcome {
	o := h.deletion(req, doc, shown)
	if isPrompt(doc.Body) != true && !req.object().Bool(false, "hard_delete") {
		return o
	}
	return h.hardDeletion(doc, o)
}

// hardDeletion leaves nothing, whatever the client said; what it answers stays.
func (h *handler) hardDeletion(doc store.Document, o outcome) outcome {
	gone := outcome{data: o.data, revision: o.revision}
	o.commit = func(ctx context.Context) (outcome, error) {
		change, err := h.remove(ctx, doc)
		if err == nil {
			h.Changes.Publish(ctx, change)
		}
		return gone, err
	}
	return o
}

func (h *handler) readMediaFile(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadObject(ctx, req, mediaFiles())
	if err != nil {
		return outcome{}, err
	}
	f, err := h.fileOf(ctx, doc, unknownName(doc.ID))
	return outcome{file: download(f, f.Name), revision: doc.Rev}, err
}

// uploadMedia keeps a file in place of the one before, and writes into the document what
// it is.
func (h *handler) uploadMedia(ctx context.Context, req *request) (outcome, error) {
	sent, err := req.onlyUpload("an media")
	if err != nil {
		return outcome{}, err
	}
	doc, err := h.loadObject(ctx, req, mediaFiles())
	if err != nil {
		return outcome{}, err
	}
	form, _ := h.schemas.Get("media")
	body, err := check(form, publicMembers(doc.Body).
		Set("content_type", sent.contentType).
		Set("content_length", number(int64(len(sent.content)))).
		Set("media_source", "upload"))
	if err != nil {
		return outcome{}, err
	}
	doc.Body = replaced(doc.Body, body)
	return outcome{data: public(doc), revision: doc.Rev, commit: func(ctx context.Context) (outcome, error) {
		saved, err := h.saveFile(ctx, req, kapi.ActionEdited, doc, h.asFile(req, sent))
		return outcome{data: public(saved), revision: saved.Rev}, err
	}}, nil
}

func (h *handler) listSystemMedia(ctx context.Context, req *request) (outcome, error) {
	docs, err := h.Store.List(ctx, store.Query{DB: kapi.DatabaseMedia, Type: "media"})
	if err != nil {
		return outcome{}, err
	}
	rows := make([]row, len(docs))
	for i, doc := range docs {
		rows[i] = row{key: doc.ID, id: doc.ID, value: rowOf(doc, mediaFiles().fields), stored: stored(doc)}
	}
	return req.listing(rows, false)
}

func (h *handler) readSystemMedia(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.load(ctx, kapi.DatabaseMedia, req.arg(0), "media", "")
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: public(doc), revision: doc.Rev}, nil
}
