package crossbar_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// object is one of a kind, as a client makes it.
type object struct {
	path, typ string
	body      string // the members that it must have
	other     string // those that replace them
	copied    string // the database of its copy; "" for none
	noPatch   bool
}

func objects() []object {
	return []object{
		{path: "users", typ: "user", body: `"first_name":"Ada","last_name":"Lovelace"`, other: `"first_name":"Grace","last_name":"Hopper"`},
		{path: "devices", typ: "device", body: `"name":"Desk"`, other: `"name":"Door"`},
		{path: "callflows", typ: "callflow", body: `"numbers":["200"]`, other: `"numbers":["201"]`},
		{path: "menus", typ: "menu", body: `"name":"Main"`, other: `"name":"Night"`},
		{path: "vmboxes", typ: "vmbox", body: `"name":"Box","mailbox":"400"`, other: `"name":"Box 2","mailbox":"401"`},
		{path: "media", typ: "media", body: `"name":"Music"`, other: `"name":"Noise"`, noPatch: true},
		{path: "faxboxes", typ: "faxbox", body: `"name":"Fax"`, other: `"name":"Fax 2"`, copied: kapi.DatabaseFaxes},
		{path: "conferences", typ: "conference", body: `"name":"Conf"`, other: `"name":"Conf 2"`},
		{path: "groups", typ: "group", body: `"name":"G","endpoints":{}`, other: `"name":"H","endpoints":{}`},
		{path: "directories", typ: "directory", body: `"name":"D"`, other: `"name":"E"`},
		{path: "temporal_rules", typ: "temporal_rule", body: `"name":"Noon","cycle":"daily"`, other: `"name":"Night","cycle":"daily"`},
		{path: "temporal_rules_sets", typ: "temporal_rule_set", body: `"name":"Days"`, other: `"name":"Weeks"`},
		{path: "blacklists", typ: "blacklist", body: `"name":"Bores","numbers":{}`, other: `"name":"Bores 2","numbers":{}`},
		{path: "clicktocall", typ: "click2call", body: `"name":"Call me","extension":"200"`, other: `"name":"Call us","extension":"200"`},
	}
}

func TestEveryKindOfObjectIsTried(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	var tried []string
	for _, o := range objects() {
		tried = append(tried, o.path)
	}
	for _, name := range crossbar.ObjectKinds(w.handler) {
		if !slices.Contains(tried, name) {
			t.Errorf("%s is not among the objects of these tests", name)
		}
	}
}

// What is made can be read, listed, replaced, patched and deleted; siblings and other
// accounts never see it; and everyone hears of each write.
func TestObjectsLive(t *testing.T) {
	shared := newKeys()
	for _, o := range objects() {
		t.Run(o.path, func(t *testing.T) {
			w := newWorld(t, shared, nil)
			l := &life{world: w, t: t, object: o, token: w.token(t, "customer")}
			made := l.call(t, "PUT", l.at(), l.token, "{\"data\":{"+o.body+",\"extra\":{\"a\":1,\"b\":2}}}").want(t, http.StatusCreated)
			l.id = made.data().String("id")
			if location := made.header.Get("Location"); location != l.at()+"/"+l.id {
				t.Errorf("Location %q", location)
			}
			l.heard(kapi.ActionCreated, false)
			l.shows(made.data())
			if !l.listed(l.token, l.at()) {
				t.Error("not listed")
			}
			l.isHidden()

			if !o.noPatch {
				patch := `{"data":{"extra":{"a":null,"c":3},"more":true}}`
				if o.path == "faxboxes" { // which wants a whole box
					patch = strings.Replace(patch, `{"data":{`, `{"data":{`+o.body+`,`, 1)
				}
				patched := l.call(t, "PATCH", l.at()+"/"+l.id, l.token, patch).want(t, http.StatusOK)
				if got := string(jobj.Append(nil, patched.data().Object("extra"))); got != `{"b":2,"c":3}` || !patched.data().Bool(false, "more") {
					t.Errorf("patched %s", patched.text)
				}
				l.heard(kapi.ActionEdited, false)
				l.shows(patched.data())
			}

			replaced := l.call(t, "POST", l.at()+"/"+l.id, l.token, "{\"data\":{"+o.other+"}}").want(t, http.StatusOK)
			if replaced.data().Has("extra") || replaced.data().String("id") != l.id {
				t.Errorf("replaced %s", replaced.text)
			}
			l.heard(kapi.ActionEdited, false)
			l.shows(replaced.data())

			l.call(t, "GET", l.at()+"/"+l.id+"?verb=DELETE", l.token, "").want(t, http.StatusOK)
			if changes := w.changes.take(); len(changes) > 0 {
				t.Errorf("a GET has published %+v", changes)
			}
			gone := l.call(t, "DELETE", l.at()+"/"+l.id, l.token, "").want(t, http.StatusOK)
			if !gone.data().Bool(false, "_read_only", "deleted") {
				t.Errorf("deleted %s", gone.text)
			}
			l.heard(kapi.ActionDeleted, true)
			for _, method := range []string{"GET", "DELETE"} {
				l.call(t, method, l.at()+"/"+l.id, l.token, "").want(t, http.StatusNotFound)
			}
			if l.listed(l.token, l.at()) {
				t.Error("listed when it is gone")
			}
		})
	}
}

