package crossbar_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func TestUsersLogInWithTheirPasswords(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	admin := w.token(t, "customer")
	path := customerPath + "/users"
	const name = `"first_name":"Ann","last_name":"Other"`
	login := func(user, password string) reply {
		return w.call(t, "PUT", "/v2/user_auth", "", fmt.Sprintf(`{"data":{"credentials":%q,"account_name":"Customer"}}`, md5Of(user+":"+password)))
	}

	refused := w.call(t, "PUT", path, admin, `{"data":{`+name+`,"username":"ann"}}`).want(t, http.StatusBadRequest)
	if refused.data().String("password", "required", "cause") != "ann" {
		t.Errorf("answer %s", refused.text)
	}
	made := w.call(t, "PUT", path, admin, `{"data":{`+name+`,"username":"Ann","password":"first-secret"}}`).want(t, http.StatusCreated)
	id := made.data().String("id")
	if made.data().Has("password") || made.data().String("username") != "ann" {
		t.Errorf("made %s", made.text)
	}
	doc, err := w.store.Get(t.Context(), kapi.AccountDB(customerID), id)
	if err != nil || strings.Contains(string(jobj.Append(nil, doc.Body)), "first-secret") {
		t.Errorf("stored %v (%v)", doc, err)
	}
	w.changes.take()
	token := login("ann", "first-secret").want(t, http.StatusCreated).envelope.String("auth_token")
	if changes := w.changes.take(); len(changes) > 0 {
		t.Errorf("the first login has published %+v", changes)
	}
	own := path + "/" + id
	w.call(t, "GET", own, token, "").want(t, http.StatusOK)

	// An edit that says nothing of it leaves the password, and the token.
	w.call(t, "PATCH", own, admin, `{"data":{"timezone":"Etc/UTC"}}`).want(t, http.StatusOK)
	w.call(t, "GET", own, token, "").want(t, http.StatusOK)

	w.call(t, "PATCH", own, admin, `{"data":{"password":"second-secret"}}`).want(t, http.StatusOK)
	w.call(t, "GET", own, token, "").want(t, http.StatusUnauthorized)
	login("ann", "first-secret").want(t, http.StatusUnauthorized)
	login("ann", "second-secret").want(t, http.StatusCreated)

	w.call(t, "PATCH", own, admin, `{"data":{"enabled":false}}`).want(t, http.StatusOK)
	login("ann", "second-secret").want(t, http.StatusUnauthorized)
	w.call(t, "PATCH", own, admin, `{"data":{"enabled":true}}`).want(t, http.StatusOK)
	w.call(t, "DELETE", own, admin, "").want(t, http.StatusOK)
	login("ann", "second-secret").want(t, http.StatusUnauthorized)

	nameless := w.call(t, "PUT", path, admin, `{"data":{`+name+`,"password":"third-secret"}}`).want(t, http.StatusCreated)
	if drawn := nameless.data().String("username"); len(drawn) != len("user_")+16 {
		t.Errorf("the name is %q", drawn)
	}
}

