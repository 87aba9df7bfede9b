package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// ProblemError is why a target cannot be judged at all. What is a whole sentence.
type ProblemError struct {
	// Away is true where something does not answer, false where the profile says what is not so.
	Away bool
	What string
}

func (p *ProblemError) Error() string { return p.What }

func away(format string, args ...any) error {
	return &ProblemError{Away: true, What: fmt.Sprintf(format, args...)}
}

func wrong(format string, args ...any) error {
	return &ProblemError{What: fmt.Sprintf(format, args...)}
}

// Preflight is what is needed to look at a target.
type Preflight struct {
	Profile Profile
	Outside Outside
	Clock   clock.Clock
	IDs     *ids.Source
	// Listen opens the port for webhooks.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// Tell is told of each step that was done; it may be nil.
	Tell func(what string)
}

// Ready is a target that can be judged.
type Ready struct {
	Target   probe.Target
	Facts    capture.Facts // without groups, harness and seed
	Listener net.Listener  // nil without the feature hooks
	HTTP     *http.Client

	// Others are accounts that certify made in other runs: ones that were killed, or that go on.
	Others []Other

	unlisted error // why no accounts of other runs could be looked for

	above probe.Target                                    // with the account of the credentials
	own   *probe.Probe                                    // holds the run's own account; nil without
	renew func(context.Context) (token string, err error) // logs in again as the credentials say
}

// Renew logs in once more to the account beneath which accounts are made.
func (r *Ready) Renew(ctx context.Context) (token string, err error) {
	token, err = r.renew(ctx)
	if err != nil || r.own == nil {
		return token, err
	}
	return r.own.LogIn(context.WithoutCancel(ctx), "own", r.Target.Parent.ID, token)
}

// Own is the account that was made for the run, if one was.
func (r *Ready) Own() (own probe.Account, is bool) { return r.Target.Parent, r.own != nil }

// Close deletes the run's own account.
func (r *Ready) Close(ctx context.Context) error {
	r.HTTP.CloseIdleConnections()
	if r.Listener != nil {
		_ = r.Listener.Close() // it is closed already where it was used
	}
	if r.own == nil {
		return nil
	}
	return r.own.Close(ctx)
}

// flight is one look at a target.
type flight struct {
	Preflight
	*Ready
	rest probe.Response // GET /v2/websockets
	took time.Duration
}

// Look finds out what a target is and what of it can be used. The error is a *ProblemError. ctx
// bounds it besides the profile's own deadline.
func (p Preflight) Look(ctx context.Context) (*Ready, error) {
	limit := p.Profile.Timeouts.Preflight.or(time.Minute)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	f := &flight{Preflight: p, Ready: &Ready{HTTP: newClient()}}
	err := f.look(ctx)
	if err == nil {
		return f.Ready, nil
	}
	_ = f.Close(ctx) // the error that is told is the first
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, away("within %s it could not be found out what the target is (timeouts.preflight): %v", limit, err)
	}
	if _, told := errors.AsType[*ProblemError](err); !told {
		err = away("%v", err)
	}
	return nil, err
}

// newClient follows no redirect, since an answer is what is judged.
func newClient() *http.Client {
	const dial = 10 * time.Second
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16, DialContext: (&net.Dialer{Timeout: dial}).DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (f *flight) look(ctx context.Context) error {
	if err := f.addresses(); err != nil {
		return err
	}
	// What a slow target needs is known once it was measured.
	f.Target.Patience = probe.NewPatience(0)
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"REST", f.crossbar}, {"dialect", f.dialect}, {"latency", f.latency}, {"credentials", f.logIn}, {"other runs", f.others},
		{"websockets", f.sockets}, {"bus", f.bus}, {"clock", f.clock}, {"own account", f.ownAccount}, {"rights", f.rights}, {"webhooks", f.hooks},
	} {
		if err := step.do(ctx); err != nil {
			return err
		}
		if f.Tell != nil {
			f.Tell(step.name)
		}
	}
	f.Facts.Features = f.Target.Features
	return nil
}

func (f *flight) addresses() (err error) {
	t := &f.Target
	if t.REST, err = f.Outside.address("rest", f.Profile.REST, "http", "https"); err != nil {
		return wrong("%v", err)
	}
	if t.Sockets, err = f.Outside.address("sockets", f.Profile.Sockets, "ws", "wss"); err != nil {
		return wrong("%v", err)
	}
	if t.AMQP, err = f.Outside.address("amqp", f.Profile.AMQP, "amqp", "amqps"); err != nil {
		return wrong("%v", err)
	}
	if t.Management, err = f.Outside.address("management", f.Profile.Management, "http", "https"); err != nil {
		return wrong("%v", err)
	}
	f.Facts = capture.Facts{Target: f.Profile.Name, REST: t.REST, Sockets: t.Sockets}
	return nil
}

// probe returns one that writes into a log of its own, which is thrown away.
func (f *flight) probe(receivers *probe.Receivers, log *capture.Log) *probe.Probe {
	return probe.New(&probe.Harness{Target: f.Target, Log: log, Clock: f.Clock, IDs: f.IDs, HTTP: f.HTTP, Receivers: receivers, Renew: f.renew}, "preflight")
}

func (f *flight) plain() *probe.Probe { return f.probe(nil, capture.NewLog(f.Clock)) }

