package sockets

import (
	"context"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// tolerance is about what closes the socket of a Kazoo, or is lost there.
func tolerance() suite.Group {
	return suite.Group{
		Name: "sockets/tolerance", Title: "What a socket of the lab stands", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus, suite.Lab}, Do: doTolerance,
		Requirements: []suite.Requirement{
			{
				ID: "WS-LAB-001", Text: "A binding that is no text MUST be refused, and leave the socket open.", Source: "websockets.md 3.1; websockets.md 14", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, id := range []string{"binding 5", "binding null", "binding list"} {
						refused(j, own, id, "invalid binding : it must be a string")
					}
					stillOpen(j, own)
				},
			},
			{
				ID: "WS-LAB-002", Text: "A text that is JSON but no object MUST be answered with an error, and leave the socket open.", Source: "websockets.md 1.2; websockets.md 14", Ours: true,
				Judge: func(j *suite.Judging) {
					got := 0
					for _, r := range probe.Replies(j.View, own) {
						if read(r).Get("data.errors.0").Str == "the frame must be a JSON object" {
							got++
						}
					}
					j.Equal("refusals of three texts", "3", fmt.Sprint(got))
					stillOpen(j, own)
				},
			},
			{
				ID: "WS-LAB-003", Text: "An event that is published as soon as the reply to a subscribe has come MUST be delivered.", Source: "websockets.md 3.4", Ours: true,
				Judge: func(j *suite.Judging) {
					for i := range 10 {
						event(j, "quick", fmt.Sprint("at once ", i))
					}
				},
			},
			{
				ID: "WS-LAB-004", Text: "The id of a call with signs that keys encode, in a binding for a conference or a fax, MUST match whether it is encoded or plain.", Source: "websockets.md 5.3; websockets.md 5.4; websockets.md 14", Ours: true,
				Judge: func(j *suite.Judging) {
					j.Count("frames of the fax with a plain and an encoded id", 2, probe.EventsOf(j.View, own, "odd fax"))
				},
			},
			{
				ID: "WS-LAB-005", Text: "The binding fax.object.created MUST bring what fax.object.doc_created does.", Source: "websockets.md 5.3; websockets.md 14", Ours: true,
				Judge: func(j *suite.Judging) { member(j, own, "fax", "subscribed_key", "fax.object.created") },
			},
			{
				ID: "WS-LAB-006", Text: "The binding object.doc_created.call_recording MUST bring recordings, which are in the database of the month.", Source: "websockets.md 5.2; websockets.md 14; amqp.md 9.2", Ours: true,
				Judge: func(j *suite.Judging) {
					accepted(j, "recordings", "subscribe object.doc_created.call_recording", `{"subscribed":["object.doc_created.call_recording"]}`)
					member(j, "recordings", "recording", "routing_key", fill(j, "doc_created.{db own}-{month}.call_recording.r1"))
				},
			},
			{
				ID: "WS-LAB-007", Text: "A frame of more than a megabyte MUST end the connection with the code 1009.", Source: "websockets.md 1; docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) { code(j, "large", "1009") },
			},
			{
				ID: "WS-LAB-008", Text: "Events MUST come to a socket in the order in which they were published.", Source: "websockets.md 6.2; design.md 5", Ours: true,
				Judge: func(j *suite.Judging) {
					last := -1
					for i := range 10 {
						for _, e := range probe.EventsOf(j.View, "quick", fmt.Sprint("in turn ", i)) {
							if e.Seq < last {
								j.Fail("an event overtook another", e)
							}
							last = e.Seq
						}
						event(j, "quick", fmt.Sprint("in turn ", i))
					}
				},
			},
			{
				ID: "WS-LAB-009", Text: "A name of more than 256 bytes, and metadata of more than 4096, MUST be refused with an error that names the member.", Source: "docs/websockets.md; docs/quirks.md", Ours: true,
				Judge: func(j *suite.Judging) {
					for id, size := range map[string][2]int{"name": {257, 256}, "metadata": {4097, 4096}} {
						refused(j, own, "long "+id, fmt.Sprintf("%s has %d bytes, more than the %d that are kept of a socket", id, size[0], size[1]))
					}
					status(j, own, "long enough", "success")
				},
			},
		},
	}
}

