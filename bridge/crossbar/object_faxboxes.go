package crossbar

import (
	"context"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	smtpAddress   = "smtp_email_address"
	customAddress = "custom_smtp_email_address"
	// faxDomain ends the addresses that boxes get (fax.default_smtp_domain).
	faxDomain = "fax.kazoo.io"
)

// faxboxes are cb_faxboxes. Each has a copy in the database of all faxes.
func faxboxes() kind {
	return kind{
		name: "faxboxes", typ: store.TypeFaxbox, form: "faxbox", randomID: true, patchAlone: true,
		row: func(*handler, context.Context, *request) (rowMaker, error) {
			return func(doc store.Document, _ jobj.Object) jobj.Object { return publicFaxbox(doc) }, nil
		},
		prepare: func(_ *handler, d *draft) { d.data = d.data.Delete(smtpAddress) },
		unique:  (*handler).uniqueFaxbox,
		finish: func(h *handler, _ context.Context, d *draft) error {
			if d.isNew() {
				d.private = d.private.
					Set(resellerKey, d.account.ResellerID).
					Set("pvt_"+smtpAddress, h.IDs.Hex(8)+"."+faxDomain)
			}
			return nil
		},
		written: publicFaxbox,
		copied:  func(store.Document) string { return kapi.DatabaseFaxes },
		remove:  (*handler).removeFaxbox,
		ownedBy: owned,
	}
}

// publicFaxbox shows the address that faxes may be sent to by mail. Reading one box
// does not, as in the reference.
func publicFaxbox(doc store.Document) jobj.Object {
	shown := public(doc)
	if address := doc.Body.String("pvt_" + smtpAddress); address != "" {
		shown = shown.Set(smtpAddress, address)
	}
	return shown
}

func (h *handler) uniqueFaxbox(ctx context.Context, d *draft) error {
	address := d.data.String(customAddress)
	if address == "" || d.body == nil {
		return nil
	}
	taken, err := h.taken(ctx, d, store.FaxboxesByEmail, strings.ToLower(address))
	if err != nil || !taken {
		return err
	}
	var more []jobj.Member
	if d.verb != http.MethodPatch {
		more = append(more, jobj.Member{Key: "cause", Value: address})
	}
	d.wrong.add(customAddress, "unique", "email address must be unique", more...)
	return nil
}

// removeFaxbox deletes both documents in the same way.
func (h *handler) removeFaxbox(req *request, doc store.Document, shown jobj.Object) outcome {
	return h.withCopy(req, doc, shown, kapi.DatabaseFaxes, func(ctx context.Context, copied store.Document) error {
		_, err := h.deletion(req, copied, shown).commit(ctx)
		return err
	})
}
