package rest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// rights is about who may do what.
func rights() suite.Group {
	return suite.Group{
		Name: "rest/rights", Title: "Who may do what", Needs: []string{suite.Accounts},
		Do: doRights, Requirements: rightRequirements(),
	}
}

func doRights(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", t.own)
	if err != nil {
		return err
	}
	other, err := p.NewAccount(ctx, "other", p.Target.Parent)
	if err != nil {
		return err
	}
	t.know("child", child.ID)
	t.know("other", other.ID)
	t.tokens["child"], t.tokens["other"] = child.Token, other.Token
	if err := t.all(ctx,
		put("make a menu", menus, `{"data":{"name":"ours"}}`).keep("menu"),
		put("make a clerk", users, `{"data":{"first_name":"C","last_name":"L","username":"clerk","password":"clerk's word","priv_level":"user"}}`),
	); err != nil {
		return err
	}
	if err := t.login(ctx, "clerk", put("the clerk logs in", userAuth, `{"data":{"credentials":"`+probe.Credentials("clerk", "clerk's word")+`","account_realm":"{realm}"}}`).as(nobody)); err != nil {
		return err
	}
	if err := t.all(ctx,
		get("own", "/v2/accounts/{account}"), get("child by parent", "/v2/accounts/{child}/menus"), put("child's menu by parent", "/v2/accounts/{child}/menus", `{"data":{"name":"given"}}`),
		get("above", "/v2/accounts/{parent}/menus"), get("beside", "/v2/accounts/{other}/menus"), get("parent by child", "/v2/accounts/{account}/menus").as("child"),
		get("grandchild by parent", "/v2/accounts/{child}/menus").as(parent), put("menu from beside", menus, `{"data":{"name":"x"}}`).as("other"),
		get("our menu from beside", menus+"/{menu}").as("other"), get("our menu under another", "/v2/accounts/{child}/menus/{menu}"),
		get("clerk reads", "/v2/accounts/{account}").as("clerk"), put("clerk creates", menus, `{"data":{"name":"clerk's"}}`).as("clerk"), patch("clerk changes", menus+"/{menu}", `{"data":{"timeout":1000}}`).as("clerk"),
		put("clerk renews the key", "/v2/accounts/{account}/api_key", "").as("clerk"),
		get("schemas", "/v2/schemas").as(nobody), get("a schema", "/v2/schemas/menus").as(nobody), put("validation of a schema", "/v2/schemas/menus/validation", `{"data":{"name":"x"}}`),
		get("about nobody", "/v2/about").as(nobody), get("about", "/v2/about"), get("about in the account", "/v2/accounts/{account}/about"), get("about superduper", "/v2/about").as(parent),
		get("list of accounts", "/v2/accounts"), put("account nobody", "/v2/accounts", `{"data":{"name":"x"}}`).as(nobody),
		sends("options of a stranger", "OPTIONS", menus).as("other").with("Origin", origin),
	); err != nil {
		return err
	}
	made, err := t.do(ctx, put("account without a parent", "/v2/accounts", `{"data":{"name":"{name} by token"}}`))
	if err != nil || made.Status != 201 {
		return err
	}
	t.know("made", made.Data().Get("id").Str)
	return t.all(ctx, get("tree of the made", "/v2/accounts/{account}/children"), del("remove the made", "/v2/accounts/{made}"))
}

func rightRequirements() []suite.Requirement {
	const access = "crossbar.md 5.5; cb_simple_authz"
	return []suite.Requirement{
		{
			ID: "CB-AUTZ-001", Text: "A token MUST be good for its account and for all accounts beneath.",
			Source: access, Judge: answers(answered("own", "200"), answered("child by parent", "200"), answered("child's menu by parent", "201"), answered("grandchild by parent", "200")),
		},
		{
			ID: "CB-AUTZ-002", Text: "A token MUST NOT be good for an account above its own or beside it: 403 forbidden.",
			Source: access, Judge: answers(answered("above", "403").json(forbidden).without("content-type"), answered("beside", "403").json(forbidden),
				answered("parent by child", "403").json(forbidden), answered("menu from beside", "403").json(forbidden), answered("our menu from beside", "403").json(forbidden), answered("own", "200")),
		},
		{
			ID: "CB-AUTZ-003", Text: "A document MUST NOT be found under another account than its own.",
			Source: "crossbar.md 9; crossbar vectors menus life 10", Judge: answers(answered("our menu under another", "404").json(unknown("{menu}")), answered("clerk changes", "200")),
		},
		{
			ID: "CB-AUTZ-004", Text: "A user with priv_level user MUST be let do what an admin does, but for what asks for an account admin.",
			Source: access, Judge: answers(answered("clerk reads", "200"), answered("clerk creates", "201"), answered("clerk changes", "200"), answered("clerk renews the key", "403")),
		},
		{
			ID: "CB-AUTZ-005", Text: "Schemas MUST be read without a token.",
			Source: "crossbar.md 5.6; crossbar.md 9.5; cb_schemas", Judge: answers(
				answered("schemas", "200").member("status", `"success"`), answered("a schema", "200").member("data.required", `["name"]`)),
		},
		{
			ID: "CB-AUTZ-006", Text: "The path /about MUST be 401 without a token, 403 to who is no superduper admin, and under an account open to any token of it.",
			Source: "crossbar.md 5.6; crossbar.md 9.5; crossbar vectors about", Judge: answers(
				answered("about nobody", "401").json(notAuthenticated), answered("about", "403").json(forbidden), answered("about in the account", "200")),
		},
		{
			ID: "CB-AUTZ-007", Text: "A superduper admin MUST be told the version by /about without an account.", Needs: []string{suite.Admin},
			Source: "crossbar.md 5.6; crossbar.md 9.5; cb_about", Judge: func(j *suite.Judging) {
				if answer, ok := j.Status("about superduper", "200"); ok && gjson.GetBytes(answer.Body, "data.version").Str == "" {
					j.Fail("there is no version", answer)
				}
			},
		},
		{
			ID: "CB-AUTZ-008", Text: "A PUT of /accounts MUST make a child of the token's account for any token, and need one.",
			Source: "crossbar.md 5.5; crossbar.md 9.1; cb_accounts", Judge: func(j *suite.Judging) {
				answered("account without a parent", "201").judge(j)
				answered("account nobody", "401").json(notAuthenticated).judge(j)
				if answer, ok := j.Status("tree of the made", "200"); ok {
					j.Contains("children", j.Fact(noted+"made"), gjson.GetBytes(answer.Body, "data.#.id").Raw, answer)
				}
			},
		},
		{
			ID: "CB-AUTZ-009", Text: "A GET of /accounts MUST be 405.",
			Source: "crossbar.md 9.1; cb_accounts", Judge: answers(answered("list of accounts", "405").json(badMethod)),
		},
		{
			ID: "CB-AUTZ-010", Text: "The check of a document against a schema MUST NOT be open to who is no superduper admin.",
			Source: "crossbar.md 9.5; cb_schemas", Judge: answers(answered("validation of a schema", "403").json(forbidden), answered("a schema", "200")),
		},
	}
}

