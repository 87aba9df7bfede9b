package crossbar_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// rivalID is a reseller beside the other, under the master.
const rivalID = "66666666666666666666666666666666"

// mayWork says who may work on each account: those of it, and those above.
func mayWork() map[string][]string {
	return map[string][]string{
		masterID:   {"master"},
		resellerID: {"master", "reseller"},
		customerID: {"master", "reseller", "customer", "clerk", "api:customer"},
		subID:      {"master", "reseller", "customer", "clerk", "api:customer", "sub"},
		siblingID:  {"master", "reseller", "sibling"},
		rivalID:    {"master", "rival"},
	}
}

// open are the requests that need no token (crossbar.md 5.6), and forAll those that
// need one but no account in their path.
func isOpen(method string, r crossbar.Route) bool {
	return slices.Contains([]string{
		"GET /webhooks", "GET /webhooks/samples", "GET /webhooks/samples/*", "PUT /user_auth", "PUT /user_auth/recovery", "POST /user_auth/recovery", "PUT /api_auth",
		"GET /auth/tokeninfo", "POST /auth/tokeninfo", "GET /schemas", "GET /schemas/*",
		"GET /websockets", "GET /apps_store/*/icon",
		"GET /whitelabel/*", "GET /whitelabel/*/logo", "GET /whitelabel/*/icon", "GET /whitelabel/*/welcome",
	}, method+" "+r.String())
}

func isForAll(method string, r crossbar.Route) bool {
	return slices.Contains([]string{"PUT /accounts", "GET /media", "GET /media/*", "GET /token_auth", "DELETE /token_auth"}, method+" "+r.String())
}

// isForSuperduper are the requests without an account that only superduper callers
// may make.
func isForSuperduper(method string, r crossbar.Route) bool {
	return r.Family == "channels" || slices.Contains([]string{"GET /about", "PUT /schemas/*/validation", "GET /websockets/*"}, method+" "+r.String())
}

// refusedWith500 are the messages of refusals to which the reference gives that status,
// or one like it: here there are no switches and no other nodes.
func refusedWith500() []string {
	return []string{"account_has_descendants", "action required", "invalid action", "document is not in folder outbox", "document is not in folder incoming",
		"schema x not found.", "datastore timeout", "could not reach websockets tracking"}
}

// mayRefuse are the requests that those who may work on an account are refused all
// the same: the siblings of their own account, a new key without being an
// administrator, and what is for superduper callers.
func mayRefuse(method string, r crossbar.Route) bool {
	return slices.Contains([]string{
		"GET /accounts/*/siblings", "PUT /accounts/*/api_key", "POST /accounts/*/move", "PUT /accounts/*/reseller", "DELETE /accounts/*/reseller",
	}, method+" "+r.String())
}

// probe is one request of the matrix, and what must come of it.
type probe struct {
	caller, target string // target is "" for a path without an account
	route          crossbar.Route
	verb           string // what is asked for
	method, path   string // how
	body           string
}

// status is what the answer must be, 0 where that is for other tests: nothing but
// the token and the account decide it.
func (p probe) status() int {
	switch {
	case p.caller == "expired":
		return http.StatusUnauthorized
	case !slices.Contains(p.route.Methods, p.verb), p.verb == http.MethodDelete && p.route.String() == "/accounts/*" && p.target == masterID:
		return http.StatusMethodNotAllowed
	case p.target == "" && isOpen(p.verb, p.route):
		return 0
	case p.caller == "" || p.caller == "garbage":
		return http.StatusUnauthorized
	case p.target == "" && (isForAll(p.verb, p.route) || isForSuperduper(p.verb, p.route) && p.caller == "master"):
		return 0
	case p.target == "" || !slices.Contains(mayWork()[p.target], p.caller) || p.route.Family == "auth": // which is of no account
		return http.StatusForbidden
	}
	return 0
}

// Every caller on every account through every path there is, whatever family it
// belongs to: who may not is refused, and no answer tells, and no request changes,
// anything of an account that the caller may not work on.
func TestTheMatrixOfCallersAccountsAndPaths(t *testing.T) {
	shared := newKeys()
	callers := []string{"", "garbage", "expired", "master", "reseller", "rival", "sibling", "customer", "clerk", "api:customer", "sub"}
	var probes atomic.Int64
	t.Run("by", func(t *testing.T) {
		for _, target := range []string{masterID, resellerID, customerID, subID} {
			for _, caller := range callers {
				t.Run(fmt.Sprintf("%q on %s", caller, target[:1]), func(t *testing.T) {
					t.Parallel()
					m := newMatrix(t, shared, caller)
					for _, p := range m.probes(target) {
						m.try(t, p)
						probes.Add(1)
					}
					m.nothingElseChanged(t, target)
				})
			}
		}
	})
	t.Logf("%d requests", probes.Load())
	if probes.Load() < 30_000 {
		t.Error("too few: are all routes there?")
	}
}

