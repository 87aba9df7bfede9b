package bus

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// documents is about the changes that REST calls yield.
func documents() suite.Group {
	return suite.Group{
		Name: "bus/documents", Title: "Changes of documents", Needs: []string{suite.Accounts, suite.Bus},
		Do:           doDocuments,
		Requirements: slices.Concat(writtenDocuments(), specialDocuments()),
	}
}

// writtenDocuments are about what each write yields.
func writtenDocuments() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "AM-DOC-001", Text: "A PUT of a document MUST yield one doc_created in the account's database, whose Type is the document's.",
			Source: "crossbar.md 9.2; amqp.md 11.2; kzs_publish:publish_doc/3",
			Judge: func(j *suite.Judging) {
				for _, k := range kinds() {
					if e, one := j.One("doc_created of the "+k.typ, named(j, "doc_created", j.Fact(k.typ))); one {
						j.Equal("Type", k.typ, text(e, "Type"), e)
						j.Equal("Database", messages.Database(j.Fact("account own")), text(e, "Database"), e)
						j.Equal("Account-ID", j.Fact("account own"), text(e, "Account-ID"), e)
					}
				}
			},
		},
		{
			ID: "AM-DOC-002", Text: "Each POST or PATCH of a document MUST yield one doc_edited, also when it changes nothing.",
			Source: "crossbar.md 9.2; kzs_publish:publish_doc/3",
			Judge: func(j *suite.Judging) {
				j.Count("doc_edited of the menu after PATCH, POST and an empty PATCH", 3, named(j, "doc_edited", j.Fact("menu")))
			},
		},
		{
			ID: "AM-DOC-003", Text: "The Rev of a change MUST be the document's new revision: a number that grows by one, a hyphen and 32 hexadecimal digits.",
			Source: "amqp.md 11.2; amqp.md 22; kzs_publish:publish/3", Judge: judgeRevisions,
		},
		{
			ID: "AM-DOC-004", Text: "A DELETE MUST yield one doc_deleted with Is-Soft-Deleted true.",
			Source: "crossbar.md 9; crossbar.md 9.2; kzs_publish:publish_doc/3",
			Judge: func(j *suite.Judging) {
				for _, typ := range []string{"menu", "user", "callflow"} {
					if e, one := j.One("doc_deleted of the "+typ, named(j, "doc_deleted", j.Fact(typ))); one {
						j.Equal("Is-Soft-Deleted", "true", gjson.GetBytes(e.Body, "Is-Soft-Deleted").Raw, e)
					}
				}
			},
		},
		{
			ID: "AM-DOC-005", Text: "A DELETE with should_soft_delete=false MUST yield one doc_deleted with Is-Soft-Deleted false.",
			Source: "crossbar.md 9; crossbar.md 9.2; crossbar_doc:delete/2",
			Judge: func(j *suite.Judging) {
				if e, one := j.One("doc_deleted of what is gone for good", named(j, "doc_deleted", j.Fact("hard"))); one {
					j.Equal("Is-Soft-Deleted", "false", gjson.GetBytes(e.Body, "Is-Soft-Deleted").Raw, e)
				}
			},
		},
		{
			ID: "AM-DOC-006", Text: "Date-Modified MUST hold the time of creation and Date-Created that of the last write, in Gregorian seconds.",
			Source: "amqp.md 11.2; amqp.md 23; crossbar.md 9.2; kzs_publish:publish/3", Judge: judgeDates,
		},
		{
			ID: "AM-DOC-007", Text: "A change MUST have the members ID, Database, Type, Rev, Account-ID, Date-Created, Date-Modified, Is-Soft-Deleted and Origin-Cache beside what every message has, and no Doc and no Version.",
			Source: "amqp.md 11.2; kzs_publish:publish/3", Judge: judgeChangeMembers,
		},
	}
}

