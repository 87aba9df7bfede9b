package crossbar_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	channelsPath = "/v2/accounts/" + customerID + "/channels"
	deskID       = "dddddddddddddddddddddddddddddd01"
	spareID      = "dddddddddddddddddddddddddddddd02"
	teamID       = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeee01"
)

// newCalls is a world with a switch that has three calls: one of the customer's desk,
// which is bridged, one of its spare phone, and one of the sibling. The desk is a
// user's.
func newCalls(t *testing.T, change func(*crossbar.Config)) *world {
	t.Helper()
	w := newWorld(t, newKeys(), change)
	device := func(id, name, owner string) {
		w.save(t, 1, store.Document{
			DB: kapi.AccountDB(customerID), ID: id, Type: "device", AccountID: customerID,
			Body: jobj.Object{
				{Key: "name", Value: name}, {Key: "enabled", Value: true}, {Key: "owner_id", Value: owner},
				{Key: "sip", Value: jobj.Object{{Key: "username", Value: name}, {Key: "password", Value: "sip-secret"}}},
			},
		})
	}
	device(deskID, "desk", strings.Repeat("a2", 16))
	device(spareID, "spare", "")
	w.save(t, 1, store.Document{
		DB: kapi.AccountDB(customerID), ID: teamID, Type: "group", AccountID: customerID,
		Body: jobj.Object{{Key: "name", Value: "team"}, {Key: "endpoints", Value: jobj.Object{
			{Key: strings.Repeat("a2", 16), Value: jobj.Object{{Key: "type", Value: "user"}}},
			{Key: spareID, Value: jobj.Object{{Key: "type", Value: "device"}}},
		}}},
	})
	w.bus.answer = ecallmgr{[]jobj.Object{
		call("desk@1.2.3.4", customerID, "customer.ref.test", "desk", "other-leg"),
		call("spare@1.2.3.4", customerID, "customer.ref.test", "spare", ""),
		call("theirs@1.2.3.4", siblingID, "sibling.ref.test", "desk", ""),
	}}.answer
	return w
}

func call(id, accountID, realm, user, otherLeg string) jobj.Object {
	one := jobj.Object{
		{Key: "Call-ID", Value: id}, {Key: "Account-ID", Value: accountID}, {Key: "Call-Direction", Value: "inbound"},
		{Key: "Bridge-ID", Value: id}, {Key: "Media-Node", Value: "freeswitch@fs"}, {Key: "Fetch-ID", Value: "f"},
		{Key: "Custom-Channel-Vars", Value: jobj.Object{{Key: "Owner-ID", Value: "o"}}},
	}
	if otherLeg != "" {
		one = one.Set("Other-Leg-Call-ID", otherLeg)
	}
	return jobj.Object{
		{Key: "uuid", Value: id}, {Key: "account_id", Value: accountID}, {Key: "realm", Value: realm},
		{Key: "username", Value: user}, {Key: "direction", Value: "inbound"}, {Key: "bridge_id", Value: id},
		{Key: "switch_url", Value: "sip:fs"}, {Key: "node", Value: "freeswitch@fs"}, {Key: "answered", Value: true},
		{Key: "one", Value: one},
	}
}

func uuids(r reply) string {
	var ids []string
	for _, row := range r.rows() {
		ids = append(ids, row.String("uuid"))
	}
	return strings.Join(ids, " ")
}

func TestListsOfChannels(t *testing.T) {
	w := newCalls(t, nil)
	const base = "/v2/accounts/" + customerID
	for _, c := range []struct{ path, by, uuids, asked string }{
		{channelsPath, "customer", "desk@1.2.3.4 spare@1.2.3.4", "callevt call.status_req." + customerID},
		{base + "/users/" + strings.Repeat("a2", 16) + "/channels", "clerk", "desk@1.2.3.4", "callevt call.status_req.desk%3Acustomer%2Eref%2Etest"},
		{base + "/devices/" + spareID + "/channels", "reseller", "spare@1.2.3.4", "callevt call.status_req.spare%3Acustomer%2Eref%2Etest"},
		{base + "/groups/" + teamID + "/channels", "customer", "desk@1.2.3.4 spare@1.2.3.4", "callevt call.status_req.desk%3Acustomer%2Eref%2Etest"},
		{"/v2/channels", "master", "desk@1.2.3.4 spare@1.2.3.4 theirs@1.2.3.4", "callevt call.status_req.all"},
		{"/v2/accounts/" + siblingID + "/channels", "sibling", "theirs@1.2.3.4", "callevt call.status_req." + siblingID},
	} {
		got := w.call(t, "GET", c.path, w.token(t, c.by), "").want(t, http.StatusOK)
		asked := w.bus.take()
		if uuids(got) != c.uuids || len(asked) != 1 || !strings.HasPrefix(said(asked[0]), c.asked+" ") {
			t.Errorf("%s: %s, asked %v", c.path, got.text, asked)
		}
		for _, row := range got.rows() {
			for _, hidden := range []string{"account_id", "bridge_id", "realm", "node", "switch_url"} {
				if row.Has(hidden) {
					t.Errorf("%s shows %s", c.path, hidden)
				}
			}
			if !row.Bool(false, "answered") || row.String("direction") != "inbound" || row.String("username") == "" {
				t.Errorf("%s lacks what clients read: %v", c.path, row)
			}
		}
	}
}

