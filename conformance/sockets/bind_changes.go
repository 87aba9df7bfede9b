package sockets

import (
	"context"
	"errors"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// bindChanges is about bindings for documents, which are changed by REST.
func bindChanges() suite.Group {
	return suite.Group{
		Name: "sockets/changes", Title: "Documents that REST changes", Needs: []string{suite.Accounts, suite.Sockets}, Do: doChanges,
		Requirements: []suite.Requirement{
			{
				ID: "WS-EVT-010", Text: "A document that is created by REST MUST bring an event doc_created that names it, its type, its account and the account's database.", Source: "websockets.md 7.3; websockets.md 10.2; amqp.md 11.2",
				Judge: func(j *suite.Judging) {
					if got, ok := ofDevice(j, "doc_created"); ok {
						id := j.Fact("device")
						for path, expected := range map[string]string{
							"data.type": "device", "data.account_id": "{own}", "data.database": "{db own}", "data.is_soft_deleted": "false", "subscribed_key": "object.*.device",
							"subscription_key": "*.{db own}.device.*", "routing_key": "doc_created.{db own}.device." + id,
						} {
							j.Equal(path, fill(j, expected), got.Get(path).String())
						}
					}
				},
			},
			{
				ID: "WS-EVT-011", Text: "A document that is edited by REST MUST bring an event doc_edited.", Source: "websockets.md 5.2; amqp.md 11.2",
				Judge: func(j *suite.Judging) {
					if got, ok := ofDevice(j, "doc_edited"); ok {
						j.Equal("routing_key", fill(j, "doc_edited.{db own}.device.")+j.Fact("device"), got.Get("routing_key").Str)
					}
				},
			},
			{
				ID: "WS-EVT-012", Text: "A document that is deleted by REST MUST bring an event doc_deleted in which data.is_soft_deleted is true.", Source: "websockets.md 7.3; amqp.md 11.2",
				Judge: func(j *suite.Judging) {
					if got, ok := ofDevice(j, "doc_deleted"); ok {
						j.Equal("data.is_soft_deleted", "true", got.Get("data.is_soft_deleted").Raw)
					}
				},
			},
			{
				ID: "WS-EVT-013", Text: "A socket that is subscribed to users MUST NOT get the events of a device.", Source: "websockets.md 5.2",
				Judge: func(j *suite.Judging) {
					users := probe.Events(j.View, "users")
					if len(users) == 0 {
						j.Fail("the socket got no event of a user either")
					}
					for _, e := range users {
						j.Equal("data.type", "user", read(e).Get("data.type").Str, e)
					}
				},
			},
			{
				ID: "WS-EVT-014", Text: "An event of a document MUST NOT have the document's own contents.", Source: "websockets.md 7.3; amqp.md 11.2",
				Judge: func(j *suite.Judging) {
					if got, ok := ofDevice(j, "doc_created"); ok && got.Get("data.doc").Exists() {
						j.Differs("data.doc", nil, []byte(got.Get("data.doc").Raw))
					}
				},
			},
		},
	}
}

// ofDevice wants the events of a name for the device, and returns the first: saving may
// take a deployment more than one write.
func ofDevice(j *suite.Judging, name string) (gjson.Result, bool) {
	got := changesOf(j.View, name, j.Fact("device"))
	if j.Fact("device") == "" || len(got) == 0 {
		j.Failf("no event %s of the device", name)
		return gjson.Result{}, false
	}
	return read(got[0]), true
}

func changesOf(v capture.View, name, id string) []capture.Entry {
	var found []capture.Entry
	for _, e := range probe.Events(v, own) {
		if frame := read(e); frame.Get("name").Str == name && frame.Get("data.id").Str == id {
			found = append(found, e)
		}
	}
	return found
}

func doChanges(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	users, err := p.MustDial(ctx, "users")
	if err != nil {
		return err
	}
	if err := errors.Join(s.Subscribe(ctx, account, "object.*.device"), users.Subscribe(ctx, account, "object.*.user")); err != nil {
		return err
	}
	base := "/v2/accounts/" + account.ID
	user, err := create(ctx, p, account, "user", base+"/users", map[string]any{"first_name": "Warm", "last_name": "Up"})
	if err != nil {
		return err
	}
	warm, err := create(ctx, p, account, "warm device", base+"/devices", map[string]any{"name": "warm up"})
	if err != nil {
		return err
	}
	// What was subscribed to may be live a moment later: edited until it is.
	for path, socket := range map[string]string{base + "/users/" + user: "users", base + "/devices/" + warm: own} {
		for range 20 {
			fields := map[string]any{"first_name": "Warm", "last_name": "Up", "name": "warm up"}
			if _, err := p.MustREST(ctx, "warm up "+socket, probe.Request{Method: http.MethodPost, Path: path, Token: account.Token, Body: probe.Data(fields)}); err != nil {
				return err
			}
			if p.Log.Await(ctx, "sockets/changes", p.Target.Patience.Quiet*2, func(v capture.View) bool { return len(probe.Events(v, socket)) > 0 }) {
				break
			}
		}
	}
	device, err := create(ctx, p, account, "device", base+"/devices", map[string]any{"name": "phone"})
	if err != nil {
		return err
	}
	p.Note("device", device)
	if _, err := p.MustREST(ctx, "edit", probe.Request{Method: http.MethodPost, Path: base + "/devices/" + device, Token: account.Token, Body: probe.Data(map[string]any{"name": "desk"})}); err != nil {
		return err
	}
	if _, err := p.MustREST(ctx, "delete", probe.Request{Method: http.MethodDelete, Path: base + "/devices/" + device, Token: account.Token}); err != nil {
		return err
	}
	p.Await(ctx, "the end of the device", p.Target.Patience.Delivery, func(v capture.View) bool {
		return len(changesOf(v, "doc_created", device)) > 0 && len(changesOf(v, "doc_edited", device)) > 0 && len(changesOf(v, "doc_deleted", device)) > 0
	})
	p.Settle(ctx)
	return nil
}

// create makes a document by REST and returns its id.
func create(ctx context.Context, p *probe.Probe, account probe.Account, step, path string, fields map[string]any) (string, error) {
	made, err := p.MustREST(ctx, "create "+step, probe.Request{Method: http.MethodPut, Path: path, Token: account.Token, Body: probe.Data(fields)})
	if err != nil {
		return "", err
	}
	if id := made.Data().Get("id").Str; id != "" {
		return id, nil
	}
	return "", errors.New("create " + step + ": the answer has no id")
}
