package webhooks

import (
	"context"
	"net/http"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// catalogue is about who is told what a target offers, and who may do what without an account.
func catalogue() suite.Group {
	return suite.Group{
		Name: "webhooks/catalogue", Title: "Who is told which hooks are on offer", Needs: []string{suite.Accounts}, Do: doCatalogue,
		Requirements: []suite.Requirement{
			{
				ID: "WH-DOC-005", Text: "Only a superduper admin MUST be shown system_alert and webhook_disabled among the notifications on offer.",
				Source: "webhooks.md 11; cb_webhooks:summary_available/1", Needs: []string{suite.Admin},
				Judge: judgeHidden,
			},
			{
				ID: "WH-DOC-009", Text: "Without an account in the path, POST and DELETE of webhooks MUST be answered with 405, and PUT with 401 without a token and 403 with one.",
				Source: "webhooks.md 11; cb_webhooks:allowed_methods/0",
				Judge: func(j *suite.Judging) {
					for step, status := range map[string]string{"post bare": "405", "delete bare": "405", "put bare": "401", "put bare with token": "403"} {
						j.Status(step, status)
					}
				},
			},
		},
	}
}

func doCatalogue(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	for _, s := range []struct{ step, method, path, token, body string }{
		{"offer", http.MethodGet, "/v2/webhooks", "", ""}, {"offer to the account", http.MethodGet, "/v2/webhooks", own.Token, ""},
		{"offer to the admin", http.MethodGet, "/v2/webhooks", p.Target.Parent.Token, ""},
		{"post bare", http.MethodPost, "/v2/webhooks", own.Token, `{"data":{}}`}, {"delete bare", http.MethodDelete, "/v2/webhooks", own.Token, ""},
		{"put bare", http.MethodPut, "/v2/webhooks", "", `{"data":{}}`}, {"put bare with token", http.MethodPut, "/v2/webhooks", own.Token, `{"data":{}}`},
	} {
		if _, err := p.REST(ctx, s.step, probe.Request{Method: s.method, Path: s.path, Token: s.token, Body: s.body}); err != nil {
			return err
		}
	}
	return nil
}

func judgeHidden(j *suite.Judging) {
	for step, shown := range map[string]bool{"offer": false, "offer to the account": false, "offer to the admin": true} {
		list, answer, ok := data(j, step)
		if !ok {
			continue
		}
		items := list.Get(`#(id=="notifications").modifiers.type.items`)
		if !items.Get("voicemail_new").Exists() {
			j.Fail("voicemail_new is not on offer", answer)
		}
		for _, name := range []string{"system_alert", "webhook_disabled"} {
			if items.Get(name).Exists() != shown {
				j.Fail(name+" in the "+step, answer)
			}
		}
	}
}
