package payloads

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// headers is about the header of a request.
func headers() suite.Group {
	const source = "webhooks.md 6.2; webhooks_util:do_fire/3"
	return suite.Group{
		Name: "payloads/headers", Title: "Headers", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doHeaders,
		Requirements: []suite.Requirement{
			{
				ID: "WH-HDR-001", Text: "A request with form text MUST have the Content-Type application/x-www-form-urlencoded, and one with JSON application/json, both without a charset.",
				Source: source,
				Judge: func(j *suite.Judging) {
					headerIs(j, "form", "content-type", "application/x-www-form-urlencoded")
					headerIs(j, "put", "content-type", "application/x-www-form-urlencoded")
					headerIs(j, "json", "content-type", "application/json")
				},
			},
			{
				ID: "WH-HDR-002", Text: "A GET MUST NOT have a Content-Type.",
				Source: source, Judge: func(j *suite.Judging) { headerIs(j, "get", "content-type") },
			},
			{
				ID: "WH-HDR-003", Text: "The Content-Length of a POST or PUT MUST be the number of bytes of its body.",
				Source: source,
				Judge: func(j *suite.Judging) {
					headerIs(j, "form", "content-length", strconv.Itoa(len(joined(j, accentedForm))))
					headerIs(j, "put", "content-length", strconv.Itoa(len(joined(j, accentedForm))))
					headerIs(j, "json", "content-length", strconv.Itoa(len(filled(j, accentedText))))
				},
			},
			{
				ID: "WH-HDR-004", Text: "A GET MUST have the Content-Length 0 or none, and no body.",
				Source: source,
				Judge: func(j *suite.Judging) {
					if e, ok := j.Request("get"); ok {
						j.Equal("body of a GET", "", string(e.Body), e)
						if got := header(e, "content-length"); len(got) > 0 {
							headerIs(j, "get", "content-length", "0")
						}
					}
				},
			},
			{
				ID: "WH-HDR-005", Text: "The Host MUST be host and port as the hook's address has them.",
				Source: source,
				Judge: func(j *suite.Judging) {
					for _, receiver := range []string{"get", "form", "json", "put"} {
						headerIs(j, receiver, "host", j.Fact("host"))
					}
				},
			},
			{
				ID: "WH-HDR-006", Text: "X-Hook-ID MUST be the id of the hook's document.",
				Source: source,
				Judge: func(j *suite.Judging) {
					for _, receiver := range []string{"get", "form", "json", "put"} {
						headerIs(j, receiver, "x-hook-id", j.Fact("hook "+receiver))
					}
				},
			},
			{
				ID: "WH-HDR-007", Text: "X-Account-ID MUST be the id of the account that owns the hook.",
				Source: source,
				Judge: func(j *suite.Judging) {
					for _, receiver := range []string{"get", "form", "json", "put"} {
						headerIs(j, receiver, "x-account-id", j.Fact("account own"))
					}
				},
			},
			{
				ID: "WH-HDR-009", Text: "A request MUST NOT have any header but Content-Type, Content-Length, TE, Host, Authorization, Connection, X-Hook-ID and X-Account-ID, and none of them twice.",
				Source: source, Judge: judgeNoOthers,
			},
			{
				ID: "WH-HDR-010", Text: "A request MUST be one of HTTP/1.1.",
				Source: source,
				Judge: func(j *suite.Judging) {
					for _, receiver := range []string{"get", "form", "json", "put"} {
						if e, ok := j.Request(receiver); ok {
							j.Equal("version", "HTTP/1.1", e.Head[strings.LastIndexByte(e.Head, ' ')+1:], e)
						}
					}
				},
			},
		},
	}
}

// What is sent for a message with characters beyond ASCII, whose bytes are more than those.
const (
	accentedForm = `id=own&account_id={account}&type=sms&from=%2B12125550199&to=%2B14155550100&body=%C3%A9%E2%82%AC%F0%9F%98%80+late&origin=offnet&cluster_id={cluster}`
	accentedText = `{
  "id" : "own",
  "account_id" : "{account}",
  "type" : "sms",
  "from" : "+12125550199",
  "to" : "+14155550100",
  "body" : "é€😀 late",
  "origin" : "offnet",
  "cluster_id" : "{cluster}"
}`
)

func doHeaders(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	_, host, _ := strings.Cut(p.Target.Advertise, "://")
	p.Note("host", strings.TrimSuffix(host, "/"))
	for name, fields := range map[string]map[string]any{
		"get": {"http_verb": "get"}, "form": {}, "json": asJSON(), "put": {"http_verb": "put"},
	} {
		if _, err := p.Hook(ctx, name, account, "sms", fields); err != nil {
			return err
		}
	}
	text := []string{`"Body":"é€😀 late"`, `"From":"+12125550199"`, `"Route-Type":"offnet"`, `"To":"+14155550100"`}
	own := sms("own", text...)
	if err := publish(ctx, p, account, own); err != nil {
		return err
	}
	arrived(ctx, p, []string{"get", "form", "json", "put"}, own)
	p.Settle(ctx)
	return nil
}

// header lists the values of a field, whose name is in lower case.
func header(e capture.Entry, name string) (values []string) {
	for _, f := range e.Header {
		if strings.ToLower(f.Name) == name {
			values = append(values, f.Value)
		}
	}
	return values
}

// headerIs wants a field of a receiver's one request to have these values, none for absence.
func headerIs(j *suite.Judging, receiver, name string, want ...string) {
	if e, ok := j.Request(receiver); ok {
		j.Equal(name+" at "+receiver, strings.Join(want, ", "), strings.Join(header(e, name), ", "), e)
	}
}

func judgeNoOthers(j *suite.Judging) {
	allowed := []string{"content-type", "content-length", "te", "host", "authorization", "connection", "x-hook-id", "x-account-id"}
	for _, receiver := range []string{"get", "form", "json", "put"} {
		e, ok := j.Request(receiver)
		if !ok {
			continue
		}
		for i, f := range e.Header {
			name := strings.ToLower(f.Name)
			if !slices.Contains(allowed, name) {
				j.Fail("the request at "+receiver+" has the header "+f.Name, e)
			}
			if slices.ContainsFunc(e.Header[:i], func(o capture.Field) bool { return strings.EqualFold(o.Name, name) }) {
				j.Fail("the request at "+receiver+" has the header "+f.Name+" twice", e)
			}
		}
	}
}
