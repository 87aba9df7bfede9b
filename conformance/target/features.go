package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// sockets asks for an upgrade. A port that is in the profile and does not answer is away: what
// the target is to have, it has not.
func (f *flight) sockets(ctx context.Context) error {
	switch {
	case f.Profile.Features.Sockets == off:
		f.noSockets("the profile says that the target has none (features.sockets: off)")
		return nil
	case f.Target.Sockets == "":
		f.noSockets("the profile names no URL for websockets")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.Target.Patience.Reply)
	defer cancel()
	dialer := websocket.Dialer{HandshakeTimeout: f.Target.Patience.Reply}
	conn, resp, err := dialer.DialContext(ctx, f.Target.Sockets+"/", nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	switch {
	case err == nil:
		_ = conn.Close()
		f.has(suite.Sockets)
		return f.pivotSockets(ctx)
	case resp != nil:
		return away("what answers at %s is no websocket server: the upgrade was answered with %d", f.Target.Sockets, resp.StatusCode)
	}
	return away("the websockets at %s do not answer: %v", f.Target.Sockets, cause(err))
}

// bus connects, and has the exchanges of call events, which a deployment has already.
func (f *flight) bus(ctx context.Context) error {
	switch {
	case f.Profile.Features.Bus == off || f.Target.AMQP == "":
		f.noBus("the profile gives no access to the bus (amqp)")
		return f.lab(ctx)
	case f.Profile.May == ReadOnly:
		f.noBus("the target is only read (may: read-only)")
		return f.lab(ctx)
	}
	p := f.plain()
	defer func() { _ = p.Close(ctx) }()
	stop := context.AfterFunc(ctx, p.Cut)
	defer stop()
	queue, err := p.Listen(ctx, "answers", "targeted", "")
	if err == nil {
		err = p.Exchange("callevt")
	}
	if err != nil {
		u, _ := url.Parse(f.Target.AMQP) // it was parsed before
		return away("the broker at %s cannot be used: %v; is amqp in the profile right, its user allowed, its vhost there?", u.Host, cause(err))
	}
	f.has(suite.Bus)
	f.switches(ctx, p, queue)
	return errors.Join(f.pivot(ctx, p), f.lab(ctx))
}

// noSockets notes that nothing can be seen of websockets.
func (f *flight) noSockets(why string) {
	f.lacks(suite.Sockets, false, "%s", why)
	f.lacks(suite.PivotSockets, false, "%s", why)
}

// noBus notes that nothing can be seen of what is said on the bus alone.
func (f *flight) noBus(why string) {
	for _, feature := range []string{suite.Bus, suite.Switch, suite.Pivot} {
		f.lacks(feature, true, "%s", why)
	}
	f.lacks(suite.PivotApps, f.Profile.Features.Lab != off, "%s", why)
}

// switches asks for a call that there is not, which every ecallmgr answers (amqp.md 18.5).
func (f *flight) switches(ctx context.Context, p *probe.Probe, queue string) {
	switch f.Profile.Features.Switch {
	case off:
		f.lacks(suite.Switch, false, "the profile says that the target has none (features.switch: off)")
		return
	case on:
		f.has(suite.Switch)
		return
	}
	ask := func() error {
		return p.Publish(ctx, "ask", "callevt", "call.status_req.kazoolab-certify", fmt.Appendf(nil,
			`{"Call-ID":"kazoolab-certify","Event-Category":"call_event","Event-Name":"channel_status_req","Server-ID":%q,"Msg-ID":%q,"App-Name":"kazoolab","App-Version":"5.0.0"}`,
			queue, p.ID()))
	}
	if f.comes(ctx, p, ask, func(v capture.View) bool { return len(v.Deliveries("answers")) > 0 }) {
		f.has(suite.Switch)
		return
	}
	f.lacks(suite.Switch, false, "no switch answers on the bus (channel_status_req)")
}

// comes asks, and tells whether something comes of it. It asks twice at most: a target that has it answers
// at once, but a busy machine may stand still for longer than it is waited once for what may not be there.
func (f *flight) comes(ctx context.Context, p *probe.Probe, ask func() error, came func(capture.View) bool) bool {
	for range 2 {
		if ask() != nil {
			return false
		}
		if p.Log.Await(ctx, "preflight", max(enough, f.Target.Patience.Quiet), came) {
			return true
		}
	}
	return false
}

// lab asks for what no Kazoo has: a bridge of this make says that it lives.
func (f *flight) lab(ctx context.Context) error {
	switch f.Profile.Features.Lab {
	case on:
		f.has(suite.Lab)
		return nil
	case auto:
		answer, err := f.plain().REST(ctx, "livez", probe.Request{Method: http.MethodGet, Path: "/livez"})
		if err == nil && answer.Status == http.StatusOK && strings.TrimSpace(string(answer.Body)) == "ok" {
			f.has(suite.Lab)
			return nil
		}
	}
	f.lacks(suite.Lab, false, "the target is no kazoolab, whose extensions these are")
	return nil
}

// clock finds out how time passes.
func (f *flight) clock(ctx context.Context) error {
	f.Target.Clock = RealClock{Clock: f.Clock}
	f.Facts.RealWaits = true
	if f.Profile.Features.Clock == off {
		f.lacks(suite.Clock, false, "the profile leaves out what takes minutes (features.clock: off)")
		f.lacks(suite.Hours, false, "the profile leaves out what takes hours (features.clock: off)")
		f.nodes()
		return nil
	}
	if f.Profile.putsTimeForward() {
		lab := LabClock{URL: f.Profile.Clock.Lab, HTTP: f.HTTP}
		if t := f.Profile.Clock.Token; t != nil {
			token, err := f.Outside.secret("clock.token", *t)
			if err != nil {
				return wrong("%v", err)
			}
			lab.Token = token
		}
		if err := lab.look(ctx); err != nil {
			return err
		}
		f.Target.Clock, f.Facts.RealWaits = lab, false
	}
	f.has(suite.Clock)
	f.nodes()
	if f.Facts.RealWaits {
		f.lacks(suite.Hours, false, "the target has no clock that can be put forward, and nobody waits for hours")
	} else {
		f.has(suite.Hours)
	}
	return nil
}

// nodes finds out whether events have one way through the target. A lab is one node.
func (f *flight) nodes() {
	if want := f.Profile.Features.OneNode; want == on || want != off && !f.Facts.RealWaits {
		f.has(suite.OneNode)
		return
	}
	f.lacks(suite.OneNode, false, "nodes that share the work keep no order among them (features.one-node: on, where there is but one)")
}

// look asks for the time, without moving it.
func (l LabClock) look(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(l.URL, "/advance"), http.NoBody)
	if err != nil {
		return wrong("clock.lab: %v", err)
	}
	req.Header.Set("Authorization", "Bearer "+l.Token)
	resp, err := l.HTTP.Do(req)
	if err != nil {
		return away("the lab's clock at %s does not answer: %v", l.URL, cause(err))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode/100 != 2 {
		return wrong("the lab's clock at %s was asked for the time and answered %d: is clock.token the lab's, and the URL that of its clock?", l.URL, resp.StatusCode)
	}
	return nil
}

// lent is a listener whose closing ends its use, and leaves its port open.
type lent struct{ net.Listener }

// Accept says that it is closed once Close was called.
func (l lent) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		return nil, net.ErrClosed
	}
	return conn, err
}

