package pivot

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// Names that apps may have, and ones that they may not.
func goodNames() []string { return []string{"a", "0-9", "-", "abcdefghijklmnopqrstuvwxyz-01234"} }

func badNames() []string {
	return []string{"", "abcdefghijklmnopqrstuvwxyz-012345", "Ivr", "a.b", "a_b", "a b", "ä"}
}

// unknown is an account that does not exist.
const unknown = "00000000000000000000000000000bad"

// apps is about how an app registers at a websocket.
func apps() suite.Group {
	const source = "pivot.md 14"
	return suite.Group{
		Name: "pivot/apps", Title: "How an app registers at a websocket", Needs: []string{suite.PivotSockets, suite.Sockets, suite.Accounts}, Do: doApps,
		Requirements: []suite.Requirement{
			{
				ID: "PV-APP-001", Text: "pivot_register MUST be answered with success, the name of the app, and a resume of 32 lower-case hexadecimal digits.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					data := succeeded(j, "own", "first")
					j.Equal("app", "ivr", data.Get("app").Str)
					if resume := data.Get("resume").Str; len(resume) != 32 || strings.Trim(resume, "0123456789abcdef") != "" {
						j.Differs("resume", []byte("32 of 0-9 and a-f"), []byte(resume))
					}
				},
			},
			{
				ID: "PV-APP-002", Text: "A socket whose account is above another MUST be allowed to register an app of that one.", Source: source + "; websockets.md 2.3", Ours: true,
				Judge: func(j *suite.Judging) { succeeded(j, "own", "of child") },
			},
			{
				ID: "PV-APP-003", Text: "pivot_register for an account that is neither the socket's nor below it MUST be refused with \"unauthorized account id\".", Source: source + "; websockets.md 2.3", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, id := range []string{"of sibling", "of nobody"} {
						refusedWith(j, "own", id, "unauthorized account id")
					}
					refusedWith(j, "child", "of own", "unauthorized account id")
				},
			},
			{
				ID: "PV-APP-004", Text: "pivot_register for every account at once (*) MUST be refused with \"unauthorized wildcard account id\", to a superduper admin too.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					refusedWith(j, "own", "of all", "unauthorized wildcard account id")
					refusedWith(j, "above", "of all", "unauthorized wildcard account id")
					succeeded(j, "above", "of own")
				},
			},
			{
				ID: "PV-APP-005", Text: "pivot_register without a token, on a socket that has had none, MUST be refused with \"authentication token required\".", Source: source + "; websockets.md 2.2", Ours: true,
				Judge: func(j *suite.Judging) { refusedWith(j, "bare", "no token", "authentication token required") },
			},
			{
				ID: "PV-APP-006", Text: "pivot_register without a token, on a socket that has had a good one, MUST be carried out with that.", Source: source + "; websockets.md 2.2", Ours: true,
				Judge: func(j *suite.Judging) { j.Equal("app", "later", succeeded(j, "own", "without").Get("app").Str) },
			},
			{
				ID: "PV-APP-007", Text: "A bad token MUST be refused by pivot_register on a socket that has had a good one, too, where subscribe passes it over.", Source: source + "; websockets.md 2.2", Ours: true,
				Judge: func(j *suite.Judging) {
					refusedWith(j, "own", "bad token", "failed to authenticate token nope")
					succeeded(j, "own", "bad token passed over")
				},
			},
			{
				ID: "PV-APP-008", Text: "An app MUST be allowed any name of 1 to 32 of the signs a to z, 0 to 9 and -.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range goodNames() {
						j.Equal("app", name, succeeded(j, "names", "name "+name).Get("app").Str)
					}
				},
			},
			{
				ID: "PV-APP-009", Text: "An app with any other name MUST be refused with \"invalid app name\".", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range badNames() {
						refusedWith(j, "names", "name "+name, "invalid app name")
					}
					refusedWith(j, "names", "number", "invalid app name")
				},
			},
			{
				ID: "PV-APP-010", Text: "A max_calls that is no whole number from 1 to 1000 MUST be refused with an error.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, bound := range []string{"1", "1000"} {
						succeeded(j, "names", "max "+bound)
					}
					for _, beyond := range wrongBounds() {
						erred(j, "names", "max "+beyond)
					}
				},
			},
			{
				ID: "PV-APP-011", Text: "pivot_register without account_id or without app MUST be refused with an error.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, id := range []string{"no data", "no account", "no app"} {
						erred(j, "own", id)
					}
				},
			},
			{
				ID: "PV-APP-012", Text: "pivot_unregister MUST be answered with success and the name of the app.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { j.Equal("app", "ivr", succeeded(j, "own", "unregister").Get("app").Str) },
			},
			{
				ID: "PV-APP-013", Text: "pivot_unregister for an account that is neither the socket's nor below it MUST be refused with \"unauthorized account id\".", Source: source + "; websockets.md 2.3", Ours: true,
				Judge: func(j *suite.Judging) { refusedWith(j, "own", "unregister of sibling", "unauthorized account id") },
			},
			{
				ID: "PV-APP-016", Text: "A callflow whose action pivot has the voice_url http://APP.pivot.invalid/PATH MUST be taken by REST as it is.", Source: source + "; pivot.md 2", Ours: true,
				Judge: func(j *suite.Judging) {
					if made, ok := j.Status("callflow", "201"); ok {
						j.Equal("voice_url", appURL, text(made, "data.flow.data.voice_url"), made)
					}
				},
			},
		},
	}
}

