package payloads

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// note is a notification whose Msg-ID is its name.
func note(name, event, suffix string, members ...string) published {
	text := append([]string{`{"App-Name":"callflow","App-Version":"4.0.0"`}, members...)
	text = append(text, `"Event-Category":"notification","Event-Name":"`+event+`","Msg-ID":"`+name+`","Node":"kazoo_apps@apps001.example.com"}`)
	return published{name, "notifications", "notifications." + suffix, strings.Join(text, ",")}
}

// notifications is about what becomes of the members of a notification.
func notifications() suite.Group {
	const source = "webhooks.md 3.4; amqp.md 12; webhooks_notifications:handle_event/2"
	const normal = "webhooks.md 3.6; kz_json:normalize/1"
	return suite.Group{
		Name: "payloads/notifications", Title: "Notifications", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doNotifications,
		Requirements: []suite.Requirement{
			{
				ID: "WH-NOTE-001", Text: "A notifications hook MUST send the whole message in its order with its keys normalised, the headers of the bus included, and neither hook_event nor timestamp besides.",
				Source: source, Judge: bodyIs("json", "note-voicemail", voicemail),
			},
			{
				ID: "WH-NOTE-002", Text: "Form text of a notifications hook MUST be the same members in the same order.",
				Source: source + "; webhooks.md 6.3",
				Judge: func(j *suite.Judging) {
					body(j, "form", "note-letters", joined(j, `app_name=callflow&app_version=4.0.0&account_id={account}&a_b_c1=x&_=y&a b=z
&event_category=notification&event_name=new_account&msg_id=note-letters&node=kazoo_apps%40apps001.example.com&cluster_id={cluster}`))
				},
			},
			{
				ID: "WH-NOTE-003", Text: "Normalising MUST turn A to Z into a to z and - into _ in every key at every depth, in lists too, and leave values as they are.",
				Source: normal, Judge: membersAre("json", member{"note-nested", "request_id", `{"a_b":[{"c_d":"E-F"},[{"g_h":2}]],"i":{"j_k":"L"}}`}),
			},
			{
				ID: "WH-NOTE-004", Text: "Normalising MUST leave out members that are null at every depth, and keep null in a list.",
				Source: normal, Judge: membersAre("json", member{"note-null", "gone", ""}, member{"note-null", "n", `{"l":[1,null,{}],"d":{}}`}),
			},
			{
				ID: "WH-NOTE-005", Text: "A key that is met again when normalised MUST replace the value in its first place, unless its own value is null.",
				Source: normal, Judge: bodyIs("json", "note-repeated", repeated),
			},
			{
				ID: "WH-NOTE-006", Text: "Normalising MUST raise each byte from C0 to DE but D7 in keys by 20, which breaks letters of two bytes, and leave all other characters as they are.",
				Source: normal + "; webhooks.md 14",
				Judge: func(j *suite.Judging) {
					want := joined(j, "app_name=callflow&app_version=4.0.0&account_id={bytes}&\xe3\x9cn\xe3\xaf=1&\xf0\x9a\xf1\x8e=2&שלום=3&名前=4&😀=5"+
						"&event_category=notification&event_name=new_account&msg_id=note-bytes&node=kazoo_apps%40apps001.example.com&cluster_id={cluster}")
					body(j, "bytes", "note-bytes", strings.ReplaceAll(want, "{bytes}", j.Fact("account bytes")))
				},
			},
			{
				ID: "WH-NOTE-007", Text: "A JSON body whose keys normalising would break MUST be sent with the letters as they came.",
				Source: "webhooks.md 14", Needs: []string{suite.Lab}, Ours: true,
				Judge: membersAre("json", member{"note-bytes", "Ünï", `"1"`}, member{"note-bytes", "Кю", `"2"`}, member{"note-bytes", "名前", `"4"`}),
			},
			{
				ID: "WH-NOTE-008", Text: "A notification that lacks a header which its kind requires MUST NOT be sent.",
				Source: "amqp.md 12.2; webhooks.md 1", Judge: never("json", "note-last", "note-no-box", "note-no-balance", "note-no-message-id", "note-no-flag"),
			},
			{
				ID: "WH-NOTE-009", Text: "A notification of an unknown name, or of voicemail_deleted, MUST NOT be sent.",
				Source: "webhooks.md 3.4; webhooks.md 12; amqp.md 9.1", Judge: never("json", "note-last", "note-unknown", "note-deleted", "note-deleted-bound"),
			},
			{
				ID: "WH-NOTE-010", Text: "The callflow's notification webhook MUST be sent by the hook that it brings, as its Data normalised with that hook's custom_data, under that hook's id.",
				Source: "webhooks.md 3.4; webhooks.md 9; webhooks_notifications:handle_account_notification/2",
				Judge: func(j *suite.Judging) {
					requestIs("callflow", "POST", "{path}", `{
  "call_id" : "note-callflow",
  "account_id" : "{account}",
  "n" : {
    "a_b" : true
  },
  "step" : "ivr",
  "cluster_id" : "{cluster}"
}`)(j)
					headerIs(j, "callflow", "x-hook-id", "63877472675")
					headerIs(j, "callflow", "x-account-id", j.Fact("account own"))
				},
			},
		},
	}
}

