package bus

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// accounts is about what the life of an account yields: databases, and documents in several.
func accounts() suite.Group {
	return suite.Group{
		Name: "bus/accounts", Title: "Changes that accounts yield", Needs: []string{suite.Accounts, suite.Bus},
		Do: doAccounts,
		Requirements: []suite.Requirement{
			{
				ID: "AM-DB-001", Text: "A new account MUST be told of by one db_created for its database and one for that of its month, <database>-YYYYMM.",
				Source: "crossbar.md 9.2; amqp.md 11.1; amqp.md 11.4; kzs_db:db_create/3",
				Judge: func(j *suite.Judging) {
					name := messages.Database(j.Fact("account child"))
					j.Count("db_created of "+name, 1, databases(j, "db_created", "^"+name+"$"))
					j.Count("db_created of its month", 1, databases(j, "db_created", "^"+name+"-20[0-9]{2}(0[1-9]|1[0-2])$"))
				},
			},
			{
				ID: "AM-DB-002", Text: "The change of a database MUST have Type database, its name as ID and as Database, datamgr 1.0.0 as its application, and nothing else beside Node and Msg-ID.",
				Source: "amqp.md 11.4; crossbar.md 9.2; kzs_publish:publish_db/2",
				Judge: func(j *suite.Judging) {
					name := messages.Database(j.Fact("account child"))
					for _, event := range []string{"db_created", "db_deleted"} {
						if e, one := j.One(event, databases(j, event, "^"+name+"$")); one {
							want := fmt.Sprintf(`{"Type":"database","ID":%q,"Database":%q,"Event-Name":%q,"Event-Category":"configuration","App-Name":"datamgr","App-Version":"1.0.0","Node":%q,"Msg-ID":%q}`,
								name, name, event, text(e, "Node"), text(e, "Msg-ID"))
							j.EqualJSON(event, want, e.Body, e)
							if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(text(e, "Msg-ID")) {
								j.Differs("Msg-ID", []byte("16 hexadecimal digits"), []byte(text(e, "Msg-ID")), e)
							}
						}
					}
				},
			},
			{
				ID: "AM-DB-003", Text: "The deletion of an account MUST be told of by db_deleted for its database and for those of its months.",
				Source: "crossbar.md 9.2; amqp.md 11.4; kzs_db:db_delete/3",
				Judge: func(j *suite.Judging) {
					name := messages.Database(j.Fact("account child"))
					j.Count("db_deleted of "+name, 1, databases(j, "db_deleted", "^"+name+"$"))
					if len(databases(j, "db_deleted", "^"+name+"-20[0-9]{4}$")) == 0 {
						j.Fail("no db_deleted for a month's database")
					}
				},
			},
			{
				ID: "AM-DOC-021", Text: "A new account MUST be told of as doc_created in its own database and in accounts, with its own id as ID and as Account-ID.",
				Source: "crossbar.md 9.2; amqp.md 11.2; kzd_accounts:save/1",
				Judge: func(j *suite.Judging) {
					child := j.Fact("account child")
					for _, d := range []string{messages.Database(child), "accounts"} {
						if e, one := j.One("doc_created in "+d, in(named(j, "doc_created", child), d)); one {
							j.Equal("key", "doc_created."+d+".account."+child, key(e), e)
							j.Equal("Account-ID", child, text(e, "Account-ID"), e)
						}
					}
				},
			},
			{
				ID: "AM-DOC-022", Text: "A new account SHOULD yield a document of services and one of the apps store.",
				Source: "crossbar.md 9.2; cb_accounts:create_new_account_db/1",
				Judge: func(j *suite.Judging) {
					child := j.Fact("account child")
					j.Count("doc_created of apps_store", 1, in(named(j, "doc_created", "apps_store"), messages.Database(child)))
					if len(in(named(j, "doc_created", child), "services"))+len(in(named(j, "doc_edited", child), "services")) == 0 &&
						len(j.Where(func(e capture.Entry) bool { return strings.HasSuffix(key(e), ".services.service."+child) })) == 0 {
						j.Fail("no change in the database services")
					}
				},
			},
			{
				ID: "AM-DOC-023", Text: "A new account MUST yield doc_edited for its parent in the parent's database and in accounts, since the parent counts its descendants.",
				Source: "crossbar.md 9.2; kz_tree:descendants_count/1",
				Judge: func(j *suite.Judging) {
					judgeParent(j, "after creation", func(e capture.Entry) bool {
						return e.Seq > place(j, "create account child") && e.Seq < place(j, "delete child")
					})
				},
			},
			{
				ID: "AM-DOC-024", Text: "The deletion of an account MUST be told of as one doc_deleted, in accounts only, with Is-Soft-Deleted false.",
				Source: "crossbar.md 9.2; cb_accounts:delete_remove_from_accounts/1",
				Judge: func(j *suite.Judging) {
					child := j.Fact("account child")
					seen := in(named(j, "doc_deleted", child), "accounts")
					if e, one := j.One("doc_deleted of the account in accounts", seen); one {
						j.Equal("key", "doc_deleted.accounts.account."+child, key(e), e)
						j.Equal("Is-Soft-Deleted", "false", gjson.GetBytes(e.Body, "Is-Soft-Deleted").Raw, e)
					}
					j.Count("doc_deleted of the account in its own database", 0, in(named(j, "doc_deleted", child), messages.Database(child)))
				},
			},
			{
				ID: "AM-DOC-025", Text: "The deletion of an account MUST be told of for each of its hooks as doc_deleted.webhooks.undefined.<id>, without a Type.",
				Source: "crossbar.md 9.2; amqp.md 11.2; webhooks_util:account_expired/1",
				Judge: func(j *suite.Judging) {
					if e, one := j.One("doc_deleted of the hook", named(j, "doc_deleted", j.Fact("hook"))); one {
						j.Equal("key", "doc_deleted.webhooks.undefined."+j.Fact("hook"), key(e), e)
						j.Equal("Type", "", gjson.GetBytes(e.Body, "Type").Raw, e)
						j.Equal("Is-Soft-Deleted", "false", gjson.GetBytes(e.Body, "Is-Soft-Deleted").Raw, e)
					}
				},
			},
			{
				ID: "AM-DOC-026", Text: "The deletion of an account MUST yield doc_edited for its parent in both databases.",
				Source: "crossbar.md 9.2; kz_tree:descendants_count/1",
				Judge: func(j *suite.Judging) {
					judgeParent(j, "after deletion", func(e capture.Entry) bool { return e.Seq > place(j, "delete child") })
				},
			},
			{
				ID: "AM-DOC-027", Text: "The first login with an account's API key MUST yield doc_edited for the account in both databases.",
				Source: "crossbar.md 5.3; crossbar.md 9.2; kz_auth_identity:token/2",
				Judge: func(j *suite.Judging) {
					child := j.Fact("account child")
					seen := named(j, "doc_edited", child)
					j.Count("doc_edited in the account's database", 1, in(seen, messages.Database(child)))
					j.Count("doc_edited in accounts", 1, in(seen, "accounts"))
				},
			},
		},
	}
}

