package crossbar_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const quickcallPath = "/v2/accounts/" + customerID + "/devices/" + deskID + "/quickcall/"

// masked writes X for what is drawn at random.
func masked(text string) string {
	return regexp.MustCompile(`[0-9a-f]{36}-quickcall`).ReplaceAllString(text, "X-quickcall")
}

func TestAQuickcallIsAskedForAndTold(t *testing.T) {
	w := newCalls(t, nil)
	got := w.call(t, "GET", quickcallPath+"(415)%20555-0100?foo=bar&auth_token=no", w.token(t, "customer"), "", "X-Request-Id", "r1").want(t, http.StatusOK)
	heard := w.bus.take()
	if len(heard) != 1 || heard[0].Exchange != "callmgr" || heard[0].Key != "originate.resource.req" || !heard[0].Mandatory {
		t.Fatalf("said %v", heard)
	}
	const fields = `{"Timeout":30,"Outbound-Caller-ID-Number":"4155550100","Outbound-Caller-ID-Name":"Device QuickCall","Media":"process",` +
		`"Ignore-Early-Media":true,"Dial-Endpoint-Method":"simultaneous","Continue-On-Fail":false,"Export-Custom-Channel-Vars":["Account-ID",` +
		`"Authorizing-ID","Authorizing-Type","Outbound-Callee-ID-Name","Outbound-Callee-ID-Number","Retain-CID"],"Custom-Channel-Vars":` +
		`{"Account-ID":"` + customerID + `","Inherit-Codec":"false","Authorizing-Type":"device","Authorizing-ID":"` + deskID + `","Retain-CID":"false"},` +
		`"Custom-Application-Vars":{"foo":"bar"},"Application-Data":{"Route":"(415) 555-0100"},"Endpoints":[{"Invite-Format":"contact","To-User":"desk",` +
		`"To-Username":"desk","To-Realm":"customer.ref.test","Endpoint-ID":"` + deskID + `","Presence-ID":"desk@customer.ref.test","Custom-Channel-Vars":` +
		`{"Account-ID":"` + customerID + `","Authorizing-ID":"` + deskID + `","Authorizing-Type":"device","SIP-Invite-Domain":"customer.ref.test",` +
		`"Owner-ID":"a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2","Auto-Answer":true},"Outbound-Call-ID":"X-quickcall"}],"Application-Name":"transfer",` +
		`"Node":"kazoo_apps@ref.test","Msg-ID":"r1","Event-Name":"originate_req","Event-Category":"resource","App-Version":"4.0.0","App-Name":"crossbar"}`
	if text := masked(string(heard[0].Body)); text != fields {
		t.Errorf("\n got %s\nwant %s", text, fields)
	}
	told := got.data()
	if told.String("application_name") != "transfer" || told.String("application_data", "route") != "(415) 555-0100" || told.Has("msg_id") ||
		told.String("outbound_caller_id_number") != "4155550100" || told.String("custom_channel_vars", "retain_cid") != "false" {
		t.Error(got.text)
	}
}

func TestAQuickcallIsTheSameBytesEachTime(t *testing.T) {
	w := newCalls(t, nil)
	var before string
	for range 20 {
		w.call(t, "GET", quickcallPath+"5550100?cid-name=Front%20Desk&cid-number=5550199", w.token(t, "customer"), "", "X-Request-Id", "r1").want(t, http.StatusOK)
		heard := w.bus.take()
		if len(heard) != 1 {
			t.Fatalf("said %v", heard)
		}
		text := masked(string(heard[0].Body))
		if before != "" && text != before {
			t.Fatalf("\nonce %s\nthen %s", before, text)
		}
		before = text
	}
}

func TestWhatCallersSayOfAQuickcall(t *testing.T) {
	w := newCalls(t, nil)
	for _, c := range []struct{ query, wants string }{
		{"", `"Timeout":30`}, {"timeout=3", `"Timeout":30`}, {"timeout=4", `"Timeout":4`}, {"timeout=x", `"Timeout":30`},
		{"media=bypass", `"Media":"bypass"`}, {"media=auto", `"Media":"process"`},
		{"ignore-early-media=false", `"Ignore-Early-Media":false`},
		{"auto_answer=false", `"Auto-Answer":false`},
		{"number_filter=false", `"Outbound-Caller-ID-Number":"+1 (415)"`},
		{"number_filter=%5CD%2A(%5Cd%2B)", `"Outbound-Caller-ID-Number":"1"`},
		{"number_filter=(", `"Outbound-Caller-ID-Number":"+1 (415)"`},
		{"cid-number=1002&cid-name=Front%2520desk", `"Retain-CID":"true"`},
		{"cid-number=1002&cid-name=Front%2520desk", `"Outbound-Callee-ID-Name":"Front desk"`},
		{"cid-number=1002", `"Outbound-Callee-ID-Number":"1002"`},
		{"target_call_id=abc", `"Existing-Call-ID":"abc"`},
	} {
		w.call(t, "GET", quickcallPath+"+1%20(415)?"+c.query, w.token(t, "customer"), "").want(t, http.StatusOK)
		heard := w.bus.take()
		if len(heard) != 1 || !strings.Contains(string(heard[0].Body), c.wants) {
			t.Errorf("%q: said %v, want %s", c.query, heard, c.wants)
		}
	}
}

