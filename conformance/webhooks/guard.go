package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// guard is about the addresses that a hook may have. A target whose receivers are on its own
// machine lets loopback addresses pass, so what is demanded of those is that all their
// spellings are one address.
func guard() suite.Group {
	return suite.Group{
		Name: "webhooks/guard", Title: "Addresses that hooks may have", Needs: []string{suite.Accounts}, Do: doGuard,
		Requirements: []suite.Requirement{
			{
				ID: "WH-REST-101", Text: "A uri whose scheme is not exactly http or https, in lower case, MUST be refused as invalid client URL.",
				Source: "webhooks.md 11; kz_json_schema_extensions:url_validation/2",
				Judge: func(j *suite.Judging) {
					for _, uri := range []string{"", "x", "HTTP://hooks.example.org/", "ftp://hooks.example.org/", "ws://hooks.example.org/", " http://hooks.example.org/"} {
						refusal(j, "uri "+uri, fmt.Sprintf(`{"uri":{"error":{"message":"invalid client URL","value":%q}}}`, uri))
					}
				},
			},
			{
				ID: "WH-REST-102", Text: "A uri whose host is 0.0.0.0, in any spelling that inet_aton knows, MUST be refused as invalid client URL.",
				Source: "webhooks.md 11; kz_json_schema_extensions:url_validation/2",
				Judge: func(j *suite.Judging) {
					for _, uri := range unspecified() {
						refusal(j, "uri "+uri, fmt.Sprintf(`{"uri":{"error":{"message":"invalid client URL","value":%q}}}`, uri))
					}
				},
			},
			{
				ID: "WH-REST-103", Text: "Every spelling of 127.0.0.1 that inet_aton knows MUST be taken or refused as 127.0.0.1 itself is.",
				Source: "webhooks.md 11; kz_json_schema_extensions:url_validation/2", Judge: alike(loopbacks),
			},
			{
				ID: "WH-REST-104", Text: "The host localhost MUST be taken or refused alike in lower and upper case, with a port, before a query and before a fragment.",
				Source: "webhooks.md 11; kz_json_schema_extensions:url_validation/2", Judge: alike(locals),
			},
			{
				ID: "WH-REST-105", Text: "Hosts that are not literally on the block list MUST be taken: 127.0.0.2, private networks, [::1], localhost with a dot behind it, names beneath localhost.",
				Source: "webhooks.md 11; webhooks.md 14; kz_json_schema_extensions:url_validation/2",
				Judge: func(j *suite.Judging) {
					for _, uri := range passing() {
						j.Status("uri "+uri, "201")
					}
				},
			},
			{
				ID: "WH-REST-106", Text: "A uri with blanks, letters beyond ASCII, a port that is no number or an empty host MUST be taken and kept as it is.",
				Source: "webhooks.md 11; kz_json_schema_extensions:url_validation/2",
				Judge: func(j *suite.Judging) {
					for _, uri := range strange() {
						if answer, ok := j.Status("uri "+uri, "201"); ok {
							j.Equal("uri kept", uri, gjson.GetBytes(answer.Body, "data.uri").Str, answer)
						}
					}
				},
			},
			{
				ID: "WH-REST-107", Text: "A PATCH that leaves uri alone MUST be taken for an address that passes, and one to a refused address be refused.",
				Source: "webhooks.md 11; kz_json_schema_extensions:url_validation/2",
				Judge: func(j *suite.Judging) {
					j.Status("patch name", "200")
					refusal(j, "patch uri", `{"uri":{"error":{"message":"invalid client URL","value":"http://0.0.0.0/"}}}`)
				},
			},
		},
	}
}

func unspecified() []string {
	return []string{"http://0.0.0.0/", "https://0.0.0.0:443/x", "http://0/", "http://0x0/", "http://0.0/", "http://00.0.0.0/"}
}

func loopbacks() []string {
	return []string{"http://127.0.0.1/", "http://127.0.0.1:80/", "https://127.0.0.1?x", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/"}
}

func locals() []string {
	return []string{"http://localhost/", "http://LOCALHOST:80/", "http://localhost?x", "https://LocalHost#x"}
}

func passing() []string {
	return []string{
		"http://127.0.0.2/", "http://0.0.0.1/", "http://10.0.0.1/", "http://192.168.1.1:8080/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://localhost.", "http://sub.localhost/",
		"http://localhost.localdomain/",
	}
}

func strange() []string {
	return []string{
		"http://hooks.example.org/a b", "http://hooks.exämple.org/ü", "http://hooks.example.org:port/", "http:///p", "http://", "http://hooks.example.org/%zz",
		"http://user:pass@hooks.example.org/",
	}
}

// alike wants the same answer to all of a list.
func alike(list func() []string) func(*suite.Judging) {
	return func(j *suite.Judging) {
		first, found := j.Answer("uri " + list()[0])
		if !found || !slices.Contains([]string{"201", "400"}, first.Head) {
			j.Fail(list()[0]+" is neither taken nor refused", first)
			return
		}
		for _, uri := range list()[1:] {
			if first.Head == "400" {
				refusal(j, "uri "+uri, fmt.Sprintf(`{"uri":{"error":{"message":"invalid client URL","value":%q}}}`, uri))
			} else {
				j.Status("uri "+uri, first.Head)
			}
		}
	}
}

func doGuard(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	documents := map[string]string{}
	for _, uri := range slices.Concat(
		[]string{"", "x", "HTTP://hooks.example.org/", "ftp://hooks.example.org/", "ws://hooks.example.org/", " http://hooks.example.org/"},
		unspecified(), loopbacks(), locals(), passing(), strange(),
	) {
		documents["uri "+uri] = document("uri", fmt.Sprintf("%q", uri))
	}
	if err := put(ctx, p, own, documents); err != nil {
		return err
	}
	made, err := p.HookTo(ctx, "plain", own, "channel_answer", address, nil)
	if err != nil {
		return err
	}
	for step, body := range map[string]string{"patch name": `{"data":{"name":"other"}}`, "patch uri": `{"data":{"uri":"http://0.0.0.0/"}}`} {
		if _, err := p.REST(ctx, step, probe.Request{Method: http.MethodPatch, Path: ofAccount(own) + "/" + made.ID, Token: own.Token, Body: body}); err != nil {
			return err
		}
	}
	return nil
}
