package sockets

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// listing is about GET /websockets, which tells what can be subscribed to.
func listing() suite.Group {
	newer := []string{suite.Kazoo5, suite.Kazoo4}
	return suite.Group{
		Name: "sockets/listing", Title: "What REST says can be subscribed to", Needs: []string{suite.Accounts}, Do: doListing,
		Requirements: []suite.Requirement{
			{
				ID: "WS-REST-001", Text: "GET /v2/websockets MUST be answered with 200 without a token, and with a bad one.", Source: "websockets.md 8; cb_websockets:authenticate/1",
				Judge: func(j *suite.Judging) {
					j.Status("without token", "200")
					j.Status("bad token", "200")
				},
			},
			{
				ID: "WS-REST-002", Text: "GET /v2/websockets MUST list for call the nine events with {CALL_ID}.", Source: "websockets.md 8.2; bh_call:init/0", Dialects: newer,
				Judge: func(j *suite.Judging) {
					var all []string
					for _, name := range callEvents() {
						all = append(all, "call."+name+".{CALL_ID}")
					}
					listed(j, "call", all)
				},
			},
			{
				ID: "WS-REST-003", Text: "GET /v2/websockets MUST list for object each of the three actions with each of the ten types.", Source: "websockets.md 8.2; bh_object:init/0", Dialects: newer,
				Judge: func(j *suite.Judging) {
					var all []string
					for _, action := range docActions()[:3] {
						for _, typ := range docTypes()[:10] {
							all = append(all, "object."+action+"."+typ)
						}
					}
					listed(j, "object", all)
				},
			},
			{
				ID: "WS-REST-004", Text: "GET /v2/websockets MUST list for fax fax.status.{FAX_ID} and fax.object.{ACTION}.", Source: "websockets.md 8.2; bh_fax:init/0", Dialects: newer,
				Judge: func(j *suite.Judging) { listed(j, "fax", []string{"fax.status.{FAX_ID}", "fax.object.{ACTION}"}) },
			},
			{
				ID: "WS-REST-005", Text: "GET /v2/websockets MUST list for conference what the version has.", Source: "websockets.md 8.2; bh_conference:init/0", Dialects: newer,
				Judge: func(j *suite.Judging) {
					all := []string{"conference.command.{CONFERENCE_ID}", "conference.event.{CONFERENCE_ID}.{CALL_ID}"}
					if j.Is(suite.Kazoo4) {
						all = all[:1]
						for _, name := range append(conferenceEvents(), "*") {
							all = append(all, "conference.event.{CONFERENCE_ID}.{CALL_ID}."+name)
						}
					}
					listed(j, "conference", all)
				},
			},
			{
				ID: "WS-REST-006", Text: "GET /v2/websockets MUST list presence without its first word where the version has it, and not at all where not.", Source: "websockets.md 8.2; websockets.md 13; bh_presence:init/0", Dialects: newer,
				Judge: func(j *suite.Judging) {
					if j.Is(suite.Kazoo5) {
						listed(j, "presence", []string{"dialog.{CALL_ID}", "mwi_updates.{USER}", "update.{CALL_ID}"})
						return
					}
					if got, ok := j.Status("without token", "200"); ok && read(got).Get("data.presence").Exists() {
						j.Differs("presence", nil, []byte(read(got).Get("data.presence").Raw), got)
					}
				},
			},
			{
				ID: "WS-REST-008", Text: "What is not GET MUST be answered with 405.", Source: "websockets.md 8; cb_websockets:allowed_methods/0",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"PUT all", "POST all", "DELETE all", "PUT own", "DELETE one"} {
						j.Status(name, "405")
					}
				},
			},
			{
				ID: "WS-REST-009", Text: "GET /v2/websockets/{SOCKET_ID} MUST be answered with 401 without a token and with 403 to all but superduper admins.", Source: "websockets.md 8; cb_websockets:authorize/2",
				Judge: func(j *suite.Judging) {
					j.Status("one without token", "401")
					j.Status("one without account", "403")
				},
			},
			{
				ID: "WS-REST-010", Text: "GET /v2/websockets/{SOCKET_ID} SHOULD be answered with 500, \"could not reach websockets tracking\" and no data to superduper admins.", Source: "websockets.md 8; websockets.md 8.1", Needs: []string{suite.Admin},
				Judge: func(j *suite.Judging) {
					if got, ok := j.Status("one as admin", "500"); ok {
						j.Equal("message", "could not reach websockets tracking", read(got).Get("message").Str, got)
						j.Equal("data", "{}", read(got).Get("data").Raw, got)
					}
				},
			},
		},
	}
}

// listed wants a family of the list to have these bindings, in any order.
func listed(j *suite.Judging, family string, expected []string) {
	got, ok := j.Status("without token", "200")
	if !ok {
		return
	}
	slices.Sort(expected)
	var actual []string
	for _, one := range read(got).Get("data." + family).Array() {
		actual = append(actual, one.String())
	}
	slices.Sort(actual)
	j.Equal("bindings of "+family, fmt.Sprint(expected), fmt.Sprint(actual), got)
}

func doListing(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	const path = "/v2/websockets"
	within := "/v2/accounts/" + account.ID + path[len("/v2"):]
	for _, step := range []struct{ name, method, path, token, body string }{
		{"without token", http.MethodGet, path, "", ""},
		{"bad token", http.MethodGet, path, "nope", ""},
		{"PUT all", http.MethodPut, path, account.Token, probe.Data(map[string]any{})},
		{"POST all", http.MethodPost, path, account.Token, probe.Data(map[string]any{})},
		{"DELETE all", http.MethodDelete, path, account.Token, ""},
		{"PUT own", http.MethodPut, within, account.Token, probe.Data(map[string]any{})},
		{"DELETE one", http.MethodDelete, within + "/192.0.2.1:1", account.Token, ""},
		{"one without token", http.MethodGet, path + "/192.0.2.1:1", "", ""},
		{"one without account", http.MethodGet, path + "/192.0.2.1:1", account.Token, ""},
	} {
		if _, err := p.REST(ctx, step.name, probe.Request{Method: step.method, Path: step.path, Token: step.token, Body: step.body}); err != nil {
			return err
		}
	}
	if p.Target.Has(suite.Admin) {
		_, err = p.REST(ctx, "one as admin", probe.Request{Method: http.MethodGet, Path: path + "/192.0.2.1:1", Token: p.Target.Parent.Token})
	}
	return err
}
