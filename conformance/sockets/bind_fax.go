package sockets

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// bindFax is about fax.status.FAX_ID and fax.object.ACTION.
func bindFax() suite.Group {
	return suite.Group{
		Name: "sockets/bind-fax", Title: "Bindings for faxes", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doBindFax,
		Requirements: []suite.Requirement{
			{
				ID: "WS-BIND-030", Text: "The binding fax.status.* MUST bring the statuses of all faxes of the account.", Source: "websockets.md 5.3; bh_fax:bindings/2",
				Judge: func(j *suite.Judging) {
					member(j, own, "j1", "subscription_key", fill(j, "fax.status.{own}.*"))
					member(j, own, "j2", "routing_key", fill(j, "fax.status.{own}.j2"))
				},
			},
			{
				ID: "WS-BIND-031", Text: "A binding with the id of a fax MUST bring the statuses of that fax and of no other.", Source: "websockets.md 5.3; bh_fax:bindings/2",
				Judge: func(j *suite.Judging) {
					member(j, "one", "j1", "subscription_key", fill(j, "fax.status.{own}.j1"))
					none(j, "one", "j2", "j1 last")
				},
			},
			{
				ID: "WS-BIND-032", Text: "The binding fax.object.<ACTION> MUST bring that change of fax documents in the database of the current month, and of nothing else.", Source: "websockets.md 5.3; amqp.md 9.2; bh_fax:bindings/2",
				Judge: func(j *suite.Judging) {
					member(j, "object", "created", "subscription_key", fill(j, "doc_created.{db own}-{month}.fax.*"))
					none(j, "object", "edited", "created last")
					none(j, "object", "message", "created last")
				},
			},
			{
				ID: "WS-BIND-033", Text: "The binding fax.object.* MUST bring all changes of fax documents.", Source: "websockets.md 5.3; bh_fax:bindings/2",
				Judge: func(j *suite.Judging) {
					member(j, own, "created", "subscription_key", fill(j, "*.{db own}-{month}.fax.*"))
					member(j, own, "edited", "subscribed_key", "fax.object.*")
				},
			},
			{
				ID: "WS-BIND-034", Text: "A binding for faxes that has not two words behind fax MUST be refused with \"invalid format for fax subscription : \" and the words, joined with a comma and a space.",
				Source: "websockets.md 5.3; bh_fax:validate/2",
				Judge: func(j *suite.Judging) {
					for binding, words := range map[string]string{"fax": "", "fax.status": "status", "fax.status.a.b": "status, a, b", "fax.object.doc_created.x": "object, doc_created, x"} {
						refused(j, "refused", binding, "invalid format for fax subscription : "+words)
					}
				},
			},
		},
	}
}

func doBindFax(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	monthly := messages.Database(account.ID) + "-" + month(p)
	doc := func(action, typ, id string) message { return change(action, monthly, typ, id, account.ID) }
	if err := tuned(ctx, p, s, account, "fax.status.*", fax(account.ID, "warm")); err != nil {
		return err
	}
	if err := tuned(ctx, p, s, account, "fax.object.*", doc("doc_edited", "fax", "warm")); err != nil {
		return err
	}
	if _, err := listening(ctx, p, "one", account, "fax.status.j1", fax(account.ID, "j1")); err != nil {
		return err
	}
	if _, err := listening(ctx, p, "object", account, "fax.object.doc_created", doc("doc_created", "fax", "warm")); err != nil {
		return err
	}
	bad, err := p.MustDial(ctx, "refused")
	if err != nil {
		return err
	}
	ask(ctx, bad, account, "fax", "fax.status", "fax.status.a.b", "fax.object.doc_created.x")
	if err := publishAll(
		ctx, p, named{"j1", fax(account.ID, "j1")}, named{"j2", fax(account.ID, "j2")}, named{"j1 last", fax(account.ID, "j1")},
		named{"edited", doc("doc_edited", "fax", "f1")}, named{"message", doc("doc_created", "mailbox_message", "m1")},
		named{"created", doc("doc_created", "fax", "f2")}, named{"created last", doc("doc_created", "fax", "f3")},
	); err != nil {
		return err
	}
	awaitAll(ctx, p, own, "j1", "j2", "created", "edited")
	awaitAll(ctx, p, "one", "j1", "j1 last")
	awaitAll(ctx, p, "object", "created", "created last")
	p.Settle(ctx)
	return nil
}
