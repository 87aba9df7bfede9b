package bus

import (
	"context"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
)

// steps are requests in an account, one after the other, until one has no answer.
type steps struct {
	ctx     context.Context //nolint:containedctx // of one group's Do
	p       *probe.Probe
	account probe.Account
	err     error
}

// make creates a document and notes its id.
func (s *steps) make(name, path string, of fields) {
	if s.err != nil {
		return
	}
	var id string
	if id, s.err = made(s.ctx, s.p, s.account, "make "+name, path, of); s.err == nil {
		s.p.Note(name, id)
	}
}

// command is do for a channel, of which switches are asked; see probe.Again.
func (s *steps) command(step, method, path, body string) {
	if s.err != nil {
		return
	}
	s.err = s.p.Again(step, func() error {
		s.do(step, method, path, body)
		return s.err
	})
}

// until is a GET below the account's path that is made until its data shows what is to be.
func (s *steps) until(step, path string, holds func(data gjson.Result) bool) {
	if s.err != nil {
		return
	}
	_, s.err = s.p.RESTUntil(s.ctx, step, probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + s.account.ID + path, Token: s.account.Token},
		s.p.Target.Patience.Delivery, func(got probe.Response) bool { return holds(got.Data()) })
}

// do makes a request below the account's path.
func (s *steps) do(step, method, path, body string) {
	if s.err != nil {
		return
	}
	_, s.err = s.p.REST(s.ctx, step, probe.Request{Method: method, Path: "/v2/accounts/" + s.account.ID + path, Token: s.account.Token, Body: body})
}
