package crossbar_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const attemptsPath = hooksPath + "/attempts"

// attempt is one of a hook, some time before now, with what the reference stores.
func (w *world) attempt(accountID, hookID, eventID string, ago time.Duration) store.Attempt {
	at := w.clock.Now().Add(-ago)
	return store.Attempt{
		AccountID: accountID, HookID: hookID, Created: kapi.Gregorian(at), CreatedAt: at,
		Body: jobj.Object{
			{Key: "resp_status_code", Value: "503"}, {Key: "resp_headers", Value: jobj.Object{}}, {Key: "resp_body", Value: ""},
			{Key: "try", Value: 2}, {Key: "retries_left", Value: 1}, {Key: "result", Value: "failure"},
			{Key: "reason", Value: "bad response code"}, {Key: "hook_id", Value: hookID},
			{Key: "hook_event", Value: "CHANNEL_CREATE"}, {Key: "event_id", Value: eventID},
			{Key: "uri", Value: "http://receiver.example.com/"}, {Key: "method", Value: "get"}, {Key: "req_body", Value: ""},
			{Key: "pvt_modified", Value: kapi.Gregorian(at)}, {Key: "pvt_created", Value: kapi.Gregorian(at)},
			{Key: "pvt_type", Value: "webhook_attempt"}, {Key: "pvt_account_id", Value: accountID},
		},
	}
}

func (w *world) record(t testing.TB, attempts ...store.Attempt) {
	t.Helper()
	if err := w.store.AddAttempts(t.Context(), attempts); err != nil {
		t.Fatal(err)
	}
}

// events lists the event ids of an answer's rows.
func (r reply) events() string {
	rows := r.rows()
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.String("event_id")
	}
	return strings.Join(ids, " ")
}

func TestAttemptsAreShownAsRecorded(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	a := w.attempt(customerID, seedHook, "e1", time.Minute)
	w.record(t, a)
	got := w.call(t, "GET", attemptsPath, w.token(t, "customer"), "").want(t, http.StatusOK)
	want := string(jobj.Append(nil, a.Body[:13].Set("timestamp", a.Created)))
	if rows := got.rows(); len(rows) != 1 || string(jobj.Append(nil, rows[0])) != want {
		t.Errorf("got  %s\nwant %s", got.text, want)
	}
	if got.envelope.Int("page_size") != 1 || !got.envelope.Has("start_key") || got.envelope.Has("next_start_key") {
		t.Errorf("envelope %s", got.text)
	}
	empty := w.call(t, "GET", "/v2/accounts/"+siblingID+"/webhooks/attempts", w.token(t, "sibling"), "").want(t, http.StatusOK)
	if len(empty.rows()) != 0 || !empty.envelope.Has("start_key") || empty.header.Get("Etag") != "" {
		t.Errorf("an empty list %s", empty.text)
	}
}

func TestAttemptsOfOneHook(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	w.record(t,
		w.attempt(customerID, seedHook, "e1", 3*time.Second), w.attempt(customerID, "other", "e2", 2*time.Second),
		w.attempt(customerID, "gone", "e3", time.Second), w.attempt(siblingID, seedHook, "e4", 0))
	for path, want := range map[string]string{
		attemptsPath:                                                        "e3 e2 e1",
		hooksPath + "/" + seedHook + ofAttempts:                             "e1",
		hooksPath + "/other" + ofAttempts:                                   "e2",
		hooksPath + "/gone" + ofAttempts:                                    "e3", // those of a deleted hook stay
		hooksPath + "/never" + ofAttempts:                                   "",
		"/v2/accounts/" + resellerID + "/webhooks/" + seedHook + ofAttempts: "", // another account's
		"/v2/accounts/" + subID + "/webhooks/attempts":                      "",
	} {
		got := w.call(t, "GET", path, w.token(t, "reseller"), "").want(t, http.StatusOK)
		if got.events() != want {
			t.Errorf("%s: %s, want %s", path, got.events(), want)
		}
	}
	for _, path := range []string{"/v2/webhooks/attempts", "/v2/webhooks/" + seedHook + ofAttempts} {
		w.call(t, "GET", path, "", "").want(t, http.StatusUnauthorized)
		w.call(t, "GET", path, w.token(t, "master"), "").want(t, http.StatusForbidden)
	}
	for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
		w.call(t, method, attemptsPath, w.token(t, "customer"), "").want(t, http.StatusMethodNotAllowed)
		w.call(t, method, hooksPath+"/"+seedHook+ofAttempts, w.token(t, "customer"), "").want(t, http.StatusMethodNotAllowed)
	}
}

