package crossbar_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func TestVoicemailMessages(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	newBox := func(number string) string {
		return w.call(t, "PUT", customerPath+"/vmboxes", token, `{"data":{"name":"`+number+`","mailbox":"`+number+`"}}`).
			want(t, http.StatusCreated).data().String("id")
	}
	box, other := newBox("400"), newBox("401")
	path := customerPath + "/vmboxes/" + box + "/messages"
	w.changes.take()
	leave := func(number string) string {
		made := w.call(t, "PUT", path, token, `{"data":{"caller_id_number":"`+number+`"}}`).want(t, http.StatusCreated)
		return made.data().String("id")
	}
	a, b, c := leave("1001"), leave("1002"), leave("1003")
	if !strings.HasPrefix(a, "202611-") {
		t.Errorf("id %s", a)
	}
	monthly := kapi.MonthlyDB(customerID, w.clock.Now())
	for _, change := range w.changes.take() {
		if change.DB != monthly || change.Type != "mailbox_message" || change.Action != kapi.ActionCreated {
			t.Errorf("published %+v", change)
		}
	}
	count := func(of string) string {
		row := byID(w.call(t, "GET", customerPath+"/vmboxes", token, "").rows(), of)
		return string(jobj.Append(nil, row.Object("folders"))) + textOf(row.Get("messages"))
	}
	if got := count(box); got != `{"new":3,"saved":0}3` {
		t.Errorf("counts %s", got)
	}
	if rows := w.call(t, "GET", path+"?filter_caller_id_number=1002", token, "").rows(); len(rows) != 1 || rows[0].String("media_id") != b {
		t.Errorf("filtered %v", rows)
	}
	if rows := w.call(t, "GET", customerPath+"/vmboxes/messages", token, "").rows(); len(rows) != 3 || rows[0].Object(box) == nil {
		t.Errorf("of all boxes %v", rows)
	}

	// Heard: one goes to the saved ones; all that are named, another is not found.
	saved := w.call(t, "POST", path+"/"+a, token, `{"data":{"folder":"saved"}}`).want(t, http.StatusOK)
	if saved.data().String("folder") != "saved" || w.changes.take()[0].Action != kapi.ActionEdited {
		t.Errorf("saved %s", saved.text)
	}
	bulk := w.call(t, "POST", path, token, `{"data":{"folder":"saved","messages":["`+b+`","nope"]}}`).want(t, http.StatusOK)
	if got := string(jobj.Append(nil, bulk.data())); got != `{"succeeded":["`+b+`"],"failed":{"nope":"not_found"}}` {
		t.Errorf("bulk %s", got)
	}
	refused := w.call(t, "POST", path, token, `{"data":{"messages":[]}}`).want(t, http.StatusBadRequest)
	if refused.data().Object("messages", "required") == nil {
		t.Errorf("answer %s", refused.text)
	}

	// Moved to another box it has another id, and is new again.
	moved := w.call(t, "POST", path+"/"+a, token, `{"data":{"source_id":"`+other+`"}}`).want(t, http.StatusOK)
	if moved.data().String("folder") != "new" || moved.data().String("media_id") == a || count(other) != `{"new":1,"saved":0}1` {
		t.Errorf("moved %s", moved.text)
	}
	w.call(t, "GET", path+"/"+a, token, "").want(t, http.StatusNotFound)
	// The id of a message works in its own box alone.
	elsewhere := customerPath + "/vmboxes/" + other + "/messages/" + b
	w.call(t, "GET", elsewhere, token, "").want(t, http.StatusNotFound)
	w.call(t, "DELETE", elsewhere, token, "").want(t, http.StatusNotFound)

	w.changes.take()
	w.call(t, "DELETE", path+"/"+c, token, "").want(t, http.StatusOK)
	if changes := w.changes.take(); len(changes) != 1 || changes[0].Action != kapi.ActionDeleted || !changes[0].SoftDeleted {
		t.Errorf("published %+v", changes)
	}
	w.call(t, "GET", path+"/"+c, token, "").want(t, http.StatusNotFound)
	w.call(t, "DELETE", customerPath+"/vmboxes/"+box, token, "").want(t, http.StatusOK)
	if changes := w.changes.take(); len(changes) != 2 || changes[0].ID != b || changes[1].ID != box {
		t.Errorf("published %+v", changes)
	}
}