// Two switches may know the same channel; and one that answers with what it was not
// asked for does not bring it to the client.
func TestChannelsOfManySwitchesAreMerged(t *testing.T) {
	w := newCalls(t, nil)
	known := call("desk@1.2.3.4", customerID, "customer.ref.test", "desk", "").Delete("one")
	w.bus.answer = func(jobj.Object) []jobj.Object {
		return []jobj.Object{
			{{Key: "Channels", Value: []any{known}}},
			{{Key: "Channels", Value: []any{known.Set("answered", false), known.Set("uuid", "stray").Set("account_id", siblingID), "broken"}}},
			{{Key: "Channels", Value: "broken"}},
		}
	}
	got := w.call(t, "GET", channelsPath, w.token(t, "customer"), "").want(t, http.StatusOK)
	if uuids(got) != "desk@1.2.3.4" || got.rows()[0].Bool(true, "answered") {
		t.Error(got.text)
	}
}

func TestChannelsOfNobody(t *testing.T) {
	w := newCalls(t, nil)
	const base = "/v2/accounts/" + customerID
	for path, status := range map[string]int{
		base + "/users/" + strings.Repeat("b2", 16) + "/channels": http.StatusOK, // owns no device
		base + "/users/" + strings.Repeat("a4", 16) + "/channels": http.StatusNotFound,
		base + "/devices/" + teamID + "/channels":                 http.StatusNotFound,
		base + "/groups/" + deskID + "/channels":                  http.StatusNotFound,
		base + "/callflows/x/channels":                            http.StatusNotFound,
		base + "/descendants/channels":                            http.StatusNotFound,
		"/v2/users/x/channels":                                    http.StatusForbidden,
		"/v2/channels":                                            http.StatusForbidden,
		"/v2/channels/desk@1.2.3.4":                               http.StatusForbidden,
	} {
		got := w.call(t, "GET", path, w.token(t, "customer"), "")
		if got.status != status || len(w.bus.take()) > 0 || status == http.StatusOK && len(got.rows()) > 0 {
			t.Errorf("%s: %s", path, got.text)
		}
	}
}

func TestOneChannel(t *testing.T) {
	w := newCalls(t, nil)
	got := w.call(t, "GET", channelsPath+"/desk@1.2.3.4", w.token(t, "customer"), "").want(t, http.StatusOK).data()
	want := `{"call_id":"desk@1.2.3.4","call_direction":"inbound","custom_channel_vars":{"owner_id":"o"},"other_leg_call_id":"other-leg"}`
	if text := string(jobj.Append(nil, got)); text != want {
		t.Errorf("\n got %s\nwant %s", text, want)
	}
	asked := w.bus.take()
	if len(asked) != 1 || asked[0].Key != "call.status_req.channels" {
		t.Errorf("asked %v", asked)
	}
	// A call of another account is none, and the switch does not tell of unknown ones.
	if other := w.call(t, "GET", channelsPath+"/theirs@1.2.3.4", w.token(t, "customer"), "").want(t, http.StatusNotFound); !strings.Contains(other.text, `"data":["theirs@1.2.3.4"]`) {
		t.Error(other.text)
	}
	if none := w.call(t, "GET", channelsPath+"/none", w.token(t, "customer"), "").want(t, http.StatusServiceUnavailable); none.envelope.String("message") != "datastore timeout" {
		t.Error(none.text)
	}
	w.call(t, "GET", "/v2/channels/desk@1.2.3.4", w.token(t, "master"), "").want(t, http.StatusNotFound)
}