// specialDocuments are about kinds that are told of otherwise.
func specialDocuments() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "AM-DOC-008", Text: "A webhook's changes MUST name the database webhooks, the type webhook and the account of the hook.",
			Source: "amqp.md 11.6; crossbar.md 9.2; cb_webhooks:put/1",
			Judge: func(j *suite.Judging) {
				for _, name := range []string{"doc_created", "doc_edited", "doc_deleted"} {
					if e, one := j.One(name+" of the hook", named(j, name, j.Fact("webhook"))); one {
						j.Equal("exchange and key", "configuration "+name+".webhooks.webhook."+j.Fact("webhook"), e.Head, e)
						j.Equal("Account-ID", j.Fact("account own"), text(e, "Account-ID"), e)
					}
				}
			},
		},
		{
			ID: "AM-DOC-009", Text: "A fax box MUST be told of twice at each write, in the account's database and in faxes, with the same id.",
			Source: "crossbar.md 9.2; cb_faxboxes:put/1",
			Judge: func(j *suite.Judging) {
				for _, name := range []string{"doc_created", "doc_edited", "doc_deleted"} {
					judgeDatabases(j, name, j.Fact("faxbox"), messages.Database(j.Fact("account own")), "faxes")
				}
			},
		},
		{
			ID: "AM-DOC-010", Text: "A fax that is to be sent MUST be told of as doc_created in the database faxes, with the type fax.",
			Source: "crossbar.md 9.3; amqp.md 13.2; cb_faxes:put/2",
			Judge: func(j *suite.Judging) {
				if e, one := j.One("doc_created of the fax", named(j, "doc_created", j.Fact("fax"))); one {
					j.Equal("routing key", "doc_created.faxes.fax."+j.Fact("fax"), key(e), e)
				}
			},
		},
		{
			ID: "AM-DOC-011", Text: "An upload to a media document MUST yield doc_edited for it.",
			Source: "crossbar.md 9.2; amqp.md 11.2; kzs_publish:maybe_publish_att/3",
			Judge: func(j *suite.Judging) {
				j.Status("upload", "200")
				if len(named(j, "doc_edited", j.Fact("media"))) == 0 {
					j.Fail("no doc_edited tells of the upload")
				}
			},
		},
		{
			ID: "AM-DOC-012", Text: "A device that is known by its address MUST be told of in the database sip_auth, too, another only in the account's.",
			Source: "crossbar.md 9.2; cb_devices:put/1",
			Judge: func(j *suite.Judging) {
				judgeDatabases(j, "doc_created", j.Fact("address"), messages.Database(j.Fact("account own")), "sip_auth")
				judgeDatabases(j, "doc_created", j.Fact("device"), messages.Database(j.Fact("account own")))
			},
		},
		{
			ID: "AM-DOC-013", Text: "A request that is refused, and one that only reads, MUST NOT yield a change.",
			Source: "crossbar.md 9.2; kzs_publish:maybe_publish_doc/3",
			Judge: func(j *suite.Judging) {
				j.Status("refused", "400")
				j.Status("read", "200")
				j.Count("doc_created of what was neither changed nor deleted", 1, named(j, "doc_created", j.Fact("temporal_rule")))
				j.Count("changes of it", 1, changesOf(j.View, j.Fact("temporal_rule")))
			},
		},
		{
			ID: "AM-DOC-014", Text: "A PATCH of an account MUST yield doc_edited twice in its own database and twice in accounts.",
			Source: "crossbar.md 9.2; amqp.md 11.2; kzd_accounts:update/2",
			Judge: func(j *suite.Judging) {
				own := j.Fact("account own")
				seen := j.Where(func(e capture.Entry) bool {
					return e.Kind == capture.Delivered && e.Seq > place(j, "rename account") && text(e, "ID") == own && text(e, "Event-Name") == "doc_edited"
				})
				j.Count("doc_edited of the account in its own database", 2, in(seen, messages.Database(own)))
				j.Count("doc_edited of the account in accounts", 2, in(seen, "accounts"))
			},
		},
		{
			ID: "AM-DOC-016", Text: "A document that is made below another's path MUST be told of like one that is made at its own.",
			Source: "crossbar.md 9; crossbar.md 9.2; cb_devices:put/1",
			Judge: func(j *suite.Judging) {
				if e, one := j.One("doc_created of a user's device", named(j, "doc_created", j.Fact("nested"))); one {
					j.Equal("routing key", "doc_created."+messages.Database(j.Fact("account own"))+".device."+j.Fact("nested"), key(e), e)
				}
			},
		},
	}
}

// kind is a kind of documents that REST creates: where, and what is needed for one.
type kind struct {
	typ, path string
	fields    fields
}

func kinds() []kind {
	return []kind{
		{"menu", "/menus", fields{"name": "documents"}},
		{"user", "/users", fields{"first_name": "Ann", "last_name": "Doe", "username": "ann", "password": "secret-ann"}},
		{"device", "/devices", fields{"name": "documents"}},
		{"callflow", "/callflows", fields{"numbers": []string{"1001"}, "flow": fields{"module": "hangup", "data": fields{}}}},
		{"group", "/groups", fields{"name": "documents", "endpoints": fields{}}},
		{"directory", "/directories", fields{"name": "documents"}},
		{"temporal_rule", "/temporal_rules", fields{"name": "documents", "cycle": "daily"}},
		{"conference", "/conferences", fields{"name": "documents"}},
		{"vmbox", "/vmboxes", fields{"name": "documents", "mailbox": "1001"}},
		{"media", "/media", fields{"name": "documents"}},
	}
}

