package bus

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// monsterREST asks as Monster UI does, from its login to its logout.
func monsterREST() suite.Group {
	return suite.Group{
		Name: "bus/monster-rest", Title: "Monster UI's requests", Needs: []string{suite.Accounts},
		Do:           doMonsterREST,
		Requirements: slices.Concat(monsterDoor(), monsterLogin(), monsterStart(), monsterHooks(), monsterRest()),
	}
}

// monsterDoor is what a browser needs of every answer.
func monsterDoor() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "UI-REST-001", Text: "A preflight without a token MUST be answered with 200 and the headers that let any origin send its method with content-type and x-auth-token.",
			Source: "monster-ui.md 1; crossbar.md 2.4; api_resource:options/2",
			Judge: func(j *suite.Judging) {
				for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE"} {
					if a, ok := j.Status("preflight "+method, "200"); ok {
						judgeOpen(j, a, method)
						j.Equal("body", "", string(a.Body), a)
					}
				}
			},
		},
		{
			ID: "UI-REST-002", Text: "Every answer to a request with an Origin MUST have access-control-allow-origin *, errors included.",
			Source: "monster-ui.md 1; crossbar.md 2.4; api_util:add_cors_headers/2",
			Judge: func(j *suite.Judging) {
				for _, step := range []string{"wrong password", "log in", "account", "make hook", "bad hook", "no such hook", "bad token", "delete hook"} {
					a, ok := j.Answer(step)
					if !ok {
						j.Failf("the request %q has no answer", step)
						continue
					}
					got, _ := a.Value("access-control-allow-origin")
					j.Equal("access-control-allow-origin of "+step, "*", got, a)
				}
			},
		},
		{
			ID: "UI-REST-003", Text: "A wrong password and a body that does not validate MUST be answered with the content type application/json and nothing behind it.",
			Source: "monster-ui.md 1; crossbar.md 2.4",
			Judge: func(j *suite.Judging) {
				for step, code := range map[string]string{"wrong password": "401", "bad hook": "400", "no such hook": "404"} {
					if a, ok := j.Status(step, code); ok {
						got, _ := a.Value("content-type")
						j.Equal("content-type of "+step, "application/json", got, a)
					}
				}
			},
		},
	}
}

// monsterLogin is what a login takes.
func monsterLogin() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "UI-REST-004", Text: "A login MUST be answered with a token that has a dot in it, and the account and the user in data.",
			Source: "monster-ui.md 1.1; crossbar.md 5.1; cb_user_auth:put/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("log in", "201"); ok {
					j.Equal("account_id", j.Fact("account own"), gjson.GetBytes(a.Body, "data.account_id").Str, a)
					j.Equal("owner_id", j.Fact("user"), gjson.GetBytes(a.Body, "data.owner_id").Str, a)
					j.Equal("dots in auth_token", "2", j.Fact("dots in the token"), a)
				}
			},
		},
		{
			ID: "UI-REST-005", Text: "A wrong password MUST be answered with 401 and an object in data.",
			Source: "monster-ui.md 1.1; crossbar.md 5.1; cb_user_auth:validate/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("wrong password", "401"); ok && !gjson.GetBytes(a.Body, "data").IsObject() {
					j.Differs("data", []byte("an object"), []byte(gjson.GetBytes(a.Body, "data").Raw), a)
				}
			},
		},
		{
			ID: "UI-REST-006", Text: "Before the login, with the text undefined for a token, whitelabel MUST be answered without a fault of the server.",
			Source: "monster-ui.md 1.1; crossbar.md 5.6",
			Judge: func(j *suite.Judging) {
				for _, step := range []string{"whitelabel", "logo"} {
					if a, ok := j.Answer(step); !ok || a.Head[0] == '5' || a.Head == "429" {
						j.Fail("the answer to "+step+" is no answer", a)
					}
				}
			},
		},
		{
			ID: "UI-REST-007", Text: "The account and the user of the login MUST be shown, with the query parameter _ ignored.",
			Source: "monster-ui.md 1.1; monster-ui.md 1.2; cb_accounts:get/1; cb_users:get/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("account", "200"); ok {
					j.Equal("id", j.Fact("account own"), gjson.GetBytes(a.Body, "data.id").Str, a)
					for _, name := range []string{"name", "realm"} {
						if gjson.GetBytes(a.Body, "data."+name).Str == "" {
							j.Fail("the account has no "+name, a)
						}
					}
				}
				if a, ok := j.Status("user", "200"); ok {
					j.Equal("id", j.Fact("user"), gjson.GetBytes(a.Body, "data.id").Str, a)
					j.Equal("priv_level", "admin", gjson.GetBytes(a.Body, "data.priv_level").Str, a)
				}
			},
		},
	}
}