func (f *flight) has(feature string) { f.Target.Features = append(f.Target.Features, feature) }

// lacks notes a feature that cannot be used: because the target does not have it, or, when
// it is offered, because the harness has no access.
func (f *flight) lacks(feature string, offered bool, format string, args ...any) {
	f.Facts.Absent = append(f.Facts.Absent, capture.Lack{Feature: feature, Offered: offered, Why: fmt.Sprintf(format, args...)})
}

func (f *flight) lacking(feature string) bool {
	return slices.ContainsFunc(f.Facts.Absent, func(l capture.Lack) bool { return l.Feature == feature })
}

// crossbar asks for what every Crossbar gives to everybody.
func (f *flight) crossbar(ctx context.Context) error {
	began := f.Clock.Now()
	answer, err := f.plain().REST(ctx, "websockets", probe.Request{Method: http.MethodGet, Path: "/v2/websockets"})
	f.took = f.Clock.Since(began)
	if err != nil {
		return away("REST at %s does not answer: %v", f.Target.REST, cause(err))
	}
	f.rest = answer
	// crossbar.md 3.1: each answer is an object that tells of its request and of success.
	if id := member(answer.Body, "request_id"); id.Str == "" || member(answer.Body, "status").Str == "" {
		return away("what answers at %s is no Crossbar: GET /v2/websockets gave %d and no envelope (request_id, status), but %s", f.Target.REST, answer.Status, shown(answer.Body))
	}
	return nil
}

// dialect tells the version by the bindings that it lists (dialects.md; websockets.md 8.2).
func (f *flight) dialect(context.Context) error {
	spoken := spokenIn(f.rest.Body)
	wanted := f.Profile.Dialect
	switch {
	case spoken == "" && wanted == auto:
		return wrong("which Kazoo the target is cannot be told, since GET /v2/websockets gave %d and no bindings; give --dialect, or dialect in the profile", f.rest.Status)
	case spoken == "", spoken == wanted:
		f.Target.Dialect = wanted
	case wanted == auto:
		f.Target.Dialect = spoken
	default:
		return wrong("the target speaks %s, and is to be judged by the shapes of %s (GET /v2/websockets lists bindings as %[1]s does): give --dialect %[1]s, or correct dialect in the profile", spoken, wanted)
	}
	f.Facts.Dialect = f.Target.Dialect
	return nil
}

// spokenIn is the dialect of an answer to GET /v2/websockets, "" where it does not tell.
func spokenIn(body []byte) string {
	data := member(body, "data")
	call := data.Get("call")
	switch {
	case !call.IsArray() || len(call.Array()) == 0:
		return ""
	case call.Array()[0].IsObject():
		return suite.Talk
	case !strings.HasPrefix(call.Array()[0].Str, "call."):
		return ""
	}
	// Presence is listed by 5.0 alone. Where the conference's bindings say otherwise, one of the
	// two signs is what is wrong with the target.
	presence, conference := data.Get("presence").Exists(), data.Get("conference.0").Str
	switch {
	case conference != "" && presence == strings.HasPrefix(conference, "conference.command."):
		return ""
	case presence:
		return suite.Kazoo5
	}
	return suite.Kazoo4
}

// latency is the slowest of a few answers, the first one among them.
func (f *flight) latency(ctx context.Context) error {
	const requests = 4
	slowest := f.took
	for range requests {
		began := f.Clock.Now()
		if _, err := f.plain().REST(ctx, "latency", probe.Request{Method: http.MethodGet, Path: "/v2/websockets"}); err != nil {
			return away("REST at %s answered once and no more: %v", f.Target.REST, cause(err))
		}
		slowest = max(slowest, f.Clock.Since(began))
	}
	f.Target.Patience = probe.NewPatience(slowest)
	f.Target.Patience.Reply = f.Profile.Timeouts.Reply.or(f.Target.Patience.Reply)
	f.Target.Patience.Delivery = f.Profile.Timeouts.Delivery.or(f.Target.Patience.Delivery)
	return nil
}

// ownAccount makes the account beneath which all others of the run are.
func (f *flight) ownAccount(ctx context.Context) error {
	if f.Profile.May == ReadOnly {
		f.lacks(suite.Accounts, true, "the target is only read (may: read-only)")
		return nil
	}
	if f.Profile.May == OwnSubaccount {
		p := f.plain()
		account, err := p.Account(ctx)
		f.own = p
		if err != nil {
			return wrong("no account can be made below %s, which may: own-subaccount wants: %v", f.Target.Parent.ID, err)
		}
		f.Target.Parent = account
	}
	f.has(suite.Accounts)
	return nil
}

// again returns what logs in once more, in the same way.
func (f *flight) again(t probe.Target) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.Patience.Reply)
		defer cancel()
		anew := &flight{Preflight: f.Preflight, Ready: &Ready{HTTP: f.HTTP, Target: t}}
		err := anew.logIn(ctx)
		return anew.Target.Parent.Token, err
	}
}

// cause is what an error of net/http says without the address, which is told already.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		if _, is := errors.AsType[*net.OpError](err); !is && errors.Is(err, context.DeadlineExceeded) {
			return errors.New("no answer in time")
		}
		if op, is := err.(*net.OpError); is { //nolint:errorlint // this very one, which says what was tried
			return op.Err
		}
		err = inner
	}
}
