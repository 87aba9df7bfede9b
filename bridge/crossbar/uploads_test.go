package crossbar_test

import (
	"bytes"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// part is one of a body of several: its content type and its content.
type part [2]string

// multiparted is a body of parts, and its content type.
func multiparted(t *testing.T, parts ...part) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, one := range parts {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {one[0]}})
		if err == nil {
			_, err = p.Write([]byte(one[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// told are the changes since the last call, in one line each.
func (w *world) told() []string {
	lines := []string{}
	for _, change := range w.changes.take() {
		lines = append(lines, strings.Join([]string{change.Action, change.Type, change.ID}, " "))
	}
	return lines
}

const sound = "RIFF\x00\x01\xff sound"

func TestMediaTakeAFile(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	id := w.call(t, "PUT", customerPath+"/media", token, `{"data":{"name":"hello","description":"kept"}}`).want(t, http.StatusCreated).data().String("id")
	raw := customerPath + "/media/" + id + "/raw"
	none := w.call(t, "GET", raw, token, "").want(t, http.StatusNotFound)
	g.Expect(none.text).To(ContainSubstring(`"data":["` + id + `"]`))
	w.told()

	up := w.call(t, "POST", raw, token, sound, "Content-Type", "audio/x-wav").want(t, http.StatusOK)
	g.Expect(up.data().String("content_type")).To(Equal("audio/x-wav"))
	g.Expect(up.data().Int("content_length")).To(Equal(int64(len(sound))))
	g.Expect(up.data().String("media_source")).To(Equal("upload"))
	g.Expect(up.data().String("description")).To(Equal("kept"))
	g.Expect(w.told()).To(Equal([]string{"edited media " + id}))

	down := w.call(t, "GET", raw, token, "", "Accept", "audio/*").want(t, http.StatusOK)
	g.Expect(down.text).To(Equal(sound))
	g.Expect(down.header.Get("Content-Type")).To(Equal("audio/x-wav"))
	g.Expect(down.header.Get("Content-Disposition")).To(MatchRegexp(`^attachment; filename=uploaded_file_\d{11}\.wav$`))
	w.call(t, "GET", raw, token, "", "If-None-Match", down.header.Get("Etag")).want(t, http.StatusNotModified)

	for wanted, got := range map[string]string{
		"bytes=0-3": "RIFF", "bytes=9-": "ound", "bytes=8-8": "s", "bytes=0-": sound, "bytes=9-3": sound, "bytes=-2": sound, "lines=1-2": sound, "bytes=1-99": sound,
	} {
		ranged := w.call(t, "GET", raw, token, "", "Range", wanted)
		g.Expect(ranged.text).To(HaveSuffix(got), wanted)
		status := http.StatusPartialContent
		if got == sound {
			status = http.StatusOK
		}
		g.Expect(ranged.status).To(Equal(status), wanted)
		g.Expect(ranged.header.Get("Content-Range")).To(HaveSuffix("/13"), wanted)
	}

	// Once more, otherwise: the one before is replaced.
	body, contentType := multiparted(t, part{"audio/mpeg", "mp3"}, part{"application/json", `{"data":{}}`})
	up = w.call(t, "POST", raw+"?filename=greeting%22.ogg", token, body, "Content-Type", contentType).want(t, http.StatusOK)
	g.Expect(up.data().Int("content_length")).To(Equal(int64(3)))
	down = w.call(t, "GET", raw, token, "").want(t, http.StatusOK)
	g.Expect(down.text).To(Equal("mp3"))
	g.Expect(down.header.Get("Content-Disposition")).To(Equal("attachment; filename=greeting_.ogg"))

	w.call(t, "POST", raw, token, "data:audio/mp3;base64,"+base64.StdEncoding.EncodeToString([]byte(sound)), "Content-Type", "application/base64").want(t, http.StatusOK)
	down = w.call(t, "GET", raw, token, "").want(t, http.StatusOK)
	g.Expect(down.text).To(Equal(sound))
	g.Expect(down.header.Get("Content-Type")).To(Equal("audio/mp3"))

	// An edit of the document leaves the file; and both go.
	w.call(t, "POST", customerPath+"/media/"+id, token, `{"data":{"name":"renamed"}}`).want(t, http.StatusOK)
	w.call(t, "GET", raw, token, "").want(t, http.StatusOK)
	w.call(t, "DELETE", customerPath+"/media/"+id, token, "").want(t, http.StatusOK)
	w.call(t, "GET", raw, token, "").want(t, http.StatusNotFound)
}

func TestUploadsThatAreRefused(t *testing.T) {
	w := newWorld(t, newKeys(), func(c *crossbar.Config) { c.MaxBody = 1000 })
	token := w.token(t, "customer")
	id := w.call(t, "PUT", customerPath+"/media", token, `{"data":{"name":"hello"}}`).want(t, http.StatusCreated).data().String("id")
	raw := customerPath + "/media/" + id + "/raw"
	two, several := multiparted(t, part{"audio/mpeg", "1"}, part{"audio/mpeg", "2"})
	for _, c := range []struct {
		path, contentType, body string
		status                  int
		says                    string
	}{
		{raw, "application/json", `{"data":{}}`, 400, `"file":{"required":{"message":"Please provide an media file"}}`},
		{raw, "audio/mpeg", "", 400, `"file":{"required"`},
		{raw, several, two, 400, `"file":{"maxItems":{"message":"Please provide a single media file"}}`},
		{raw, "application/base64", "?", 400, `"file":{"encoding":{"message":"failed to decode base64 data"}}`},
		{raw, "audio/mpeg", strings.Repeat("x", 1001), 400, `"file":{"maxSize":{"message":"Payload or Files must not be more than 1000 bytes","target":1000}}`},
		{customerPath + "/media/" + strings.Repeat("f", 32) + "/raw", "audio/mpeg", sound, 404, `"bad_identifier"`},
		{"/v2/accounts/" + siblingID + "/media/" + id + "/raw", "audio/mpeg", sound, 403, `"forbidden"`},
	} {
		got := w.call(t, "POST", c.path, token, c.body, "Content-Type", c.contentType)
		if got.status != c.status || !strings.Contains(got.text, c.says) {
			t.Errorf("POST %s %s %q: %d %s", c.path, c.contentType, c.body, got.status, got.text)
		}
	}
	// Where no file belongs, the hint says what was taken for one.
	got := w.call(t, "PUT", hooksPath, token, "name=x", "Content-Type", "text/plain")
	if got.status != 400 || !strings.Contains(got.header.Get("X-Kazoolab-Hint"), "text/plain is taken for a file") {
		t.Errorf("%d %v", got.status, got.header)
	}
}

func TestAFaxIsSentWithItsPages(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	body, contentType := multiparted(t,
		part{"application/json", `{"data":{"to_number":"+14155550100","from_number":"+14155550199"}}`}, part{"application/pdf", "%PDF-1"})
	sent := w.call(t, "PUT", customerPath+"/faxes", token, body, "Content-Type", contentType).want(t, http.StatusCreated).data()
	id := sent.String("_id")
	g.Expect(sent.String("pvt_job_status")).To(Equal("attaching_files"))
	g.Expect(w.told()).To(Equal([]string{"created fax " + id, "edited fax " + id, "edited fax " + id}))
	doc, err := w.store.Get(t.Context(), kapi.DatabaseFaxes, id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(doc.Body.String("pvt_job_status")).To(Equal("pending"))
	pages, err := w.store.File(t.Context(), kapi.DatabaseFaxes, id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(pages.Content)).To(Equal("%PDF-1"))
	g.Expect(w.call(t, "GET", customerPath+"/faxes/outgoing/"+id, token, "").want(t, http.StatusOK).data().String("status")).To(Equal("pending"))

	// All that a body of pages alone leaves out is a number.
	missing := w.call(t, "PUT", customerPath+"/faxes", token, "%PDF-1", "Content-Type", "application/pdf").want(t, http.StatusBadRequest)
	g.Expect(missing.text).To(And(ContainSubstring(`"to_number":{"required"`), Not(ContainSubstring("document.url"))))
}

func TestThePagesOfAFaxOfThePast(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	now := kapi.Gregorian(w.clock.Now())
	db := kapi.MonthlyDB(customerID, w.clock.Now())
	past := func(id, folder string) store.Document {
		doc := store.Document{DB: db, ID: "202611-" + strings.Repeat(id, 32), Type: "fax", AccountID: customerID, Created: now, Body: jobj.Object{
			{Key: "folder", Value: folder}, {Key: "to_number", Value: "+14155550100"}, {Key: "from_number", Value: "+14155550199"},
		}}
		saved, err := w.store.SaveFile(t.Context(), doc, store.File{Name: "x.pdf", ContentType: "application/pdf", Content: []byte("%PDF " + folder)})
		g.Expect(err).NotTo(HaveOccurred())
		return saved
	}
	came, went := past("a", "inbox"), past("b", "outbox")
	one := customerPath + "/faxes/inbox/" + came.ID
	down := w.call(t, "GET", one+"/attachment", token, "", "Accept", "application/pdf").want(t, http.StatusOK)
	g.Expect(down.text).To(Equal("%PDF inbox"))
	g.Expect(down.header.Get("Content-Disposition")).To(Equal("attachment; filename=fax_document_2026-11-15_12:00:00.pdf"))
	g.Expect(w.call(t, "GET", one+"/attachment?disposition=inline", token, "").header.Get("Content-Disposition")).To(HavePrefix("inline; "))
	w.call(t, "GET", customerPath+"/faxes/outbox/"+came.ID+"/attachment", token, "").want(t, http.StatusInternalServerError)
	w.call(t, "GET", "/v2/accounts/"+siblingID+"/faxes/inbox/"+came.ID+"/attachment", w.token(t, "sibling"), "").want(t, http.StatusNotFound)

	// Sent on, or once more, it takes its pages along.
	for path, action := range map[string]string{one: "forward", customerPath + "/faxes/outbox/" + went.ID: "resubmit"} {
		again := w.call(t, "PUT", path, token, `{"action":"`+action+`","data":{"to_number":"+14155550111"}}`).want(t, http.StatusCreated).data()
		g.Expect(again.String("to_number")).To(Equal("+14155550111"))
		pages, err := w.store.File(t.Context(), kapi.DatabaseFaxes, again.String("id"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(pages.Content)).To(HavePrefix("%PDF "))
	}
	w.told()

	w.call(t, "DELETE", one+"/attachment", token, "").want(t, http.StatusOK)
	g.Expect(w.told()).To(Equal([]string{"edited fax " + came.ID}))
	gone := w.call(t, "GET", one+"/attachment", token, "").want(t, http.StatusNotFound)
	g.Expect(gone.data().String("cause")).To(Equal(came.ID))
	w.call(t, "GET", one, token, "").want(t, http.StatusOK)
	g.Expect(w.call(t, "DELETE", one+"/attachment", token, "").want(t, http.StatusOK).data().String("id")).To(Equal(came.ID))
	g.Expect(w.told()).To(BeEmpty(), "there was nothing to take away")
}

func TestAMessageHasARecording(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	boxes := customerPath + "/vmboxes"
	box := func(number string) string {
		return w.call(t, "PUT", boxes, token, `{"data":{"name":"box `+number+`","mailbox":"`+number+`","timezone":"Asia/Tokyo"}}`).want(t, http.StatusCreated).data().String("id")
	}
	first, second := box("1"), box("2")
	messages := boxes + "/" + first + "/messages"
	w.told()
	body, contentType := multiparted(t, part{"application/json", `{"data":{"caller_id_number":"+14155550199","length":1000}}`}, part{"audio/mpeg", sound})
	created := w.call(t, "PUT", messages, token, body, "Content-Type", contentType).want(t, http.StatusCreated)
	id := created.data().String("media_id")
	g.Expect(w.told()).To(Equal([]string{"created mailbox_message " + id, "edited mailbox_message " + id}))
	down := w.call(t, "GET", messages+"/"+id+"/raw", token, "", "Accept", "audio/mpeg").want(t, http.StatusOK)
	g.Expect(down.text).To(Equal(sound))
	g.Expect(down.header.Get("Content-Disposition")).To(Equal("attachment; filename=+14155550199_2026-11-15_21:00:00.mp3"), "in the time zone of the box")

	bare := w.call(t, "PUT", messages, token, `{"data":{}}`).want(t, http.StatusCreated).data().String("id")
	silent := w.call(t, "GET", messages+"/"+bare+"/raw", token, "").want(t, http.StatusNotFound)
	g.Expect(silent.text).To(ContainSubstring("voicemail message does not have any audio file"))
	w.call(t, "PUT", messages+"/"+bare+"/raw", token, `{"data":{}}`).want(t, http.StatusBadRequest)
	w.told()
	w.call(t, "PUT", messages+"/"+bare+"/raw", token, "later", "Content-Type", "audio/ogg").want(t, http.StatusCreated)
	g.Expect(w.told()).To(Equal([]string{"edited mailbox_message " + bare}))
	g.Expect(w.call(t, "GET", messages+"/"+bare+"/raw", token, "").text).To(Equal("later"))

	// In another box it is another message, with the same recording.
	moved := w.call(t, "POST", messages+"/"+id, token, `{"data":{"source_id":"`+second+`"}}`).want(t, http.StatusOK).data().String("media_id")
	g.Expect(w.call(t, "GET", boxes+"/"+second+"/messages/"+moved+"/raw", token, "").want(t, http.StatusOK).text).To(Equal(sound))
	w.call(t, "GET", messages+"/"+id+"/raw", token, "").want(t, http.StatusNotFound)
}

func TestAUsersPhotoAndCard(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	id := w.call(t, "PUT", customerPath+"/users", token, `{"data":{"first_name":"Ann","last_name":"Lee, Jr","email":"ann@example.com",
		"timezone":"Etc/UTC","profile":{"title":"Boss","note":"two\nlines","nicknames":["A","B"],"email":"other@example.com",
		"addresses":[{"address":"1; High St","types":["home"]},{"address":"`+strings.Repeat("long ", 20)+`"}]}}}`).want(t, http.StatusCreated).data().String("id")
	one := customerPath + "/users/" + id
	card := w.call(t, "GET", one+"/vcard", token, "", "Accept", "text/x-vcard").want(t, http.StatusOK)
	g.Expect(card.header.Get("Content-Type")).To(Equal("text/x-vcard"))
	g.Expect(card.text).To(Equal("BEGIN:VCARD\nVERSION:3.0\nFN:Ann Lee\\, Jr\nN:Lee\\, Jr;Ann\nEMAIL:ann@example.com\nNOTE:two\\nlines\nTITLE:Boss\n" +
		"TZ:Etc/UTC\nNICKNAME:A,B\nADR;TYPE=home:1\\; High St\nADR;TYPE=intl,postal,parcel,work:" + strings.Repeat("long ", 8) + "lo\nng " +
		strings.Repeat("long ", 11) + "\nEND:VCARD\n"))

	w.call(t, "GET", one+"/photo", token, "").want(t, http.StatusNotFound)
	w.call(t, "POST", one+"/photo", token, `{"data":{}}`).want(t, http.StatusBadRequest)
	w.told()
	w.call(t, "POST", one+"/photo", token, "\xff\xd8jpeg", "Content-Type", "image/jpeg").want(t, http.StatusOK)
	g.Expect(w.told()).To(Equal([]string{"edited user " + id}))
	photo := w.call(t, "GET", one+"/photo", token, "").want(t, http.StatusOK)
	g.Expect(photo.text).To(Equal("\xff\xd8jpeg"))
	g.Expect(photo.header.Get("Content-Disposition")).To(Equal("attachment; filename=photo"))
	g.Expect(w.call(t, "GET", one+"/vcard", token, "").text).To(ContainSubstring("\nPHOTO;ENCODING=B;TYPE=JPEG:/9hqcGVn\n"))
	w.call(t, "DELETE", one+"/photo", token, "").want(t, http.StatusOK)
	w.call(t, "GET", one+"/photo", token, "").want(t, http.StatusNotFound)
}
