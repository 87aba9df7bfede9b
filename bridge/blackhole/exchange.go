package blackhole

import (
	"context"
	"errors"
	"fmt"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// refusal is an error whose text is for the client.
type refusal string

func (r refusal) Error() string { return string(r) }

// Refusals that are Kazoo's own words.
const (
	errNoToken       = refusal("authentication token required")
	errNoAccount     = refusal("auth_account_id not set")
	errWildcard      = refusal("unauthorized wildcard account id")
	errAccount       = refusal("unauthorized account id")
	errNoData        = refusal("missing required keys in data object")
	errAPINoData     = refusal("missing required data object")
	errAPINoEndpoint = refusal("missing endpoint")
)

// Refusals of our own, where Kazoo has no limit, or ends the socket.
const (
	errUnknowable   = refusal("the token cannot be checked at the moment, try again")
	errCrowded      = refusal("too many sockets for the account")
	errManyBindings = refusal("too many bindings for one socket")
	errBindingType  = refusal("invalid binding : it must be a string")
	errBindingsType = refusal("invalid bindings : they must be a list of strings")
	errManySince    = refusal("too many ids in since : at most 100")
	errResumeType   = refusal("invalid resume : it must be true or false")
	errEndpoint     = refusal("invalid endpoint : it must be a path such as /v2/accounts")
	errSinceAlone   = refusal("since counts with \"resume\": true alone")
	errSinceType    = refusal("invalid since : it must be the id of an event, or a list of ids")
)

// exchange is one command and its answer.
type exchange struct {
	*session
	command.Request
	id       string // of the request, the client's or one of ours
	answered bool   // the reply is on its way already
}

// answer does what a frame asks, and replies once.
func (s *session) answer(ctx context.Context, text []byte) {
	request, fault := command.Read(text)
	x := &exchange{session: s, Request: request, id: request.ID}
	if x.id == "" {
		x.id = s.hub.dep.IDs.Hex(32)
	}
	data, err := x.run(ctx, fault)
	switch {
	case err != nil:
		s.hub.metrics.command(x.Action, command.Error)
		x.reply(command.Error, command.Refusal(err.Error()))
	case x.answered:
		s.hub.metrics.command(x.Action, command.Success)
	default:
		s.hub.metrics.command(x.Action, command.Success)
		x.reply(command.Success, data)
	}
	if errors.Is(err, errCrowded) {
		s.part(websocket.ClosePolicyViolation, string(errCrowded), "account_limit")
	}
}

func (x *exchange) reply(status string, data jobj.Object) {
	x.replyText(status, jobj.Append(nil, data))
}

func (x *exchange) replyText(status string, data []byte) {
	f, err := newFrame(command.Reply(x.id, status, data))
	if err != nil {
		x.hub.dep.Log.Error("reply not made", "error", err)
		return
	}
	x.out.reply(f)
}

// run takes a command through the stages in Kazoo's order: rate, authenticate,
// validate, authorize, limits, command, finish. The first that fails ends it, and
// leaves no trace but in corrected, which does not forget a good login (quirk
// failed-first-forgets).
func (x *exchange) run(ctx context.Context, fault error) (jobj.Object, error) {
	h := x.hub
	if !x.owed() && !x.bucket.Take(h.dep.Clock.Now()) {
		return nil, refusal("rate limiting threshold hit for " + x.session.id + "!")
	}
	caller, err := x.authenticate(ctx)
	if err != nil {
		return nil, err
	}
	fresh := x.account == ""
	if fresh && caller != "" && h.cfg.corrected() {
		if err := x.adopt(caller); err != nil {
			return nil, err
		}
		fresh = false
	}
	if fault = x.fault(fault); fault != nil {
		return nil, fault
	}
	job, err := x.validate()
	if err != nil {
		return nil, err
	}
	if err := job.authorize(caller); err != nil {
		return nil, err
	}
	if fresh = fresh && caller != ""; fresh { // a token may name no account
		if err := x.adopt(caller); err != nil {
			return nil, err
		}
	}
	data, err := job.run(ctx)
	if err != nil {
		if fresh {
			x.forget()
		}
		return nil, err
	}
	x.finish(data)
	return data, nil
}

// fault is what is wrong with the frame itself. The reference takes what is no JSON for
// an empty object (quirk garbage-noop).
func (x *exchange) fault(err error) error {
	if errors.Is(err, command.ErrNotJSON) && !x.hub.cfg.corrected() {
		return nil
	}
	if err != nil {
		return refusal(err.Error())
	}
	return nil
}

// authenticate finds out whose socket it is: of one that is known already, nothing is
// asked. It applies to every action, those with a dot too (quirk dot-skips-auth).
func (x *exchange) authenticate(ctx context.Context) (accountID string, err error) {
	if x.account != "" {
		return x.account, nil
	}
	if x.Token == "" {
		return "", errNoToken
	}
	claims, err := x.hub.dep.Tokens.Verify(ctx, x.Token)
	switch {
	case errors.Is(err, account.ErrExpired), errors.Is(err, account.ErrInvalidToken):
		return "", x.badToken()
	case err != nil:
		x.hub.dep.Log.Error("token of a socket not checked", "socket", x.session.id, "error", err)
		return "", errUnknowable
	}
	return claims.AccountID, nil
}

// adopt makes the socket that of an account, unless that has as many as it may.
func (x *exchange) adopt(accountID string) error {
	if !x.hub.accounts.Add(accountID) {
		return errCrowded
	}
	x.hub.mu.Lock()
	defer x.hub.mu.Unlock()
	x.account, x.token = accountID, x.Token
	return nil
}

// forget takes that back.
func (x *exchange) forget() {
	x.hub.accounts.Remove(x.account)
	x.hub.mu.Lock()
	defer x.hub.mu.Unlock()
	x.account, x.token = "", ""
}

// What a client says of its socket is kept and listed for as long as it is open, so that
// it may not be large; in bytes of JSON. Kazoo has no limit (quirk socket-metadata).
const (
	maxName     = 256
	maxMetadata = 4 << 10
)

// finish updates what others see of the socket.
func (x *exchange) finish(data jobj.Object) {
	x.last = data
	x.hub.mu.Lock()
	defer x.hub.mu.Unlock()
	x.name, x.metadata, x.listed = x.Name, x.Metadata, true
}

// job is what a command has been found to ask for.
type job interface {
	// authorize says whether an account may ask that.
	authorize(accountID string) error
	// run does it, and returns the data of the reply.
	run(ctx context.Context) (jobj.Object, error)
}

// sizeOf is how many bytes a value has: a text's own, else those of its JSON.
func sizeOf(value any) int {
	switch value := value.(type) {
	case nil:
		return 0
	case string:
		return len(value)
	}
	return len(jobj.Append(nil, value))
}

// validate reads what an action needs.
func (x *exchange) validate() (job, error) {
	for _, one := range []struct {
		field string
		value any
		most  int
	}{{"name", x.Name, maxName}, {"metadata", x.Metadata, maxMetadata}} {
		if size := sizeOf(one.value); size > one.most {
			return nil, refusal(fmt.Sprintf("%s has %d bytes, more than the %d that are kept of a socket", one.field, size, one.most))
		}
	}
	switch x.Action {
	case command.Subscribe:
		return x.readSubscribe()
	case command.Unsubscribe:
		return x.readUnsubscribe()
	case command.Ping:
		return pong{}, nil
	case command.API:
		if x.hub.cfg.Extensions && x.hub.dep.REST != nil {
			return x.readCall()
		}
	case command.PivotRegister, command.PivotUnregister, command.PivotAnswer:
		if x.hub.serves() {
			return x.readPivot()
		}
	}
	return nothing{x}, nil
}

// pong answers in every dialect; in Kazoo 4 the module for it is not loaded.
type pong struct{}

func (pong) authorize(string) error { return nil }

func (pong) run(context.Context) (jobj.Object, error) {
	return jobj.Object{{Key: "response", Value: "pong"}}, nil
}

// nothing is what an action does that nobody knows. Its reply has the data of the one
// before (quirk stale-reply). The action * is none but this (quirk wildcard-action).
type nothing struct{ *exchange }

func (nothing) authorize(string) error { return nil }

func (n nothing) run(context.Context) (jobj.Object, error) {
	if n.last == nil || n.hub.cfg.corrected() {
		return jobj.Object{}, nil
	}
	return n.last, nil
}

// badToken tells the client that sent it which token is no good; nobody else is told
// (quirk token-echo).
func (x *exchange) badToken() error {
	const text = "failed to authenticate token"
	if x.hub.cfg.corrected() {
		return refusal(text)
	}
	return refusal(text + " " + x.Token)
}