func TestAUsersDevicesRing(t *testing.T) {
	w := newCalls(t, nil)
	path := "/v2/accounts/" + customerID + "/users/" + strings.Repeat("a2", 16) + "/quickcall/1002"
	w.call(t, "GET", path, w.token(t, "clerk"), "").want(t, http.StatusOK)
	if heard := w.bus.take(); len(heard) != 1 || !strings.Contains(string(heard[0].Body), `"To-User":"desk"`) || !strings.Contains(string(heard[0].Body), `"Authorizing-Type":"user"`) {
		t.Errorf("said %v", heard)
	}
	// The clerk has no device.
	none := strings.Replace(path, strings.Repeat("a2", 16), strings.Repeat("b2", 16), 1)
	if got := w.call(t, "GET", none, w.token(t, "clerk"), "").want(t, http.StatusInternalServerError); got.envelope.String("message") != "unspecified_fault" {
		t.Error(got.text)
	}
	w.call(t, "GET", path, "", "").want(t, http.StatusUnauthorized) // whatever the reference's documentation says
	w.call(t, "GET", path, w.token(t, "sibling"), "").want(t, http.StatusForbidden)
	w.call(t, "GET", "/v2/accounts/"+customerID+"/callflows/x/quickcall/1", w.token(t, "customer"), "").want(t, http.StatusNotFound)
	w.call(t, "GET", "/v2/accounts/"+customerID+"/devices/none/quickcall/1", w.token(t, "customer"), "").want(t, http.StatusNotFound)
	if heard := w.bus.take(); len(heard) > 0 {
		t.Errorf("said %v", heard)
	}
}

func TestAPostedQuickcallWaitsForTheSwitch(t *testing.T) {
	answers := func(answer ...jobj.Object) func(jobj.Object) []jobj.Object {
		return func(jobj.Object) []jobj.Object { return answer }
	}
	said := func(category, name string, more ...jobj.Member) jobj.Object {
		return append(jobj.Object{{Key: "Event-Category", Value: category}, {Key: "Event-Name", Value: name}, {Key: "Msg-ID", Value: "m"}}, more...)
	}
	started := said("resource", "originate_started", jobj.Member{Key: "Call-ID", Value: "c"})
	for _, c := range []struct {
		compat fidelity.Compat
		answer func(jobj.Object) []jobj.Object
		status int
		text   string
	}{
		{fidelity.Kazoo, answers(started, said("resource", "originate_resp", jobj.Member{Key: "Call-ID", Value: "c"})), http.StatusOK, `"call_id":"c"`},
		{fidelity.Kazoo, answers(said("error", "originate_req", jobj.Member{Key: "Error-Message", Value: "busy"})), http.StatusInternalServerError, `"error_message":"busy"`},
		{fidelity.Kazoo, answers(said("error", "originate_resp", jobj.Member{Key: "Error-Message", Value: "busy"})), http.StatusInternalServerError, `"error_message":"busy"`},
		// Nobody says anything: the reference shows the device.
		{fidelity.Kazoo, nil, http.StatusOK, `"name":"desk"`},
		{fidelity.Corrected, nil, http.StatusInternalServerError, "quickcall initiation failed"},
	} {
		w := newCalls(t, func(cfg *crossbar.Config) { cfg.Compat = c.compat })
		w.bus.answer = c.answer
		got := w.call(t, "POST", quickcallPath+"1002", w.token(t, "customer"), `{"data":{"custom_application_vars":{"a":1}}}`).want(t, c.status)
		if !strings.Contains(got.text, c.text) || strings.Contains(got.text, `"msg_id"`) {
			t.Error(got.text)
		}
		if heard := w.bus.take(); len(heard) != 1 || !strings.Contains(string(heard[0].Body), `"Custom-Application-Vars":{"a":1}`) {
			t.Errorf("said %v", heard)
		}
	}
}
