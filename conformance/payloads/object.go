package payloads

import (
	"context"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// change is the change of a document whose ID is its name, or what is in id.
func change(action, name, db string, more ...string) published {
	members := append([]string{
		`{"App-Name":"datamgr","App-Version":"4.0.0"`, `"Date-Created":63877472700,"Date-Modified":63870000000`, `"Event-Category":"configuration"`,
		`"Event-Name":"` + action + `"`, `"Msg-ID":"c1d2e3f405162738","Node":"kazoo_apps@apps001.example.com"`, `"Origin-Cache":"kazoo_data_cache"`,
	}, more...)
	if db != "" {
		members = append(members, `"Database":"`+db+`"`)
	}
	return published{name, "configuration", action + "." + db + ".device." + name, strings.Join(members, ",") + "}"}
}

// objects is about changes of documents and databases.
func objects() suite.Group {
	const source = "webhooks.md 3.3; amqp.md 11.2; webhooks_object:format_event/2"
	const account = "webhooks.md 3.3; amqp.md 11.1; webhooks_object:find_account_id/3"
	return suite.Group{
		Name: "payloads/object", Title: "Changes of documents, published", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doObjects,
		Requirements: []suite.Requirement{
			{
				ID: "WH-OBJ-001", Text: "An object hook MUST send id, account_id, action and type, in this order, and nothing else of the message or the document.",
				Source: source, Judge: bodyIs("json", "obj-full", changed("obj-full", "doc_edited", "device")),
			},
			{
				ID: "WH-OBJ-002", Text: "Form text of an object hook MUST be the same four members.",
				Source: source + "; webhooks.md 6.3",
				Judge: func(j *suite.Judging) {
					body(j, "form", "obj-full", joined(j, `id=obj-full&account_id={account}&action=doc_edited&type=device&cluster_id={cluster}`))
				},
			},
			{
				ID: "WH-OBJ-003", Text: "Type MUST be absent when the change has none.",
				Source: source, Judge: bodyIs("json", "obj-untyped", changed("obj-untyped", "doc_edited", "")),
			},
			{
				ID: "WH-OBJ-004", Text: "The account MUST be that of the Database, be it an account's or one of its months, encoded, unencoded or raw.",
				Source: account,
				Judge: membersAre(
					"json", member{"obj-full", "account_id", `"{account}"`}, member{"obj-unencoded", "account_id", `"{account}"`}, member{"obj-raw", "account_id", `"{account}"`},
					member{"obj-month", "account_id", `"{account}"`}, member{"obj-month-unencoded", "account_id", `"{account}"`}, member{"obj-month-raw", "account_id", `"{account}"`},
				),
			},
			{
				ID: "WH-OBJ-005", Text: "A change in the database accounts MUST be an event of the account whose document it is.",
				Source: account, Judge: judgeAccounts,
			},
			{
				ID: "WH-OBJ-006", Text: "A change in any other database, an account's year and the webhooks included, MUST NOT be sent.",
				Source: account, Judge: never("json", "obj-last", "obj-year", "obj-webhooks", "obj-system"),
			},
			{
				ID: "WH-OBJ-007", Text: "The Account-ID of a change MUST NOT count.",
				Source: account, Judge: membersAre("json", member{"obj-foreign", "account_id", `"{account}"`}),
			},
			{
				ID: "WH-OBJ-008", Text: "Changes of all names MUST be sent, those of databases included.",
				Source: source + "; amqp.md 11.4",
				Judge: membersAre(
					"json", member{"obj-created", "action", `"doc_created"`}, member{"obj-deleted", "action", `"doc_deleted"`}, member{"obj-db-created", "action", `"db_created"`},
					member{"obj-db-edited", "action", `"db_edited"`}, member{"obj-db-deleted", "action", `"db_deleted"`},
				),
			},
			{
				ID: "WH-OBJ-009", Text: "A soft delete MUST be sent under the name with which it was published.",
				Source: source, Judge: membersAre("json", member{"obj-soft", "action", `"doc_edited"`}),
			},
			{
				ID: "WH-OBJ-010", Text: "A change without ID or Database MUST NOT be sent.",
				Source: "webhooks.md 12; kapi_conf:doc_update_v/1", Judge: never("json", "obj-last", "obj-no-id", "obj-no-database"),
			},
			{
				ID: "WH-OBJ-011", Text: "A doc_type_update MUST NOT be sent.",
				Source: "webhooks.md 3.3; amqp.md 11.5", Judge: never("json", "obj-last", "obj-type-update"),
			},
			{
				ID: "WH-OBJ-012", Text: "An object event MUST NOT get a hook_event.",
				Source: "webhooks.md 14", Judge: membersAre("json", member{"obj-full", "hook_event", ""}, member{"obj-db-created", "hook_event", ""}),
			},
		},
	}
}

// changed is the text for a change, without a type if that is "".
func changed(id, action, kind string) string {
	if kind != "" {
		kind = ",\n  \"type\" : \"" + kind + `"`
	}
	return `{
  "id" : "` + id + `",
  "account_id" : "{account}",
  "action" : "` + action + `"` + kind + `,
  "cluster_id" : "{cluster}"
}`
}

// judgeAccounts looks for the account's own document, whose id stands in every request.
func judgeAccounts(j *suite.Judging) {
	want, id := filled(j, changed("{account}", "doc_edited", "account")), j.Fact("account own")
	requests := capture.View{Entries: j.Requests("json")}.Where(func(e capture.Entry) bool { return gjson.GetBytes(e.Body, "id").Str == id })
	if e, ok := j.One("requests for the account's document", requests); ok {
		j.Equal("body for the account's document", want, string(e.Body), e)
	}
}

func changes(accountID string) []published {
	const device = `"Type":"device"`
	id := func(name string) string { return `"ID":"` + name + `"` }
	edited := func(name, db string, more ...string) published {
		return change("doc_edited", name, db, append([]string{id(name), device}, more...)...)
	}
	bare := "account/" + accountID[:2] + "/" + accountID[2:4] + "/" + accountID[4:]
	return []published{
		edited("obj-full", "{db}", `"Account-ID":"{account}"`, `"Rev":"7-0a1b"`, `"Is-Soft-Deleted":false`, `"Doc":{"_id":"obj-full","name":"secret"}`, `"Version":"1"`),
		change("doc_edited", "obj-untyped", "{db}", id("obj-untyped")),
		edited("obj-unencoded", bare), edited("obj-raw", "{account}"),
		edited("obj-month", "{db}-202611"), edited("obj-month-unencoded", bare+"-202611"), edited("obj-month-raw", "{account}-202611"),
		change("doc_edited", "{account}", "accounts", `"ID":"{account}"`, `"Type":"account"`),
		edited("obj-year", "{db}-2026", `"Account-ID":"{account}"`), edited("obj-webhooks", "webhooks", `"Account-ID":"{account}"`),
		edited("obj-system", "system_config", `"Account-ID":"{account}"`),
		edited("obj-foreign", "{db}", `"Account-ID":"{parent}"`),
		change("doc_created", "obj-created", "{db}", id("obj-created"), device), change("doc_deleted", "obj-deleted", "{db}", id("obj-deleted"), device),
		change("db_created", "obj-db-created", "{db}", id("obj-db-created"), `"Type":"database"`),
		change("db_edited", "obj-db-edited", "{db}", id("obj-db-edited"), `"Type":"database"`),
		change("db_deleted", "obj-db-deleted", "{db}", id("obj-db-deleted"), `"Type":"database"`),
		edited("obj-soft", "{db}", `"Is-Soft-Deleted":true`),
		change("doc_edited", "obj-no-id", "{db}", `"Type":"obj-no-id"`),
		change("doc_edited", "obj-no-database", "", id("obj-no-database"), device, `"Account-ID":"{account}"`),
		{
			"obj-type-update", "configuration", "configuration.doc_type_update.device",
			`{"App-Name":"kz_datamgr","App-Version":"4.0.0","Event-Category":"configuration","Event-Name":"doc_type_update","Msg-ID":"c1","Type":"device","Action":"doc_edited","Account-ID":"{account}","ID":"obj-type-update","Database":"{db}"}`,
		},
		edited("obj-last", "{db}"),
	}
}

func doObjects(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	// A hook for all takes every change; one for object must be for types and actions.
	if _, err := p.Hook(ctx, "json", account, "all", asJSON()); err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "form", account, "all", nil); err != nil {
		return err
	}
	events := changes(account.ID)
	if err := publish(ctx, p, account, events...); err != nil {
		return err
	}
	arrive := sent(events, "{account}", "obj-year", "obj-webhooks", "obj-system", "obj-no-id", "obj-no-database", "obj-type-update")
	arrived(ctx, p, []string{"json", "form"}, arrive...)
	p.Settle(ctx)
	return nil
}