func doTolerance(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	monthly := messages.Database(account.ID) + "-" + month(p)
	for name, value := range map[string]string{"5": "5", "null": "null", "list": `["call.*.*"]`} {
		id := "binding " + name
		s.Command(ctx, id, `{"action":"subscribe","auth_token":`+quoted(account.Token)+`,"request_id":`+quoted(id)+`,"data":{"account_id":"`+account.ID+`","binding":`+value+`}}`)
	}
	s.Command(ctx, "token", `{"request_id":"token","auth_token":`+quoted(account.Token)+`}`)
	for _, content := range []string{"5", `"text"`, "[1]"} {
		before := len(probe.Replies(p.Seen(), own))
		s.Send(content)
		p.AwaitReplies(ctx, own, before+1)
	}
	s.Command(ctx, "long name", `{"request_id":"long name","name":"`+strings.Repeat("n", 257)+`"}`)
	s.Command(ctx, "long metadata", `{"request_id":"long metadata","metadata":"`+strings.Repeat("m", 4097)+`"}`)
	s.Command(ctx, "long enough", `{"request_id":"long enough","name":"`+strings.Repeat("n", 256)+`","metadata":"`+strings.Repeat("m", 4096)+`"}`)
	ask(ctx, s, account, "fax.status.j.1", "fax.status.j@1", "fax.status.j%401", "fax.object.created")
	recordings, err := p.MustDial(ctx, "recordings")
	if err != nil {
		return err
	}
	if err := recordings.Subscribe(ctx, account, "object.doc_created.call_recording"); err != nil {
		return err
	}
	if err := publishAll(
		ctx, p, named{"odd fax", fax(account.ID, "j%401")}, named{"fax", change("doc_created", monthly, "fax", "f1", account.ID)},
		named{"recording", change("doc_created", monthly, "call_recording", "r1", account.ID)},
	); err != nil {
		return err
	}
	quick, err := p.MustDial(ctx, "quick")
	if err != nil {
		return err
	}
	for i := range 10 {
		// Those before it are not waited for: the broker has some milliseconds to do until the one that
		// counts, by which a reply that does not wait for it is too early, on a busy machine too.
		for n := range 8 {
			before := fmt.Sprintf("fax.status.before-%d-%d", i, n)
			quick.Send(command("subscribe", before, account.Token, account.ID, before))
		}
		id := fmt.Sprint("f", i)
		if err := quick.Subscribe(ctx, account, "fax.status."+id); err != nil {
			return err
		}
		if err := publish(ctx, p, fmt.Sprint("at once ", i), fax(account.ID, id)); err != nil {
			return err
		}
	}
	for i := range 10 {
		if err := publish(ctx, p, fmt.Sprint("in turn ", i), fax(account.ID, fmt.Sprint("f", i%2))); err != nil {
			return err
		}
	}
	awaitAll(ctx, p, "quick", "at once 9", "in turn 9")
	awaitAll(ctx, p, own, "odd fax", "fax")
	awaitAll(ctx, p, "recordings", "recording")
	large, err := p.MustDial(ctx, "large")
	if err != nil {
		return err
	}
	large.Send(`{"request_id":"` + strings.Repeat("x", 1<<20) + `"}`)
	large.Ended(ctx)
	s.Command(ctx, "at last", `{"request_id":"at last"}`)
	p.Settle(ctx)
	return nil
}

// api is about the action api of Kazoo 5, which the lab has in every dialect.
func api() suite.Group {
	return suite.Group{
		Name: "sockets/api", Title: "REST by the action api", Needs: []string{suite.Accounts, suite.Sockets, suite.Lab}, Do: doAPI,
		Requirements: []suite.Requirement{
			{
				ID: "WS-LAB-010", Text: "The action api MUST be answered with success and the whole answer of REST as its data.", Source: "websockets.md 4.4; bh_api:api/2", Ours: true,
				Judge: func(j *suite.Judging) {
					if r, ok := status(j, own, "get", "success"); ok {
						j.Equal("data.status", "success", r.Get("data.status").Str)
						j.Equal("data.data.id", fill(j, "{own}"), r.Get("data.data.id").Str)
					}
				},
			},
			{
				ID: "WS-LAB-011", Text: "The reply to api MUST have the status success when REST refuses, and REST's error in data.", Source: "websockets.md 4.4; bh_api:api/2", Ours: true,
				Judge: func(j *suite.Judging) {
					if r, ok := status(j, own, "absent", "success"); ok {
						j.Equal("data.status", "error", r.Get("data.status").Str)
						j.Equal("data.error", "404", r.Get("data.error").String())
					}
				},
			},
			{
				ID: "WS-LAB-012", Text: "A request by api MUST have the verb and the body of data, which may be text or an object, and need no / before its endpoint.", Source: "websockets.md 4.4; docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, id := range []string{"put", "put object"} {
						if r, ok := status(j, own, id, "success"); ok {
							j.Equal("data.data.name", "desk", r.Get("data.data.name").Str)
						}
					}
				},
			},
			{
				ID: "WS-LAB-013", Text: "An api without data MUST be refused with \"missing required data object\", and one without endpoint with \"missing endpoint\".", Source: "websockets.md 4.4; bh_api:validate/2", Ours: true,
				Judge: func(j *suite.Judging) {
					refused(j, own, "no data", "missing required data object")
					refused(j, own, "no endpoint", "missing endpoint")
				},
			},
			{
				ID: "WS-LAB-014", Text: "An api MUST have the rights of the socket's token and no others.", Source: "websockets.md 4.4; design.md 3", Ours: true,
				Judge: func(j *suite.Judging) {
					if r, ok := status(j, own, "parent", "success"); ok {
						j.Equal("data.error", "403", r.Get("data.error").String())
					}
				},
			},
		},
	}
}