// matrix is a world in which everything of an account bears its mark.
type matrix struct {
	*explaining
	events        map[string]string // id of an event, by account
	caller, token string
	routes        []crossbar.Route
	before        map[string]string // what the caller may not work on, by place
	turn          int               // probes said otherwise so far
}

func mark(accountID string) string { return "mark-" + accountID[:1] + "-" }

func hookOf(accountID string) string { return strings.Repeat("d", 31) + accountID[:1] }

func newMatrix(t *testing.T, shared *keys, caller string) *matrix {
	t.Helper()
	m := &matrix{explaining: newExplainingWith(t, shared), caller: caller, events: map[string]string{}}
	m.routes = crossbar.Routes(m.handler)
	expired := m.issue(t, account.Claims{AccountID: masterID, Method: account.MethodAPIAuth})
	m.clock.Advance(account.DefaultLifetime + time.Second)
	for _, id := range accountsOf(mayWork()) {
		m.mark(t, id)
	}
	switch caller {
	case "", "garbage":
		m.token = caller
	case "expired":
		m.token = expired
	case "rival":
		m.token = m.issue(t, account.Claims{AccountID: rivalID, Method: account.MethodAPIAuth})
	default:
		m.token = m.world.token(t, caller)
	}
	m.changes.take()
	m.before = m.foreign(t)
	return m
}