func TestListsOfObjects(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "sub")
	path := "/v2/accounts/" + subID + "/"
	put := func(family, body string) string {
		t.Helper()
		return w.call(t, "PUT", path+family, token, "{\"data\":{"+body+"}}").want(t, http.StatusCreated).data().String("id")
	}
	row := func(family, id string) string {
		t.Helper()
		return string(jobj.Append(nil, byID(w.call(t, "GET", path+family, token, "").want(t, http.StatusOK).rows(), id).Delete("id")))
	}
	user := put("users", `"first_name":"A","last_name":"B","email":"a@example.org","music_on_hold":{"media_id":"m"},"do_not_disturb":{"enabled":true}`)
	if got := row("users", user); got != `{"features":["vm_to_email","music_on_hold","do_not_disturb"],"email":"a@example.org","first_name":"A","last_name":"B","priv_level":"user","flags":[]}` {
		t.Error(got)
	}
	device := put("devices", `"name":"Desk","owner_id":"`+user+`","sip":{"username":"desk"}`)
	other := put("devices", `"name":"Door","mac_address":"AA:BB"`)
	if got := row("devices", other); got != `{"name":"Door","mac_address":"aabb","enabled":true,"device_type":"sip_device","flags":[]}` {
		t.Error(got)
	}
	owned := w.call(t, "GET", path+"users/"+user+"/devices", token, "").want(t, http.StatusOK).rows()
	if len(owned) != 1 || owned[0].String("id") != device || owned[0].Has("username") || owned[0].Bool(true, "hotdesked") {
		t.Errorf("owned %v", owned)
	}
	w.call(t, "GET", path+"users/"+strings.Repeat("f", 32)+"/devices", token, "").want(t, http.StatusNotFound)
	box := put("vmboxes", `"name":"Box","mailbox":"1"`)
	flow := put("callflows", `"numbers":["(555) 555","5555550124"],"name":"n","flow":{"module":"user","data":{"id":"`+user+
		`"},"children":{"_":{"module":"voicemail","data":{"id":"`+box+`"}},"x":{"module":"user","data":{}}}}`)
	if got := row("callflows", flow); got != `{"name":"n","numbers":["(555) 555","+15555550124"],"patterns":[],"featurecode":false,"modules":["user","voicemail"],"flags":[]}` {
		t.Error(got)
	}
	metadata := w.call(t, "GET", path+"callflows/"+flow, token, "").data().Object("metadata")
	if metadata.String(user, "name") != "A B" || metadata.String(box, "name") != "Box" || metadata.String(box, "pvt_type") != "vmbox" {
		t.Errorf("metadata %v", metadata)
	}
	group := put("groups", `"name":"g","endpoints":{"`+user+`":{"type":"user"},"x":{"type":"device"}}`)
	if got := row("groups", group); got != `{"name":"g","features":[],"endpoints":2,"flags":[]}` {
		t.Error(got)
	}
	if rows := w.call(t, "GET", path+"users/"+user+"/groups", token, "").rows(); len(rows) != 1 {
		t.Errorf("groups %v", rows)
	}
	fax := put("faxboxes", `"name":"f"`)
	if address := byID(w.call(t, "GET", path+"faxboxes", token, "").rows(), fax).String("smtp_email_address"); !strings.Contains(address, ".fax.") {
		t.Errorf("address %q", address)
	}
	conference := put("conferences", `"name":"c"`)
	if !strings.Contains(row("conferences", conference), `"_read_only":{"members":0,"moderators":0,"duration":0,"is_locked":false}`) {
		t.Error(row("conferences", conference))
	}
	directory := put("directories", `"name":"d"`)
	w.call(t, "PATCH", path+"users/"+user, token, `{"data":{"directories":{"`+directory+`":"`+flow+`"}}}`).want(t, http.StatusOK)
	listed := w.call(t, "GET", path+"directories/"+directory, token, "").data()
	if got := string(jobj.Append(nil, first(listed.Get("users")))); got != `[{"user_id":"`+user+`","callflow_id":"`+flow+`"}]` {
		t.Error(got)
	}
}

func first(value any, _ bool) any { return value }

func md5Of(text string) string {
	digest := md5.Sum([]byte(text))
	return hex.EncodeToString(digest[:])
}

func TestACopyFollows(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	copyOf := func(db, id string) (store.Document, bool) {
		doc, err := w.store.Get(t.Context(), db, id)
		return doc, err == nil && !doc.Deleted
	}
	box := w.call(t, "PUT", customerPath+"/faxboxes", token, `{"data":{"name":"one"}}`).want(t, http.StatusCreated).data().String("id")
	w.call(t, "POST", customerPath+"/faxboxes/"+box, token, `{"data":{"name":"two"}}`).want(t, http.StatusOK)
	if doc, ok := copyOf(kapi.DatabaseFaxes, box); !ok || doc.Body.String("name") != "two" {
		t.Errorf("copy %v", doc)
	}
	w.call(t, "DELETE", customerPath+"/faxboxes/"+box, token, "").want(t, http.StatusOK)
	if _, ok := copyOf(kapi.DatabaseFaxes, box); ok {
		t.Error("the copy of the box outlives it")
	}

	device := w.call(t, "PUT", customerPath+"/devices", token, `{"data":{"name":"d","sip":{"method":"ip","ip":"192.0.2.7"}}}`).want(t, http.StatusCreated)
	id := device.data().String("id")
	if _, ok := copyOf(kapi.DatabaseSIPAuth, id); !ok {
		t.Error("no copy of a device that is known by its address")
	}
	// Another account cannot take it over by its id.
	taken := w.call(t, "PUT", "/v2/accounts/"+siblingID+"/devices", w.token(t, "sibling"),
		`{"data":{"name":"d","id":"`+id+`","sip":{"method":"ip","ip":"192.0.2.8"}}}`)
	if doc, _ := copyOf(kapi.DatabaseSIPAuth, id); taken.status != http.StatusConflict || doc.AccountID != customerID {
		t.Errorf("%d, the copy is of %s", taken.status, doc.AccountID)
	}
	w.call(t, "POST", customerPath+"/devices/"+id, token, `{"data":{"name":"d"}}`).want(t, http.StatusOK)
	if _, ok := copyOf(kapi.DatabaseSIPAuth, id); ok {
		t.Error("the copy of the device stays when there is no reason for it any more")
	}
}

