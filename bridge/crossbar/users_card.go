package crossbar

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// userClauses are a user's picture and visiting card.
func (h *handler) userClauses() []clause {
	return []clause{
		{args: []string{"*", "photo"}, operations: []operation{
			{method: http.MethodGet, within: h.nested(h.readPhoto), binary: true},
			{method: http.MethodPost, within: h.nested(h.uploadPhoto), uploads: true},
			{method: http.MethodDelete, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
				doc, err := h.loadObject(ctx, req, users())
				if err != nil {
					return outcome{}, err
				}
				return h.withoutFile(ctx, req, doc, jobj.Object{})
			})},
		}},
		{args: []string{"*", "vcard"}, operations: []operation{
			{method: http.MethodGet, within: h.nested(h.readCard), binary: true},
		}},
	}
}

func (h *handler) readPhoto(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadObject(ctx, req, users())
	if err != nil {
		return outcome{}, err
	}
	photo, err := h.fileOf(ctx, doc, badIdentifier(doc.ID))
	return outcome{file: download(photo, "photo"), revision: doc.Rev}, err
}

// uploadPhoto keeps a picture. Without one the reference crashes.
func (h *handler) uploadPhoto(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadObject(ctx, req, users())
	if err != nil {
		return outcome{}, err
	}
	sent, err := req.onlyUpload("a photo")
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: public(doc), revision: doc.Rev, commit: func(ctx context.Context) (outcome, error) {
		saved, err := h.saveFile(ctx, req, kapi.ActionEdited, doc, h.asFile(req, sent))
		return outcome{data: public(saved), revision: saved.Rev}, err
	}}, nil
}

// readCard shows who a user is, as a vCard 3.0 (kzd_users:to_vcard/1).
func (h *handler) readCard(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadObject(ctx, req, users())
	if err != nil {
		return outcome{}, err
	}
	photo, err := h.Store.File(ctx, doc.DB, doc.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return outcome{}, err
	}
	return outcome{file: &file{contentType: "text/x-vcard", content: []byte(card(doc.Body, photo))}, revision: doc.Rev}, nil
}

// card is a vCard: of what the document says, or its profile.
func card(user jobj.Object, photo store.File) string {
	user = user.Object("profile").Merge(user)
	var lines []string
	line := func(name, separator string, values ...string) {
		var given []string
		for _, value := range values {
			if value != "" {
				given = append(given, escapedForCard(value))
			}
		}
		if text := strings.Join(given, separator); text != "" {
			lines = append(lines, folded(name+":"+text)...)
		}
	}
	first, middle, last := user.String("first_name"), user.String("middle_name"), user.String("last_name")
	line("BEGIN", "", "VCARD")
	line("VERSION", "", "3.0")
	line("FN", " ", first, middle, last)
	line("N", ";", last, first, middle)
	line("ORG", "", user.String("org"))
	if len(photo.Content) > 0 {
		_, kind, _ := strings.Cut(photo.ContentType, "/")
		line("PHOTO;ENCODING=B;TYPE="+strings.ToUpper(kind), "", base64.StdEncoding.EncodeToString(photo.Content))
	}
	for _, pair := range [][2]string{
		{"EMAIL", "email"}, {"BDAY", "birthday"}, {"NOTE", "note"}, {"TITLE", "title"}, {"ROLE", "role"}, {"TZ", "timezone"},
	} {
		line(pair[0], "", user.String(pair[1]))
	}
	line("NICKNAME", ",", texts(user, "nicknames")...)
	line("TEL", "", user.String("caller_id", "internal"))
	line("TEL", "", user.String("caller_id", "external"))
	addresses, _ := user.Get("addresses")
	list, _ := addresses.([]any)
	for _, element := range list {
		address, _ := element.(jobj.Object)
		types := texts(address, "types")
		if len(types) == 0 {
			types = []string{"intl", "postal", "parcel", "work"}
		}
		line("ADR;TYPE="+strings.Join(types, ","), "", address.String("address"))
	}
	line("END", "", "VCARD")
	return strings.Join(lines, "\n") + "\n"
}

func escapedForCard(value string) string {
	return strings.NewReplacer(":", `\:`, ";", `\;`, ",", `\,`, "\r", "", "\n", `\n`).Replace(value)
}

// folded cuts a line into pieces of 75 bytes, as the reference does: no blank begins a
// piece, although the format wants one.
func folded(line string) []string {
	const most = 75
	var pieces []string
	for len(line) > most {
		pieces, line = append(pieces, line[:most]), line[most:]
	}
	return append(pieces, line)
}
