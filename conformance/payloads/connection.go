package payloads

import (
	"context"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

const redirected = `id=moved&account_id={account}&type=sms&from=%2B12125550199&to=%2B14155550100&body=running+late&origin=offnet&cluster_id={cluster}`

// connection is about redirects, credentials and connections.
func connection() suite.Group {
	const source = "webhooks.md 6.6; webhooks.md 14"
	return suite.Group{
		Name: "payloads/connection", Title: "Redirects, credentials and connections", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doConnection,
		Requirements: []suite.Requirement{
			{
				ID: "WH-CONN-001", Text: "A GET that is answered with 301, 302, 303 or 307 MUST be made again at the Location, to which no query is added.",
				Source: source, Judge: func(j *suite.Judging) { follows(j, "get", "GET", "", 301, 302, 303, 307) },
			},
			{
				ID: "WH-CONN-002", Text: "A POST that is answered with 301, 302 or 303 MUST be followed as a GET of the Location without a body.",
				Source: source, Judge: func(j *suite.Judging) { follows(j, "post", "GET", "", 301, 302, 303) },
			},
			{
				ID: "WH-CONN-003", Text: "The GET that a POST has become SHOULD keep its Content-Type, with a Content-Length of 0.",
				Source: source,
				Judge: func(j *suite.Judging) {
					for _, status := range []string{"301", "302", "303"} {
						headerIs(j, "post-"+status+"-to", "content-type", "application/x-www-form-urlencoded")
						if e, ok := j.Request("post-" + status + "-to"); ok && len(header(e, "content-length")) > 0 {
							headerIs(j, "post-"+status+"-to", "content-length", "0")
						}
					}
				},
			},
			{
				ID: "WH-CONN-004", Text: "A POST that is answered with 307 MUST be made again at the Location with its body.",
				Source: source, Judge: func(j *suite.Judging) { follows(j, "post", "POST", redirected, 307) },
			},
			{
				ID: "WH-CONN-005", Text: "A PUT MUST NOT be followed, whatever the redirect.",
				Source: source, Judge: func(j *suite.Judging) { stays(j, "put", 301, 302, 303, 307, 308) },
			},
			{
				ID: "WH-CONN-006", Text: "A redirect with 308 MUST NOT be followed.",
				Source: source,
				Judge: func(j *suite.Judging) {
					stays(j, "get", 308)
					stays(j, "post", 308)
				},
			},
			{
				ID: "WH-CONN-007", Text: "X-Hook-ID and X-Account-ID MUST go along with a request that is redirected.",
				Source: source,
				Judge: func(j *suite.Judging) {
					for _, hook := range []string{"get-302", "post-302", "post-307"} {
						headerIs(j, hook+"-to", "x-hook-id", j.Fact("hook "+hook))
						headerIs(j, hook+"-to", "x-account-id", j.Fact("account own"))
					}
				},
			},
			{
				ID: "WH-CONN-008", Text: "Credentials in an address MUST become an Authorization header of the scheme Basic, and be left out of target and Host.",
				Source: "webhooks.md 6.1; webhooks.md 6.2",
				Judge: func(j *suite.Judging) {
					requestIs("credentials", "POST", "{path}?v=1", redirected)(j)
					headerIs(j, "credentials", "authorization", "Basic Y2VydGlmeTpzM2NyZXQ=")
					headerIs(j, "credentials", "host", j.Fact("host"))
				},
			},
			{
				ID: "WH-CONN-009", Text: "An address without credentials MUST NOT get an Authorization header.",
				Source: "webhooks.md 6.2", Judge: func(j *suite.Judging) { headerIs(j, "get-308", "authorization") },
			},
		},
	}
}

func doConnection(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	scheme, host, _ := strings.Cut(p.Target.Advertise, "://")
	p.Note("host", host)
	var made []string
	for _, verb := range []string{"get", "post", "put"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			name := verb + "-" + strconv.Itoa(status)
			answer := probe.Answer{Status: status, Header: []capture.Field{{Name: "Location", Value: p.Receiver(name + "-to")}}}
			if _, err := p.Hook(ctx, name, account, "sms", map[string]any{"http_verb": verb, "retries": 1}, answer); err != nil {
				return err
			}
			made = append(made, name)
		}
	}
	path := strings.TrimPrefix(p.Receiver("credentials"), p.Target.Advertise)
	if _, err := p.HookTo(ctx, "credentials", account, "sms", scheme+"://certify:s3cret@"+host+path+"?v=1", nil); err != nil {
		return err
	}
	event := sms("moved", usual()...)
	if err := publish(ctx, p, account, event); err != nil {
		return err
	}
	arrived(ctx, p, append(made, "credentials"), event)
	p.Settle(ctx)
	return nil
}

// follows judges that the redirects of a verb lead to one request of a method and body.
func follows(j *suite.Judging, verb, method, body string, statuses ...int) {
	for _, status := range statuses {
		name := verb + "-" + strconv.Itoa(status)
		j.Request(name)
		requestIs(name+"-to", method, "{path}", strings.ReplaceAll(body, "\n", ""))(j)
	}
}

// stays judges that they lead nowhere, and were made.
func stays(j *suite.Judging, verb string, statuses ...int) {
	for _, status := range statuses {
		name := verb + "-" + strconv.Itoa(status)
		j.Request(name)
		j.Count("requests behind "+name, 0, j.Requests(name+"-to"))
	}
}