// named are the changes of a name of a document.
func named(j *suite.Judging, name, id string) []capture.Entry {
	if id == "" {
		return nil
	}
	return j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && text(e, "ID") == id && text(e, "Event-Name") == name && text(e, "Event-Category") == "configuration"
	})
}

func in(seen []capture.Entry, database string) []capture.Entry {
	return slices.DeleteFunc(slices.Clone(seen), func(e capture.Entry) bool { return text(e, "Database") != database })
}

// judgeDatabases wants one change of a name in each of some databases and no more.
func judgeDatabases(j *suite.Judging, name, id string, databases ...string) {
	seen := named(j, name, id)
	j.Count(name+" of "+id, len(databases), seen)
	for _, d := range databases {
		j.Count(name+" in "+d, 1, in(seen, d))
	}
}

// place is that of the answer to a step, the end of the log without one.
func place(j *suite.Judging, step string) int {
	for _, e := range j.Named(capture.RestRequest, step) {
		return e.Seq
	}
	return len(j.Entries) + 1<<30
}

func judgeRevisions(j *suite.Judging) {
	form := regexp.MustCompile(`^([0-9]+)-[0-9a-f]{32}$`)
	var numbers []string
	for _, e := range changesOf(j.View, j.Fact("menu")) {
		m := form.FindStringSubmatch(text(e, "Rev"))
		if m == nil {
			j.Differs("Rev", []byte("number-32 hexadecimal digits"), []byte(text(e, "Rev")), e)
			continue
		}
		numbers = append(numbers, m[1])
	}
	slices.Sort(numbers) // messages about one document may overtake each other
	j.Equal("numbers of the revisions", "1 2 3 4 5", strings.Join(numbers, " "))
	if a, ok := j.Status("patch menu", "200"); ok {
		rev := gjson.GetBytes(a.Body, "revision").Str
		if !slices.ContainsFunc(named(j, "doc_edited", j.Fact("menu")), func(e capture.Entry) bool { return text(e, "Rev") == rev }) {
			j.Differs("Rev of the PATCH", []byte(rev), nil, a)
		}
	}
}

func judgeDates(j *suite.Judging) {
	created, one := j.One("doc_created of the menu", named(j, "doc_created", j.Fact("menu")))
	edits := named(j, "doc_edited", j.Fact("menu"))
	if !one || len(edits) == 0 {
		j.Fail("the menu was not edited")
		return
	}
	born := gjson.GetBytes(created.Body, "Date-Modified").Int()
	if born < 63_600_000_000 || born > 66_300_000_000 {
		j.Differs("Date-Modified of doc_created", []byte("Gregorian seconds"), []byte(gjson.GetBytes(created.Body, "Date-Modified").Raw), created)
	}
	for _, e := range edits {
		j.Equal("Date-Modified of doc_edited", fmt.Sprint(born), gjson.GetBytes(e.Body, "Date-Modified").Raw, created, e)
		if changed := gjson.GetBytes(e.Body, "Date-Created").Int(); changed <= born || changed > born+600 {
			j.Differs("Date-Created of doc_edited", fmt.Appendf(nil, "later than %d", born), []byte(gjson.GetBytes(e.Body, "Date-Created").Raw), e)
		}
	}
}

func judgeChangeMembers(j *suite.Judging) {
	seen := changesOf(j.View, j.Fact("menu"))
	j.Count("changes of the menu", 5, seen)
	want := strings.Fields("Account-ID App-Name App-Version Database Date-Created Date-Modified Event-Category Event-Name ID Is-Soft-Deleted Msg-ID Node Origin-Cache Rev Type")
	for _, e := range seen {
		var names []string
		gjson.ParseBytes(e.Body).ForEach(func(name, _ gjson.Result) bool {
			names = append(names, name.Str)
			return true
		})
		slices.Sort(names)
		j.Equal("members of a change", strings.Join(want, " "), strings.Join(names, " "), e)
		j.Equal("Origin-Cache", "kazoo_data_cache", text(e, "Origin-Cache"), e)
	}
}