// What clients send, what the switch hears, what they are told.
func TestCommandsToAChannel(t *testing.T) {
	w := newCalls(t, nil)
	for _, c := range []struct{ body, says, action, data string }{
		{`{"data":{"action":"hangup"}}`, "hangup initiated", "hangup", `{}`},
		{`{"data":{},"action":"break"}`, "break initiated", "break", `{}`},
		{`{"data":{"action":"transfer","target":"1002"}}`, "transfer initiated", "transfer", `{"target":"1002","transfer-type":"blind"}`},
		{`{"data":{"action":"transfer","target":"1002","transfer-type":"attended","moh":"m"}}`, "transfer initiated", "transfer",
			`{"target":"1002","transfer-type":"attended","moh":"m"}`},
		{`{"data":{"action":"callflow","id":"c","collected":"5","captures":null}}`, "callflow initiated", "callflow", `{"id":"c","collected":"5"}`},
		{`{"data":{"action":"intercept","target_type":"user","target_id":"u","unbridged_only":false}}`, "intercept initiated", "intercept",
			`{"target_type":"user","target_id":"u","unbridged_only":false}`},
	} {
		got := w.call(t, "POST", channelsPath+"/desk@1.2.3.4", w.token(t, "customer"), c.body).want(t, http.StatusOK)
		heard := w.bus.take()
		want := fmt.Sprintf(`metaflow metaflow.action.desk%%401%%2E2%%2E3%%2E4.%s {"Data":%s,"Call-ID":"desk@1.2.3.4","Action":%[1]q,`+
			`"Node":"kazoo_apps@ref.test","Msg-ID":"drawn","Event-Name":"action","Event-Category":"metaflow","App-Version":"4.0.0","App-Name":"crossbar"}`, c.action, c.data)
		if data, _ := got.envelope.Get("data"); data != c.says || len(heard) != 2 || said(heard[1]) != want {
			t.Errorf("%s: %s\n said %v\n want %s", c.body, got.text, said(heard[len(heard)-1]), want)
		}
	}
}

func TestCommandsThatAreRefused(t *testing.T) {
	w := newCalls(t, nil)
	for _, c := range []struct{ method, call, body, says string }{
		{"POST", "desk@1.2.3.4", `{"data":{"action":"dance"}}`, "invalid data"},
		{"POST", "desk@1.2.3.4", `{"data":{}}`, "invalid data"},
		{"POST", "desk@1.2.3.4", `{"data":{"action":"transfer"}}`, "No target destination specified"},
		{"POST", "spare@1.2.3.4", `{"data":{"action":"transfer","target":"1"}}`, "Channel is not bridged"},
		{"POST", "desk@1.2.3.4", `{"data":{"action":"intercept","target_id":"x"}}`, "No target type specified"},
		{"POST", "desk@1.2.3.4", `{"data":{"action":"intercept","target_type":"user"}}`, "No target id specified"},
		{"PUT", "desk@1.2.3.4", `{"data":{"module":"hangup"}}`, "invalid data"},
		{"PUT", "desk@1.2.3.4", `{"action":"metaflow","data":{}}`, "Field is required but missing"},
		{"PUT", "desk@1.2.3.4", `{"action":"metaflow","data":[1]}`, "Value did not match type(s): object"},
		{"PUT", "desk@1.2.3.4", `{"action":"metaflow","data":{"module":"dance"}}`, "unable to find metaflow schema for module dance"},
		{"PUT", "desk@1.2.3.4", `{"action":"metaflow","data":{"module":"play","data":{"leg":"all"}}}`, "Value not found in enumerated list of values"},
		{"PUT", "desk@1.2.3.4", `{"action":"metaflow","data":{"module":"pivot","data":{"voice_url":"http://127.0.0.1/"}}}`, "invalid client URL"},
		{"PUT", "desk@1.2.3.4", `{"action":"metaflow","data":{"module":"hangup","children":{"_":{"module":"dance"}}}}`, "children._.module"},
		// What the talk prints is no request of this dialect.
		{"PUT", "desk@1.2.3.4", `{"data":{"action":"metaflow","data":{"module":"hangup"}}}`, "Field is required but missing"},
	} {
		got := w.call(t, c.method, channelsPath+"/"+c.call, w.token(t, "customer"), c.body)
		if got.status != http.StatusBadRequest || !strings.Contains(got.text, c.says) {
			t.Errorf("%s %s: %d %s", c.method, c.body, got.status, got.text)
		}
		if invalid := c.says == "invalid data"; got.envelope.Has("data") == invalid {
			t.Errorf("%s %s: data in %s", c.method, c.body, got.text)
		}
		for _, m := range w.bus.take() {
			if m.Exchange == kapi.ExchangeMetaflow {
				t.Errorf("%s is sent: %s", c.body, said(m))
			}
		}
	}
	for _, method := range []string{"POST", "PUT"} { // whatever the body: the call is looked for first
		w.call(t, method, channelsPath+"/theirs@1.2.3.4", w.token(t, "customer"), `{"data":{"action":"dance"}}`).want(t, http.StatusNotFound)
		w.call(t, method, channelsPath+"/theirs@1.2.3.4", w.token(t, "reseller"), `{"data":{"action":"hangup"}}`).want(t, http.StatusNotFound)
		w.call(t, method, channelsPath+"/none", w.token(t, "customer"), `{"data":{"action":"dance"}}`).want(t, http.StatusServiceUnavailable)
	}
}