// monsterStart is what the page asks for next.
func monsterStart() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "UI-REST-008", Text: "The apps store MUST be answered with a list, of which an app for webhooks has id, name, allowed_users and i18n and no api_url.", Ours: true, Needs: []string{suite.Lab},
			Source: "monster-ui.md 1.1; monster-ui.md 1.2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("apps store", "200"); ok {
					app := gjson.GetBytes(a.Body, `data.#(name=="webhooks")`)
					j.Equal("allowed_users", "all", app.Get("allowed_users").Str, a)
					if app.Get("id").Str == "" || !app.Get("i18n.en-US.label").Exists() || app.Get("api_url").Exists() {
						j.Differs("the app", []byte("id, i18n.en-US.label, no api_url"), []byte(app.Raw), a)
					}
				}
			},
		},
		{
			ID: "UI-REST-009", Text: "The PATCH of a user's appList and the POST of the account with ui_restrictions MUST be stored and be answered with the whole document.",
			Source: "monster-ui.md 1.1; crossbar.md 9.1; cb_users:patch/2; cb_accounts:post/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("patch appList", "200"); ok {
					j.Equal("appList", `["a1"]`, gjson.GetBytes(a.Body, "data.appList").Raw, a)
					j.Equal("last_name", "Doe", gjson.GetBytes(a.Body, "data.last_name").Str, a)
				}
				if a, ok := j.Status("post account", "200"); ok {
					j.Equal("ui_restrictions", "true", gjson.GetBytes(a.Body, "data.ui_restrictions.myaccount.user.show_tab").Raw, a)
					j.Equal("id", j.Fact("account own"), gjson.GetBytes(a.Body, "data.id").Str, a)
				}
			},
		},
		{
			ID: "UI-REST-010", Text: "A hook as the form sends it MUST be taken: retries as a text, empty objects, type and action at the top, ui_metadata.",
			Source: "monster-ui.md 1.3; cb_webhooks:put/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("make hook", "201"); ok {
					j.Equal("retries", "3", gjson.GetBytes(a.Body, "data.retries").Raw, a)
					j.Equal("name", "from the form", gjson.GetBytes(a.Body, "data.name").Str, a)
					if gjson.GetBytes(a.Body, "data.id").Str == "" {
						j.Fail("the answer has no id", a)
					}
				}
				if a, ok := j.Status("hook", "200"); ok {
					j.Equal("ui_metadata", "monster-ui", gjson.GetBytes(a.Body, "data.ui_metadata.ui").Str, a)
					j.Equal("type", "all", gjson.GetBytes(a.Body, "data.type").Str, a)
				}
			},
		},
		{
			ID: "UI-REST-011", Text: "The list of hooks MUST have id, name, hook, uri and enabled of each.",
			Source: "monster-ui.md 1.1; cb_webhooks:summary/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("hooks", "200"); ok {
					row := gjson.GetBytes(a.Body, `data.#(name=="from the form")`)
					for name, want := range map[string]string{"hook": "channel_create", "uri": "http://x.test/hook", "enabled": "true"} {
						j.Equal(name, want, row.Get(name).String(), a)
					}
					if row.Get("id").Str == "" {
						j.Fail("the row has no id", a)
					}
				}
			},
		},
	}
}