func databases(j *suite.Judging, event, form string) []capture.Entry {
	is := regexp.MustCompile(form)
	return j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && text(e, "Event-Name") == event && is.MatchString(text(e, "ID"))
	})
}

func judgeParent(j *suite.Judging, when string, within func(capture.Entry) bool) {
	own := j.Fact("account own")
	seen := j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && text(e, "ID") == own && text(e, "Event-Name") == "doc_edited" && within(e)
	})
	for _, d := range []string{messages.Database(own), "accounts"} {
		if len(in(seen, d)) == 0 {
			j.Failf("no doc_edited of the parent in %s %s", d, when)
		}
	}
}

func doAccounts(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	// Of others there are messages, too: whose they are, their ids tell.
	if _, err := p.Listen(ctx, "changes", "configuration", "*.*.account.#", "*.*.database.#", "*.services.#", "*.*.apps_store.#", "doc_deleted.webhooks.#"); err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", account)
	if err != nil {
		return err
	}
	r := &steps{ctx: ctx, p: p, account: child}
	r.make("hook", "/webhooks", fields{"name": "accounts", "uri": hookAddress, "hook": "parking"})
	own, database := account.ID, messages.Database(child.ID)
	awaitChanges(ctx, p, "the changes of a new account", 0,
		dueChange{name: "db_created", id: database, n: 2}, // its own, and that of its month
		dueChange{name: "doc_created", id: child.ID, database: database}, dueChange{name: "doc_created", id: child.ID, database: "accounts"},
		dueChange{name: "doc_edited", id: child.ID, database: database}, dueChange{name: "doc_edited", id: child.ID, database: "accounts"},
		dueChange{name: "doc_edited", id: own, database: messages.Database(own)}, dueChange{name: "doc_edited", id: own, database: "accounts"})
	p.Settle(ctx)
	before := last(p.Seen())
	if _, err := p.REST(ctx, "delete child", probe.Request{Method: http.MethodDelete, Path: "/v2/accounts/" + child.ID, Token: account.Token}); err != nil {
		return err
	}
	awaitChanges(ctx, p, "the changes of an account that is deleted", before,
		dueChange{name: "db_deleted", id: database, n: 2}, dueChange{name: "doc_deleted", id: child.ID, database: "accounts"},
		dueChange{name: "doc_deleted", id: p.Seen().Fact("hook")},
		dueChange{name: "doc_edited", id: own, database: messages.Database(own)}, dueChange{name: "doc_edited", id: own, database: "accounts"})
	p.Settle(ctx)
	return r.err
}