// appURL is where an app is.
const appURL = "http://ivr.pivot.invalid/start.xml?a=b"

func wrongBounds() []string { return []string{"0", "1001", "-1", "1.5", `"20"`} }

// erred wants a command to have been refused, in whatever words.
func erred(j *suite.Judging, socket, id string) {
	got, found := probe.Reply(j.View, socket, id)
	if !found {
		j.Failf("socket %s has no reply to %q", socket, id)
		return
	}
	j.Equal("status of the reply to "+id, "error", text(got, "status"), got)
	j.Equal("errors of the reply to "+id, "1", text(got, "data.errors.#"), got)
}

func doApps(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", account)
	if err != nil {
		return err
	}
	sibling, err := p.NewAccount(ctx, "sibling", p.Target.Parent)
	if err != nil {
		return err
	}
	flow := map[string]any{"module": "pivot", "data": map[string]any{"voice_url": appURL}, "children": map[string]any{}}
	if _, err := p.REST(ctx, "callflow", probe.Request{
		Method: http.MethodPut, Path: "/v2/accounts/" + account.ID + "/callflows", Token: account.Token, Body: probe.Data(map[string]any{"numbers": []string{"2000"}, "flow": flow}),
	}); err != nil {
		return err
	}
	sockets := map[string]*probe.Socket{}
	for _, name := range []string{"own", "child", "above", "bare", "names"} {
		if sockets[name], err = p.MustDial(ctx, name); err != nil {
			return err
		}
	}
	const register, unregister = "pivot_register", "pivot_unregister"
	parent := p.Target.Parent.Token
	for _, c := range []struct{ socket, id, text string }{
		{"bare", "no token", registering(register, "no token", "", account.ID, "ivr")},
		{"own", "first", registering(register, "first", account.Token, account.ID, "ivr")},
		{"own", "of child", registering(register, "of child", account.Token, child.ID, "ivr")},
		{"own", "of sibling", registering(register, "of sibling", account.Token, sibling.ID, "ivr")},
		{"own", "of nobody", registering(register, "of nobody", account.Token, unknown, "ivr")},
		{"own", "of all", registering(register, "of all", account.Token, "*", "ivr")},
		{"child", "of own", registering(register, "of own", child.Token, account.ID, "ivr")},
		{"above", "of all", registering(register, "of all", parent, "*", "ivr")},
		{"above", "of own", registering(register, "of own", parent, account.ID, "ivr")},
		{"own", "without", registering(register, "without", "", account.ID, "later")},
		{"own", "bad token", registering(register, "bad token", "nope", account.ID, "ivr")},
		{"own", "bad token passed over", commanding("subscribe", "bad token passed over", "nope", fmt.Sprintf(`"account_id":%q,"binding":"call.CHANNEL_ANSWER.*"`, account.ID))},
		{"own", "no data", commanding(register, "no data", account.Token, "")},
		{"own", "no account", commanding(register, "no account", account.Token, `"app":"ivr"`)},
		{"own", "no app", commanding(register, "no app", account.Token, fmt.Sprintf(`"account_id":%q`, account.ID))},
		{"own", "unregister", registering(unregister, "unregister", account.Token, account.ID, "ivr")},
		{"own", "unregister of sibling", registering(unregister, "unregister of sibling", account.Token, sibling.ID, "ivr")},
		{"names", "number", commanding(register, "number", account.Token, fmt.Sprintf(`"account_id":%q,"app":7`, account.ID))},
	} {
		sockets[c.socket].Command(ctx, c.id, c.text)
	}
	for _, name := range append(goodNames(), badNames()...) {
		sockets["names"].Command(ctx, "name "+name, registering(register, "name "+name, account.Token, account.ID, name))
	}
	for _, most := range append(wrongBounds(), "1", "1000") {
		sockets["names"].Command(ctx, "max "+most, registering(register, "max "+most, account.Token, account.ID, "a", `"max_calls":`+most))
	}
	return nil
}