func accountsOf(rights map[string][]string) []string {
	var ids []string
	for id := range rights {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (m *matrix) issue(t *testing.T, claims account.Claims) string {
	t.Helper()
	token, err := m.tokens.Issue(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// mark writes an account's mark wherever an answer could show it: the account, a
// hook, an attempt, an event, an object of each kind.
func (m *matrix) mark(t *testing.T, id string) {
	t.Helper()
	for _, db := range []string{kapi.AccountDB(id), kapi.DatabaseAccounts} {
		doc, err := m.store.Get(t.Context(), db, id)
		if err != nil { // rivalID
			doc = store.Document{DB: db, ID: id, Type: store.TypeAccount, AccountID: id, Body: jobj.Object{
				{Key: "pvt_tree", Value: []any{masterID}}, {Key: "pvt_reseller", Value: true}, {Key: "pvt_signature_secret", Value: "rival"},
			}}
		}
		doc.Body = doc.Body.Set("name", mark(id)).Set("realm", mark(id)+".example.com").Set("pvt_api_key", strings.Repeat(mark(id), 8))
		m.save(t, 1, doc)
	}
	m.changes.Publish(t.Context(), kapi.DocChange{DB: kapi.DatabaseAccounts, ID: id})
	m.save(t, 1, store.Document{
		DB: kapi.DatabaseWebhooks, ID: hookOf(id), Type: store.TypeWebhook, AccountID: id,
		Body: jobj.Object{
			{Key: "name", Value: mark(id)}, {Key: "uri", Value: "http://" + mark(id) + ".example.com/"}, {Key: "hook", Value: "all"},
			{Key: "enabled", Value: false}, {Key: "pvt_disabled_message", Value: mark(id)},
		},
	})
	m.markObjects(t, id)
	a := m.attempt(id, hookOf(id), mark(id), time.Minute)
	a.ID = hookOf(id)
	m.record(t, a)
	m.events[id] = m.came(id, mark(id)).ID
}

// markObjects writes one object of each kind, and what lies in shared and in monthly
// databases. Their ids tell the account and the kind.
func (m *matrix) markObjects(t *testing.T, id string) {
	t.Helper()
	put := func(db, typ, of string) {
		m.save(t, 1, store.Document{DB: db, ID: of, Type: typ, AccountID: id, Body: jobj.Object{
			{Key: "name", Value: mark(id)}, {Key: "first_name", Value: mark(id)}, {Key: "source_id", Value: objectOf("vmboxes", id)},
			{Key: "folder", Value: "inbox"}, {Key: "metadata", Value: jobj.Object{{Key: "from", Value: mark(id)}}},
		}})
	}
	for _, o := range objects() {
		put(kapi.AccountDB(id), o.typ, objectOf(o.path, id))
	}
	put(kapi.DatabaseFaxes, "faxbox", objectOf("faxboxes", id))
	put(kapi.DatabaseSIPAuth, "device", objectOf("devices", id))
	put(kapi.DatabaseFaxes, "fax", objectOf("faxes", id))
	put(kapi.MonthlyDB(id, m.clock.Now()), "fax", monthlyOf(id))
	put(kapi.MonthlyDB(id, m.clock.Now()), "mailbox_message", messageOf(id))
}

// objectOf is the id of an account's object of a kind.
func objectOf(kind, accountID string) string { return kind + "-" + accountID[:1] }

func monthlyOf(accountID string) string { return "202611-" + strings.Repeat("d", 31) + accountID[:1] }
func messageOf(accountID string) string { return "202611-" + strings.Repeat("e", 31) + accountID[:1] }

// may says whether the caller may work on an account.
func (m *matrix) may(accountID string) bool { return slices.Contains(mayWork()[accountID], m.caller) }

// foreign are the documents and attempts of accounts that the caller may not work on.
func (m *matrix) foreign(t *testing.T) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for _, id := range accountsOf(mayWork()) {
		if m.may(id) {
			continue
		}
		for _, db := range []string{
			kapi.DatabaseWebhooks, kapi.DatabaseAccounts, kapi.AccountDB(id), "services", kapi.DatabaseFaxes, kapi.DatabaseSIPAuth,
			kapi.MonthlyDB(id, m.clock.Now()),
		} {
			docs, err := m.store.List(t.Context(), store.Query{DB: db, AccountID: id, IncludeDeleted: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, doc := range docs {
				seen[db+"/"+doc.ID] = doc.Rev
			}
		}
		attempts, err := m.store.Attempts(t.Context(), store.AttemptQuery{AccountID: id})
		if err != nil {
			t.Fatal(err)
		}
		seen["attempts of "+id] = fmt.Sprint(len(attempts))
	}
	return seen
}

// nothingElseChanged compares with before. Above an account that was made or deleted
// its parent is counted anew.
func (m *matrix) nothingElseChanged(t *testing.T, target string) {
	t.Helper()
	after := m.foreign(t)
	for place, rev := range m.before {
		counted := target == m.callerAccount() && (strings.HasSuffix(place, "/"+resellerID) || strings.HasSuffix(place, "/"+masterID) || strings.HasSuffix(place, "/"+customerID))
		if after[place] != rev && !counted {
			t.Errorf("%q on %s: %s is %q, was %q", m.caller, target, place, after[place], rev)
		}
		delete(after, place)
	}
	for place := range after {
		t.Errorf("%q on %s: there is now %s", m.caller, target, place)
	}
}

func (m *matrix) callerAccount() string {
	for _, p := range people() {
		if p.name == strings.TrimPrefix(m.caller, "api:") {
			return p.account
		}
	}
	return ""
}

// try makes a request and looks at its answer.
func (m *matrix) try(t *testing.T, p probe) {
	t.Helper()
	m.clock.Advance(200 * time.Millisecond) // the buckets fill again
	got := m.call(t, p.method, p.path, m.token, p.body)
	name := fmt.Sprintf("%q: %s %s %s", p.caller, p.method, p.path, p.body)
	switch want := p.status(); {
	case want != 0 && got.status != want:
		t.Errorf("%s: %d, want %d: %.300s", name, got.status, want, got.text)
	case want == 0 && (got.status == http.StatusUnauthorized || got.status == http.StatusForbidden) &&
		!mayRefuse(p.verb, p.route) && p.route.Family != "user_auth":
		t.Errorf("%s is refused: %.300s", name, got.text)
	case got.status >= http.StatusInternalServerError && !slices.Contains(refusedWith500(), got.envelope.String("message")):
		t.Errorf("%s breaks: %.300s", name, got.text)
	}
	for _, id := range accountsOf(mayWork()) {
		// Those above one's own account are named to everyone.
		named := p.route.String() == "/accounts/*/parents" && p.target == m.callerAccount()
		if !m.may(id) && !named && strings.Contains(got.text, mark(id)) {
			t.Errorf("%s tells of %s: %.300s", name, id, got.text)
		}
	}
	for _, change := range m.changes.take() {
		above := p.route.Family == "accounts" && p.target == m.callerAccount() && p.verb == http.MethodDelete
		if !m.may(change.AccountID) && mayWork()[change.AccountID] != nil && !above {
			t.Errorf("%s changes %s of %s", name, change.ID, change.AccountID)
		}
	}
}
