package rest

import (
	"context"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// accounts is about accounts themselves.
func accounts() suite.Group {
	return suite.Group{
		Name: "rest/accounts", Title: "Accounts", Needs: []string{suite.Accounts},
		Do: doAccounts, Requirements: append(accountRequirements(), familyRequirements()...),
	}
}

func doAccounts(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", t.own)
	if err != nil {
		return err
	}
	second, err := p.NewAccount(ctx, "second", t.own)
	if err != nil {
		return err
	}
	grandchild, err := p.NewAccount(ctx, "grandchild", child)
	if err != nil {
		return err
	}
	for name, a := range byName(map[string]probe.Account{"child": child, "second": second, "grandchild": grandchild}) {
		t.know(name, a.ID)
		t.know(name+" name", a.Name)
		t.know(name+" realm", a.Realm)
		t.tokens[name] = a.Token
	}
	const own, kid = "/v2/accounts/{account}", "/v2/accounts/{child}"
	return t.all(ctx,
		get("read", own), get("read child", kid), get("read child as itself", kid).as("child"), put("no name", own, `{"data":{}}`), put("bad realm", own, `{"data":{"name":"{child name}0","realm":"a b!"}}`),
		put("short realm", own, `{"data":{"name":"{child name}1","realm":"a"}}`), put("taken name", own, `{"data":{"name":"{child name}"}}`), put("taken realm", own, `{"data":{"name":"{child name}2","realm":"{child realm}"}}`),
		get("children", own+"/children"), get("children ascending", own+"/children?ascending=true"), get("descendants", own+"/descendants"), get("children of none", "/v2/accounts/{grandchild}/children"),
		get("siblings", kid+"/siblings"), get("own siblings", kid+"/siblings").as("child"), get("own tree", own+"/tree"), get("tree", "/v2/accounts/{grandchild}/tree"), get("parents", "/v2/accounts/{grandchild}/parents"),
		del("delete with descendants", kid), patch("patch", kid, `{"data":{"timezone":"Nowhere/At_All","own":{"a":1}}}`), post("post", kid, `{"data":{"name":"{child name}"}}`), get("after post", kid),
		post("move nowhere", kid+"/move", `{"data":{}}`).as(parent), post("move by who may not", kid+"/move", `{"data":{"to":"{second}"}}`),
		put("reseller by who may not", kid+"/reseller", ""), del("delete", "/v2/accounts/{second}"), get("deleted", "/v2/accounts/{second}"), get("menus of the deleted", "/v2/accounts/{second}/menus"),
	)
}

const accounting = "crossbar.md 9.1; cb_accounts"

func accountRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ACCT-001", Text: "An account MUST be shown with what is worked out of it: wnm_allow_additions, superduper_admin, created, enabled, reseller_id, is_reseller and billing_mode.",
			Source: accounting, Judge: func(j *suite.Judging) {
				answered("read", "200").member("data.id", `"{account}"`).member("data.name", `"{name}"`).member("data.wnm_allow_additions", "false").member("data.superduper_admin", "false").
					member("data.enabled", "true").member("data.is_reseller", "false").member("data.api_key", "").member("data.pvt_tree", "").judge(j)
				if answer, found := j.Answer("read"); found {
					created, reseller := gjson.GetBytes(answer.Body, "data.created"), gjson.GetBytes(answer.Body, "data.reseller_id")
					if created.Int() < 63_000_000_000 || len(reseller.Str) != 32 || !gjson.GetBytes(answer.Body, "data.billing_mode").Exists() {
						j.Differs("created, reseller_id and billing_mode", []byte("Gregorian seconds, an id and a mode"), answer.Body, answer)
					}
				}
			},
		},
		{
			ID: "CB-ACCT-002", Text: "A new account without a realm MUST be given one of 6 hex digits and a suffix, and a timezone.",
			Source: accounting, Judge: func(j *suite.Judging) {
				answer, ok := j.Status("create account own", "201")
				if !ok {
					return
				}
				realm := gjson.GetBytes(answer.Body, "data.realm").Str
				digits, suffix, _ := strings.Cut(realm, ".")
				if len(digits) != 6 || strings.Trim(digits, "0123456789abcdef") != "" || suffix == "" {
					j.Differs("realm", []byte("<6 hex digits>.<suffix>"), []byte(realm), answer)
				}
				if gjson.GetBytes(answer.Body, "data.timezone").Str == "" {
					j.Fail("there is no timezone", answer)
				}
			},
		},
		{
			ID: "CB-ACCT-003", Text: "An account MUST have a name, and a realm of 4 to 253 letters, digits, dots and dashes.",
			Source: accounting, Judge: answers(
				answered("no name", "400").json(invalid("{"+required("name")+"}")), answered("short realm", "400").member("data.realm.minLength.target", "4"),
				answered("bad realm", "400").member("data.realm.pattern.value", `"ab!"`)),
		},
		{
			ID: "CB-ACCT-004", Text: "The realm and the name of an account MUST be unique.",
			Source: accounting, Judge: answers(
				answered("taken name", "400").member("data.name.unique.message", `"Account name already in use"`), answered("taken realm", "400").member("data.realm.unique.message", `"Account realm already in use"`)),
		},
		{
			ID: "CB-ACCT-005", Text: "A POST of an account MUST keep the fields that it leaves out, but for the realm, which is replaced by a new one.",
			Source: accounting, Judge: func(j *suite.Judging) {
				answered("after post", "200").member("data.own", `{"a":1}`).member("data.timezone", `"Nowhere/At_All"`).judge(j)
				if answer, found := j.Answer("after post"); found {
					if realm := gjson.GetBytes(answer.Body, "data.realm").Str; realm == "" || realm == j.Fact(noted+"child realm") {
						j.Differs("realm", []byte("a new one"), []byte(realm), answer)
					}
				}
			},
		},
		{
			ID: "CB-ACCT-006", Text: "The timezone of an account MUST NOT be checked.",
			Source: accounting, Judge: answers(answered("patch", "200").member("data.timezone", `"Nowhere/At_All"`)),
		},
		{
			ID: "CB-ACCT-007", Text: "A DELETE of an account with descendants MUST be 500 account_has_descendants.",
			Source: "crossbar.md 9.1; crossbar.md 3.3; crossbar vectors account delete with hooks 2", Judge: answers(answered("delete with descendants", "500").json(
				`{"data":{"message":"account has descendants"},"error":"500","message":"account_has_descendants","status":"error"}`)),
		},
		{
			ID: "CB-ACCT-008", Text: "A DELETE of an account MUST be answered with it and _read_only.deleted, after which every path of it is 404.",
			Source: "crossbar.md 9.1; crossbar vectors account delete with hooks", Judge: answers(
				answered("delete", "200").member("data.id", `"{second}"`).member("data._read_only.deleted", "true"),
				answered("deleted", "404").json(unknown("{second}")), answered("menus of the deleted", "404").json(unknown("{second}"))),
		},
	}
}

func familyRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ACCT-009", Text: "The children of an account MUST be listed with id, name, realm, descendants_count and flags, in the descending order of their names.",
			Source: accounting + "; crossbar vectors account delete with hooks 7", Judge: func(j *suite.Judging) {
				const child = `{"id":"{child}","name":"{child name}","realm":"{child realm}","descendants_count":1,"flags":[]}`
				const second = `{"id":"{second}","name":"{second name}","realm":"{second realm}","descendants_count":0,"flags":[]}`
				answered("children", "200").data("[" + second + "," + child + "]").judge(j)
				answered("children ascending", "200").data("[" + child + "," + second + "]").judge(j)
				answered("children of none", "200").data("[]").judge(j)
			},
		},
		{
			ID: "CB-ACCT-010", Text: "The descendants of an account MUST be listed with id, name, realm, flags and the whole tree of ids above them.",
			Source: accounting, Judge: func(j *suite.Judging) {
				answer, ok := j.Status("descendants", "200")
				if !ok {
					return
				}
				answered("descendants", "200").member("data.#", "3").judge(j)
				one := gjson.GetBytes(answer.Body, `data.#(id=="`+j.Fact(noted+"grandchild")+`")`)
				tree := one.Get("tree").Array()
				if len(tree) < 3 || tree[len(tree)-1].Str != j.Fact(noted+"child") || tree[len(tree)-2].Str != j.Fact(noted+"account") || tree[len(tree)-3].Str != j.Fact(noted+"parent") {
					j.Differs("tree of the grandchild", []byte(fill(j, `[…,"{parent}","{account}","{child}"]`)), []byte(one.Get("tree").Raw), answer)
				}
				if !one.Get("realm").Exists() || !one.Get("flags").Exists() || one.Get("descendants_count").Exists() {
					j.Differs("row of the grandchild", []byte("id, name, realm, tree, flags"), []byte(one.Raw), answer)
				}
			},
		},
		{
			ID: "CB-ACCT-011", Text: "The siblings of an account MUST be the children of its parent, and be 403 for one's own.",
			Source: accounting, Judge: answers(answered("siblings", "200").member("data.#.id", `["{second}","{child}"]`), answered("own siblings", "403").member("error", `"403"`)),
		},
		{
			ID: "CB-ACCT-012", Text: "The tree of an account MUST be id and name of the accounts above it from the caller's down, and empty for the caller's own.",
			Source: accounting, Judge: answers(
				answered("tree", "200").data(`[{"id":"{account}","name":"{name}"},{"id":"{child}","name":"{child name}"}]`), answered("own tree", "200").data("[]"),
				answered("parents", "200").data(`[{"id":"{account}","name":"{name}"},{"id":"{child}","name":"{child name}"}]`)),
		},
		{
			ID: "CB-ACCT-013", Text: "Moving an account and making it a reseller MUST be forbidden to who is no superduper admin.",
			Source: accounting, Judge: answers(
				answered("move by who may not", "403").member("error", `"403"`), answered("reseller by who may not", "403").member("error", `"403"`), answered("read child", "200")),
		},
		{
			ID: "CB-ACCT-014", Text: "A move MUST name where to: 400, to, required.", Needs: []string{suite.Admin},
			Source: accounting, Judge: answers(answered("move nowhere", "400").member("data.to.required.message", `"Field 'to' is required"`)),
		},
	}
}