const voicemail = `{
  "app_name" : "callflow",
  "app_version" : "4.0.0",
  "account_db" : "{db}",
  "account_id" : "{account}",
  "call_id" : "7d1f03aa-2c1b-4a53@203.0.113.20",
  "caller_id_name" : "PAT EXAMPLE",
  "caller_id_number" : "+12125550199",
  "from_realm" : "203.0.113.20",
  "from_user" : "+12125550199",
  "server_id" : "kazoo_apps@apps001.example.com-<0.902.0>-11aa22bb",
  "system_log_id" : "7d1f03aa-2c1b-4a53@203.0.113.20",
  "to_realm" : "acme.sip.example.com",
  "to_user" : "+14155550100",
  "voicemail_box" : "837f",
  "voicemail_id" : "202403-6e09",
  "voicemail_length" : 14580,
  "voicemail_timestamp" : 63877472740,
  "event_category" : "notification",
  "event_name" : "voicemail_new",
  "msg_id" : "note-voicemail",
  "node" : "kazoo_apps@apps001.example.com",
  "cluster_id" : "{cluster}"
}`

const repeated = `{
  "app_name" : "callflow",
  "app_version" : "4.0.0",
  "account_id" : "{account}",
  "a_b" : 4,
  "x" : 2,
  "y" : 5,
  "event_category" : "notification",
  "event_name" : "new_account",
  "msg_id" : "note-repeated",
  "node" : "kazoo_apps@apps001.example.com",
  "cluster_id" : "{cluster}"
}`

