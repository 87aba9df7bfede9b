package crossbar

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// upload is a file that a request brings: its whole body, or a part of one.
type upload struct {
	contentType string // as the client says it
	content     []byte
}

const typeOctets = "application/octet-stream"

// fromBase64 takes an upload out of its encoding, in which data: and a type may stand
// first (kz_attachment:decode_base64/1).
func fromBase64(contentType string, text []byte) (upload, error) {
	if header, rest, ok := bytes.Cut(text, []byte(";base64,")); ok && bytes.HasPrefix(header, []byte("data:")) {
		contentType, text = string(header[len("data:"):]), rest
	}
	if contentType == "application/base64" || contentType == "application/x-base64" {
		contentType = typeOctets
	}
	text = bytes.Map(func(c rune) rune {
		if c == '\r' || c == '\n' {
			return -1
		}
		return c
	}, text)
	content, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return upload{}, violation("file", "encoding", "failed to decode base64 data")
	}
	return upload{contentType: contentType, content: content}, nil
}

// onlyUpload is the file of a request that must bring exactly one, which kind is to be.
func (r *request) onlyUpload(kind string) (upload, error) {
	switch {
	case len(r.uploads) == 0 || len(r.uploads) == 1 && len(r.uploads[0].content) == 0:
		return upload{}, violation("file", "required", "Please provide "+kind+" file")
	case len(r.uploads) > 1:
		return upload{}, violation("file", "maxItems", "Please provide a single media file")
	}
	return r.uploads[0], nil
}

// asFile is an upload under the name that the reference gives it: the value filename, or
// the time, with an ending.
func (h *handler) asFile(req *request, u upload) store.File {
	name := req.text("filename")
	if name == "" {
		name = "uploaded_file_" + strconv.FormatInt(kapi.Gregorian(h.Clock.Now()), 10)
	}
	if path.Ext(name) == "" {
		name += "." + ending(u.contentType)
	}
	return store.File{Name: strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), ""), ContentType: u.contentType, Content: u.content}
}

// ending ends the names of files of a type (kz_mime:to_extension/1).
func ending(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	known := map[string]string{
		"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/ogg": "ogg",
		"video/mp4": "mp4", "video/mpeg": "mpeg", "video/quicktime": "mov", "video/webm": "webm", "video/x-flv": "flv",
		"application/pdf": "pdf", "image/tiff": "tiff", "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif",
	}
	if found, ok := known[strings.TrimSpace(strings.ToLower(media))]; ok {
		return found
	}
	return "bin"
}

// saveFile writes a document with its file and tells everyone; without content, the
// file is taken away.
func (h *handler) saveFile(ctx context.Context, req *request, action string, doc store.Document, f store.File) (store.Document, error) {
	doc.Body = req.stamp(doc)
	saved, err := h.Store.SaveFile(ctx, doc, f)
	if err == nil {
		h.Changes.Publish(ctx, saved.Change(action))
	}
	return saved, err
}

// createWithFile writes a new document with its file. As in the reference, which writes
// one after the other, it is told of both.
func (h *handler) createWithFile(ctx context.Context, req *request, doc store.Document, f store.File) (store.Document, error) {
	doc.Body = req.stamp(doc)
	saved, err := h.Store.SaveFile(ctx, doc, f)
	if err == nil {
		h.Changes.Publish(ctx, saved.Change(kapi.ActionCreated), saved.Change(kapi.ActionEdited))
	}
	return saved, err
}

// fileOf is the file of a document; absent is the answer when it has none.
func (h *handler) fileOf(ctx context.Context, doc store.Document, absent error) (store.File, error) {
	f, err := h.Store.File(ctx, doc.DB, doc.ID)
	if errors.Is(err, store.ErrNotFound) {
		return f, absent
	}
	return f, err
}

// download answers with a file under a name.
func download(f store.File, name string) *file {
	return &file{contentType: f.ContentType, content: f.Content, name: name}
}

// withoutFile takes the file of a document away, and answers as the reference does: with
// nothing, or, where there was none, with shown.
func (h *handler) withoutFile(ctx context.Context, req *request, doc store.Document, shown jobj.Object) (outcome, error) {
	_, err := h.Store.File(ctx, doc.DB, doc.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return outcome{data: shown, revision: doc.Rev}, nil
	case err != nil:
		return outcome{}, err
	}
	return outcome{data: jobj.Object{}, revision: doc.Rev, commit: func(ctx context.Context) (outcome, error) {
		_, err := h.saveFile(ctx, req, kapi.ActionEdited, doc, store.File{})
		return outcome{data: jobj.Object{}}, err
	}}, nil
}

// serve makes an answer that of a file, or of the part of it that the client wants. A
// range that means nothing is that of the whole (api_resource:get_range/2).
func (f *file) serve(req *request, a *answer) {
	a.header.Set("Content-Type", f.contentType)
	if f.contentType == "" {
		a.header.Set("Content-Type", typeOctets)
	}
	if f.name != "" {
		disposition := "attachment"
		if req.text("disposition") == "inline" {
			disposition = "inline"
		}
		a.header.Set("Content-Disposition", disposition+"; filename="+headerSafe(f.name))
	}
	a.body = f.content
	text, given := req.header("Range")
	if !given || a.status != http.StatusOK {
		return
	}
	from, to := wantedRange(text, len(f.content))
	a.header.Set("Accept-Ranges", "bytes")
	a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(f.content)))
	if a.body = f.content[from:to]; len(a.body) < len(f.content) {
		a.status = http.StatusPartialContent
	}
}

// wantedRange reads bytes=from-to, of which to may be left out, and returns the part of
// so many bytes, without its end.
func wantedRange(text string, size int) (from, to int) {
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	from, err := strconv.Atoi(first)
	if !ok || err != nil || !strings.HasPrefix(text, "bytes=") || from < 0 || from >= size {
		return 0, size
	}
	if last == "" {
		return from, size
	}
	if to, err = strconv.Atoi(last); err != nil || to < from || to >= size {
		return 0, size
	}
	return from, to + 1
}

// headerSafe takes out of a name what may not stand in a header.
func headerSafe(name string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == '"' || c == '\\' || c == 0x7F {
			return '_'
		}
		return c
	}, name)
}
