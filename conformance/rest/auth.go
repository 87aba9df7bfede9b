package rest

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// auth is about logging in, and what a token is.
func auth() suite.Group {
	return suite.Group{
		Name: "rest/auth", Title: "Logging in and tokens", Needs: []string{suite.Accounts},
		Do: doAuth, Requirements: slices.Concat(loginRequirements(), keyRequirements(), tokenRequirements()),
	}
}

// sha1Of are credentials of the method sha.
func sha1Of(user, password string) string {
	sum := sha1.Sum([]byte(user + ":" + password))
	return hex.EncodeToString(sum[:])
}

const (
	userAuth = "/v2/user_auth"
	apiAuth  = "/v2/api_auth"
)

func doAuth(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	md5, sha := probe.Credentials("ann", "ann's word"), sha1Of("ann", "ann's word")
	login := func(name, data string) step { return put(name, userAuth, `{"data":{`+data+`}}`).as(nobody) }
	credentials := `"credentials":"` + md5 + `"`
	if err := t.all(ctx,
		put("make ann", users, `{"data":{"first_name":"Ann","last_name":"A","username":"ann","password":"ann's word","priv_level":"admin"}}`).keep("ann"),
		put("make bob", users, `{"data":{"first_name":"Bob","last_name":"B","username":"bob","password":"bob's word","enabled":false}}`).keep("bob"),
		login("by realm", credentials+`,"account_realm":"{realm}"`), login("by realm alias", credentials+`,"realm":"{realm}"`),
		login("by sha", `"credentials":"`+sha+`","method":"sha","account_realm":"{realm}"`), login("more members", credentials+`,"method":"md5","account_realm":"{realm}","extra":1`),
		login("by name", credentials+`,"account_name":"{name}"`), login("by loose name", credentials+`,"account_name":"`+loose("{name}", t)+`"`),
		login("wrong word", `"credentials":"`+probe.Credentials("ann", "wrong")+`","account_realm":"{realm}"`), login("capital credentials", `"credentials":"`+strings.ToUpper(md5)+`","account_realm":"{realm}"`),
		login("no account", credentials), login("wrong account", credentials+`,"account_realm":"nothing.example.com"`),
		login("disabled user", `"credentials":"`+probe.Credentials("bob", "bob's word")+`","account_realm":"{realm}"`),
		login("schema", `"credentials":"","account_realm":"x","method":"rot13"`),
		put("no such key", apiAuth, `{"data":{"api_key":"`+strings.Repeat("b", 64)+`"}}`).as(nobody), put("short key", apiAuth, `{"data":{"api_key":"short"}}`).as(nobody),
		put("key in envelope", apiAuth, `{"api_key":"`+key64+`"}`).as(nobody), put("no key", apiAuth, `{"data":{}}`).as(nobody), get("GET of api_auth", apiAuth).as(nobody),
	); err != nil {
		return err
	}
	if err := t.login(ctx, "ann", login("ann logs in", credentials+`,"account_realm":"{realm}"`)); err != nil {
		return err
	}
	if err := t.keys(ctx); err != nil {
		return err
	}
	return t.lives(ctx, login)
}

// loose is a name in other capitals and with marks that do not count.
func loose(name string, t *talk) string { return strings.ToUpper(t.fill(name)) + " - !" }

// keys goes through what an API key is for.
func (t *talk) keys(ctx context.Context) error {
	const key = "/v2/accounts/{account}/api_key"
	got, err := t.do(ctx, get("read key", key))
	if err != nil {
		return err
	}
	if err := t.logIn(ctx, "key", got.Data().Get("api_key").Str); err != nil {
		return err
	}
	if err := t.all(ctx, put("renew by key", key, "").as("key"), get("with the key", "/v2/accounts/{account}?include_api_key=true").as("key"), get("without the key", "/v2/accounts/{account}").as("key")); err != nil {
		return err
	}
	renewed, err := t.do(ctx, put("renew by ann", key, "").as("ann"))
	if err != nil {
		return err
	}
	t.p.Note("length of the new key", fmt.Sprint(len(renewed.Data().Get("api_key").Str)))
	return t.all(ctx, get("token of the old key", users).as("key"))
}

// logIn uses an API key, which is not noted.
func (t *talk) logIn(ctx context.Context, who, key string) error {
	return t.login(ctx, who, put("log in by key", apiAuth, `{"data":{"api_key":"`+key+`"}}`).as(nobody))
}