func doAPI(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	base := "/v2/accounts/" + account.ID
	for _, c := range []struct{ id, data string }{
		{"get", `{"endpoint":"` + base + `"}`},
		{"absent", `{"endpoint":"` + base + `/devices/00000000000000000000000000000bad"}`},
		{"put", `{"endpoint":"` + base[1:] + `/devices","verb":"put","body":"{\"data\":{\"name\":\"desk\"}}"}`},
		{"put object", `{"endpoint":"` + base + `/devices","verb":"put","body":{"data":{"name":"desk"}}}`},
		{"no data", `{}`},
		{"no endpoint", `{"verb":"get"}`},
		{"parent", `{"endpoint":"/v2/accounts/` + p.Target.Parent.ID + `"}`},
	} {
		s.Command(ctx, c.id, `{"action":"api","auth_token":`+quoted(account.Token)+`,"request_id":`+quoted(c.id)+`,"data":`+c.data+`}`)
	}
	return nil
}

// notifications is about the binding of that name, which Kazoo 5 has as an option.
func notifications() suite.Group {
	return suite.Group{
		Name: "sockets/notifications", Title: "Notifications on sockets", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus, suite.Lab}, Do: doNotifications,
		Requirements: []suite.Requirement{
			{
				ID: "WS-LAB-020", Text: "The binding notifications.<CATEGORY>.<EVENT> MUST bring that notification of the account.", Source: "websockets.md 5.6; docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) {
					member(j, own, "voicemail", "subscribed_key", "notifications.voicemail.voicemail_new")
					member(j, own, "voicemail", "name", "voicemail_new")
				},
			},
			{
				ID: "WS-LAB-021", Text: "Notifications of other accounts MUST NOT come.", Source: "websockets.md 5.6; websockets.md 14", Ours: true,
				Judge: func(j *suite.Judging) { none(j, own, "voicemail of sibling", "last") },
			},
			{
				ID: "WS-LAB-022", Text: "A category or an event that does not exist MUST be refused with \"event category <C> not supported\" or \"event <C>.<E> not supported\".", Source: "websockets.md 5.6; websockets.md 12", Ours: true,
				Judge: func(j *suite.Judging) {
					refused(j, own, "notifications.nothing.*", "event category nothing not supported")
					refused(j, own, "notifications.voicemail.nothing", "event voicemail.nothing not supported")
				},
			},
			{
				ID: "WS-LAB-023", Text: "Notifications that carry passwords or links to set one MUST NOT be offered.", Source: "docs/websockets.md; design.md 3", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, words := range []string{"user.new_user", "user.password_recovery", "account.new_account"} {
						status(j, own, "notifications."+words, "error")
					}
					status(j, own, "subscribe notifications.voicemail.voicemail_new", "success")
				},
			},
		},
	}
}

func doNotifications(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	voicemail := func(accountID string) message {
		return message{"notifications", "notifications.voicemail.new", func(id string) []byte {
			return fmt.Appendf(nil, `{"Account-ID":%q,"From-User":"1001","From-Realm":"a.example.com","To-User":"1002","To-Realm":"a.example.com","Voicemail-Box":"vm1",`+
				`"Voicemail-ID":"202403-1","Voicemail-Timestamp":63877472674,"Event-Category":"notification","Event-Name":"voicemail_new","App-Name":"voicemail","App-Version":"4.0.0","Msg-ID":%q}`, accountID, id)
		}}
	}
	if err := tuned(ctx, p, s, account, "notifications.voicemail.voicemail_new", voicemail(account.ID)); err != nil {
		return err
	}
	ask(ctx, s, account, "notifications.nothing.*", "notifications.voicemail.nothing", "notifications.user.new_user", "notifications.user.password_recovery", "notifications.account.new_account")
	if err := publishAll(ctx, p, named{"voicemail", voicemail(account.ID)}, named{"voicemail of sibling", voicemail(nobody)}, named{"last", voicemail(account.ID)}); err != nil {
		return err
	}
	awaitAll(ctx, p, own, "voicemail", "last")
	p.Settle(ctx)
	return nil
}
