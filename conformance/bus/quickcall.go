package bus

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// originates is the harness's queue for requests for calls.
const originates = "originates"

// quickcalls is about calls that REST asks a switch for.
func quickcalls() suite.Group {
	return suite.Group{
		Name: "bus/quickcall", Title: "Calls that REST asks for", Needs: []string{suite.Accounts, suite.Bus},
		Do: doQuickcalls,
		Requirements: []suite.Requirement{
			{
				ID: "AM-CMD-021", Text: "A GET of quickcall MUST publish resource/originate_req on the exchange callmgr with the key originate.resource.req and the request's id as Msg-ID, and answer 200.",
				Source: "crossbar.md 8.1; cb_quickcall:maybe_originate_quickcall/1; kapi_resource:publish_originate_req/1",
				Judge: func(j *suite.Judging) {
					if q, ok := originated(j, "plain"); ok {
						j.Equal("exchange and key", "callmgr originate.resource.req", q.Head, q)
						j.Equal("kind", "resource originate_req", text(q, "Event-Category")+" "+text(q, "Event-Name"), q)
						j.Status("plain", "200")
					}
				},
			},
			{
				ID: "AM-CMD-022", Text: "What is asked for MUST be a transfer to the number of the path as it stands there, while the devices are shown the number without blanks and marks, and the name Device QuickCall.",
				Source: "crossbar.md 8.1; cb_quickcall:create_call_from_context/1",
				Judge: func(j *suite.Judging) {
					if q, ok := originated(j, "plain"); ok {
						j.EqualJSON("asked for", `{"Application-Name":"transfer","Application-Data":{"Route":"(415) 555-0100"},"Outbound-Caller-ID-Name":"Device QuickCall","Outbound-Caller-ID-Number":"4155550100"}`,
							members(q, "Application-Name", "Application-Data", "Outbound-Caller-ID-Name", "Outbound-Caller-ID-Number"), q)
					}
				},
			},
			{
				ID: "AM-CMD-023", Text: "The endpoint of a quickcall MUST have an Outbound-Call-ID of 36 hexadecimal digits and -quickcall.",
				Source: "crossbar.md 8.1; cb_quickcall:create_call_from_context/1",
				Judge: func(j *suite.Judging) {
					if q, ok := originated(j, "plain"); ok {
						j.Equal("how many endpoints", "1", gjson.GetBytes(q.Body, "Endpoints.#").String(), q)
						if id := gjson.GetBytes(q.Body, "Endpoints.0.Outbound-Call-ID").Str; !regexp.MustCompile(`^[0-9a-f]{36}-quickcall$`).MatchString(id) {
							j.Differs("Outbound-Call-ID", []byte("36 hexadecimal digits-quickcall"), []byte(id), q)
						}
					}
				},
			},
			{
				ID: "AM-CMD-024", Text: "A quickcall MUST carry the account, who authorizes it, Inherit-Codec \"false\" and Retain-CID in its Custom-Channel-Vars, and the fixed list of those that are exported.",
				Source: "crossbar.md 8.1; cb_quickcall:default_bridge_vars/1",
				Judge: func(j *suite.Judging) {
					if q, ok := originated(j, "plain"); ok {
						want := fmt.Sprintf(`{"Account-ID":%q,"Inherit-Codec":"false","Authorizing-Type":"device","Authorizing-ID":%q,"Retain-CID":"false"}`, j.Fact("account own"), j.Fact("device"))
						j.EqualJSON("Custom-Channel-Vars", want, []byte(gjson.GetBytes(q.Body, "Custom-Channel-Vars").Raw), q)
						j.EqualJSON("Export-Custom-Channel-Vars", `["Account-ID","Authorizing-ID","Authorizing-Type","Outbound-Callee-ID-Name","Outbound-Callee-ID-Number","Retain-CID"]`,
							[]byte(gjson.GetBytes(q.Body, "Export-Custom-Channel-Vars").Raw), q)
					}
					if q, ok := originated(j, "chosen"); ok {
						j.Equal("Retain-CID with cid-number", "true", gjson.GetBytes(q.Body, "Custom-Channel-Vars.Retain-CID").Str, q)
					}
				},
			},
			{
				ID: "AM-CMD-025", Text: "Without parameters a quickcall MUST ring 30 s, with its media processed, early media ignored, all endpoints at once, and end with the first failure that ends all.",
				Source: "crossbar.md 8.1; cb_quickcall:create_call_from_context/1",
				Judge: func(j *suite.Judging) {
					if q, ok := originated(j, "plain"); ok {
						j.EqualJSON("defaults", `{"Timeout":30,"Media":"process","Ignore-Early-Media":true,"Dial-Endpoint-Method":"simultaneous","Continue-On-Fail":false}`,
							members(q, "Timeout", "Media", "Ignore-Early-Media", "Dial-Endpoint-Method", "Continue-On-Fail"), q)
					}
					if q, ok := originated(j, "short"); ok {
						j.Equal("Timeout of one that is not above 3", "30", gjson.GetBytes(q.Body, "Timeout").Raw, q)
					}
				},
			},
			{
				ID: "AM-CMD-026", Text: "The parameters timeout, media, ignore-early-media and cid-number of a quickcall MUST be passed on.",
				Source: "crossbar.md 8.1; cb_quickcall:create_call_from_context/1",
				Judge: func(j *suite.Judging) {
					if q, ok := originated(j, "chosen"); ok {
						j.EqualJSON("passed on", `{"Timeout":12,"Media":"bypass","Ignore-Early-Media":false,"Outbound-Callee-ID-Number":"5550155"}`,
							members(q, "Timeout", "Media", "Ignore-Early-Media", "Outbound-Callee-ID-Number"), q)
					}
				},
			},
			{
				ID: "AM-CMD-027", Text: "A GET of quickcall MUST be answered with what was asked for, its names in lower case and with _ for -.",
				Source: "crossbar.md 8.1; cb_quickcall:maybe_originate_quickcall/1",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("plain", "200"); ok {
						j.Equal("application_name", "transfer", gjson.GetBytes(a.Body, "data.application_name").Str, a)
						j.Equal("outbound_caller_id_name", "Device QuickCall", gjson.GetBytes(a.Body, "data.outbound_caller_id_name").Str, a)
						j.Equal("custom_channel_vars.authorizing_id", j.Fact("device"), gjson.GetBytes(a.Body, "data.custom_channel_vars.authorizing_id").Str, a)
					}
				},
			},
			{
				ID: "AM-CMD-028", Text: "A quickcall without a token MUST be answered with 401 and ask for no call.",
				Source: "crossbar.md 8.1; api_util:is_authentic/4",
				Judge: func(j *suite.Judging) {
					j.Status("tokenless", "401")
					originated(j, "plain")
					j.Count("calls asked for without a token", 0, originations(j, "5550111"))
				},
			},
			{
				ID: "AM-CMD-029", Text: "A quickcall of a device that cannot ring MUST be answered with 500 and the message unspecified_fault.",
				Source: "crossbar.md 8.1; cb_quickcall:maybe_originate_quickcall/1",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("mute", "500"); ok {
						j.Equal("message", "unspecified_fault", gjson.GetBytes(a.Body, "message").Str, a)
					}
				},
			},
			{
				ID: "AM-CMD-030", Text: "A POST of quickcall MUST wait for the switch, and be answered with 200 and the answer merged into what was asked for, or with 500 and the message quickcall initiation failed.",
				Source: "crossbar.md 8.1; cb_quickcall:maybe_originate_quickcall/1",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("taken", "200"); ok {
						j.Equal("call_id", "certify-taken", gjson.GetBytes(a.Body, "data.call_id").Str, a)
						j.Equal("application_name", "transfer", gjson.GetBytes(a.Body, "data.application_name").Str, a)
					}
					if a, ok := j.Status("failed", "500"); ok {
						j.Equal("message", "quickcall initiation failed", gjson.GetBytes(a.Body, "message").Str, a)
					}
				},
			},
		},
	}
}

