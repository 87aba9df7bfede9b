package cli_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// monster is Monster UI 4.3 in a browser, logged in or about to be.
type monster struct {
	rest  string
	token string // "undefined" before anyone has logged in
	home  runfile.Account
	user  runfile.User
}

// newMonster points Monster UI at the demo accounts of a lab: at the first customer,
// whose first user administers it.
func newMonster(t *testing.T, l lab) *monster {
	t.Helper()
	for _, account := range l.Accounts {
		if account.Kind == runfile.Customer {
			return &monster{rest: l.REST, token: "undefined", home: account, user: account.Users[0]}
		}
	}
	t.Fatal("there is no customer")
	return nil
}

// page is an answer as a page's code gets it.
type page struct {
	status   int
	header   http.Header
	text     string
	envelope jobj.Object
}

func (p page) data() jobj.Object { return p.envelope.Object("data") }

func (p page) rows() []jobj.Object {
	value, _ := p.envelope.Get("data")
	list, _ := value.([]any)
	rows := make([]jobj.Object, len(list))
	for i, element := range list {
		rows[i], _ = element.(jobj.Object)
	}
	return rows
}

// is fails the test unless the answer has the status and, in data, the fields.
func (p page) is(t *testing.T, status int, fields ...string) page {
	t.Helper()
	if p.status != status {
		t.Fatalf("%d, want %d: %s", p.status, status, p.text)
	}
	for _, field := range fields {
		if _, ok := p.data().Get(strings.Split(field, ".")...); !ok {
			t.Errorf("data lacks %s: %s", field, p.text)
		}
	}
	return p
}

// ask asks as the page's code does: after a preflight, a GET with a content type, no
// body and a changing number, all else with ui_metadata in its data.
func (m *monster) ask(t *testing.T, method, path, data string) page {
	t.Helper()
	const metadata = `"ui_metadata":{"version":"4.3-170","ui":"monster-ui","origin":"webhooks"}`
	body := ""
	switch {
	case method == http.MethodGet:
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "_=1794744000000"
	case path == "user_auth":
		body = `{"data":` + data + `}`
	case data == "", data == "{}":
		body = `{"data":{` + metadata + `}}`
	default:
		body = `{"data":` + strings.TrimSuffix(data, "}") + `,` + metadata + `}}`
	}
	preflight := m.request(t, http.MethodOptions, path, "", "Access-Control-Request-Method", method, "Access-Control-Request-Headers", "content-type,x-auth-token")
	if preflight.status != http.StatusOK {
		t.Errorf("preflight of %s %s: %d", method, path, preflight.status)
	}
	m.allows(t, preflight, method)
	headers := []string{"Content-Type", "application/json", "Accept", "application/json, text/javascript, */*; q=0.01"}
	if path != "user_auth" && path != "auth/tokeninfo" {
		headers = append(headers, "X-Auth-Token", m.token)
	}
	got := m.request(t, method, path, body, headers...)
	m.allows(t, got, method)
	if got.text == "" {
		t.Errorf("%s %s: no body, which the page's code cannot read", method, path)
	}
	return got
}

// allows looks for what a browser needs to hand an answer to the page.
func (m *monster) allows(t *testing.T, got page, method string) {
	t.Helper()
	methods, headers := got.header.Get("Access-Control-Allow-Methods"), got.header.Get("Access-Control-Allow-Headers")
	if got.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(methods, method) ||
		!strings.Contains(headers, "content-type") || !strings.Contains(headers, "x-auth-token") {
		t.Errorf("%s: a browser keeps this to itself: %v", method, got.header)
	}
	if kind := got.header.Get("Content-Type"); kind != "" && kind != "application/json" {
		t.Errorf("%s: content type %q, of which the page shows no error", method, kind)
	}
}

