package crossbar

import (
	"context"
	"path"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// readRecording downloads a message, under a name that says who left it and when.
func (h *handler) readRecording(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadMessage(ctx, req.account.ID, req.arg(0), req.arg(2))
	if err != nil {
		return outcome{}, err
	}
	silent := badIdentifier("voicemail message does not have any audio file")
	recording, err := h.fileOf(ctx, doc, silent)
	if err != nil {
		return outcome{}, err
	}
	box, err := h.loadBox(ctx, req, req.arg(0))
	if err != nil {
		return outcome{}, err
	}
	zone := box.Body.String("timezone")
	if zone == "" {
		account, err := h.accountDocument(ctx, req.account.ID)
		if err != nil {
			return outcome{}, err
		}
		zone = account.Body.String("timezone")
	}
	metadata := doc.Body.Object("metadata")
	caller := metadata.String("caller_id_number")
	if caller == "" {
		caller = "unknown"
	}
	name := caller + "_" + localTime(metadata.Int("timestamp"), zone) + path.Ext(recording.Name)
	return outcome{file: download(recording, name)}, nil
}

// uploadRecording keeps a recording in place of the one before.
func (h *handler) uploadRecording(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadMessage(ctx, req.account.ID, req.arg(0), req.arg(2))
	if err != nil {
		return outcome{}, err
	}
	sent, err := req.onlyUpload("a media")
	if err != nil {
		return outcome{}, err
	}
	shown := doc.Body.Object("metadata")
	return outcome{data: shown, revision: doc.Rev, commit: func(ctx context.Context) (outcome, error) {
		saved, err := h.saveFile(ctx, req, kapi.ActionEdited, doc, h.asFile(req, sent))
		return outcome{data: shown, revision: saved.Rev}, err
	}}, nil
}
