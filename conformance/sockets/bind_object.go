package sockets

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

func docActions() []string { return strings.Fields("doc_created doc_edited doc_deleted *") }

func docTypes() []string {
	return strings.Fields("account callflow device faxbox media user vmbox fax mailbox_message call_recording *")
}

// bindObject is about object.ACTION.TYPE, by messages on the bus.
func bindObject() suite.Group {
	return suite.Group{
		Name: "sockets/bind-object", Title: "Bindings for documents", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doBindObject,
		Requirements: []suite.Requirement{
			{
				ID: "WS-BIND-010", Text: "Each action doc_created, doc_edited, doc_deleted or * MUST be accepted with each of the ten types and *.", Source: "websockets.md 5.2; amqp.md 11.3; bh_object:validate/2",
				Judge: func(j *suite.Judging) {
					for _, action := range docActions() {
						for _, typ := range docTypes() {
							status(j, "grammar", "object."+action+"."+typ, "success")
						}
					}
				},
			},
			{
				ID: "WS-BIND-011", Text: "An action or a type that is not offered MUST be refused with \"event <A>.<T> not supported\", wildcards as they are.", Source: "websockets.md 5.2; bh_object:validate/2",
				Judge: func(j *suite.Judging) {
					for _, words := range []string{"doc_foo.user", "doc_created.webhook", "*.webhook", "doc_foo.*", "created.user", "doc_created.#", "db_created.*", "doc_created.User"} {
						refused(j, "refused", "object."+words, "event "+words+" not supported")
					}
				},
			},
			{
				ID: "WS-BIND-012", Text: "A binding for documents that has not two words behind object MUST be refused with \"invalid format for object subscription : \" and the words, joined with a comma and a space.",
				Source: "websockets.md 5.2; bh_object:validate/2",
				Judge: func(j *suite.Judging) {
					for binding, words := range map[string]string{"object": "", "object.doc_created": "doc_created", "object.doc_created.user.u1": "doc_created, user, u1"} {
						refused(j, "refused", binding, "invalid format for object subscription : "+words)
					}
				},
			},
			{
				ID: "WS-BIND-013", Text: "A type that lives in the account's database MUST be bound to that database, with <ACTION>.<DB>.<TYPE>.* as its subscription_key.",
				Source: "websockets.md 5.2; amqp.md 9.2; bh_object:bindings/2",
				Judge: func(j *suite.Judging) {
					member(j, "device", "device", "subscription_key", fill(j, "doc_edited.{db own}.device.*"))
					none(j, "device", "device of month", "last device")
				},
			},
			{
				ID: "WS-BIND-014", Text: "The types fax and mailbox_message MUST be bound to the database of the current month, with <ACTION>.<DB>-<YYYYMM>.<TYPE>.* as their subscription_key.",
				Source: "websockets.md 5.2; amqp.md 11.1; bh_object:bindings/2",
				Judge: func(j *suite.Judging) {
					member(j, "monthly", "fax", "subscription_key", fill(j, "doc_created.{db own}-{month}.fax.*"))
					member(j, "monthly", "message", "subscription_key", fill(j, "*.{db own}-{month}.mailbox_message.*"))
					none(j, "monthly", "fax of no month", "last message")
				},
			},
			{
				ID: "WS-BIND-015", Text: "The type * MUST bring documents of all types, those that are not offered too, of the account's database and of the current month's.",
				Source: "websockets.md 5.2; amqp.md 11.3; bh_object:bindings/2",
				Judge: func(j *suite.Judging) {
					member(j, own, "device", "subscription_key", fill(j, "*.{db own}.*.*"))
					member(j, own, "webhook", "subscription_key", fill(j, "*.{db own}.*.*"))
					member(j, own, "fax", "subscription_key", fill(j, "*.{db own}-{month}.*.*"))
				},
			},
			{
				ID: "WS-BIND-016", Text: "The binding object.*.* MUST bring changes of the account's database itself.", Source: "websockets.md 5.2; amqp.md 11.4",
				Judge: func(j *suite.Judging) {
					member(j, own, "database", "name", "db_edited")
					member(j, own, "database", "routing_key", fill(j, "db_edited.{db own}.database."+strings.ReplaceAll(fill(j, "{db own}"), "%", "%25")))
				},
			},
			{
				ID: "WS-BIND-017", Text: "Documents of databases that are not the account's MUST NOT come, whatever Account-ID they have.", Source: "websockets.md 5.2",
				Judge: func(j *suite.Judging) { none(j, own, "elsewhere", "last") },
			},
			{
				ID: "WS-BIND-018", Text: "A binding for one action MUST NOT bring other actions, and one for a type no other types.", Source: "websockets.md 5.2",
				Judge: func(j *suite.Judging) {
					none(j, "device", "device created", "last device")
					none(j, "device", "user", "last device")
				},
			},
			{
				ID: "WS-BIND-019", Text: "The form of 2015, <ACTION>.<DB>.<TYPE>.<ID>, MUST be refused with \"" + errUnavailable + "\".", Source: "websockets.md 5.2; websockets.md 7.4", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
				Judge: func(j *suite.Judging) { refused(j, "refused", "doc_created.*.user.*", errUnavailable) },
			},
		},
	}
}