func TestAMetaflowIsSentWithItsDefaults(t *testing.T) {
	for _, c := range []struct {
		dialect    fidelity.Dialect
		body, flow string
	}{
		{fidelity.V50, `{"action":"metaflow","data":{"module":"hangup","data":{}}}`, `{"module":"hangup","data":{}}`},
		{fidelity.V50, `{"action":"metaflow","data":{"module":"hangup"}}`, `{"module":"hangup","data":{}}`},
		{fidelity.V50, `{"data":{"action":"metaflow","module":"hold","data":{"moh_aleg":""}}}`,
			`{"action":"metaflow","module":"hold","data":{"moh_aleg":"","unhold_key":"1"}}`},
		{fidelity.V43, `{"action":"metaflow","data":{"module":"transfer","data":{"target":"1002"}}}`,
			`{"module":"transfer","data":{"target":"1002","captures":["no_match"],"transfer_type":"blind"}}`},
		{fidelity.V50, `{"action":"metaflow","data":{"module":"play","data":{"id":"m","leg":"self"},"children":{"_":{"module":"hangup"}}}}`,
			`{"module":"play","data":{"id":"m","leg":"self"},"children":{"_":{"module":"hangup","data":{}}}}`},
		// As the talk prints it, less its slip, and as the reference's documentation does.
		{fidelity.Talk, `{"data":{"action":"metaflow","data":{"module":"hangup"}}}`, `{"module":"hangup","data":{}}`},
		{fidelity.Talk, `{"action":"metaflow","data":{"data":{"module":"hangup"}}}`, `{"module":"hangup","data":{}}`},
		{fidelity.Talk, `{"action":"metaflow","data":{"module":"hangup"}}`, `{"module":"hangup","data":{}}`},
	} {
		w := newCalls(t, func(cfg *crossbar.Config) { cfg.Dialect = c.dialect })
		got := w.call(t, "PUT", channelsPath+"/desk@1.2.3.4", w.token(t, "customer"), c.body).want(t, http.StatusCreated)
		heard := w.bus.take()
		want := `metaflow metaflow.flow.desk%401%2E2%2E3%2E4 {"Call-ID":"desk@1.2.3.4","Flow":` + c.flow + `,` +
			`"Node":"kazoo_apps@ref.test","Msg-ID":"drawn","Event-Name":"flow","Event-Category":"metaflow","App-Version":"4.0.0","App-Name":"crossbar"}`
		if data, _ := got.envelope.Get("data"); data != "metaflow sent" || got.header.Get("Location") != "" || len(heard) != 2 || said(heard[1]) != want {
			t.Errorf("%s: %s\n said %v\n want %s", c.body, got.text, said(heard[len(heard)-1]), want)
		}
	}
}

// The body that the talk prints has a comma for a colon: the answer says where.
func TestTheTalksSlipIsPointedAt(t *testing.T) {
	w := newCalls(t, func(cfg *crossbar.Config) { cfg.Dialect = fidelity.Talk })
	const body = `{"data": {"action": "metaflow", "data": { "module", "hangup" }}`
	got := w.call(t, "PUT", channelsPath+"/desk@1.2.3.4", w.token(t, "customer"), body).want(t, http.StatusBadRequest)
	if hint := got.header.Get("X-Kazoolab-Hint"); !strings.Contains(hint, fmt.Sprint("body byte ", strings.Index(body, `, "hangup"`))) {
		t.Errorf("hint %q", hint)
	}
}

func TestChannelsWithoutABroker(t *testing.T) {
	w := newCalls(t, nil)
	w.bus.down = errNoBroker
	got := w.call(t, "GET", channelsPath, w.token(t, "customer"), "").want(t, http.StatusInternalServerError)
	if got.envelope.String("message") != "could not reach ecallmgr channels" {
		t.Error(got.text)
	}
	w.call(t, "PUT", channelsPath+"/desk@1.2.3.4", w.token(t, "customer"), `{"action":"metaflow","data":{"module":"hangup"}}`).want(t, http.StatusServiceUnavailable)
}

func TestNobodyActsOnACallOfAnother(t *testing.T) {
	w := newCalls(t, nil)
	for _, by := range []string{"sibling", "sub"} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			w.call(t, method, channelsPath+"/desk@1.2.3.4", w.token(t, by), `{"data":{"action":"hangup"}}`).want(t, http.StatusForbidden)
		}
		w.call(t, "GET", channelsPath, w.token(t, by), "").want(t, http.StatusForbidden)
	}
	if heard := w.bus.take(); len(heard) > 0 {
		t.Errorf("said %v", slices.Collect(func(yield func(string) bool) {
			for _, m := range heard {
				if !yield(said(m)) {
					return
				}
			}
		}))
	}
}