// life is that of one object.
type life struct {
	*world
	t *testing.T
	object
	token, id string
}

func (l *life) at() string { return customerPath + "/" + l.path }

// heard compares what was published with the one change that must have been, and that
// of the copy.
func (l *life) heard(action string, soft bool) {
	l.t.Helper()
	databases := []string{kapi.AccountDB(customerID)}
	if l.copied != "" {
		databases = append(databases, l.copied)
	}
	changes := l.changes.take()
	if len(changes) != len(databases) {
		l.t.Errorf("%s: published %+v", action, changes)
		return
	}
	for i, change := range changes {
		want := kapi.DocChange{
			Action: action, DB: databases[i], ID: l.id, Type: l.typ, Rev: change.Rev, AccountID: customerID,
			Created: change.Created, Modified: change.Modified, SoftDeleted: soft,
		}
		if change != want || change.Rev == "" {
			l.t.Errorf("%s: published %+v, want %+v", action, change, want)
		}
	}
}

// shows compares what a read shows with what a write has shown.
func (l *life) shows(written jobj.Object) {
	l.t.Helper()
	read := l.call(l.t, "GET", l.at()+"/"+l.id, l.token, "").want(l.t, http.StatusOK)
	for _, m := range written {
		value, _ := read.data().Get(m.Key)
		if got, want := string(jobj.Append(nil, value)), string(jobj.Append(nil, m.Value)); got != want && m.Key != "smtp_email_address" {
			l.t.Errorf("%s is read as %s, was written as %s", m.Key, got, want)
		}
	}
	for _, m := range read.data() {
		if strings.HasPrefix(m.Key, "pvt_") || m.Key == "password" {
			l.t.Errorf("shows %s", m.Key)
		}
	}
}

func (l *life) listed(token, path string) bool {
	l.t.Helper()
	rows := l.call(l.t, "GET", path, token, "").want(l.t, http.StatusOK).rows()
	return byID(rows, l.id) != nil
}

// isHidden tries to get at the object from other accounts, and as something else.
func (l *life) isHidden() {
	l.t.Helper()
	good := "{\"data\":{" + l.other + "}}"
	for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
		if method == "PATCH" && l.noPatch {
			continue
		}
		body := good
		if method == "GET" || method == "DELETE" {
			body = ""
		}
		l.call(l.t, method, l.at()+"/"+l.id, l.world.token(l.t, "sibling"), body).want(l.t, http.StatusForbidden)
		l.call(l.t, method, l.at()+"/"+l.id, "", body).want(l.t, http.StatusUnauthorized)
		for account, who := range map[string]string{subID: "customer", siblingID: "sibling", resellerID: "master"} {
			path := "/v2/accounts/" + account + "/" + l.path + "/" + l.id
			l.call(l.t, method, path, l.world.token(l.t, who), body).want(l.t, http.StatusNotFound)
		}
	}
	for account, who := range map[string]string{subID: "customer", siblingID: "sibling"} {
		if l.listed(l.world.token(l.t, who), "/v2/accounts/"+account+"/"+l.path) {
			l.t.Errorf("listed for %s", who)
		}
	}
	if l.path != "menus" {
		l.call(l.t, "GET", customerPath+"/menus/"+l.id, l.token, "").want(l.t, http.StatusNotFound)
	}
	if changes := l.changes.take(); len(changes) > 0 {
		l.t.Errorf("published %+v", changes)
	}
}

