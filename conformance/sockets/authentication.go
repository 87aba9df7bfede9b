package sockets

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// authentication is about the tokens in commands.
func authentication() suite.Group {
	return suite.Group{
		Name: "sockets/authentication", Title: "Whose socket it is", Needs: []string{suite.Accounts, suite.Sockets}, Do: doAuthentication,
		Requirements: []suite.Requirement{
			{
				ID: "WS-AUTH-001", Text: "A command without a token, or with an empty one, on a socket that has had none MUST be refused with \"authentication token required\".",
				Source: "websockets.md 2.2; bh_token_auth:authenticate/2",
				Judge: func(j *suite.Judging) {
					for _, id := range []string{"subscribe", "ping", "empty"} {
						refused(j, "bare", id, "authentication token required")
					}
				},
			},
			{
				ID: "WS-AUTH-002", Text: "A token that is none MUST be refused with \"failed to authenticate token\" and the token as it came.",
				Source: "websockets.md 2.2; websockets.md 14; bh_token_auth:authenticate/2",
				Judge:  func(j *suite.Judging) { refusedToken(j, "nonsense", "nope") },
			},
			{
				ID: "WS-AUTH-003", Text: "A token whose signature was changed MUST be refused with \"failed to authenticate token\" and the token as it came.",
				Source: "websockets.md 2.2; kz_auth:validate_token/1",
				Judge:  func(j *suite.Judging) { refusedToken(j, "forged", j.Fact("forged")) },
			},
			{
				ID: "WS-AUTH-004", Text: "A token whose claims were changed MUST be refused with \"failed to authenticate token\" and the token as it came.",
				Source: "websockets.md 2.2; kz_auth:validate_token/1",
				Judge:  func(j *suite.Judging) { refusedToken(j, "altered", j.Fact("altered")) },
			},
			{
				ID: "WS-AUTH-005", Text: "A command without a token on a socket whose token was accepted MUST be carried out.", Source: "websockets.md 2.2",
				Judge: func(j *suite.Judging) { accepted(j, own, "without", `{"subscribed":["call.CHANNEL_CREATE.*"]}`) },
			},
			{
				ID: "WS-AUTH-006", Text: "A bad token on a socket whose token was accepted MUST be passed over.", Source: "websockets.md 2.2",
				Judge: func(j *suite.Judging) { status(j, own, "bad later", "success") },
			},
			{
				ID: "WS-AUTH-007", Text: "A later token of another account MUST NOT change whose socket it is.", Source: "websockets.md 0; websockets.md 2.2",
				Judge: func(j *suite.Judging) {
					refused(j, own, "as sibling", "unauthorized account id")
					status(j, own, "still own", "success")
				},
			},
			{
				ID: "WS-AUTH-008", Text: "A connection MUST begin without an account, although the client had one on another.", Source: "websockets.md 2.2; websockets.md 9",
				Judge: func(j *suite.Judging) {
					status(j, own, "still own", "success")
					refused(j, "again", "anew", "authentication token required")
				},
			},
			{
				ID: "WS-AUTH-009", Text: "An action with a dot in it MUST need a token as any other.", Source: "websockets.md 14; design.md 3", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					refused(j, "bare", "dotted", "authentication token required")
				},
			},
		},
	}
}

func refusedToken(j *suite.Judging, id, token string) {
	refused(j, "bare", id, "failed to authenticate token "+token)
}

func doAuthentication(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	sibling, err := p.NewAccount(ctx, "sibling", p.Target.Parent)
	if err != nil {
		return err
	}
	bare, err := p.MustDial(ctx, "bare")
	if err != nil {
		return err
	}
	forged, altered := changed(account.Token, 2), changed(account.Token, 1)
	p.Log.Secret("damaged-token", forged) // the one is put right by what the other shows
	p.Log.Secret("damaged-token", altered)
	p.Note("forged", forged)
	p.Note("altered", altered)
	for _, c := range []struct{ id, text string }{
		{"subscribe", `{"action":"subscribe","request_id":"subscribe","data":{"account_id":"` + account.ID + `","binding":"call.*.*"}}`},
		{"ping", `{"action":"ping","request_id":"ping"}`},
		{"empty", `{"action":"noop","request_id":"empty","auth_token":""}`},
		{"dotted", `{"action":"subscribe.now","request_id":"dotted"}`},
		{"nonsense", `{"action":"noop","request_id":"nonsense","auth_token":"nope"}`},
		{"forged", `{"action":"noop","request_id":"forged","auth_token":` + quoted(forged) + `}`},
		{"altered", `{"action":"noop","request_id":"altered","auth_token":` + quoted(altered) + `}`},
	} {
		bare.Command(ctx, c.id, c.text)
	}
	for _, c := range []struct{ id, text string }{
		{"first", `{"action":"noop","request_id":"first","auth_token":` + quoted(account.Token) + `}`},
		{"without", `{"action":"subscribe","request_id":"without","data":{"account_id":"` + account.ID + `","binding":"call.CHANNEL_CREATE.*"}}`},
		{"bad later", command("subscribe", "bad later", "nope", account.ID, "call.CHANNEL_ANSWER.*")},
		{"as sibling", command("subscribe", "as sibling", sibling.Token, sibling.ID, "call.*.*")},
		{"still own", command("subscribe", "still own", sibling.Token, account.ID, "call.CHANNEL_BRIDGE.*")},
	} {
		s.Command(ctx, c.id, c.text)
	}
	again, err := p.MustDial(ctx, "again")
	if err != nil {
		return err
	}
	again.Command(ctx, "anew", `{"action":"noop","request_id":"anew"}`)
	return nil
}

// changed is a token with one sign in the middle of a part (header, claims, signature)
// exchanged for another.
func changed(token string, part int) string {
	parts := strings.Split(token, ".")
	if part >= len(parts) || len(parts[part]) < 2 {
		return token + "x"
	}
	middle := len(parts[part]) / 2
	sign := "A"
	if parts[part][middle] == 'A' {
		sign = "B"
	}
	parts[part] = parts[part][:middle] + sign + parts[part][middle+1:]
	return strings.Join(parts, ".")
}