func doNotifications(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	all := object(`{"type":"all"}`)
	hook, more := "notifications", map[string]any{"format": "json", "custom_data": all}
	if p.Target.Dialect == suite.Kazoo4 { // where the hook's own type would stand in the payload
		hook, more = "all", asJSON()
	}
	if _, err := p.Hook(ctx, "json", account, hook, more); err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "form", account, "all", nil); err != nil {
		return err
	}
	const own = `"Account-ID":"{account}"`
	made := func(name string, members ...string) published {
		return note(name, "new_account", "account.new", append([]string{own}, members...)...)
	}
	const box = `"From-Realm":"203.0.113.20","From-User":"+12125550199","To-Realm":"acme.sip.example.com","To-User":"+14155550100","Voicemail-ID":"v","Voicemail-Timestamp":63877472740`
	good := []published{
		note("note-voicemail", "voicemail_new", "voicemail.new", `"Account-DB":"{db}"`, own, `"Call-ID":"7d1f03aa-2c1b-4a53@203.0.113.20","Caller-ID-Name":"PAT EXAMPLE"`,
			`"Caller-ID-Number":"+12125550199","From-Realm":"203.0.113.20","From-User":"+12125550199","Server-ID":"kazoo_apps@apps001.example.com-<0.902.0>-11aa22bb"`,
			`"System-Log-ID":"7d1f03aa-2c1b-4a53@203.0.113.20","To-Realm":"acme.sip.example.com","To-User":"+14155550100","Voicemail-Box":"837f","Voicemail-ID":"202403-6e09"`,
			`"Voicemail-Length":14580,"Voicemail-Timestamp":63877472740`),
		made("note-letters", `"A-b_C1":"x","-":"y","A b":"z"`),
		made("note-nested", `"Request-ID":{"A-B":[{"C-D":"E-F"},[{"G-H":2}]],"I":{"J-K":"L"}}`),
		made("note-null", `"Gone":null,"N":{"X":null,"L":[1,null,{"M":null}],"D":{"E":null}}`),
		made("note-repeated", `"A-B":1,"X":2,"A_B":3,"a-b":4,"Y":5,"y":null`),
	}
	letters := made("note-bytes", `"Ünï":"1","Кю":"2","שלום":"3","名前":"4","😀":"5"`)
	if p.Target.Has(suite.Lab) { // a Kazoo's JSON encoder does not stand it
		good = append(good, letters)
	}
	callflow := note("note-callflow-message", "webhook", "webhook.callflow", `"Data":{"Call-ID":"note-callflow","account_id":"{account}","N":{"A-B":true},"Null":null}`,
		`"Hook":{"_id":"63877472675","custom_data":{"step":"ivr"},"format":"json","hook":"notifications","http_verb":"post","pvt_account_id":"{account}","retries":2,"uri":"`+
			p.Receiver("callflow")+`"}`)
	bad := []published{
		note("note-no-box", "voicemail_new", "voicemail.new", own, box), note("note-no-balance", "low_balance", "account.low_balance", own),
		note("note-no-flag", "missed_call", "sip.missed_call", own, `"Call-ID":"c","Message-Left":false`), noMessageID(made("note-no-message-id")),
		note("note-unknown", "brand_new", "account.new", own),
		note("note-deleted", "voicemail_deleted", "voicemail.deleted", own, box, `"Reason":"dtmf","Voicemail-Box":"b"`),
		note("note-deleted-bound", "voicemail_deleted", "voicemail.saved", own, box, `"Reason":"dtmf","Voicemail-Box":"b"`), callflow,
	}
	last := made("note-last")
	events := append(append(append([]published{}, good...), bad...), last)
	if err := publish(ctx, p, account, events...); err != nil {
		return err
	}
	arrived(ctx, p, []string{"json", "form"}, append(good, last)...)
	p.AwaitRequests(ctx, "callflow", 1)
	if err := doLetters(ctx, p, letters); err != nil {
		return err
	}
	p.Settle(ctx)
	return nil
}

// doLetters sends a notification whose keys break to an account with a hook for form text and
// no other: Kazoo sends the hooks of an event one after the other, and one for JSON ends that.
func doLetters(ctx context.Context, p *probe.Probe, letters published) error {
	account, err := p.NewAccount(ctx, "bytes", p.Target.Parent)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "bytes", account, "all", nil); err != nil {
		return err
	}
	if err := p.Fire(ctx, "bytes", account, "CHANNEL_CREATE"); err != nil {
		return err
	}
	if err := publish(ctx, p, account, letters); err != nil {
		return err
	}
	arrived(ctx, p, []string{"bytes"}, letters)
	return nil
}

// noMessageID is a message without Msg-ID, whose name stands elsewhere.
func noMessageID(e published) published {
	e.body = strings.Replace(e.body, `"Msg-ID"`, `"Request-ID"`, 1)
	return e
}