func TestBadObjectsAreToldWhatIsWrong(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	for _, c := range []struct{ family, body, where string }{
		{"users", `{}`, "first_name.required last_name.required"},
		{"users", `{"first_name":"A","last_name":"B","email":"nowhere"}`, "email.wrong_format"},
		{"users", `[]`, ".type"},
		{"devices", `{"name":"n","sip":{"method":"magic"}}`, "sip.method.enum"},
		{"devices", `{"name":"n","sip":{"method":"ip","ip":"::1"}}`, "sip.ip.type"},
		{"devices", `{"name":"n","device_type":"mobile"}`, "mobile.mdn.required"},
		{"callflows", `{}`, "numbers.required"},
		{"callflows", `{"numbers":[5]}`, "numbers.0.type"},
		{"callflows", `{"numbers":[""]}`, "numbers.0.minLength"},
		{"callflows", `{"numbers":["1"],"flow":{"module":"hangup","children":{"_":{"module":"pivot","data":{"voice_url":"x"}}}}}`, "flow.children._.data.voice_url.error"},
		{"vmboxes", `{"name":"b","mailbox":"x"}`, "mailbox.unique"},
		{"conferences", `{"member":{"numbers":["x"]}}`, "member.numbers.0.pattern"},
		{"faxes", `{"to_number":"x","from_number":"y","document":{"url":"http://example.org/"}}`, "document.to_number.required"},
		{"temporal_rules", `{"name":"t","cycle":"hourly"}`, "cycle.enum"},
	} {
		got := w.call(t, "PUT", customerPath+"/"+c.family, token, `{"data":`+c.body+`}`).want(t, http.StatusBadRequest)
		for where := range strings.FieldsSeq(c.where) {
			i := strings.LastIndex(where, ".")
			if got.data().Object(where[:i], where[i+1:]) == nil {
				t.Errorf("%s %s: %s", c.family, c.body, got.text)
			}
		}
	}
	id := w.call(t, "PUT", customerPath+"/devices", token, `{"data":{"name":"n"}}`).data().String("id")
	refused := w.call(t, "PATCH", customerPath+"/devices/"+id, token, `{"data":{"device_type":"ata"}}`).want(t, http.StatusBadRequest)
	if refused.data().String("device_type", "invalid", "cause") != "ata" {
		t.Errorf("answer %s", refused.text)
	}
	w.call(t, "PATCH", customerPath+"/devices/"+id, w.token(t, "master"), `{"data":{"device_type":"ata"}}`).want(t, http.StatusOK)
}

func TestSchemasAreForEveryone(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	listed := w.call(t, "GET", "/v2/schemas", "", "").want(t, http.StatusOK)
	names, _ := listed.envelope.Get("data")
	for _, name := range []string{"users", "callflows.user", "webhooks"} {
		if !slices.Contains(names.([]any), any(name)) {
			t.Errorf("%s is not listed", name)
		}
	}
	one := w.call(t, "GET", "/v2/schemas/callflows.user", "", "").want(t, http.StatusOK).data()
	if one.String("id") != "callflows.user" || one.Object("properties", "timeout") == nil {
		t.Errorf("schema %v", one)
	}
	w.call(t, "GET", "/v2/schemas/nope", "", "").want(t, http.StatusNotFound)
	const path = "/v2/schemas/menus/validation"
	tried := w.call(t, "PUT", path, w.token(t, "master"), `{"data":{"name":"m"}}`).want(t, http.StatusCreated)
	if tried.data().Int("retries") != 3 {
		t.Errorf("tried %s", tried.text)
	}
	w.call(t, "PUT", path, w.token(t, "master"), `{"data":{}}`).want(t, http.StatusBadRequest)
	w.call(t, "PUT", path, w.token(t, "customer"), `{"data":{"name":"m"}}`).want(t, http.StatusForbidden)
}
