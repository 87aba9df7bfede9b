package payloads

import (
	"context"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// documents is about changes of documents that are made over REST: it needs no bus.
func documents() suite.Group {
	const source = "webhooks.md 3.3; amqp.md 11.2; webhooks_object:format_event/2"
	return suite.Group{
		Name: "payloads/documents", Title: "Changes of documents, made over REST", Needs: []string{suite.Accounts, suite.Hooks},
		Do: doDocuments,
		Requirements: []suite.Requirement{
			{
				ID: "WH-OBJ-020", Text: "The creation of a document over REST MUST be sent as doc_created with its id and type.",
				Source: source, Judge: func(j *suite.Judging) { told(j, "doc_created") },
			},
			{
				ID: "WH-OBJ-021", Text: "A change of a document over REST MUST be sent as doc_edited with its id and type.",
				Source: source, Judge: func(j *suite.Judging) { told(j, "doc_edited") },
			},
			{
				ID: "WH-OBJ-022", Text: "The deletion of a document over REST MUST be sent as doc_deleted with its id and type.",
				Source: source, Judge: func(j *suite.Judging) { told(j, "doc_deleted") },
			},
		},
	}
}

func doDocuments(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "changes", account, "all", asJSON()); err != nil {
		return err
	}
	p.Applied(ctx)
	users := "/v2/accounts/" + account.ID + "/users"
	made, err := p.MustREST(ctx, "create user", probe.Request{
		Method: http.MethodPut, Path: users, Token: account.Token, Body: probe.Data(map[string]any{"first_name": "Dana", "last_name": "Desk"}),
	})
	if err != nil {
		return err
	}
	id := made.Data().Get("id").Str
	p.Note("user", id)
	awaitAction(ctx, p, id, "doc_created")
	if _, err := p.MustREST(ctx, "change user", probe.Request{
		Method: http.MethodPatch, Path: users + "/" + id, Token: account.Token, Body: probe.Data(map[string]any{"first_name": "Ann"}),
	}); err != nil {
		return err
	}
	awaitAction(ctx, p, id, "doc_edited")
	if _, err := p.MustREST(ctx, "delete user", probe.Request{Method: http.MethodDelete, Path: users + "/" + id, Token: account.Token}); err != nil {
		return err
	}
	awaitAction(ctx, p, id, "doc_deleted")
	p.Settle(ctx)
	return nil
}

// awaitAction waits until the receiver was told of something that was done to a document.
func awaitAction(ctx context.Context, p *probe.Probe, id, action string) {
	p.Await(ctx, action, p.Target.Patience.Delivery, func(v capture.View) bool { return len(done(v, id, action)) > 0 })
}

// done are the requests that tell of something that was done to a document.
func done(v capture.View, id, action string) []capture.Entry {
	return capture.View{Entries: v.Requests("changes")}.Where(func(e capture.Entry) bool {
		return gjson.GetBytes(e.Body, "id").Str == id && gjson.GetBytes(e.Body, "action").Str == action
	})
}

// told judges the first request for something that was done: a Kazoo may save a document
// more than once.
func told(j *suite.Judging, action string) {
	requests := done(j.View, j.Fact("user"), action)
	if len(requests) == 0 {
		j.Fail("there is no request with the action "+action, j.Requests("changes")...)
		return
	}
	j.Equal("body for "+action, filled(j, changed(j.Fact("user"), action, "user")), string(requests[0].Body), requests[0])
}