// monsterHooks is what the webhooks app asks for.
func monsterHooks() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "UI-REST-012", Text: "The toggle, a POST of all that GET gave with enabled changed, MUST be stored.",
			Source: "monster-ui.md 1.1; monster-ui.md 1.3; cb_webhooks:post/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("toggle", "200"); ok {
					j.Equal("enabled", "false", gjson.GetBytes(a.Body, "data.enabled").Raw, a)
				}
			},
		},
		{
			ID: "UI-REST-013", Text: "The form's edit of a hook that is off, a POST without enabled, MUST switch it on, since defaults are filled in.",
			Source: "monster-ui.md 1.3; crossbar.md 9; cb_webhooks:post/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("edit", "200"); ok {
					j.Equal("enabled", "true", gjson.GetBytes(a.Body, "data.enabled").Raw, a)
					j.Equal("name", "edited", gjson.GetBytes(a.Body, "data.name").Str, a)
				}
			},
		},
		{
			ID: "UI-REST-014", Text: "Attempts MUST be answered with a list for a range of seven days that ends in the future.",
			Source: "monster-ui.md 1.1; cb_webhooks:fetch_available/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("attempts", "200"); ok {
					j.Equal("data", "[]", gjson.GetBytes(a.Body, "data").Raw, a)
				}
			},
		},
		{
			ID: "UI-REST-015", Text: "The PATCH of a hook with enabled, and that of the list with re-enable, both with ui_metadata, MUST succeed.",
			Source: "monster-ui.md 1.1; cb_webhooks:patch/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("re-enable one", "200"); ok {
					j.Equal("enabled", "true", gjson.GetBytes(a.Body, "data.enabled").Raw, a)
				}
				if a, ok := j.Status("re-enable all", "200"); ok {
					j.Equal("data", "hooks updated", gjson.GetBytes(a.Body, "data").Str, a)
				}
			},
		},
		{
			ID: "UI-REST-016", Text: "A DELETE with a body MUST be answered with the document as JSON.",
			Source: "monster-ui.md 1; monster-ui.md 1.1; cb_webhooks:delete/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("delete hook", "200"); ok {
					j.Equal("name", "edited", gjson.GetBytes(a.Body, "data.name").Str, a)
				}
			},
		},
	}
}

// monsterRest is what else is asked for.
func monsterRest() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "UI-REST-017", Text: "POST auth/tokeninfo without a token of its own MUST tell the account and the user of the token in its data.",
			Source: "monster-ui.md 1.1; crossbar.md 5.3; cb_auth:validate_token_info/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("token info", "200"); ok {
					j.Equal("account_id", j.Fact("account own"), gjson.GetBytes(a.Body, "data.account_id").Str, a)
					j.Equal("owner_id", j.Fact("user"), gjson.GetBytes(a.Body, "data.owner_id").Str, a)
				}
			},
		},
		{
			ID: "UI-REST-018", Text: "What the client asks for besides, alerts and external numbers, MUST be answered with success or 404, and the devices with a list.",
			Source: "monster-ui.md 1.1",
			Judge: func(j *suite.Judging) {
				for _, step := range []string{"alerts", "external numbers"} {
					if a, ok := j.Answer(step); !ok || a.Head != "200" && a.Head != "404" {
						j.Differs("status of "+step, []byte("200 or 404"), []byte(a.Head), a)
					}
				}
				if a, ok := j.Status("devices", "200"); ok {
					j.Equal("data", "[]", gjson.GetBytes(a.Body, "data").Raw, a)
				}
			},
		},
	}
}

func judgeOpen(j *suite.Judging, a capture.Entry, method string) {
	origin, _ := a.Value("access-control-allow-origin")
	j.Equal("access-control-allow-origin", "*", origin, a)
	methods, _ := a.Value("access-control-allow-methods")
	j.Contains("access-control-allow-methods", method, methods, a)
	headers, _ := a.Value("access-control-allow-headers")
	for _, name := range []string{"content-type", "x-auth-token"} {
		j.Contains("access-control-allow-headers", name, headers, a)
	}
}

// origin is what a browser sends with each request of the page.
func origin() []capture.Field {
	return []capture.Field{{Name: "Origin", Value: "http://monster.example.com"}, {Name: "Content-Type", Value: "application/json"}}
}

const metadata = `"ui_metadata":{"version":"4.3.0","ui":"monster-ui","origin":"webhooks"}`