// notified is about which notifications there are, and whose they are.
func notified() suite.Group {
	return suite.Group{
		Name: "payloads/notified", Title: "Kinds of notifications, and their accounts", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doNotified,
		Requirements: []suite.Requirement{
			{
				ID: "WH-NOTE-020", Text: "All 37 kinds of notifications other than the callflow's, voicemail_deleted and notify_update MUST be sent when they have what they require.",
				Source: "webhooks.md 3.4; amqp.md 12.2; webhooks_notifications:bindings/0",
				Judge: func(j *suite.Judging) {
					for _, e := range kinds() {
						if request, ok := about(j, "json", e.name); ok {
							j.Contains("body for "+e.name, "\n  \"event_name\" : \""+strings.TrimPrefix(e.name, "kind-")+"\",\n", string(request.Body), request)
						}
					}
				},
			},
			{
				ID: "WH-NOTE-021", Text: "The account of a notification MUST be found in each of the ten places where notifications have it.",
				Source: "webhooks.md 3.4; kapi_notifications:find_account_id/2",
				Judge: func(j *suite.Judging) {
					for _, e := range places() {
						about(j, "json", e.name)
					}
				},
			},
			{
				ID: "WH-NOTE-022", Text: "The first of these places that is there MUST decide, whatever the later ones say.",
				Source: "webhooks.md 3.4; kapi_notifications:find_account_id/2",
				Judge: func(j *suite.Judging) {
					first, second := precedence()
					for _, e := range first {
						about(j, "json", e.name)
					}
					for _, e := range second {
						j.Count("requests for "+e.name, 0, telling(j.Requests("json"), e.name))
					}
				},
			},
			{
				ID: "WH-NOTE-023", Text: "A notification whose account is no string, or nowhere, MUST NOT be sent.",
				Source: "webhooks.md 3.4; kapi_notifications:find_account_id/2", Judge: never("json", "alert-last", "alert-number", "alert-nobody"),
			},
		},
	}
}

func alert(name string, members ...string) published {
	return note(name, "system_alert", "system.alert", append([]string{`"Message":"m","Subject":"System Alert: m"`}, members...)...)
}

// place is the member in which a notification can have its account, by number.
func place(n int, id string) string {
	return strings.Replace([]string{
		`"account_id":"WHOSE"`, `"account":{"_id":"WHOSE"}`, `"pvt_account_id":"WHOSE"`, `"_id":"WHOSE"`, `"id":"WHOSE"`, `"Account-ID":"WHOSE"`,
		`"details":{"account_id":"WHOSE"}`, `"Details":{"Account-ID":"WHOSE"}`, `"details":{"custom_channel_vars":{"account_id":"WHOSE"}}`,
		`"Details":{"Custom-Channel-Vars":{"Account-ID":"WHOSE"}}`,
	}[n], "WHOSE", id, 1)
}

const placesKnown = 10

func places() (events []published) {
	for n := range placesKnown {
		events = append(events, alert("place-"+string(rune('a'+n)), place(n, "{account}")))
	}
	return events
}

// precedence are events whose account stands in one place, and a foreign one in the next, and
// the same the other way about.
func precedence() (first, second []published) {
	const foreign = "00000000000000000000000000000000"
	for n := range placesKnown - 1 {
		letter := string(rune('a' + n))
		first = append(first, alert("first-"+letter, place(n+1, foreign), place(n, "{account}")))
		second = append(second, alert("second-"+letter, place(n, foreign), place(n+1, "{account}")))
	}
	return first, second
}

func doNotified(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "json", account, "all", asJSON()); err != nil {
		return err
	}
	first, second := precedence()
	last := alert("alert-last", place(0, "{account}"))
	steps := [][]published{kinds(), append(places(), first...), append(second, alert("alert-number", `"account_id":5`, place(5, "{account}")), alert("alert-nobody"), last)}
	for _, step := range steps {
		if err := publish(ctx, p, account, step...); err != nil {
			return err
		}
		p.Await(ctx, "the last of a part", p.Target.Patience.Delivery, func(v capture.View) bool {
			return len(telling(v.Requests("json"), step[len(step)-1].name)) > 0
		})
	}
	arrived(ctx, p, []string{"json"}, append(append(kinds(), places()...), first...)...)
	p.Settle(ctx)
	return nil
}
