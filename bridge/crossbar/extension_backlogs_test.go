package crossbar_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// waiting stands for the part that holds deliveries back, with ten for each account's
// hook.
type waiting struct {
	of     []string // accounts
	hook   string   // its id; "" is one for each account
	broken error
	done   []string
}

func (w *waiting) Backlogs(_ context.Context, accountID string) ([]crossbar.Backlog, error) {
	var all []crossbar.Backlog
	for _, id := range w.of {
		if accountID == "" || accountID == id {
			all = append(all, crossbar.Backlog{
				AccountID: id, HookID: cmp.Or(w.hook, "hook-of-"+id), Waiting: 10, Since: time.Date(2026, 11, 15, 11, 59, 0, 0, time.UTC), Node: "kazoolab@one",
			})
		}
	}
	return all, w.broken
}

func (w *waiting) DropBacklog(_ context.Context, accountID, hookID string) (int, error) {
	w.done = append(w.done, "drop "+accountID+" "+hookID)
	return 11, w.broken
}

func (w *waiting) ProbeBacklog(_ context.Context, accountID, hookID string) error {
	w.done = append(w.done, "probe "+accountID+" "+hookID)
	return w.broken
}

func TestBacklogsAreListedDroppedAndTried(t *testing.T) {
	g := NewWithT(t)
	store := &waiting{of: []string{customerID}}
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Backlogs = store })
	token, path, hook := w.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/backlogs", "hook-of-"+customerID
	row := `{"account_id":"` + customerID + `","hook_id":"` + hook + `","waiting":10,"since":"2026-11-15T11:59:00Z","node":"kazoolab@one"}`
	got := w.call(t, "GET", path, token, "").want(t, http.StatusOK)
	g.Expect(got.rows()).To(HaveLen(1))
	g.Expect(jobj.Append(nil, got.rows()[0])).To(MatchJSON(row))

	got = w.call(t, "POST", path+"/"+hook, token, `{"data":{"action":"retry"}}`).want(t, http.StatusOK)
	g.Expect(jobj.Append(nil, got.data())).To(MatchJSON(row))
	got = w.call(t, "DELETE", path+"/"+hook, token, "").want(t, http.StatusOK)
	g.Expect(jobj.Append(nil, got.data())).To(MatchJSON(strings.Replace(row, "10", "11", 1)), "what was there when it was dropped")
	g.Expect(store.done).To(Equal([]string{"probe " + customerID + " " + hook, "drop " + customerID + " " + hook}))

	store.broken = errors.New("disk full")
	for _, c := range []struct{ method, path, body string }{
		{"GET", path, ""}, {"DELETE", path + "/" + hook, ""}, {"POST", path + "/" + hook, `{"data":{"action":"retry"}}`},
	} {
		w.call(t, c.method, c.path, token, c.body).want(t, http.StatusServiceUnavailable)
	}
}

func TestBacklogsOfBadRequests(t *testing.T) {
	g := NewWithT(t)
	store := &waiting{of: []string{customerID}}
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Backlogs = store })
	token, path := w.token(t, "customer"), "/v2/accounts/"+customerID+"/kazoolab/backlogs"
	for _, body := range []string{"", `{"data":{}}`, `{"data":{"action":"drop"}}`, `{"data":{"action":["retry"]}}`, `{"data":["retry"]}`} {
		got := w.call(t, "POST", path+"/hook-of-"+customerID, token, body).want(t, http.StatusBadRequest)
		g.Expect(got.text).To(ContainSubstring(`"action":{"enum"`), body)
	}
	w.call(t, "POST", path, token, `{"data":{"action":"retry"}}`).want(t, http.StatusMethodNotAllowed)
	w.call(t, "GET", path+"/hook-of-"+customerID, token, "").want(t, http.StatusMethodNotAllowed)
	for _, method := range []string{"POST", "DELETE"} {
		got := w.call(t, method, path+"/"+seedHook, token, `{"data":{"action":"retry"}}`).want(t, http.StatusNotFound)
		g.Expect(got.header.Get("X-Kazoolab-Hint")).To(ContainSubstring("nothing waits for hook " + seedHook))
	}
	// A GET that pretends to be a DELETE is judged and changes nothing.
	w.call(t, "GET", path+"/hook-of-"+customerID+"?verb=DELETE", token, "").want(t, http.StatusOK)
	g.Expect(store.done).To(BeEmpty())

	w = newWorld(t, newKeys(), nil)
	g.Expect(w.call(t, "GET", path, w.token(t, "customer"), "").want(t, http.StatusOK).rows()).To(BeEmpty(), "where nothing is held back")
}

// A hook that a callflow brings may have the same id in several accounts.
func TestABacklogOfASharedID(t *testing.T) {
	g := NewWithT(t)
	store := &waiting{of: []string{customerID, subID}, hook: "callflow:7"}
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Backlogs = store })
	token, path := w.token(t, "reseller"), "/v2/accounts/"+resellerID+"/kazoolab/backlogs/callflow:7"
	w.call(t, "DELETE", path+"?account_id="+subID, token, "").want(t, http.StatusOK)
	w.call(t, "POST", path, token, `{"data":{"action":"retry","account_id":"`+subID+`"}}`).want(t, http.StatusOK)
	w.call(t, "DELETE", "/v2/accounts/"+subID+"/kazoolab/backlogs/callflow:7", token, "").want(t, http.StatusOK)
	w.call(t, "DELETE", path+"?account_id="+siblingID, token, "").want(t, http.StatusNotFound)
	g.Expect(store.done).To(Equal([]string{
		"drop " + subID + " callflow:7", "probe " + subID + " callflow:7", "drop " + subID + " callflow:7",
	}))
}

// Nobody reads or changes the backlog of an account that is not below the path's.
func TestBacklogsOfOthersDoNotExist(t *testing.T) {
	all := []string{masterID, resellerID, customerID, subID, siblingID, "of an account that is gone"}
	store := &waiting{of: all}
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Backlogs = store })
	for _, c := range []struct {
		caller, path string
		sees         []string
	}{
		{"customer", customerID, []string{customerID, subID}},
		{"sub", subID, []string{subID}},
		{"reseller", resellerID, []string{resellerID, customerID, subID, siblingID}},
		{"reseller", siblingID, []string{siblingID}},
		{"master", masterID, all},
		{"master", customerID, []string{customerID, subID}},
	} {
		g, token, path := NewWithT(t), w.token(t, c.caller), "/v2/accounts/"+c.path+"/kazoolab/backlogs"
		var seen []string
		for _, row := range w.call(t, "GET", path, token, "").want(t, http.StatusOK).rows() {
			seen = append(seen, row.String("account_id"))
		}
		g.Expect(seen).To(ConsistOf(c.sees), "%s at %s", c.caller, c.path)
		for _, owner := range all {
			store.done = nil
			w.call(t, "DELETE", path+"/"+strings.ReplaceAll("hook-of-"+owner, " ", "%20"), token, "")
			want := BeEmpty()
			for _, id := range c.sees {
				if id == owner {
					want = HaveLen(1)
				}
			}
			g.Expect(store.done).To(want, "%s at %s, of %s", c.caller, c.path, owner)
		}
	}
	w.call(t, "GET", "/v2/accounts/"+resellerID+"/kazoolab/backlogs", w.token(t, "customer"), "").want(t, http.StatusForbidden)
	w.call(t, "GET", "/v2/kazoolab/backlogs", w.token(t, "master"), "").want(t, http.StatusForbidden)
}