// rate is about how often one may fail. It empties the bucket of an account of its own.
func rate() suite.Group {
	return suite.Group{
		Name: "rest/rate", Title: "How often one may fail", Needs: []string{suite.Accounts},
		Do: doRate, Requirements: rateRequirements(),
	}
}

// refill is a pause in which a bucket gets some of what it lost.
const refill = time.Second

// tries are more than a bucket holds and what comes in while they are made.
const tries = 240

func doRate(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	if err := t.empty(ctx, tries); err != nil {
		return err
	}
	if err := p.Pause(ctx, "ten tries come in a second", refill); err != nil {
		return err
	}
	return t.all(ctx, get("after a pause", menus).as(nobody))
}

// empty makes tries without a token, eight at a time, for the bucket fills while a slow target
// answers; and every so often a request with one.
func (t *talk) empty(ctx context.Context, n int) error {
	path := t.fill(menus)
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var all sync.WaitGroup
	failed := make(chan error, 8)
	for range cap(failed) {
		all.Go(func() {
			for i := range work {
				_, err := t.p.REST(ctx, "try", probe.Request{Method: "GET", Path: path})
				if err == nil && i%4 == 0 {
					_, err = t.p.REST(ctx, "good", probe.Request{Method: "GET", Path: path, Token: t.own.Token})
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}

func rateRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-RATE-001", Text: "An address MUST be let fail 100 times for an account, and 10 times more for each second, before it is 429.",
			Source: "crossbar.md 5.7; kz_buckets", Judge: judgeBucket,
		},
		{
			ID: "CB-RATE-002", Text: "A request beyond that MUST be 429 too_many_requests without content-type.",
			Source: "crossbar.md 5.7; crossbar.md 3.3; crossbar.md 2.4; api_util", Judge: func(j *suite.Judging) {
				refused := j.Where(func(e capture.Entry) bool { return e.Kind == capture.RestAnswer && e.Name == "try" && e.Head == "429" })
				if len(refused) == 0 {
					j.Fail("no try was refused")
				}
				for _, answer := range refused {
					j.EqualJSON("body", `{"data":{"message":"too many requests"},"error":"429","message":"too_many_requests","status":"error"}`, steady(answer.Body), answer)
					if _, there := answer.Value("content-type"); there {
						j.Fail("there is a content-type", answer)
					}
				}
			},
		},
		{
			ID: "CB-RATE-003", Text: "A valid token MUST be served while the bucket is empty.",
			Source: "crossbar.md 5.7; crossbar.md 10; api_util:is_authentic/2", Judge: func(j *suite.Judging) {
				refused := false
				for _, answer := range j.Where(func(e capture.Entry) bool { return e.Kind == capture.RestAnswer }) {
					refused = refused || answer.Head == "429" && answer.Name == "try"
					if answer.Name == "good" {
						j.Equal("status with a valid token", "200", answer.Head, answer)
					}
				}
				if !refused || len(j.Named(capture.RestAnswer, "good")) == 0 {
					j.Fail("no bucket was empty, or nothing was asked with a valid token")
				}
			},
		},
		{
			ID: "CB-RATE-004", Text: "A bucket MUST fill again with time.",
			Source: "crossbar.md 5.7; kz_buckets", Judge: answers(answered("after a pause", "401").json(notAuthenticated)),
		},
	}
}

func judgeBucket(j *suite.Judging) {
	of := func(kind capture.Kind) []capture.Entry { return j.Named(kind, "try") }
	sent, got := of(capture.RestRequest), of(capture.RestAnswer)
	if len(sent) != tries || len(got) != tries {
		j.Failf("%d tries and %d answers, of %d", len(sent), len(got), tries)
		return
	}
	took := slices.MaxFunc(got, func(a, b capture.Entry) int { return a.Seq - b.Seq }).At - sent[0].At
	let := 0
	for _, answer := range got {
		if answer.Head == "401" {
			let++
		}
	}
	// Those of a second, and one for the beginning and the end of it.
	most := 100 + int(took.Seconds()*10) + 11
	if let < 100 || let > most {
		j.Differs(fmt.Sprintf("tries that were let fail in %s", took), fmt.Appendf(nil, "100 to %d", most), fmt.Append(nil, let))
	}
}