func doDocuments(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	for queue, where := range map[string]string{
		"account's": "*." + messages.Database(account.ID) + ".#", "hooks": "*.webhooks.#", "accounts": "*.accounts.account." + account.ID, "faxes": "*.faxes.#", "sip": "*.sip_auth.#",
	} {
		if _, err := p.Listen(ctx, queue, "configuration", where); err != nil {
			return err
		}
	}
	r := &steps{ctx: ctx, p: p, account: account}
	for _, k := range kinds() {
		r.make(k.typ, k.path, k.fields)
	}
	r.make("hard", "/menus", fields{"name": "hard"})
	r.make("address", "/devices", fields{"name": "address", "sip": fields{"method": "ip", "ip": fmt.Sprintf("198.18.%d.%d", p.IDs.IntN(256), 1+p.IDs.IntN(254))}})
	r.make("faxbox", "/faxboxes", fields{"name": "documents"})
	r.make("fax", "/faxes", fields{"to_number": "+14155550142", "from_number": "+14155550143", "document": fields{"url": "http://127.0.0.1:9/fax.tif", "method": "get"}})
	r.make("webhook", "/webhooks", fields{"name": "documents", "uri": hookAddress, "hook": "parking"})
	if r.err != nil {
		return r.err
	}
	if err := p.Pause(ctx, "times of documents are whole seconds", 1100*time.Millisecond); err != nil {
		return err
	}
	of := func(typ string) string { return p.Seen().Fact(typ) }
	r.do("patch menu", http.MethodPatch, "/menus/"+of("menu"), `{"data":{"name":"other"}}`)
	r.do("post menu", http.MethodPost, "/menus/"+of("menu"), `{"data":{"name":"third"}}`)
	r.do("patch nothing", http.MethodPatch, "/menus/"+of("menu"), `{"data":{}}`)
	r.do("patch hook", http.MethodPatch, "/webhooks/"+of("webhook"), `{"data":{"name":"other"}}`)
	r.do("patch fax box", http.MethodPatch, "/faxboxes/"+of("faxbox"), `{"data":{"name":"other"}}`)
	r.do("refused", http.MethodPatch, "/temporal_rules/"+of("temporal_rule"), `{"data":{"cycle":"now and then"}}`)
	r.do("read", http.MethodGet, "/temporal_rules/"+of("temporal_rule"), "")
	r.make("nested", "/users/"+of("user")+"/devices", fields{"name": "nested"})
	if _, err := p.REST(ctx, "upload", probe.Request{
		Method: http.MethodPost, Path: "/v2/accounts/" + account.ID + "/media/" + of("media") + "/raw", Token: account.Token,
		Header: []capture.Field{{Name: "Content-Type", Value: "audio/wav"}}, Body: "RIFF....WAVEfmt ",
	}); err != nil {
		return err
	}
	p.Settle(ctx)
	renamed := last(p.Seen())
	r.do("rename account", http.MethodPatch, "", `{"data":{"language":"de-de"}}`)
	for _, typ := range []string{"menu:/menus/", "user:/users/", "callflow:/callflows/", "webhook:/webhooks/", "faxbox:/faxboxes/"} {
		name, path, _ := strings.Cut(typ, ":")
		r.do("delete "+name, http.MethodDelete, path+of(name), "")
	}
	r.do("delete hard", http.MethodDelete, "/menus/"+of("hard")+"?should_soft_delete=false", "")
	r.do("patch group", http.MethodPatch, "/groups/"+of("group"), `{"data":{"name":"last"}}`)
	awaitChanges(ctx, p, "the changes of documents", 0, dueDocuments(of)...)
	own := account.ID
	awaitChanges(ctx, p, "the changes of the account", renamed,
		dueChange{name: "doc_edited", id: own, database: messages.Database(own), n: 2}, dueChange{name: "doc_edited", id: own, database: "accounts", n: 2})
	p.Settle(ctx)
	return r.err
}

// dueDocuments are the changes of documents, whose ids of tells.
func dueDocuments(of func(typ string) string) []dueChange {
	due := []dueChange{
		{name: "doc_created", id: of("hard")}, {name: "doc_created", id: of("address"), n: 2}, {name: "doc_created", id: of("faxbox"), n: 2},
		{name: "doc_created", id: of("fax")}, {name: "doc_created", id: of("webhook")}, {name: "doc_created", id: of("nested")},
		{name: "doc_edited", id: of("menu"), n: 3}, {name: "doc_edited", id: of("webhook")}, {name: "doc_edited", id: of("faxbox"), n: 2},
		{name: "doc_edited", id: of("media")}, {name: "doc_edited", id: of("group")},
		{name: "doc_deleted", id: of("faxbox"), n: 2},
	}
	for _, k := range kinds() {
		due = append(due, dueChange{name: "doc_created", id: of(k.typ)})
	}
	for _, typ := range []string{"menu", "user", "callflow", "webhook", "hard"} {
		due = append(due, dueChange{name: "doc_deleted", id: of(typ)})
	}
	return due
}
