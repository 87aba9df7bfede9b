package crossbar_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// debugged stores a document of Pivot as an engine has it stored.
func (w *world) debugged(t testing.TB, accountID, callID string, iteration int, members ...jobj.Member) {
	t.Helper()
	body := append(jobj.Object(members), jobj.Member{Key: "iteration", Value: iteration}, jobj.Member{Key: "call_id", Value: callID},
		jobj.Member{Key: "pvt_node", Value: "pivot@apps.test"})
	_, err := w.store.Save(t.Context(), store.Document{
		DB: kapi.MonthlyDB(accountID, w.clock.Now()), Type: kapi.TypePivotDebug, AccountID: accountID, Body: body,
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}

func asked(uri string) []jobj.Member {
	return []jobj.Member{{Key: "uri", Value: uri}, {Key: "method", Value: "get"}, {Key: "req_body", Value: ""}}
}

func answered(status, body string) []jobj.Member {
	return []jobj.Member{{Key: "resp_status_code", Value: status}, {Key: "resp_body", Value: body}}
}

func TestPivotDebugIsListedByCall(t *testing.T) {
	g, w := NewWithT(t), newWorld(t, newKeys(), nil)
	const first, second = "one@10.0.0.1", "two/2@10.0.0.1"
	w.debugged(t, customerID, first, 1, asked("http://app/v?a=1")...)
	w.debugged(t, customerID, first, 1, answered("200", "<Response/>")...)
	w.debugged(t, customerID, first, 2, asked("http://app/next")...)
	w.clock.Advance(time.Minute)
	w.debugged(t, customerID, second, 1, answered("500", "no")...)
	w.debugged(t, customerID, second, 1, jobj.Member{Key: "schema_errors", Value: []any{}})
	w.debugged(t, siblingID, "theirs@10.0.0.1", 1, asked("http://theirs/")...)

	token, path := w.token(t, "customer"), customerPath+"/pivot/debug"
	list := w.call(t, "GET", path, token, "").want(t, http.StatusOK)
	rows := list.rows()
	g.Expect(rows).To(HaveLen(2), "one of each call of the account, newest first")
	g.Expect(rows[1]).To(ContainElements(
		jobj.Member{Key: "call_id", Value: first}, jobj.Member{Key: "debug_id", Value: "202611-" + first},
		jobj.Member{Key: "uri", Value: "http://app/v?a=1"}, jobj.Member{Key: "status_code", Value: "200"},
		jobj.Member{Key: "node", Value: "pivot@apps.test"}, jobj.Member{Key: "has_schema_errors", Value: false},
	))
	g.Expect(rows[0]).To(ContainElements(
		jobj.Member{Key: "call_id", Value: second}, jobj.Member{Key: "status_code", Value: "500"},
		jobj.Member{Key: "has_schema_errors", Value: true},
	))
	g.Expect(textOf(list.envelope.Get("page_size"))).To(Equal("2"))

	for _, id := range []string{first, "202611-" + first} {
		docs := w.call(t, "GET", path+"/"+url.PathEscape(id), token, "").want(t, http.StatusOK).rows()
		g.Expect(docs).To(HaveLen(3), id)
		g.Expect(docs[0].String("method")).To(Equal("get"), "a request stands before its response")
		g.Expect(docs[1].String("resp_status_code")).To(Equal("200"))
		g.Expect(docs[2].String("uri")).To(Equal("http://app/next"))
		g.Expect(docs[0].String("debug_id")).To(Equal("202611-" + first))
		g.Expect(docs[0].String("node")).To(Equal("pivot@apps.test"))
		g.Expect(docs[0].Has("pvt_node")).To(BeFalse())
	}
	for _, unknown := range []string{"nobody", "202610-" + first, "theirs@10.0.0.1"} {
		g.Expect(w.call(t, "GET", path+"/"+url.PathEscape(unknown), token, "").want(t, http.StatusOK).rows()).To(BeEmpty(), unknown)
	}
}

func TestPivotDebugOfAnEndlessCallIsItsBeginning(t *testing.T) {
	g, w := NewWithT(t), newWorld(t, newKeys(), nil)
	token, path := w.token(t, "customer"), customerPath+"/pivot/debug/"
	read := func(callID string) ([]jobj.Object, string) {
		got := w.call(t, "GET", path+callID, token, "").want(t, http.StatusOK)
		return got.rows(), got.header.Get("X-Kazoolab-Hint")
	}
	for i := range 1000 {
		w.debugged(t, customerID, "circle", i+1, asked("http://app/again")...)
	}
	docs, hint := read("circle")
	g.Expect(docs).To(HaveLen(1000))
	g.Expect(hint).To(BeEmpty(), "that is all")
	w.clock.Advance(time.Second)
	w.debugged(t, customerID, "circle", 1001, asked("http://app/again")...)
	docs, hint = read("circle")
	g.Expect(docs).To(HaveLen(1000))
	g.Expect(docs[999].Int("iteration")).To(Equal(int64(1000)))
	g.Expect(hint).To(ContainSubstring("first 1000 documents"))

	const mebi = 1 << 20
	for i := range 40 {
		w.debugged(t, customerID, "wide", i+1, answered("200", strings.Repeat("x", mebi))...)
		w.clock.Advance(time.Second)
	}
	docs, hint = read("wide")
	g.Expect(docs).To(HaveLen(32))
	g.Expect(docs[31].Int("iteration")).To(Equal(int64(32)))
	g.Expect(hint).To(ContainSubstring("first 32 documents"))
}

func TestPivotHasNothingButDebug(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	w.call(t, "GET", customerPath+"/pivot", token, "").want(t, http.StatusNotFound)
	w.call(t, "PUT", customerPath+"/pivot/debug", token, `{"data":{}}`).want(t, http.StatusMethodNotAllowed)
	w.call(t, "GET", "/v2/accounts/"+siblingID+"/pivot/debug", token, "").want(t, http.StatusForbidden)
}

func TestCallflowsHoldPivot(t *testing.T) {
	g, w := NewWithT(t), newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	flow := func(data string) string {
		return `{"data":{"name":"ivr","numbers":["4000"],"flow":{"module":"pivot","data":` + data + `,"children":{}}}}`
	}
	bad := w.call(t, "PUT", customerPath+"/callflows", token, flow(`{"voice_url":"ftp://app/v"}`)).want(t, http.StatusBadRequest)
	g.Expect(bad.text).To(ContainSubstring("voice_url"))
	made := w.call(t, "PUT", customerPath+"/callflows", token, flow(`{"voice_url":"http://app.example.com/v"}`)).want(t, http.StatusCreated)
	g.Expect(made.data().String("flow", "data", "voice_url")).To(Equal("http://app.example.com/v"))
	g.Expect(made.data().String("flow", "data", "req_format")).To(Equal("kazoo"), "the schema's defaults are written into the document")
	g.Expect(made.data().String("flow", "data", "method")).To(Equal("get"))
}