// lives goes through what ends a token and what does not.
func (t *talk) lives(ctx context.Context, login func(name, data string) step) error {
	t.claims("claims of ann", t.tokens["ann"])
	t.claims("claims of the key", t.tokens["key"])
	t.tokens["forged"] = forged(t.tokens["ann"])
	t.p.Log.Secret("damaged-token", t.tokens["forged"]) // a few guesses put it right
	t.known["ann's token"] = t.tokens["ann"]
	if err := t.all(ctx,
		get("forged token", users).as("forged"), get("garbage token", users).as(nobody).with("X-Auth-Token", "garbage"),
		get("token info", "/v2/auth/tokeninfo?token={ann's token}").as(nobody), get("token info of none", "/v2/auth/tokeninfo").as(nobody),
		post("token info POST of none", "/v2/auth/tokeninfo", `{"data":{}}`).as(nobody), get("token info of garbage", "/v2/auth/tokeninfo?token=garbage").as(nobody),
		del("delete the token", "/v2/token_auth").as("ann"), get("ann after deletion", users).as("ann"),
		patch("disable ann", users+"/{ann}", `{"data":{"enabled":false}}`), get("ann disabled", users).as("ann"),
		patch("enable ann", users+"/{ann}", `{"data":{"enabled":true}}`),
		patch("new word", users+"/{ann}", `{"data":{"username":"ann","password":"new word"}}`), get("ann after the new word", users).as("ann"),
	); err != nil {
		return err
	}
	again := `"credentials":"` + probe.Credentials("ann", "new word") + `","account_realm":"{realm}"`
	key, err := t.do(ctx, get("read key again", "/v2/accounts/{account}/api_key"))
	if err != nil {
		return err
	}
	if err := t.all(ctx, login("ann logs in anew", again), patch("disable the account", "/v2/accounts/{account}", `{"data":{"enabled":false}}`).as(parent), login("login of a disabled account", again)); err != nil {
		return err
	}
	if err := t.logIn(ctx, "key", key.Data().Get("api_key").Str); err != nil {
		return err
	}
	return t.all(ctx, get("token of a disabled account", users).as("key"))
}

// claims notes what a token says, but for its signature.
func (t *talk) claims(name, token string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.p.Note(name, "the token has not three parts")
		return
	}
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	_ = json.Unmarshal(payload, &claims) // what is no JSON is noted as nothing, and fails
	if _, there := claims["identity_sig"].(string); there {
		claims["identity_sig"] = "there"
	}
	text, _ := json.Marshal(claims) //nolint:errchkjson // it was read from JSON
	t.p.Note(name, fmt.Sprintf(`{"header":%s,"claims":%s,"now":%d}`, header, text, t.p.Clock.Now().Unix()))
}

// forged is a token with another signature.
func forged(token string) string {
	i := strings.LastIndex(token, ".") + 1
	other := "A"
	if strings.HasPrefix(token[i:], "A") {
		other = "B"
	}
	return token[:i] + other + token[i+1:]
}

// in is what a login by a user of the group's account is answered with.
func in(step string) want {
	return answered(step, "201").head("location", "/v2/user_auth/{ann}").member("data.account_id", `"{account}"`).member("data.owner_id", `"{ann}"`).
		member("data.is_reseller", "false").member("data.is_master_account", "false").member("data.account_name", `"{name}"`).member("page_size", "1")
}

const noLogin = `{"page_size":0,"data":{"message":"invalid credentials"},"error":"401","message":"invalid_credentials","status":"error"}`

func loginRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-AUTH-001", Text: "A PUT of user_auth with md5 credentials and the account's realm MUST be 201 with who logged in as data and the token in auth_token.",
			Source: "crossbar.md 5.1; crossbar.md 3.1; cb_user_auth", Judge: func(j *suite.Judging) {
				in("by realm").judge(j)
				for _, member := range []string{"data.language", "data.reseller_id", "data.cluster_id", "data.apps", "data.capabilities", "auth_token"} {
					if answer, found := j.Answer("by realm"); !found || !gjson.GetBytes(answer.Body, member).Exists() {
						j.Fail("the answer has no "+member, answer)
					}
				}
			},
		},
		{
			ID: "CB-AUTH-002", Text: "The credentials MUST be taken as sha1 when the method is sha, and other members of data be ignored.",
			Source: "crossbar.md 5.1; cb_user_auth", Judge: answers(in("by sha"), in("more members")),
		},
		{
			ID: "CB-AUTH-003", Text: "An account MUST be found by its realm, as realm or account_realm, and by its name, of which only small letters and digits count.",
			Source: "crossbar.md 5.1; cb_user_auth; kzd_accounts:normalize_name/1", Judge: answers(in("by realm alias"), in("by name"), in("by loose name")),
		},
		{
			ID: "CB-AUTH-004", Text: "A login with wrong credentials, credentials in capitals, of a disabled user or of no known account MUST be 401 invalid_credentials.",
			Source: "crossbar.md 5.1; crossbar.md 3.1; crossbar vectors user_auth good 11", Judge: answers(
				answered("wrong word", "401").json(noLogin), answered("capital credentials", "401").json(noLogin), answered("disabled user", "401").json(noLogin),
				answered("no account", "401").member("message", `"invalid_credentials"`), answered("wrong account", "401").member("message", `"invalid_credentials"`)),
		},
		{
			ID: "CB-AUTH-005", Text: "A login that the schema refuses MUST be 400 before anything is looked up.",
			Source: "crossbar.md 5.1; cb_user_auth", Judge: answers(answered("schema", "400").member("data.credentials.minLength.target", "1").
				member("data.method.enum.target", `["md5","sha"]`).member("data.account_realm.minLength.target", "4")),
		},
		{
			ID: "CB-AUTH-006", Text: "A login to a disabled account MUST be 400, account, disabled.",
			Source: "crossbar.md 5.1; crossbar.md 3.1; crossbar vectors account disabled later 5", Judge: answers(
				answered("login of a disabled account", "400").json(`{"page_size":1,"data":{"account":{"disabled":{"message":"account disabled"}}},"error":"400","message":"validation error","status":"error"}`)),
		},
	}
}
