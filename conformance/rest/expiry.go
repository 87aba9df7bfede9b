package rest

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// expiry is about tokens whose time is over.
func expiry() suite.Group {
	return suite.Group{
		Name: "rest/expiry", Title: "Tokens whose time is over", Needs: []string{suite.Accounts, suite.Clock, suite.Hours}, Alone: true,
		Do: doExpiry,
		Requirements: []suite.Requirement{
			{
				ID: "CB-AUTH-019", Text: "A token that has expired MUST be 401 with the message invalid credentials and an empty data.",
				Source: "crossbar.md 5.3; crossbar.md 3.3; cb_token_auth", Judge: answers(
					answered("before", "200"), answered("after", "401").json(expired).without("content-type")),
			},
			{
				ID: "CB-AUTH-020", Text: "A token that has expired MUST spoil every request, that of an open or unknown path and a new login among them.",
				Source: "crossbar.md 5.3; crossbar.md 10; cb_token_auth", Judge: answers(
					answered("open path", "401").json(expired), answered("unknown path", "401").json(expired), answered("login with it", "401").json(expired), answered("open path without", "200"),
					answered("login without", "201")),
			},
		},
	}
}

const (
	expired = `{"data":{},"error":"401","message":"invalid credentials","status":"error"}`
	life    = time.Hour
)

func doExpiry(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	key, err := t.do(ctx, get("read key", "/v2/accounts/{account}/api_key"))
	if err != nil {
		return err
	}
	if err := t.all(ctx, get("before", menus)); err != nil {
		return err
	}
	if err := p.Outlive(ctx, life+time.Second); err != nil {
		return err
	}
	login := `{"data":{"api_key":"` + key.Data().Get("api_key").Str + `"}}`
	return t.all(ctx,
		get("after", menus), get("open path", "/v2/schemas/menus"), get("unknown path", "/v2/nope"), put("login with it", apiAuth, login),
		get("open path without", "/v2/schemas/menus").as(nobody), put("login without", apiAuth, login).as(nobody),
	)
}