// Close has Accept end.
func (l lent) Close() error { return l.deadline(time.Unix(1, 0)) }

func (l lent) deadline(at time.Time) error {
	if d, is := l.Listener.(interface{ SetDeadline(t time.Time) error }); is {
		return d.SetDeadline(at)
	}
	return l.Listener.Close()
}

// hooks listens, and has the target deliver one webhook to see whether it reaches that.
func (f *flight) hooks(ctx context.Context) error {
	switch {
	case f.Profile.Features.Hooks == off:
		f.lacks(suite.Hooks, false, "the profile says that the target has none (features.hooks: off)")
		return nil
	case f.lacking(suite.Accounts):
		f.lacks(suite.Hooks, true, "no webhook can be made, since the target is only read")
		return nil
	}
	listener, err := f.Listen(ctx, "tcp", f.Profile.Receiver.Listen)
	if err != nil {
		return wrong("the port for webhooks cannot be opened (--receiver-listen): %v", err)
	}
	f.Listener = listener
	f.Target.Advertise = strings.TrimRight(f.Profile.Receiver.Advertise, "/")
	if f.Target.Advertise == "" {
		f.Target.Advertise = "http://" + listener.Addr().String()
	}
	log := capture.NewLog(f.Clock)
	receivers := probe.NewReceivers(f.Clock, log)
	loan := lent{listener}
	served := make(chan error, 1)
	go func() { served <- receivers.Serve(ctx, loan) }()
	why := f.tryHook(ctx, f.probe(receivers, log))
	_ = loan.Close()
	if err := <-served; err != nil {
		return err
	}
	if err := loan.deadline(time.Time{}); err != nil {
		return err
	}
	if why == nil {
		f.has(suite.Hooks)
		return nil
	}
	if f.Profile.Features.Hooks == on {
		return why
	}
	_ = listener.Close()
	f.Listener = nil
	f.lacks(suite.Hooks, true, "%v", why)
	return nil
}