func textOf(value any, _ bool) string { return string(jobj.Append(nil, value)) }

func TestFaxes(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	box := w.call(t, "PUT", customerPath+"/faxboxes", token, `{"data":{"name":"f","caller_id":"+15555550199","retries":3}}`).
		want(t, http.StatusCreated).data().String("id")
	w.changes.take()
	sent := w.call(t, "PUT", customerPath+"/faxboxes/"+box+"/faxes", token,
		`{"data":{"to_number":"5555550100","document":{"url":"http://example.org/f.pdf"}}}`).want(t, http.StatusCreated).data()
	if sent.String("from_number") != "+15555550199" || sent.String("to_number") != "+15555550100" || sent.Int("retries") != 3 || sent.String("faxbox_id") != box {
		t.Errorf("sent %v", sent)
	}
	if changes := w.changes.take(); len(changes) != 1 || changes[0].DB != kapi.DatabaseFaxes || changes[0].Type != "fax" {
		t.Errorf("published %+v", changes)
	}
	id := sent.String("_id")
	rows := w.call(t, "GET", customerPath+"/faxes/outgoing", token, "").want(t, http.StatusOK).rows()
	if len(rows) != 1 || rows[0].String("status") != "pending" || rows[0].String("id") != id {
		t.Errorf("outgoing %v", rows)
	}
	w.call(t, "GET", customerPath+"/faxes/outgoing/"+id, token, "").want(t, http.StatusOK)
	w.call(t, "GET", "/v2/accounts/"+subID+"/faxes/outgoing/"+id, token, "").want(t, http.StatusNotFound)
	if rows := w.call(t, "GET", "/v2/accounts/"+subID+"/faxes/outgoing", token, "").rows(); len(rows) != 0 {
		t.Errorf("another account sees %v", rows)
	}

	// Those of the past lie in the months.
	past := func(ago time.Duration, folder string) string {
		at := w.clock.Now().Add(-ago)
		id := at.UTC().Format("200601") + "-" + strings.Repeat("e", 31) + folder[:1]
		w.save(t, 1, store.Document{
			DB: kapi.MonthlyDB(customerID, at), ID: id, Type: "fax", AccountID: customerID, Created: kapi.Gregorian(at),
			Body: jobj.Object{{Key: "folder", Value: folder}, {Key: "to_number", Value: "1"}, {Key: "pvt_job_status", Value: "completed"}},
		})
		return id
	}
	in, out := past(20*24*time.Hour, "inbox"), past(time.Hour, "outbox")
	for folder, want := range map[string]string{"inbox": in, "incoming": in, "outbox": out} {
		rows := w.call(t, "GET", customerPath+"/faxes/"+folder, token, "").want(t, http.StatusOK).rows()
		if len(rows) != 1 || rows[0].String("id") != want || rows[0].String("status") != "completed" {
			t.Errorf("%s %v", folder, rows)
		}
	}
	w.call(t, "GET", customerPath+"/faxes/inbox/"+in, token, "").want(t, http.StatusOK)
	w.call(t, "GET", customerPath+"/faxes/outbox/"+in, token, "").want(t, http.StatusInternalServerError)
	w.call(t, "PUT", customerPath+"/faxes/outbox/"+out, token, `{"data":{},"action":"resubmit"}`).want(t, http.StatusCreated)
	if rows := w.call(t, "GET", customerPath+"/faxes/outgoing", token, "").rows(); len(rows) != 2 {
		t.Errorf("outgoing %v", rows)
	}
	w.changes.take()
	w.call(t, "DELETE", customerPath+"/faxes/inbox/"+in, token, "").want(t, http.StatusOK)
	if changes := w.changes.take(); len(changes) != 1 || changes[0].ID != in || changes[0].Action != kapi.ActionDeleted {
		t.Errorf("published %+v", changes)
	}
	w.call(t, "GET", customerPath+"/faxes/inbox/"+in, token, "").want(t, http.StatusNotFound)
}
