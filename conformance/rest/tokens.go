package rest

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

func keyRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-AUTH-007", Text: "A PUT of api_auth with the account's key MUST be 201 with the data of a login but for owner_id.",
			Source: "crossbar.md 5.2; cb_api_auth", Judge: answers(answered("log in by key", "201").member("data.account_id", `"{account}"`).member("data.owner_id", "").
				member("data.account_name", `"{name}"`).head("location", "/v2/api_auth/{account}")),
		},
		{
			ID: "CB-AUTH-008", Text: "A key that no account has MUST be 404 bad identifier, with the key in a list as data.",
			Source: "crossbar.md 5.2; crossbar.md 3.1; crossbar.md 10; cb_api_auth", Judge: answers(answered("no such key", "404").json(
				`{"page_size":0,"data":["` + strings.Repeat("b", 64) + `"],"error":"404","message":"bad identifier","status":"error"}`)),
		},
		{
			ID: "CB-AUTH-009", Text: "A key that has not 64 characters, or does not stand in data, MUST be 400, and another method than PUT 405.",
			Source: "crossbar.md 5.2; crossbar vectors api_auth", Judge: answers(
				answered("short key", "400").json(invalid(`{"api_key":{"minLength":{"message":"String must be at least 64 characters","target":64,"cause":"short","value":"short"}}}`)),
				answered("no key", "400").json(invalid("{"+required("api_key")+"}")),
				answered("key in envelope", "400").member("data.data.required.message", `"Field is required but missing"`), answered("GET of api_auth", "405").json(badMethod)),
		},
		{
			ID: "CB-AUTH-010", Text: "The key MUST be told by /api_key to any token of the account, and within the account by include_api_key=true.",
			Source: "crossbar.md 5.2; cb_accounts", Judge: func(j *suite.Judging) {
				read, ok := j.Status("read key", "200")
				if !ok {
					return
				}
				key := gjson.GetBytes(read.Body, "data.api_key").Raw
				if key == "" {
					j.Fail("there is no api_key", read)
				}
				answered("with the key", "200").member("data.api_key", key).judge(j)
				answered("without the key", "200").member("data.api_key", "").judge(j)
			},
		},
		{
			ID: "CB-AUTH-011", Text: "A new key MUST be 64 characters, be made for an account admin's token alone, and leave tokens of the old one valid.",
			Source: "crossbar.md 5.2; crossbar.md 5.5; cb_accounts", Judge: func(j *suite.Judging) {
				answered("renew by key", "403").member("error", `"403"`).judge(j)
				answered("renew by ann", "201").judge(j)
				j.Equal("length of the new key", "64", j.Fact("length of the new key"))
				answered("token of the old key", "200").judge(j)
			},
		},
		{
			ID: "CB-AUTH-012", Text: "The key of a disabled account MUST be accepted, and its tokens with it.",
			Source: "crossbar.md 5.2; crossbar.md 5.3; crossbar vectors account disabled later", Judge: answers(
				answered("disable the account", "200").member("data.enabled", "false"), answered("log in by key", "201"), answered("token of a disabled account", "200")),
		},
	}
}

func tokenRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-AUTH-013", Text: "A token MUST be a JWT with alg RS256, typ and kid, and with iss kazoo, account_id, method, identity_sig, exp, and owner_id for a user.",
			Source: "crossbar.md 5.3; kz_auth_jwt", Judge: func(j *suite.Judging) {
				claimsAre(j, "claims of ann", `"cb_user_auth"`, fill(j, `"{ann}"`))
				claimsAre(j, "claims of the key", `"cb_api_auth"`, "")
			},
		},
		{
			ID: "CB-AUTH-014", Text: "A token MUST live for 3600 s, by its exp in Unix seconds.",
			Source: "crossbar.md 5.3; cb_api_auth", Judge: func(j *suite.Judging) {
				answer, ok := j.Status("ann logs in", "201")
				text := j.Fact("claims of ann")
				made := seconds(gjson.GetBytes(answer.Body, "timestamp").Str)
				if left := gjson.Get(text, "claims.exp").Int() - made; ok && (left < 3595 || left > 3605) {
					j.Differs("life of a token from the answer's timestamp on", []byte("3600"), fmt.Append(nil, left), answer)
				}
			},
		},
		{
			ID: "CB-AUTH-015", Text: "A token that is none, or whose signature is wrong, MUST be 401 invalid_credentials.",
			Source: "crossbar.md 5.3; cb_token_auth", Judge: answers(
				answered("garbage token", "401").json(notAuthenticated), answered("forged token", "401").json(notAuthenticated), answered("ann disabled", "200")),
		},
		{
			ID: "CB-AUTH-016", Text: "A new password MUST end the tokens of a user, and enabled false leave them valid.",
			Source: "crossbar.md 5.3; kz_auth_identity", Judge: answers(
				answered("disable ann", "200").member("data.enabled", "false"), answered("ann disabled", "200"),
				answered("ann after the new word", "401").json(notAuthenticated), answered("ann logs in anew", "201")),
		},
		{
			ID: "CB-AUTH-017", Text: "DELETE of token_auth MUST be a success that leaves the token valid.",
			Source: "crossbar.md 5.3; crossbar.md 10; cb_token_auth", Judge: answers(answered("delete the token", "200").member("status", `"success"`), answered("ann after deletion", "200")),
		},
		{
			ID: "CB-AUTH-018", Text: "The path auth/tokeninfo MUST tell account and owner of a token, 404 for none and 401 invalid_jwt for a bad one.",
			Source: "crossbar.md 5.3; cb_auth", Judge: answers(
				answered("token info", "200").member("data.account_id", `"{account}"`).member("data.owner_id", `"{ann}"`),
				answered("token info of none", "404").member("message", `"missing token in params"`),
				answered("token info POST of none", "404").member("message", `"missing token in request"`), answered("token info of garbage", "401").member("message", `"invalid_jwt"`)),
		},
	}
}

func claimsAre(j *suite.Judging, name, method, owner string) {
	text := j.Fact(name)
	if text == "" {
		j.Failf("there are no %s", name)
		return
	}
	for path, value := range byName(map[string]string{
		"header.alg": `"RS256"`, "header.typ": `"JWT"`, "claims.iss": `"kazoo"`, "claims.account_id": fill(j, `"{account}"`), "claims.method": method,
		"claims.identity_sig": `"there"`, "claims.owner_id": owner,
	}) {
		j.Equal(path+" of "+name, value, gjson.Get(text, path).Raw)
	}
	if gjson.Get(text, "header.kid").Str == "" || gjson.Get(text, "claims.exp").Type != gjson.Number {
		j.Failf("%s: kid and exp are missing: %s", name, text)
	}
}