// originations are the requests for calls to a number, however it is written.
func originations(j *suite.Judging, number string) []capture.Entry {
	return j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == originates && gjson.GetBytes(e.Body, "Custom-Channel-Vars.Account-ID").Str == j.Fact("account own") &&
			strings.Contains(gjson.GetBytes(e.Body, "Application-Data.Route").Str, number)
	})
}

// originated is the request for a call that a step led to.
func originated(j *suite.Judging, step string) (capture.Entry, bool) {
	a, ok := j.Answer(step)
	if !ok {
		j.Failf("the request %q has no answer", step)
		return capture.Entry{}, false
	}
	id := gjson.GetBytes(a.Body, "request_id").Str
	return j.One("requests for a call by "+step, j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == originates && text(e, "Msg-ID") == id
	}))
}

func doQuickcalls(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if _, err := p.Listen(ctx, originates, "callmgr", "originate.resource.req"); err != nil {
		return err
	}
	r := &steps{ctx: ctx, p: p, account: account}
	name := "q" + p.ID()[:8]
	r.make("device", "/devices", fields{"name": "rings", "sip": fields{"username": name, "password": "secret123"}})
	r.make("mute device", "/devices", fields{"name": "mute", "enabled": false, "sip": fields{"username": name + "m", "password": "secret123"}})
	path := "/devices/" + p.Seen().Fact("device") + "/quickcall/"
	r.do("plain", http.MethodGet, path+"(415)%20555-0100", "")
	r.do("chosen", http.MethodGet, path+"5550101?timeout=12&media=bypass&ignore-early-media=false&cid-number=5550155", "")
	r.do("short", http.MethodGet, path+"5550102?timeout=3", "")
	r.do("mute", http.MethodGet, "/devices/"+p.Seen().Fact("mute device")+"/quickcall/5550103", "")
	if r.err != nil {
		return r.err
	}
	whole := "/v2/accounts/" + account.ID + path
	if _, err := p.REST(ctx, "tokenless", probe.Request{Method: http.MethodGet, Path: whole + "5550111"}); err != nil {
		return err
	}
	for step, said := range map[string][2]string{
		"taken":  {"5550104", `"Event-Category":"resource","Event-Name":"originate_resp","Call-ID":"certify-taken","Channel-Call-State":"ACTIVE"`},
		"failed": {"5550105", `"Event-Category":"error","Event-Name":"originate_resp","Error-Message":"USER_BUSY"`},
	} {
		r := probe.Request{Method: http.MethodPost, Path: whole + said[0], Token: account.Token, Body: `{"data":{}}`}
		if err := during(ctx, p, step, r, func() error { return answerCall(ctx, p, said[0], said[1]) }); err != nil {
			return err
		}
	}
	p.Settle(ctx)
	return nil
}

// answerCall answers the request for a call to a number.
func answerCall(ctx context.Context, p *probe.Probe, number, said string) error {
	of := func(v capture.View) []capture.Entry {
		return v.Where(func(e capture.Entry) bool {
			return e.Kind == capture.Delivered && e.Name == originates && gjson.GetBytes(e.Body, "Application-Data.Route").Str == number
		})
	}
	if !p.Await(ctx, "the request for a call to "+number, p.Target.Patience.Delivery, func(v capture.View) bool { return len(of(v)) > 0 }) {
		return nil
	}
	q := of(p.Seen())[0]
	body := fmt.Sprintf(`{%s,"Msg-ID":%q,"Node":%q,"App-Name":"ecallmgr","App-Version":"5.0.0"}`, said, text(q, "Msg-ID"), node)
	return p.Publish(ctx, "answer the request for "+number, "targeted", text(q, "Server-ID"), []byte(body))
}