// Whatever else a client keeps in an object comes back as it was.
func TestObjectsKeepWhatTheyDoNotKnow(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	leaf := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
		rapid.Map(rapid.Int32(), func(n int32) any { return int64(n) }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	rapid.Check(t, func(rt *rapid.T) {
		o := rapid.SampledFrom(objects()).Draw(rt, "object")
		if o.path == "callflows" || o.path == "vmboxes" { // whose numbers are taken
			return
		}
		extra := jobj.Object{}
		for _, key := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,6}`), 0, 5, rapid.ID).Draw(rt, "keys") {
			extra = append(extra, jobj.Member{Key: key, Value: leaf.Draw(rt, key)})
		}
		text := jobj.Append(nil, extra)
		path := customerPath + "/" + o.path
		made := w.call(t, "PUT", path, token, "{\"data\":{"+o.body+",\"x_kept\":"+string(text)+"}}")
		if made.status != http.StatusCreated {
			rt.Fatalf("%d %s", made.status, made.text)
		}
		read := w.call(t, "GET", path+"/"+made.data().String("id"), token, "")
		if got := jobj.Append(nil, read.data().Object("x_kept")); string(got) != string(text) {
			rt.Fatalf("%s comes back as %s", text, got)
		}
	})
}

func TestWhatIsTakenIsRefused(t *testing.T) {
	for _, c := range []struct {
		path, first, second, where, message string
	}{
		{
			"users", `"first_name":"A","last_name":"B","username":"Ann","password":"secret"`,
			`"first_name":"C","last_name":"D","username":"ann","password":"secret"`, "username.unique", "Username must be unique within account",
		},
		{
			"users", `"first_name":"A","last_name":"B","hotdesk":{"id":"7"}`, `"first_name":"C","last_name":"D","hotdesk":{"id":"7"}`,
			"hotdesk.id.unique", "Hotdesk ID must be unique within account",
		},
		{"devices", `"name":"A","mac_address":"00:11:22:aa:bb:cc"`, `"name":"B","mac_address":"001122AABBCC"`, "mac_address.unique", "MAC address already in use"},
		{"devices", `"name":"A","sip":{"username":"desk"}`, `"name":"B","sip":{"username":"DESK"}`, "sip.username.unique", "SIP credentials already in use"},
		{"devices", `"name":"A","sip":{"method":"ip","ip":"192.0.2.1"}`, `"name":"B","sip":{"method":"ip","ip":"192.0.2.1"}`, "sip.ip.unique", "SIP IP already in use"},
		{"callflows", `"numbers":["200","201"]`, `"numbers":["202","201"]`, "numbers.unique", ""},
		{"callflows", `"patterns":["^9"]`, `"patterns":["^9"]`, "patterns.unique", ""},
		{"vmboxes", `"name":"A","mailbox":"500"`, `"name":"B","mailbox":"0500"`, "mailbox.unique", "Invalid mailbox number or already exists"},
		{"conferences", `"conference_numbers":["1"]`, `"member":{"numbers":["1"]}`, "numbers.unique", "Numbers already in use"},
		{
			"faxboxes", `"name":"A","custom_smtp_email_address":"a@example.org"`, `"name":"B","custom_smtp_email_address":"A@example.org"`,
			"custom_smtp_email_address.unique", "email address must be unique",
		},
	} {
		t.Run(c.path+" "+c.where, func(t *testing.T) {
			w := newWorld(t, newKeys(), nil)
			token := w.token(t, "customer")
			path := customerPath + "/" + c.path
			one := w.call(t, "PUT", path, token, "{\"data\":{"+c.first+"}}").want(t, http.StatusCreated)
			refused := w.call(t, "PUT", path, token, "{\"data\":{"+c.second+"}}").want(t, http.StatusBadRequest)
			end := strings.LastIndex(c.where, ".")
			key, rule := c.where[:end], c.where[end+1:]
			if found := refused.data().Object(key, rule); found == nil || c.message != "" && found.String("message") != c.message {
				t.Errorf("refused with %s", refused.text)
			}
			// It is no obstacle to itself, nor to another account.
			w.call(t, "POST", path+"/"+one.data().String("id"), token, "{\"data\":{"+c.first+"}}").want(t, http.StatusOK)
			want := http.StatusCreated
			if strings.HasPrefix(c.where, "sip.ip") || c.path == "faxboxes" { // there is but one of each
				want = http.StatusBadRequest
			}
			w.call(t, "PUT", "/v2/accounts/"+siblingID+"/"+c.path, w.token(t, "sibling"), "{\"data\":{"+c.second+"}}").want(t, want)
			w.call(t, "DELETE", path+"/"+one.data().String("id"), token, "").want(t, http.StatusOK)
			w.call(t, "PUT", path, token, "{\"data\":{"+c.second+"}}").want(t, http.StatusCreated)
		})
	}
}

// Two that want the same at once: one has it.
func TestOfTwoAtOnceOneIsRefused(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	statuses := make(chan int)
	const n = 8
	for i := range n {
		go func() {
			body := fmt.Sprintf(`{"data":{"name":"b%d","mailbox":"700"}}`, i)
			statuses <- w.call(t, "PUT", customerPath+"/vmboxes", token, body).status
		}()
	}
	made := 0
	for range n {
		if <-statuses == http.StatusCreated {
			made++
		}
	}
	if made != 1 {
		t.Errorf("%d boxes have the number", made)
	}
}

func TestAChosenIDIsTakenOnce(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	const id = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	for _, o := range []object{objects()[1], objects()[3]} {
		body := "{\"data\":{" + o.body + ",\"id\":\"" + o.path + id + "\"}}"
		path := customerPath + "/" + o.path
		w.call(t, "PUT", path, token, body).want(t, http.StatusCreated)
		w.call(t, "PUT", path, token, body).want(t, http.StatusConflict)
		w.call(t, "DELETE", path+"/"+o.path+id, token, "").want(t, http.StatusOK)
		w.call(t, "PUT", path, token, body).want(t, http.StatusConflict)
	}
	long := w.call(t, "PUT", customerPath+"/menus", token, `{"data":{"name":"m","id":"`+strings.Repeat("x", 300)+`"}}`).want(t, http.StatusBadRequest)
	if long.data().Object("id", "maxLength") == nil {
		t.Errorf("answer %s", long.text)
	}
}

// Nothing of an account outlives it.
func TestObjectsGoWithTheirAccount(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "sibling")
	path := "/v2/accounts/" + siblingID
	for _, o := range objects() {
		w.call(t, "PUT", path+"/"+o.path, token, "{\"data\":{"+o.body+"}}").want(t, http.StatusCreated)
	}
	w.call(t, "PUT", path+"/devices", token, `{"data":{"name":"IP","sip":{"method":"ip","ip":"192.0.2.9"}}}`).want(t, http.StatusCreated)
	w.call(t, "PUT", path+"/faxes", token, `{"data":{"to_number":"+15555550100","from_number":"+15555550101","document":{"url":"http://example.org/"}}}`).want(t, http.StatusCreated)
	box := w.call(t, "GET", path+"/vmboxes", token, "").rows()[0].String("id")
	w.call(t, "PUT", path+"/vmboxes/"+box+"/messages", token, `{"data":{"timestamp":63900000000}}`).want(t, http.StatusCreated)
	w.call(t, "DELETE", path, w.token(t, "reseller"), "").want(t, http.StatusOK)
	db := kapi.AccountDB(siblingID)
	for _, name := range []string{db, kapi.DatabaseFaxes, kapi.DatabaseSIPAuth, kapi.MonthlyDB(siblingID, kapi.FromGregorian(63900000000))} {
		docs, err := w.store.List(t.Context(), store.Query{DB: name, AccountID: siblingID, IncludeDeleted: true})
		if err != nil || len(docs) > 0 {
			t.Errorf("%s still holds %v (%v)", name, docs, err)
		}
	}
}