func doBindObject(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	db := messages.Database(account.ID)
	monthly := db + "-" + month(p)
	doc := func(action, database, typ, id string) message { return change(action, database, typ, id, account.ID) }

	grammar, err := p.MustDial(ctx, "grammar")
	if err != nil {
		return err
	}
	for _, action := range docActions() {
		for _, typ := range docTypes() {
			ask(ctx, grammar, account, "object."+action+"."+typ)
		}
	}
	bad, err := p.MustDial(ctx, "refused")
	if err != nil {
		return err
	}
	for words := range strings.FieldsSeq("doc_foo.user doc_created.webhook *.webhook doc_foo.* created.user doc_created.# db_created.* doc_created.User") {
		ask(ctx, bad, account, "object."+words)
	}
	ask(ctx, bad, account, "object", "object.doc_created", "object.doc_created.user.u1", "doc_created.*.user.*")

	if err := tuned(ctx, p, s, account, "object.*.*", doc("doc_edited", db, "device", "warm")); err != nil {
		return err
	}
	if err := p.Tune(ctx, s, "configuration", "doc_edited."+monthly+".fax.warm", doc("doc_edited", monthly, "fax", "warm").body); err != nil {
		return err
	}
	if _, err := listening(ctx, p, "device", account, "object.doc_edited.device", doc("doc_edited", db, "device", "warm")); err != nil {
		return err
	}
	month, err := listening(ctx, p, "monthly", account, "object.doc_created.fax", doc("doc_created", monthly, "fax", "warm"))
	if err != nil {
		return err
	}
	if err := tuned(ctx, p, month, account, "object.*.mailbox_message", doc("doc_edited", monthly, "mailbox_message", "warm")); err != nil {
		return err
	}
	const other = "account%2F00%2F00%2F0000000000000000000000000bad"
	itself := change("db_edited", db, "database", strings.ReplaceAll(db, "%", "%25"), account.ID)
	if err := publishAll(
		ctx, p, named{"device", doc("doc_edited", db, "device", "d1")}, named{"device created", doc("doc_created", db, "device", "d2")}, named{"device of month", doc("doc_edited", monthly, "device", "d3")},
		named{"user", doc("doc_created", db, "user", "u1")}, named{"webhook", doc("doc_created", db, "webhook", "w1")}, named{"fax", doc("doc_created", monthly, "fax", "f1")},
		named{"fax of no month", doc("doc_created", db, "fax", "f2")}, named{"message", doc("doc_edited", monthly, "mailbox_message", "m1")}, named{"database", itself},
		named{"elsewhere", doc("doc_edited", other, "device", "d4")}, named{"last device", doc("doc_edited", db, "device", "d5")},
		named{"last message", doc("doc_edited", monthly, "mailbox_message", "m2")}, named{"last", doc("doc_edited", db, "device", "d6")},
	); err != nil {
		return err
	}
	awaitAll(ctx, p, own, "device", "webhook", "fax", "database", "last")
	awaitAll(ctx, p, "device", "device", "last device")
	awaitAll(ctx, p, "monthly", "fax", "message", "last message")
	p.Settle(ctx)
	return nil
}
