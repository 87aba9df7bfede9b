package crossbar_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const (
	socketsPath = "/v2/accounts/" + customerID + "/websockets"
	// ofCustomer, ofReseller and ofSibling are sockets by whose account they are, and
	// ofNobody one that has not said a thing yet.
	ofCustomer = "192.0.2.1:50001"
	ofReseller = "192.0.2.2:50002"
	ofSibling  = "192.0.2.3:50003"
	ofNobody   = "192.0.2.4:50004"
)

// newSockets is a world with two nodes that have sockets. The customer's was opened
// with the token that is returned.
func newSockets(t *testing.T, change func(*crossbar.Config)) (w *world, token string) {
	t.Helper()
	w = newWorld(t, newKeys(), change)
	token = w.token(t, "customer")
	digest := sha256.Sum256([]byte(token))
	socket := func(id, accountID, digest string) jobj.Object {
		one := jobj.Object{
			{Key: "bindings", Value: []any{"call.CHANNEL_CREATE.*"}}, {Key: "websocket_session_id", Value: id},
			{Key: "timestamp", Value: 63877472600}, {Key: "destination", Value: "node.test"}, {Key: "source", Value: "192.0.2.1"},
			{Key: "req_id", Value: "r"}, {Key: "auth_account_id", Value: accountID}, {Key: "Auth-Token-Digest", Value: digest},
		}
		if accountID != "" {
			one = one.Set("account_id", accountID)
		}
		return one
	}
	nodes := [][]jobj.Object{
		{socket(ofCustomer, customerID, hex.EncodeToString(digest[:])), socket(ofReseller, resellerID, "0")},
		{socket(ofSibling, siblingID, "0"), socket(ofNobody, "", "")},
	}
	w.bus.answer = func(message jobj.Object) []jobj.Object {
		var answers []jobj.Object
		for _, sockets := range nodes {
			data := []any{}
			for _, one := range sockets {
				owner := one.String("account_id")
				switch {
				case message.String("Socket-ID") == one.String("websocket_session_id"):
					return []jobj.Object{{{Key: "Data", Value: []any{}}}, {{Key: "Data", Value: one}}}
				case message.Has("Socket-ID"):
				case owner == message.String("Account-ID"), owner == message.String("Auth-Account-ID"):
					data = append(data, one, one) // twice, as where two requests cross
				}
			}
			answers = append(answers, jobj.Object{{Key: "Data", Value: data}})
		}
		return answers
	}
	return w, token
}

func shownIDs(r reply) string {
	value, _ := r.envelope.Get("data")
	list, _ := value.([]any)
	var all []string
	for _, element := range list {
		switch element := element.(type) {
		case string:
			all = append(all, element)
		case jobj.Object:
			all = append(all, element.String("websocket_session_id"))
		}
	}
	return strings.Join(all, " ")
}

func TestListsOfSockets(t *testing.T) {
	for _, c := range []struct {
		by, account, ids string
	}{
		{"customer", customerID, ofCustomer},
		{"clerk", customerID, ofCustomer},
		{"reseller", customerID, ofCustomer}, // and not his own
		{"reseller", resellerID, ofReseller},
		{"customer", subID, ""},
		{"master", siblingID, ofSibling},
	} {
		w, _ := newSockets(t, nil)
		got := w.call(t, "GET", "/v2/accounts/"+c.account+"/websockets", w.token(t, c.by), "", "X-Request-Id", "asked-1").want(t, http.StatusOK)
		if shownIDs(got) != c.ids || got.envelope.Has("page_size") {
			t.Errorf("%s of %s: %s", c.by, c.account, got.text)
		}
		for _, row := range got.rows() {
			want := `{"bindings":["call.CHANNEL_CREATE.*"],"websocket_session_id":"` + row.String("websocket_session_id") +
				`","timestamp":63877472600,"destination":"node.test","source":"192.0.2.1"}`
			if text := string(jobj.Append(nil, row)); text != want {
				t.Errorf("row %s", text)
			}
		}
		asked := w.bus.take()
		if len(asked) != 1 || asked[0].Exchange != "sysconf" || asked[0].Key != "websockets.get" || !strings.Contains(string(asked[0].Body), `"Msg-ID":"asked-1"`) {
			t.Errorf("asked %v", asked)
		}
	}
}