const ofAttempts = "/attempts"

func TestPagesOfAttempts(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	var all []string
	for i := range 10 { // four of them in one second
		ago := time.Duration(max(i-3, 0)) * time.Second
		w.record(t, w.attempt(customerID, seedHook, fmt.Sprint("e", i), ago+time.Duration(i)*time.Microsecond))
		all = append(all, fmt.Sprint("e", i))
	}
	for _, c := range []struct{ query, want string }{
		{"page_size=3", strings.Join(all, " ")},
		{"page_size=1", strings.Join(all, " ")},
		{"page_size=2.5", strings.Join(all, " ")},
		{"page_size=3&ascending=true", "e9 e8 e7 e6 e5 e4 e3 e2 e1 e0"},
		{"page_size=2&filter_event_id=[\"e1\",\"e2\",\"e7\"]", "e1 e2 e7"},
		{"page_size=2&filter_not_event_id=e0&filter_result=failure", strings.Join(all[1:], " ")},
	} {
		var seen []string
		next := ""
		for n := 0; ; n++ {
			got := w.call(t, "GET", attemptsPath+"?"+c.query+next, token, "").want(t, http.StatusOK)
			seen = append(seen, strings.Fields(got.events())...)
			if int64(len(got.rows())) != got.envelope.Int("page_size") || n > len(all) {
				t.Fatalf("%s: page %s", c.query, got.text)
			}
			if n == 0 { // what comes in meanwhile belongs before the first page, not into the next
				w.record(t, w.attempt("ffffffffffffffffffffffffffffffff", seedHook, "foreign", time.Hour))
			}
			if !got.envelope.Has("next_start_key") {
				break
			}
			next = "&start_key=" + got.envelope.String("next_start_key")
		}
		if got := strings.Join(seen, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.query, got, c.want)
		}
	}
	whole := w.call(t, "GET", attemptsPath+"?paginate=false&page_size=2", token, "").want(t, http.StatusOK)
	if whole.events() != strings.Join(all, " ") || whole.envelope.Has("page_size") || whole.envelope.Has("start_key") {
		t.Errorf("the whole list %s", whole.text)
	}
	exact := w.call(t, "GET", attemptsPath+"?page_size=10", token, "").want(t, http.StatusOK)
	if exact.envelope.Has("next_start_key") {
		t.Error("there is no more")
	}
	for _, key := range []string{"garbage", "W10", "WzEsMl0", "WzEsMiwzXQ", "63961963200", "!"} {
		got := w.call(t, "GET", attemptsPath+"?start_key="+key, token, "").want(t, http.StatusOK)
		if got.events() != strings.Join(all, " ") {
			t.Errorf("from %s: %s", key, got.events())
		}
	}
}

