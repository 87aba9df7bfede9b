package crossbar

import (
	"context"
	"net/http"
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// messages is the path below a voicemail box, and the member that old boxes keep
// theirs in.
const messages = "messages"

// voicemailBoxes are cb_vmboxes. Messages are in message.go.
func voicemailBoxes() kind {
	return kind{
		name: "vmboxes", typ: store.TypeVMBox, form: "vmboxes",
		fields: append(plain("name", "mailbox", "owner_id"),
			computed(messages, func(o jobj.Object) any { return oldMessages(o) }), flags()),
		order:    func(o jobj.Object) string { return o.String("name") },
		row:      (*handler).countMessages,
		unserved: []string{"*/messages/raw"},
		unique:   (*handler).uniqueBox,
		read: func(_ *handler, _ context.Context, _ *request, doc store.Document) (jobj.Object, error) {
			return publicBox(doc), nil
		},
		written: publicBox,
		remove:  (*handler).removeBox,
		others:  (*handler).messageClauses,
	}
}

// oldMessages is how many messages lie in a box itself, as they once did.
func oldMessages(box jobj.Object) int {
	value, _ := box.Get(messages)
	list, _ := value.([]any)
	return len(list)
}

func publicBox(doc store.Document) jobj.Object { return public(doc).Delete(messages) }

func (h *handler) uniqueBox(ctx context.Context, d *draft) error {
	value, given := d.data.Get("mailbox")
	if !given {
		return nil
	}
	const message = "Invalid mailbox number or already exists"
	number, ok := store.Mailbox(d.data)
	if !ok {
		d.wrong.add("mailbox", "unique", message)
		d.hint("mailbox: %.40q is not a number", value)
		return nil
	}
	taken, err := h.taken(ctx, d, store.BoxesByMailbox, store.ValueKey(d.old.AccountID, strconv.FormatInt(number, 10)))
	if err == nil && taken {
		d.wrong.add("mailbox", "unique", message)
	}
	return err
}

// removeBox deletes a box after its messages.
func (h *handler) removeBox(req *request, doc store.Document, shown jobj.Object) outcome {
	o := h.deletion(req, doc, shown.Delete(messages))
	deletion := o.commit
	o.commit = func(ctx context.Context) (outcome, error) {
		found, err := h.messagesOf(ctx, doc.AccountID, doc.ID)
		if err != nil {
			return outcome{}, err
		}
		var changes []kapi.DocChange
		for _, message := range found {
			var change kapi.DocChange
			if change, err = h.moveMessage(ctx, req, message, folderDeleted, true); err != nil {
				break
			}
			changes = append(changes, change)
		}
		h.Changes.Publish(ctx, changes...) // of those that are gone, whatever became of the rest
		if err != nil {
			return outcome{}, err
		}
		return deletion(ctx)
	}
	return o
}

// messageClauses are the paths of messages.
func (h *handler) messageClauses() []clause {
	get := func(act action) operation { return operation{method: http.MethodGet, within: h.nested(act)} }
	post := func(act action) operation { return operation{method: http.MethodPost, within: h.nested(act)} }
	del := func(act action) operation { return operation{method: http.MethodDelete, within: h.nested(act)} }
	return []clause{
		{args: []string{messages}, operations: []operation{get(h.listAllMessages)}},
		{args: []string{"*", messages}, operations: []operation{
			get(h.listMessages), {method: http.MethodPut, within: h.nested(h.createMessage), uploads: true}, post(h.changeMessages), del(h.deleteMessages),
		}},
		{args: []string{"*", messages, "*"}, operations: []operation{
			get(h.readMessage), post(h.changeMessage), del(h.deleteMessage),
		}},
		{args: []string{"*", messages, "*", "raw"}, operations: []operation{
			{method: http.MethodGet, within: h.nested(h.readRecording), binary: true},
			{method: http.MethodPut, within: h.nested(h.uploadRecording), uploads: true},
		}},
	}
}
