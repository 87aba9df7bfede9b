package payloads

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// textMessages is about sms and mms.
func textMessages() suite.Group {
	const source = "webhooks.md 3.5; amqp.md 16; webhooks_sms:format_event/2"
	return suite.Group{
		Name: "payloads/messages", Title: "Text messages", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doTextMessages,
		Requirements: []suite.Requirement{
			{
				ID: "WH-IM-001", Text: "An sms hook MUST send id, account_id, type, from, to, body, origin and charges, in this order.",
				Source: source, Judge: bodyIs("sms", "sms-full", received("sms-full", "sms", `"offnet"`, `0.5`)),
			},
			{
				ID: "WH-IM-002", Text: "An mms hook MUST send the same members with the type mms.",
				Source: source + "; webhooks_mms:format_event/2", Judge: bodyIs("mms", "mms-full", received("mms-full", "mms", `"offnet"`, `7`)),
			},
			{
				ID: "WH-IM-003", Text: "Charges MUST be a number, made of a numeric string too, and absent where it is neither.",
				Source: source,
				Judge: membersAre(
					"sms", member{"sms-charges-text", "charges", "1.25"}, member{"sms-charges-whole", "charges", "3"}, member{"sms-charges-word", "charges", ""},
					member{"sms-charges-object", "charges", ""},
				),
			},
			{
				ID: "WH-IM-004", Text: "Origin MUST be absent when the message has no Route-Type.",
				Source: source, Judge: bodyIs("sms", "sms-no-route", received("sms-no-route", "sms", "", "")),
			},
			{
				ID: "WH-IM-005", Text: "A message without a body, with a Route-Type that is neither onnet nor offnet, or with a From that is no string MUST NOT be sent.",
				Source: "webhooks.md 12; amqp.md 16; kapi_im:inbound_v/1",
				Judge: func(j *suite.Judging) {
					never("sms", "sms-last", "sms-no-body", "sms-route", "sms-from")(j)
					never("mms", "mms-last", "mms-no-body")(j)
				},
			},
			{
				ID: "WH-IM-006", Text: "A message of the account's own devices, published under onnet, MUST NOT be sent.",
				Source: "webhooks.md 3.5; amqp.md 9.1", Judge: never("sms", "sms-last", "sms-onnet"),
			},
			{
				ID: "WH-IM-007", Text: "A message without Account-ID MUST NOT be sent.",
				Source: "webhooks.md 3", Judge: never("sms", "sms-last", "sms-nobody"),
			},
			{
				ID: "WH-IM-008", Text: "A text message MUST NOT get a hook_event.",
				Source: "webhooks.md 14", Judge: membersAre("sms", member{"sms-full", "hook_event", ""}, member{"sms-last", "hook_event", ""}),
			},
			{
				ID: "WH-IM-009", Text: "A body that is an empty string SHOULD be left out.",
				Source: source, Judge: membersAre("sms", member{"sms-empty", "body", ""}, member{"sms-empty", "origin", `"offnet"`}),
			},
		},
	}
}

// received is the text for a message; what is "" is absent.
func received(id, kind, origin, charges string) string {
	text := `{
  "id" : "` + id + `",
  "account_id" : "{account}",
  "type" : "` + kind + `",
  "from" : "+12125550199",
  "to" : "+14155550100",
  "body" : "running late",
`
	if origin != "" {
		text += "  \"origin\" : " + origin + ",\n"
	}
	if charges != "" {
		text += "  \"charges\" : " + charges + ",\n"
	}
	return text + `  "cluster_id" : "{cluster}"
}`
}

func doTextMessages(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "sms", account, "sms", asJSON()); err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "mms", account, "mms", asJSON()); err != nil {
		return err
	}
	const from, to, text, offnet = `"From":"+12125550199"`, `"To":"+14155550100"`, `"Body":"running late"`, `"Route-Type":"offnet"`
	onnet := sms("sms-onnet", from, to, text, `"Route-Type":"onnet"`)
	onnet.key = "sms.inbound.onnet.sms-onnet"
	nobody := published{
		"sms-nobody", "im", "sms.inbound.offnet.sms-nobody",
		`{"App-Name":"im_inbound","App-Version":"1.0","Event-Category":"sms","Event-Name":"inbound","Message-ID":"sms-nobody","Msg-ID":"00","Custom-Vars":{"Account-ID":"{account}"},` +
			from + "," + to + "," + text + "," + offnet + "}",
	}
	good := []published{
		sms("sms-full", `"Charges":0.5`, offnet, text, to, from, `"Route-ID":"rt"`, `"Custom-Vars":{"Foo":"bar"}`, `"System-ID":"s"`),
		textMessage("mms", "mms-full", from, to, text, offnet, `"Charges":"7"`, `"Attachments":["x"]`),
		sms("sms-charges-text", from, to, text, offnet, `"Charges":"1.25"`), sms("sms-charges-whole", from, to, text, offnet, `"Charges":3`),
		sms("sms-charges-word", from, to, text, offnet, `"Charges":"free"`), sms("sms-charges-object", from, to, text, offnet, `"Charges":{"rate":1.25}`),
		sms("sms-no-route", from, to, text), sms("sms-empty", from, to, offnet, `"Body":""`),
	}
	bad := []published{
		sms("sms-no-body", from, to, offnet), sms("sms-route", from, to, text, `"Route-Type":"carrier"`),
		sms("sms-from", `"From":12125550199`, to, text, offnet), onnet, nobody,
		textMessage("mms", "mms-no-body", from, to, offnet),
	}
	last, lastMMS := sms("sms-last", usual()...), textMessage("mms", "mms-last", usual()...)
	events := append(append(append([]published{}, good...), bad...), last, lastMMS)
	if err := publish(ctx, p, account, events...); err != nil {
		return err
	}
	arrived(ctx, p, []string{"sms"}, append(sent(good, "mms-full"), last)...)
	arrived(ctx, p, []string{"mms"}, good[1], lastMMS)
	p.Settle(ctx)
	return nil
}