// The quirk tenant-hole is nobody's: a socket's id is no key to it.
func TestOneSocketIsItsOwnersAlone(t *testing.T) {
	for _, c := range []struct {
		by, id string
		status int
	}{
		{"customer", ofCustomer, http.StatusOK},
		{"customer", strings.Replace(ofCustomer, ":", "%3A", 1), http.StatusOK},
		{"reseller", ofCustomer, http.StatusOK},
		{"reseller", ofReseller, http.StatusNotFound},
		{"customer", ofReseller, http.StatusNotFound},
		{"customer", ofSibling, http.StatusNotFound},
		{"customer", ofNobody, http.StatusNotFound},
		{"customer", "192.0.2.9:1", http.StatusNotFound},
		{"sibling", ofCustomer, http.StatusForbidden},
	} {
		w, _ := newSockets(t, nil)
		got := w.call(t, "GET", socketsPath+"/"+c.id, w.token(t, c.by), "").want(t, c.status)
		if c.status == http.StatusOK && (got.data().Has("account_id") || got.data().String("source") == "") {
			t.Error(got.text)
		}
		if c.status == http.StatusNotFound && strings.Contains(got.text, "192.0.2.1\"") {
			t.Errorf("%s is told of", c.id)
		}
	}
}

func TestASocketWithoutAnAccountInThePath(t *testing.T) {
	for compat, status := range map[fidelity.Compat]int{fidelity.Kazoo: http.StatusInternalServerError, fidelity.Corrected: http.StatusOK} {
		w, _ := newSockets(t, func(cfg *crossbar.Config) { cfg.Compat = compat })
		got := w.call(t, "GET", "/v2/websockets/"+ofSibling, w.token(t, "master"), "").want(t, status)
		if compat == fidelity.Kazoo && (got.envelope.String("message") != "could not reach websockets tracking" || len(w.bus.take()) > 0) {
			t.Error(got.text)
		}
		w.call(t, "GET", "/v2/websockets/"+ofSibling, w.token(t, "reseller"), "").want(t, http.StatusForbidden)
		w.call(t, "GET", "/v2/websockets/"+ofSibling, "", "").want(t, http.StatusUnauthorized)
	}
}

// The shapes that the talk prints: ids in a list; one socket in a list, with its
// account and its token.
func TestSocketsAsTheTalkPrintsThem(t *testing.T) {
	w, token := newSockets(t, func(cfg *crossbar.Config) { cfg.Dialect = fidelity.Talk })
	if got := w.call(t, "GET", socketsPath, token, "").want(t, http.StatusOK); !strings.Contains(got.text, `"data":["`+ofCustomer+`"]`) {
		t.Error(got.text)
	}
	for shown, by := range map[string]string{token: token, "***": w.token(t, "clerk")} {
		got := w.call(t, "GET", socketsPath+"/"+ofCustomer, by, "").want(t, http.StatusOK)
		want := `"data":[{"account_id":"` + customerID + `","auth_token":"` + shown + `","bindings":["call.CHANNEL_CREATE.*"],"websocket_session_id":"` + ofCustomer + `"}]`
		if !strings.Contains(got.text, want) {
			t.Errorf("\n got %s\nwant %s", got.text, want)
		}
		if by != token && strings.Contains(got.text, token) {
			t.Error("somebody else is told the token")
		}
	}
}

func TestSocketsWithoutAnyoneToAsk(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	if got := w.call(t, "GET", socketsPath, w.token(t, "customer"), "").want(t, http.StatusOK); !strings.Contains(got.text, `"data":[]`) {
		t.Error(got.text)
	}
	w.call(t, "GET", socketsPath+"/"+ofCustomer, w.token(t, "customer"), "").want(t, http.StatusNotFound)
	w.bus.down = errNoBroker
	if got := w.call(t, "GET", socketsPath, w.token(t, "customer"), "").want(t, http.StatusInternalServerError); got.envelope.String("message") != "could not reach websockets tracking" {
		t.Error(got.text)
	}
}

func TestWhatCanBeSubscribedToIsListedToAnyone(t *testing.T) {
	listing := jobj.Object{{Key: "call", Value: []any{"call.CHANNEL_CREATE.{CALL_ID}"}}}
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Bindings = listing })
	for _, token := range []string{"", "undefined", w.token(t, "clerk")} {
		got := w.call(t, "GET", "/v2/websockets", token, "").want(t, http.StatusOK)
		if !strings.Contains(got.text, `"data":{"call":["call.CHANNEL_CREATE.{CALL_ID}"]}`) {
			t.Error(got.text)
		}
	}
	for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
		w.call(t, method, "/v2/websockets", w.token(t, "master"), `{"data":{}}`).want(t, http.StatusMethodNotAllowed)
	}
}