func doMonsterREST(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	user, err := made(ctx, p, account, "make user", "/users", fields{"first_name": "Ann", "last_name": "Doe", "username": "ann", "password": "secret-ann", "priv_level": "admin"})
	if err != nil {
		return err
	}
	p.Note("user", user)
	own := "/v2/accounts/" + account.ID
	var failed error
	ask := func(step, method, path, token, body string) probe.Response {
		if failed != nil {
			return probe.Response{}
		}
		var answer probe.Response
		answer, failed = p.REST(ctx, step, probe.Request{Method: method, Path: path, Token: token, Header: origin(), Body: body})
		return answer
	}
	for path, method := range map[string]string{"/webhooks": "PUT", "/webhooks?_=1": "GET", "/webhooks/x": "POST", "/webhooks/y": "PATCH", "/webhooks/z": "DELETE"} {
		if _, err := p.REST(ctx, "preflight "+method, probe.Request{Method: http.MethodOptions, Path: own + path, Header: []capture.Field{
			{Name: "Origin", Value: "http://monster.example.com"}, {Name: "Access-Control-Request-Method", Value: method},
			{Name: "Access-Control-Request-Headers", Value: "content-type,x-auth-token"},
		}}); err != nil {
			return err
		}
	}
	ask("whitelabel", "GET", "/v2/whitelabel/monster.example.com?_=1710253474123", "undefined", "")
	ask("logo", "GET", "/v2/whitelabel/monster.example.com/logo?_=1710253474124", "undefined", "")
	login := func(password string) string {
		return fmt.Sprintf(`{"data":{"credentials":%q,"account_name":%q}}`, probe.Credentials("ann", password), account.Name)
	}
	ask("wrong password", "PUT", "/v2/user_auth", "", login("wrong"))
	token := gjson.GetBytes(ask("log in", "PUT", "/v2/user_auth", "", login("secret-ann")).Body, "auth_token").Str
	p.Note("dots in the token", fmt.Sprint(strings.Count(token, ".")))
	for step, path := range map[string]string{
		"account": "", "user": "/users/" + user, "apps store": "/apps_store", "alerts": "/alerts", "external numbers": "/external_numbers", "devices": "/devices",
	} {
		ask(step, "GET", own+path+"?_=1710253474125", token, "")
	}
	ask("patch appList", "PATCH", own+"/users/"+user, token, `{"data":{"appList":["a1"],`+metadata+`}}`)
	ask("post account", "POST", own, token, fmt.Sprintf(`{"data":{"id":%q,"name":%q,"realm":%q,"ui_restrictions":{"myaccount":{"user":{"show_tab":true}}},%s}}`, account.ID, account.Name, account.Realm, metadata))
	form := `"hook":"channel_create","http_verb":"post","uri":"http://x.test/hook","retries":"3","format":"form-data","include_subaccounts":false,"custom_data":{},"custom_request_headers":{},"type":"all","action":"all",` + metadata
	hook := ask("make hook", "PUT", own+"/webhooks", token, `{"data":{"name":"from the form",`+form+`}}`).Data().Get("id").Str
	ask("bad hook", "PUT", own+"/webhooks", token, `{"data":{"name":"bad",`+metadata+`}}`)
	ask("hooks", "GET", own+"/webhooks?_=1710253474126", token, "")
	whole := ask("hook", "GET", own+"/webhooks/"+hook+"?_=1710253474127", token, "").Data().Raw
	ask("no such hook", "GET", own+"/webhooks/"+strings.Repeat("0", 32), token, "")
	ask("bad token", "GET", own+"/webhooks", "a.b.c", "")
	ask("toggle", "POST", own+"/webhooks/"+hook, token, `{"data":`+strings.Replace(whole, `"enabled":true`, `"enabled":false`, 1)+`}`)
	ask("edit", "POST", own+"/webhooks/"+hook, token, `{"data":{"name":"edited",`+form+`}}`)
	now := p.Clock.Now().Unix() + 62167219200
	ask("attempts", "GET", fmt.Sprintf("%s/webhooks/%s/attempts?page_size=50&created_from=%d&created_to=%d", own, hook, now-7*86400, now+43200), token, "")
	ask("re-enable one", "PATCH", own+"/webhooks/"+hook, token, `{"data":{"enabled":true,`+metadata+`}}`)
	ask("re-enable all", "PATCH", own+"/webhooks", token, `{"data":{"re-enable":true,`+metadata+`}}`)
	ask("delete hook", "DELETE", own+"/webhooks/"+hook, token, `{"data":{`+metadata+`}}`)
	ask("token info", "POST", "/v2/auth/tokeninfo", "", `{"data":{"token":"`+token+`",`+metadata+`}}`)
	return failed
}