func TestRangesOfTime(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token, now := w.token(t, "customer"), kapi.Gregorian(w.clock.Now())
	const day = 24 * time.Hour
	for name, ago := range map[string]time.Duration{"now": 0, "week": 7 * day, "month": 31 * day, "before": 31*day + 2*time.Hour} {
		w.record(t, w.attempt(customerID, seedHook, name, ago))
	}
	at := func(days int64) string { return fmt.Sprint(now - days*86400) }
	for query, want := range map[string]string{
		"":                              "now week month",
		"created_from=0":                "now week month",
		"created_from=-5":               "now week month",
		"created_from=soon&created_to=": "now week month",
		"created_from=" + at(8):         "now week",
		"created_from=" + at(8) + ".0":  "now week",
		"created_from=" + at(7):         "now week",
		"created_to=" + at(1):           "week month before",
		"created_to=" + at(7):           "week month before",
		"created_to=" + at(-1):          "now week", // the longest range reaches back from there
		"created_from=" + at(7) + "&created_to=" + at(-1):   "now week", // as Monster UI asks
		"created_from=" + at(40) + "&created_to=" + at(10):  "month before",
		"modified_from=" + at(-9):                           "now week month", // times alone are no filter
		"modified_from=" + at(8) + "&filter_result=failure": "now week",
		"created_from=x&filter_result=failure":              "", // a filter that crashes fits nothing
	} {
		got := w.call(t, "GET", attemptsPath+"?"+query, token, "").want(t, http.StatusOK)
		if got.events() != want {
			t.Errorf("%s: %s, want %s", query, got.events(), want)
		}
	}
	for query, want := range map[string]string{
		fmt.Sprintf("created_from=%d&created_to=%d", now, now-10): fmt.Sprintf(
			`{"created_from":{"date_range":{"message":"created_to %d is prior to created_from %d","cause":%d}}}`, now-10, now, now),
		fmt.Sprintf("created_from=%d&created_to=%d", now-2682001, now): fmt.Sprintf(
			`{"created_from":{"date_range":{"message":"created_to %d is more than 2682000 seconds from created_from %d","cause":%d}}}`,
			now, now-2682001, now),
		"created_from=1": fmt.Sprintf(
			`{"created_from":{"date_range":{"message":"created_to %d is more than 2682000 seconds from created_from 1","cause":%d}}}`, now, now),
	} {
		got := w.call(t, "GET", attemptsPath+"?"+query, token, "").want(t, http.StatusBadRequest)
		if data := string(jobj.Append(nil, got.data())); data != want {
			t.Errorf("%s:\n got %s\nwant %s", query, data, want)
		}
	}
	unixTime := w.call(t, "GET", attemptsPath+"?created_from=soon", token, "").want(t, http.StatusOK)
	if hint := unixTime.header.Get("X-Kazoolab-Hint"); !strings.Contains(hint, "created_from is not a number of Gregorian seconds") {
		t.Errorf("hint %q", hint)
	}
	w.call(t, "GET", attemptsPath+"?page_size=0&created_from=1", token, "").want(t, http.StatusNotFound) // looked at first
	w.call(t, "GET", attemptsPath+"?page_size=0&paginate=false", token, "").want(t, http.StatusOK)
}

// What an answer holds in memory is bounded, whatever is asked for.
func TestLargeAttemptsArePagedByTheirSize(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	const n = 40
	for i := range n {
		a := w.attempt(customerID, seedHook, fmt.Sprint("e", i), time.Duration(i)*time.Second)
		a.Body = a.Body.Set("req_body", strings.Repeat("x", 1<<20))
		w.record(t, a)
	}
	whole := w.call(t, "GET", attemptsPath+"?paginate=false", token, "").want(t, http.StatusRequestedRangeNotSatisfiable)
	if hint := whole.header.Get("X-Kazoolab-Hint"); !strings.Contains(hint, "paginate") {
		t.Errorf("hint %q", hint)
	}
	seen := 0
	for next := ""; ; {
		got := w.call(t, "GET", attemptsPath+"?page_size=1000"+next, token, "").want(t, http.StatusOK)
		if len(got.text) > 40<<20 {
			t.Errorf("an answer of %d bytes", len(got.text))
		}
		seen += len(got.rows())
		if !got.envelope.Has("next_start_key") {
			break
		}
		next = "&start_key=" + got.envelope.String("next_start_key")
	}
	if seen != n {
		t.Errorf("%d attempts on all pages", seen)
	}
}

// Ids may be chosen, so that another could otherwise come into what was left.
func TestAttemptsGoWithTheirAccount(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	w.record(t, w.attempt(siblingID, "h1", "e1", time.Second), w.attempt(customerID, "h2", "e2", time.Second))
	w.call(t, "DELETE", "/v2/accounts/"+siblingID, w.token(t, "reseller"), "").want(t, http.StatusOK)
	heir := `{"data":{"name":"Heir","id":"` + siblingID + `"}}`
	w.call(t, "PUT", customerPath, w.token(t, "customer"), heir).want(t, http.StatusCreated)
	got := w.call(t, "GET", "/v2/accounts/"+siblingID+"/webhooks/attempts", w.token(t, "customer"), "").want(t, http.StatusOK)
	if len(got.rows()) != 0 {
		t.Errorf("the heir sees %s", got.text)
	}
	if got := w.call(t, "GET", attemptsPath, w.token(t, "customer"), ""); got.events() != "e2" {
		t.Errorf("left: %s", got.events())
	}
}
