package crossbar_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// attempted stores an attempt of an account's hook.
func (x *explaining) attempted(t *testing.T, account, hook, id string, success bool) store.Attempt {
	t.Helper()
	x.clock.Advance(time.Second)
	a := store.Attempt{
		ID: id, AccountID: account, HookID: hook, Created: kapi.Gregorian(x.clock.Now()), CreatedAt: x.clock.Now(), Success: success,
		Body: jobj.Object{
			{Key: "result", Value: "failure"}, {Key: "uri", Value: "http://127.0.0.1:18080/seed"}, {Key: "method", Value: "post"},
			{Key: "req_headers", Value: jobj.Object{{Key: "content-type", Value: "application/x-www-form-urlencoded"}}},
			{Key: "req_body", Value: []any{[]any{"a", "=", "1"}, "&", []any{"b", "=", "2"}}},
			{Key: "pvt_created", Value: kapi.Gregorian(x.clock.Now())},
		},
	}
	if err := x.store.AddAttempts(t.Context(), []store.Attempt{a}); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAttemptsAreListedWithTheirIDs(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	for i := range 5 {
		x.attempted(t, customerID, fmt.Sprint("h", i%2), fmt.Sprint("a", i), i == 3)
	}
	x.attempted(t, subID, "h0", "of the sub-account", false)
	token, path := x.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/attempts"
	list := func(query string) (string, reply) {
		got := x.call(t, "GET", path+query, token, "").want(t, http.StatusOK)
		var all []string
		for _, row := range got.rows() {
			all = append(all, row.String("id"))
		}
		return strings.Join(all, " "), got
	}
	begin := kapi.Gregorian(x.clock.Now()) - 6
	for query, want := range map[string]string{
		"":                                        "a4 a3 a2 a1 a0",
		"?hook_id=h1":                             "a3 a1",
		"?failed=true":                            "a4 a2 a1 a0",
		"?failed=true&hook_id=h1":                 "a1",
		"?ascending=true&page_size=2":             "a0 a1",
		fmt.Sprint("?created_from=", begin+4):     "a4 a3",
		fmt.Sprint("?created_to=", begin+2):       "a1 a0",
		"?created_from=0&created_to=never":        "a4 a3 a2 a1 a0",
		"?hook_id=h7":                             "",
		"?page_size=5":                            "a4 a3 a2 a1 a0",
		"?ascending=true&created_from=" + "-5":    "a0 a1 a2 a3 a4",
		"?hook_id=h1'%20OR%20'1'='1":              "",
		"?page_size=100000000000&failed=whatever": "a4 a3 a2 a1 a0",
	} {
		got, _ := list(query)
		g.Expect(got).To(Equal(want), query)
	}
	var pages []string
	next := "?page_size=2"
	for next != "" {
		page, got := list(next)
		pages = append(pages, page)
		x.attempted(t, customerID, "h0", "new"+page, false) // what comes meanwhile does not shift the pages
		if next = got.envelope.String("next_start_key"); next != "" {
			next = "?page_size=2&start_key=" + next
		}
	}
	g.Expect(pages).To(Equal([]string{"a4 a3", "a2 a1", "a0"}))
	_, got := list("?hook_id=h1&page_size=1")
	g.Expect(jobj.Append(nil, got.rows()[0])).To(MatchJSON(fmt.Sprintf(`{"id":"a3","result":"failure","uri":"http://127.0.0.1:18080/seed","method":"post",
		"req_headers":{"content-type":"application/x-www-form-urlencoded"},"req_body":[["a","=","1"],"&",["b","=","2"]],"success":true,"timestamp":%d}`, begin+4)))
	g.Expect(x.call(t, "GET", path+"?start_key=nonsense", token, "").want(t, http.StatusOK).header.Get("X-Kazoolab-Hint")).To(ContainSubstring("start_key"))
	x.call(t, "GET", path+"?page_size=0", token, "").want(t, http.StatusNotFound)
}

func TestAttemptsAreReplayedAsAsked(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	a := x.attempted(t, customerID, seedHook, "a1", false)
	x.attempted(t, customerID, "unreplayable", "a2", false)
	token, path := x.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/attempts/"
	g.Expect(x.call(t, "GET", path+"a1", token, "").want(t, http.StatusOK).data().String("sent")).To(Equal("a=1&b=2"))

	got := x.call(t, "POST", path+"a1/replay", token, "").want(t, http.StatusOK)
	g.Expect(got.data().String("id")).To(Equal("made"))
	g.Expect(got.data().String("replay_of")).To(Equal("a1"))
	x.call(t, "POST", path+"a1/replay", token, `{"data":{"to":"http://example.com/x","body":""}}`).want(t, http.StatusOK)
	x.call(t, "POST", path+"a2/replay", token, `{"data":{}}`).want(t, http.StatusConflict)
	g.Expect(x.replays.asked).To(HaveLen(3))
	g.Expect(x.replays.asked[0].Attempt.ID).To(Equal(a.ID))
	g.Expect(x.replays.asked[0].To).To(BeEmpty())
	g.Expect(x.replays.asked[0].Text).To(BeNil())
	g.Expect(x.replays.asked[1].To).To(Equal("http://example.com/x"))
	g.Expect(x.replays.asked[1].Text).To(And(BeEmpty(), Not(BeNil())), "an empty body is one")
}

func TestBadReplaysAreRefusedWithTheField(t *testing.T) {
	g, x := NewWithT(t), newExplaining(t)
	x.attempted(t, customerID, seedHook, "a1", false)
	token, path := x.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/attempts/a1/replay"
	for body, field := range map[string]string{
		`{"data":{"to":"ftp://example.com/"}}`:       "to",
		`{"data":{"to":"http://localhost/"}}`:        "to",
		`{"data":{"to":"http://127.0.0.1:22/"}}`:     "to",
		`{"data":{"to":"http://0x7f000001/"}}`:       "to",
		`{"data":{"to":""}}`:                         "to",
		`{"data":{"to":null}}`:                       "to",
		`{"data":{"to":["http://example.com/"]}}`:    "to",
		`{"data":{"body":{"a":1}}}`:                  "body",
		`{"data":{"body":7}}`:                        "body",
		`{"data":{"headers":{"authorization":"x"}}}`: "headers",
		`{"data":{"uri":"http://example.com/"}}`:     "uri",
	} {
		got := x.call(t, "POST", path, token, body).want(t, http.StatusBadRequest)
		g.Expect(got.data().Has(field)).To(BeTrue(), "%s: %s", body, got.text)
	}
	// A GET that pretends to be a POST is judged and makes nothing.
	x.call(t, "GET", path+"?verb=POST", token, "").want(t, http.StatusOK)
	g.Expect(x.replays.asked).To(BeEmpty())
	x.call(t, "PUT", path, token, "").want(t, http.StatusMethodNotAllowed)
	x.call(t, "POST", strings.Replace(path, "a1", "a7", 1), token, "").want(t, http.StatusNotFound)
}

// Nobody reads or replays the attempt of an account that is not below the path's.
func TestAttemptsOfOthersDoNotExist(t *testing.T) {
	x := newExplaining(t)
	for _, owner := range []string{masterID, resellerID, customerID, subID, siblingID} {
		x.attempted(t, owner, "h", "of "+owner, false)
	}
	for _, c := range []struct {
		caller, path string
		sees         []string
	}{
		{"customer", customerID, []string{customerID, subID}},
		{"sub", subID, []string{subID}},
		{"reseller", resellerID, []string{resellerID, customerID, subID, siblingID}},
		{"reseller", customerID, []string{customerID, subID}},
		{"master", masterID, []string{masterID, resellerID, customerID, subID, siblingID}},
		{"sibling", siblingID, []string{siblingID}},
	} {
		token := x.token(t, c.caller)
		for _, owner := range []string{masterID, resellerID, customerID, subID, siblingID} {
			status := http.StatusNotFound
			for _, seen := range c.sees {
				if seen == owner {
					status = http.StatusOK
				}
			}
			path := "/v2/accounts/" + c.path + "/kazoolab/attempts/of%20" + owner
			x.call(t, "GET", path, token, "").want(t, status)
			asked := len(x.replays.asked)
			x.call(t, "POST", path+"/replay", token, "").want(t, status)
			if replayed := len(x.replays.asked) > asked; replayed != (status == http.StatusOK) {
				t.Errorf("%s at %s: attempt of %s replayed: %v", c.caller, c.path, owner, replayed)
			}
		}
	}
}