func (m *monster) request(t *testing.T, method, path, body string, headers ...string) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, m.rest+"/v2/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://ui.example.org")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := page{status: res.StatusCode, header: res.Header, text: string(raw)}
	if strings.HasPrefix(got.text, "{") {
		if err := json.Unmarshal(raw, &got.envelope); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// login is row 3: the digest of the name in lower case and the password.
func (m *monster) login(t *testing.T, password string) page {
	t.Helper()
	sum := md5.Sum([]byte(strings.ToLower(m.user.Username) + ":" + password))
	got := m.ask(t, http.MethodPut, "user_auth", fmt.Sprintf(`{"credentials":%q,"account_name":%q}`, hex.EncodeToString(sum[:]), m.home.Name))
	if token := got.envelope.String("auth_token"); token != "" {
		m.token = token
	}
	return got
}

// in logs in.
func (m *monster) in(t *testing.T) *monster {
	t.Helper()
	m.login(t, m.user.Password).is(t, http.StatusCreated)
	return m
}

// account is the path of something of the account.
func (m *monster) account(more string) string { return "accounts/" + m.home.ID + more }

// Each row of what Monster UI asks, from the page's load to what is one click away
// from the webhooks app. A row stands on those before it.
func TestMonsterUI(t *testing.T) {
	_, l := up(t, brokertest.New(t))
	m := newMonster(t, l)
	const form = `"http_verb":"post","retries":"3","format":"json","include_subaccounts":false,"custom_data":{"type":"all","action":"all"},` +
		`"custom_request_headers":{},"type":"all","action":"all","group":"office"`
	hook := "" // H
	hooks := m.account("/webhooks")
	t.Run("1 whitelabel of the host", func(t *testing.T) { m.ask(t, "GET", "whitelabel/ui.example.org", "").is(t, http.StatusNotFound) })
	t.Run("2 logo and icon of the host", func(t *testing.T) {
		m.ask(t, "GET", "whitelabel/ui.example.org/logo", "").is(t, http.StatusNotFound)
		m.ask(t, "GET", "whitelabel/ui.example.org/icon", "").is(t, http.StatusNotFound)
	})
	t.Run("3 login with a wrong password", func(t *testing.T) {
		got := m.login(t, "wrong").is(t, http.StatusUnauthorized)
		if got.data() == nil || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("the form shows nothing of %s", got.text)
		}
	})
	t.Run("a password that is forgotten", func(t *testing.T) {
		got := m.ask(t, "PUT", "user_auth/recovery", `{"username":"nobody","account_name":"Acme","ui_url":"https://ui.example.org/"}`)
		got.is(t, http.StatusNotFound)
	})
	t.Run("3 login", func(t *testing.T) {
		got := m.login(t, m.user.Password).is(t, http.StatusCreated, "language", "is_reseller", "reseller_id", "capabilities")
		if strings.Count(m.token, ".") != 2 || got.data().String("account_id") != m.home.ID || got.data().String("owner_id") != m.user.ID {
			t.Error(got.text)
		}
	})
	t.Run("4 external numbers", func(t *testing.T) { m.ask(t, "GET", m.account("/external_numbers"), "").is(t, http.StatusNotFound) })
	t.Run("5 the account", func(t *testing.T) {
		got := m.ask(t, "GET", m.account(""), "").is(t, http.StatusOK, "id", "name", "realm", "language", "ui_restrictions", "superduper_admin", "is_reseller")
		if got.envelope.String("version") == "" {
			t.Errorf("the dialog shows no version of %s", got.text)
		}
	})
	t.Run("6 the user", func(t *testing.T) {
		got := m.ask(t, "GET", m.account("/users/"+m.user.ID), "").is(t, http.StatusOK, "id", "first_name", "last_name", "priv_level", "appList")
		if got.data().String("priv_level") != "admin" || got.data().Bool(true, "ui_help", "myaccount", "showfirstUseWalkthrough") {
			t.Error(got.text)
		}
	})
	t.Run("7 the apps store", func(t *testing.T) {
		apps := m.ask(t, "GET", m.account("/apps_store"), "").is(t, http.StatusOK).rows()
		if len(apps) != 1 || apps[0].String("id") == "" || apps[0].String("name") != "webhooks" || apps[0].String("allowed_users") != "all" ||
			apps[0].String("i18n", "en-US", "label") == "" || apps[0].String("i18n", "en-US", "description") == "" || apps[0].Has("api_url") {
			t.Errorf("apps %v", apps)
		}
	})
	t.Run("8 the user's apps are those of the store", func(t *testing.T) {
		apps := m.ask(t, "GET", m.account("/apps_store"), "").rows()
		user := m.ask(t, "GET", m.account("/users/"+m.user.ID), "").data()
		list, _ := user.Get("appList")
		if own, _ := list.([]any); len(own) != len(apps) || own[0] != apps[0].String("id") {
			t.Errorf("the user is saved at each login: %v", list)
		}
		got := m.ask(t, "PATCH", m.account("/users/"+m.user.ID), fmt.Sprintf(`{"appList":[%q]}`, apps[0].String("id"))).is(t, http.StatusOK, "id", "appList", "priv_level")
		if got.data().String("first_name") != user.String("first_name") {
			t.Errorf("not the whole user: %s", got.text)
		}
		m.login(t, m.user.Password).is(t, http.StatusCreated) // and may still log in
	})
	t.Run("9 the account gets restrictions", func(t *testing.T) {
		whole := m.ask(t, "GET", m.account(""), "").data()
		whole = whole.Set("ui_restrictions", jobj.Object{{Key: "myaccount", Value: jobj.Object{{Key: "account", Value: jobj.Object{{Key: "show_tab", Value: true}}}}}})
		got := m.ask(t, "POST", m.account(""), string(jobj.Append(nil, whole))).is(t, http.StatusOK, "ui_restrictions.myaccount.account.show_tab", "name")
		if got.data().String("realm") != m.home.Realm {
			t.Error(got.text)
		}
	})
	t.Run("10 alerts", func(t *testing.T) {
		if rows := m.ask(t, "GET", m.account("/alerts"), "").is(t, http.StatusOK).rows(); len(rows) != 0 {
			t.Errorf("alerts %v", rows)
		}
	})
	t.Run("11 the icon of an app", func(t *testing.T) {
		app := m.ask(t, "GET", m.account("/apps_store"), "").rows()[0].String("id")
		icon := m.request(t, "GET", m.account("/apps_store/"+app+"/icon?auth_token="+m.token), "", "Accept", "image/avif,image/webp,*/*;q=0.8")
		if icon.status != http.StatusOK || !strings.HasPrefix(icon.header.Get("Content-Type"), "image/") {
			t.Errorf("%d %v", icon.status, icon.header)
		}
	})
	t.Run("12 no webhooks yet", func(t *testing.T) {
		if rows := m.ask(t, "GET", hooks, "").is(t, http.StatusOK).rows(); len(rows) != 0 {
			t.Errorf("hooks %v", rows)
		}
	})
	t.Run("13 the form's hooks", func(t *testing.T) {
		rows := m.ask(t, "GET", "webhooks", "").is(t, http.StatusOK).rows()
		if len(rows) < 5 {
			t.Errorf("hooks %v", rows)
		}
		for _, one := range rows {
			if one.String("id") == "" || one.String("name") == "" || one.String("description") == "" {
				t.Errorf("hook %v", one)
			}
			for _, modifier := range one.Object("modifiers") {
				definition, _ := modifier.Value.(jobj.Object)
				items, _ := definition.Get("items")
				_, isList := items.([]any)
				if kind := definition.String("type"); isList != (kind == "array") || !isList && kind != "object" {
					t.Errorf("%s of %s: %s with items %T", modifier.Key, one.String("id"), kind, items)
				}
			}
		}
	})
	t.Run("14 a mistake in the form", func(t *testing.T) {
		got := m.ask(t, "PUT", hooks, `{"name":"Desk","hook":"channel_create","uri":"desk",`+form+`}`).is(t, http.StatusBadRequest, "uri.error.message")
		if got.envelope.String("request_id") == "" || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("the form shows nothing of %s", got.text)
		}
	})
	t.Run("14 create", func(t *testing.T) {
		got := m.ask(t, "PUT", hooks, `{"name":"Desk","hook":"channel_create","uri":"http://198.51.100.7/calls",`+form+`}`).is(t, http.StatusCreated, "id", "name")
		hook = hooks + "/" + got.data().String("id")
		if got.data().Int("retries") != 3 || got.data().String("type") != "all" || !got.data().Has("ui_metadata") {
			t.Error(got.text)
		}
	})
	t.Run("17 the account counts groups", func(t *testing.T) {
		whole := m.ask(t, "GET", m.account(""), "").data()
		whole = whole.Set("ui_flags", jobj.Object{{Key: "webhooks", Value: jobj.Object{{Key: "groups", Value: jobj.Object{{Key: "office", Value: 1}}}}}})
		m.ask(t, "POST", m.account(""), string(jobj.Append(nil, whole))).is(t, http.StatusOK, "ui_flags.webhooks.groups.office")
	})
	t.Run("15 edit", func(t *testing.T) {
		m.ask(t, "GET", hook, "").is(t, http.StatusOK, "name", "hook", "http_verb", "uri", "retries", "format", "include_subaccounts",
			"custom_data", "custom_request_headers", "group", "id")
	})
	t.Run("16 edited", func(t *testing.T) {
		m.ask(t, "POST", hook, `{"name":"Front desk","hook":"channel_create","uri":"http://198.51.100.7/calls",`+form+`}`).is(t, http.StatusOK, "id", "name")
	})
	t.Run("16 switched off", func(t *testing.T) {
		whole := m.ask(t, "GET", hook, "").data()
		m.ask(t, "POST", hook, string(jobj.Append(nil, whole.Set("enabled", false)))).is(t, http.StatusOK, "id", "name")
	})
	t.Run("12 webhooks", func(t *testing.T) {
		rows := m.ask(t, "GET", hooks, "").is(t, http.StatusOK).rows()
		if len(rows) != 1 || rows[0].Bool(true, "enabled") || rows[0].Has("disable_reason") || rows[0].String("name") != "Front desk" ||
			rows[0].String("hook") != "channel_create" || rows[0].String("uri") == "" || rows[0].String("id") == "" || rows[0].String("group") != "office" {
			t.Errorf("hooks %v", rows)
		}
	})
	t.Run("18 attempts", func(t *testing.T) {
		// One that fails: nobody is at this port.
		m.ask(t, "PATCH", hook, `{"uri":"http://127.0.0.1:1/calls"}`).is(t, http.StatusOK)
		m.ask(t, "POST", m.account("/kazoolab/hooks"+strings.TrimPrefix(hook, hooks)+"/test"), "").is(t, http.StatusOK)
		now := kapi.Gregorian(clock.System().Now())
		week := fmt.Sprintf("/attempts?page_size=50&created_from=%d&created_to=%d", now-7*86400, now+int64(12*time.Hour/time.Second))
		rows := m.ask(t, "GET", hook+week, "").is(t, http.StatusOK).rows()
		if len(rows) != 1 || rows[0].Int("timestamp") < now-60 || rows[0].String("method") == "" || rows[0].String("result") != "failure" || rows[0].String("reason") == "" {
			t.Errorf("attempts %v", rows)
		}
	})
	t.Run("19 on again from its attempts", func(t *testing.T) {
		m.ask(t, "PATCH", hook, `{"enabled":true}`).is(t, http.StatusOK)
		if rows := m.ask(t, "GET", hooks, "").rows(); !rows[0].Bool(false, "enabled") {
			t.Errorf("hooks %v", rows)
		}
	})
	t.Run("20 all that failed on again", func(t *testing.T) { m.ask(t, "PATCH", hooks, `{"re-enable":true}`).is(t, http.StatusOK) })
	t.Run("21 delete", func(t *testing.T) { m.ask(t, "DELETE", hook, "").is(t, http.StatusOK, "name") })
	t.Run("22 the page is loaded again", func(t *testing.T) {
		got := m.ask(t, "POST", "auth/tokeninfo", fmt.Sprintf(`{"token":%q}`, m.token)).is(t, http.StatusOK, "language", "is_reseller", "reseller_id")
		if got.data().String("account_id") != m.home.ID || got.data().String("owner_id") != m.user.ID {
			t.Error(got.text)
		}
	})
	t.Run("22 its token is no longer good", func(t *testing.T) {
		m.ask(t, "POST", "auth/tokeninfo", `{"token":"a.b.c"}`).is(t, http.StatusUnauthorized)
	})
	t.Run("a token that has ended, and the silent login", func(t *testing.T) {
		ended := *m
		ended.token = "a.b.c"
		ended.ask(t, "GET", hooks, "").is(t, http.StatusUnauthorized)
		ended.in(t).ask(t, "GET", hooks, "").is(t, http.StatusOK)
	})
	t.Run("the control centre, which asks after each login of who has not seen its tour", func(t *testing.T) {
		// Refused, either is an error that covers the page for a moment and leaves it
		// without a working focus.
		if got := m.ask(t, "GET", m.account("/ledgers/total"), "").is(t, http.StatusOK, "amount"); got.data().Int("amount") != 0 {
			t.Error(got.text)
		}
		m.ask(t, "GET", m.account("/limits"), "").is(t, http.StatusOK)
	})
	t.Run("the control centre's charges", func(t *testing.T) {
		const month = "?created_from=63960278400&created_to=63962956799"
		if got := m.ask(t, "GET", m.account("/ledgers"+month), "").is(t, http.StatusOK); got.data() == nil || len(got.data()) != 0 {
			t.Error(got.text)
		}
		calls := m.ask(t, "GET", m.account("/ledgers/per-minute-voip"+month+"&page_size=50&filter_not_metadata.manual_bookkeeping_tool=true"), "")
		if rows := calls.is(t, http.StatusOK).rows(); len(rows) != 0 {
			t.Errorf("charges %v", rows)
		}
	})
	t.Run("what the control centre has elsewhere", func(t *testing.T) {
		for _, path := range []string{"/services/summary", "/transactions?paginate=false&reason=no_calls", "/access_lists", "/braintree/customer", "/service_plans"} {
			got := m.ask(t, "GET", m.account(path), "").is(t, http.StatusNotFound)
			if got.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", path, got.header)
			}
		}
	})
	t.Run("23 devices", func(t *testing.T) {
		m.ask(t, "GET", m.account("/devices?paginate=false"), "").is(t, http.StatusOK)
		made := m.ask(t, "PUT", m.account("/devices"), fmt.Sprintf(`{"name":"Desk phone","owner_id":%q,"sip":{"username":"desk","password":"desk-12345"}}`, m.user.ID)).is(t, http.StatusCreated)
		rows := m.ask(t, "GET", m.account("/devices"), "").is(t, http.StatusOK).rows()
		i := slices.IndexFunc(rows, func(row jobj.Object) bool { return row.String("id") == made.data().String("id") })
		if len(rows) != 3 || i < 0 || rows[i].String("name") != "Desk phone" { // the users have telephones already
			t.Errorf("devices %v", rows)
		}
		m.ask(t, "GET", m.account("/devices/"+made.data().String("id")+"?paginate=false"), "").is(t, http.StatusOK, "id", "name")
		m.ask(t, "GET", m.account("/devices/status?paginate=false"), "").is(t, http.StatusOK)
	})
	t.Run("the users of the app exchange", func(t *testing.T) {
		rows := m.ask(t, "GET", m.account("/users?paginate=false"), "").is(t, http.StatusOK).rows()
		if len(rows) != len(m.home.Users) || rows[0].String("id") == "" || rows[0].String("first_name") == "" {
			t.Errorf("users %v", rows)
		}
	})
	t.Run("the lists of the voice app", func(t *testing.T) {
		for _, list := range []string{"/vmboxes", "/callflows", "/directories", "/groups", "/menus", "/media"} {
			m.ask(t, "GET", m.account(list+"?paginate=false"), "").is(t, http.StatusOK)
		}
	})
	t.Run("the channels of the switchboard", func(t *testing.T) {
		if rows := m.ask(t, "GET", m.account("/channels?paginate=false"), "").is(t, http.StatusOK).rows(); len(rows) != 0 {
			t.Errorf("channels %v", rows)
		}
	})
}

// Who administers a reseller can switch to each account below it.
func TestMonsterUIsAccountSwitcher(t *testing.T) {
	t.Parallel()
	_, l := up(t, brokertest.New(t))
	for _, account := range l.Accounts {
		if account.Kind != runfile.Reseller {
			continue
		}
		m := &monster{rest: l.REST, token: "undefined", home: account, user: account.Users[0]}
		m.in(t)
		if !m.ask(t, "GET", m.account(""), "").is(t, http.StatusOK).data().Bool(false, "is_reseller") {
			t.Error("is no reseller")
		}
		children := m.ask(t, "GET", m.account("/children?ascending=true"), "").is(t, http.StatusOK).rows()
		if len(children) != 2 || children[0].String("name") > children[1].String("name") {
			t.Errorf("children %v", children)
		}
		for _, child := range children {
			m.ask(t, "GET", "accounts/"+child.String("id"), "").is(t, http.StatusOK, "id", "name", "realm")
			m.ask(t, "GET", "accounts/"+child.String("id")+"/webhooks", "").is(t, http.StatusOK)
		}
	}
}