// tryHook makes a webhook in an account of its own and an event for it: over the bus, or by a
// change of a document where the bus cannot be reached.
func (f *flight) tryHook(ctx context.Context, p *probe.Probe) (err error) {
	defer func() {
		if left := p.Close(ctx); left != nil && err == nil {
			err = away("the account that was made to try a webhook cannot be deleted: %v", left)
		}
	}()
	stop := context.AfterFunc(ctx, p.Cut)
	defer stop()
	account, err := p.Account(ctx)
	if err != nil {
		return away("no account can be made below %s: %v", f.Target.Parent.ID, err)
	}
	event, fields := "channel_create", map[string]any(nil)
	byBus := !f.lacking(suite.Bus)
	if !byBus {
		event, fields = "object", map[string]any{"custom_data": map[string]any{"type": "user", "action": "doc_created"}}
	}
	if _, err := p.Hook(ctx, "reached", account, event, fields); err != nil {
		return away("no webhook can be made for %s: %v", f.Target.Advertise, err)
	}
	if byBus {
		err = p.Fire(ctx, "reached", account, "CHANNEL_CREATE")
	} else {
		err = changeDocuments(ctx, p, account)
	}
	if err != nil {
		return away("no webhook has reached the harness at %s, which listens on %s: does the target reach that address (--receiver-advertise)? %v", f.Target.Advertise, f.Listener.Addr(), err)
	}
	return nil
}

// changeDocuments makes users until the webhook for that has come.
func changeDocuments(ctx context.Context, p *probe.Probe, account probe.Account) error {
	const tries = 10
	for try := range tries {
		if _, err := p.MustREST(ctx, "create user", probe.Request{
			Method: http.MethodPut, Path: "/v2/accounts/" + account.ID + "/users", Token: account.Token,
			Body: probe.Data(map[string]any{"first_name": "Certify", "last_name": fmt.Sprint("User ", try)}),
		}); err != nil {
			return err
		}
		const pause = time.Second
		if p.Log.Await(ctx, "preflight", max(pause, p.Target.Patience.Quiet*2), func(v capture.View) bool { return len(v.Requests("reached")) > 0 }) {
			return nil
		}
	}
	return errors.New("it was waited for 10 s and more")
}