// tokens is about a token whose time is over while the socket is open.
func tokens() suite.Group {
	return suite.Group{
		Name: "pivot/tokens", Title: "Registering when the token's time is over", Needs: []string{suite.PivotSockets, suite.Sockets, suite.Accounts, suite.Clock, suite.Hours},
		Alone: true, Do: doTokens,
		Requirements: []suite.Requirement{
			{
				ID: "PV-APP-014", Text: "pivot_register on a socket whose token has expired since MUST be refused with \"failed to authenticate token\" and that token, where subscribe is carried out.",
				Source: "pivot.md 14; websockets.md 0; websockets.md 2.2", Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "own", "before")
					refusedWith(j, "own", "expired", "failed to authenticate token "+j.Fact("token own"))
					succeeded(j, "own", "subscribe")
				},
			},
			{
				ID: "PV-APP-015", Text: "pivot_register with a new token of the account MUST be carried out on a socket whose own has expired.", Source: "pivot.md 14", Ours: true,
				Judge: func(j *suite.Judging) {
					refusedWith(j, "own", "expired", "failed to authenticate token "+j.Fact("token own"))
					j.Equal("app", "ivr", succeeded(j, "own", "renewed").Get("app").Str)
				},
			},
		},
	}
}

func doTokens(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	s, err := p.MustDial(ctx, "own")
	if err != nil {
		return err
	}
	s.Command(ctx, "before", registering("pivot_register", "before", account.Token, account.ID, "ivr"))
	const life = time.Hour // of a token (crossbar.md 5.3)
	if err := p.Outlive(ctx, life+time.Second); err != nil {
		return err
	}
	anew, err := p.LogIn(ctx, "own", account.ID, p.Target.Parent.Token)
	if err != nil {
		return err
	}
	s.Command(ctx, "expired", registering("pivot_register", "expired", "", account.ID, "ivr"))
	s.Command(ctx, "subscribe", commanding("subscribe", "subscribe", "", fmt.Sprintf(`"account_id":%q,"binding":"call.CHANNEL_ANSWER.*"`, account.ID)))
	s.Command(ctx, "renewed", registering("pivot_register", "renewed", anew, account.ID, "ivr"))
	return nil
}
