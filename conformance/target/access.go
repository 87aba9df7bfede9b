package target

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

func member(body []byte, path string) gjson.Result {
	if !gjson.ValidBytes(body) {
		return gjson.Result{}
	}
	return gjson.GetBytes(body, path)
}

// shown is as much of a foreign text as fits into a sentence.
func shown(body []byte) string {
	const most = 80
	if len(body) > most {
		return fmt.Sprintf("%q…", body[:most])
	}
	return fmt.Sprintf("%q", body)
}

// logIn gets a token (crossbar.md 5.1, 5.2) and learns whose it is.
func (f *flight) logIn(ctx context.Context) error {
	c := f.Profile.Credentials
	switch {
	case c.Token != nil:
		token, err := f.Outside.secret("credentials.token.value", c.Token.Value)
		if err != nil {
			return wrong("%v", err)
		}
		f.Target.Parent = probe.Account{ID: c.Token.Account, Token: token}
	case c.APIKey != nil:
		key, err := f.Outside.secret("credentials.api_key", *c.APIKey)
		if err != nil {
			return wrong("%v", err)
		}
		if err := f.auth(ctx, "credentials.api_key", "/v2/api_auth", map[string]any{"api_key": key}); err != nil {
			return err
		}
	case c.User != nil:
		password, err := f.Outside.secret("credentials.user.password", c.User.Password)
		if err != nil {
			return wrong("%v", err)
		}
		data := map[string]any{"credentials": probe.Credentials(c.User.Name, password)}
		if c.User.Realm != "" {
			data["account_realm"] = c.User.Realm
		} else {
			data["account_name"] = c.User.AccountName
		}
		if err := f.auth(ctx, "credentials.user", "/v2/user_auth", data); err != nil {
			return err
		}
	}
	f.renew = f.again(f.Target)
	return f.whose(ctx)
}

func (f *flight) auth(ctx context.Context, field, path string, data map[string]any) error {
	answer, err := f.plain().REST(ctx, "log in", probe.Request{Method: http.MethodPut, Path: path, Body: probe.Data(data)})
	if err != nil {
		return away("REST at %s does not answer PUT %s: %v", f.Target.REST, path, cause(err))
	}
	account, token := answer.Data().Get("account_id").Str, member(answer.Body, "auth_token").Str
	switch {
	case answer.Status/100 == 2 && account != "" && token != "":
		f.Target.Parent = probe.Account{ID: account, Token: token}
		return nil
	case answer.Status/100 == 2:
		return away("PUT %s at %s was answered with %d, but without an auth_token and an account_id", path, f.Target.REST, answer.Status)
	case answer.Status/100 == 5 || answer.Status == http.StatusTooManyRequests:
		return away("PUT %s at %s was answered with %d %s", path, f.Target.REST, answer.Status, member(answer.Body, "message").Str)
	}
	return wrong("the target does not take the credentials (%s): PUT %s was answered with %d %s", field, path, answer.Status, member(answer.Body, "message").Str)
}

// whose asks for the account: a token that is good for nothing is told of here.
func (f *flight) whose(ctx context.Context) error {
	p := &f.Target.Parent
	answer, err := f.plain().REST(ctx, "account", probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + p.ID, Token: p.Token})
	switch {
	case err != nil:
		return away("REST at %s does not answer GET /v2/accounts/%s: %v", f.Target.REST, p.ID, cause(err))
	case answer.Status/100 == 5:
		return away("GET /v2/accounts/%s at %s was answered with %d", p.ID, f.Target.REST, answer.Status)
	case answer.Status/100 != 2 || answer.Data().Get("id").Str != p.ID:
		return wrong("the target does not take the credentials for the account %s: GET /v2/accounts/%[1]s was answered with %d %s", p.ID, answer.Status, member(answer.Body, "message").Str)
	}
	p.Name, p.Realm = answer.Data().Get("name").Str, answer.Data().Get("realm").Str
	return nil
}

// rights finds out whether the credentials are a superduper admin's: to others, Crossbar forbids
// what has no account in its path (crossbar.md 5.5), and the list of descendants says nothing.
func (f *flight) rights(ctx context.Context) error {
	answer, err := f.plain().REST(ctx, "rights", probe.Request{
		Method: http.MethodGet, Path: "/v2/websockets/kazoolab-certify", Token: f.Target.Parent.Token,
	})
	if err != nil {
		return away("REST at %s does not answer GET /v2/websockets/…: %v", f.Target.REST, cause(err))
	}
	if answer.Status == http.StatusForbidden || answer.Status == http.StatusUnauthorized {
		why := "the credentials are no superduper admin's"
		if f.Profile.May == OwnSubaccount {
			why = "all is done as the account that was made (may: own-subaccount), which is no superduper admin's"
		}
		f.lacks(suite.Admin, true, "%s", why)
		return nil
	}
	f.has(suite.Admin)
	return nil
}
