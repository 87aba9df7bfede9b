package pivot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// connecting are what groups stand on in which an engine asks apps at sockets.
func connecting() []string {
	return []string{suite.PivotSockets, suite.PivotApps, suite.Sockets, suite.Accounts, suite.Bus, suite.Pivot}
}

// noded is the harness's queue as a node.
const noded = "noded"

// connected is a stage whose apps are at websockets.
type connected struct {
	*stage
	node string // the harness's queue as a node
}

func connect(ctx context.Context, p *probe.Probe) *connected {
	s := &connected{stage: set(ctx, p)}
	if s.err != nil {
		return s
	}
	if s.node, s.err = p.Listen(ctx, noded, "targeted", ""); s.err == nil {
		s.err = p.ListenAbout(ctx, s.account, announced, messages.PivotAppsExchange, messages.PivotAppsKey)
	}
	return s
}

// serve opens a socket that serves an app of the account, and waits until its node has said so.
func (s *connected) serve(socket, app string, more ...string) *probe.Socket {
	return s.serveAs(s.account, socket, app, more...)
}

// serveAs is serve for a socket of another account.
func (s *connected) serveAs(of probe.Account, socket, app string, more ...string) (opened *probe.Socket) {
	if s.err != nil {
		return nil
	}
	seen := appsIn(s.p.Seen(), s.account.ID, app)
	opened, s.err = serve(s.ctx, s.p, socket, probe.Account{ID: s.account.ID, Token: of.Token}, app, more...)
	s.until(app, func(n named) bool { return fresh(seen, n) })
	return opened
}

// also has a socket serve an app, or serve it in another way: more are members of the registration.
func (s *connected) also(socket *probe.Socket, app string, more ...string) {
	if s.err != nil {
		return
	}
	seen := appsIn(s.p.Seen(), s.account.ID, app)
	s.err = also(s.ctx, socket, s.account, app, more...)
	s.until(app, func(n named) bool {
		return fresh(seen, n) || len(seen) > 0 && n.Get("Max-Calls").Raw != seen[len(seen)-1].Get("Max-Calls").Raw
	})
}

// fresh tells whether an announcement is of a registration that is not among others.
func fresh(others []named, n named) bool {
	return !slices.ContainsFunc(others, func(o named) bool { return o.Get("ID").Str == n.Get("ID").Str })
}

// until waits until a node has said something of an app.
func (s *connected) until(app string, holds func(named) bool) {
	if s.err == nil && !s.p.Await(s.ctx, "what is announced of "+app, s.p.Target.Patience.Delivery, func(v capture.View) bool { return slices.ContainsFunc(appsIn(v, s.account.ID, app), holds) }) {
		s.err = fmt.Errorf("no node has announced the app %s as it is", app)
	}
}

// gone waits until a node has said that a registration of an app has ended.
func (s *connected) gone(app string) {
	if s.err == nil {
		s.p.Await(s.ctx, "the end of "+app, s.p.Target.Patience.Delivery, func(v capture.View) bool {
			return slices.ContainsFunc(appsIn(v, s.account.ID, app), func(n named) bool { return n.Get("Withdrawn").Bool() })
		})
	}
}

// known returns when Pivot knows all that nodes have said so far: it asks for an app that the harness has
// announced behind it.
func (s *connected) known() {
	if s.err != nil {
		return
	}
	app := messages.PivotApp{ID: s.p.ID(), Account: s.account.ID, Name: "known-" + s.p.ID()[:8], Queue: s.node}
	s.err = s.p.Publish(s.ctx, "announce "+app.Name, messages.PivotAppsExchange, messages.PivotAppsKey, app.Announced(s.p.ID()))
	const tries = 100
	for range tries {
		if s.err != nil {
			return
		}
		l := &leg{stage: s.stage, name: app.Name, id: s.p.ID()}
		l.ask("http://"+app.Name+".pivot.invalid/", call{request: postTwiML})
		s.p.Await(s.ctx, "the request for "+app.Name, s.p.Target.Patience.Delivery, func(v capture.View) bool {
			return len(of(v, answered, l.id)) > 0 || len(nodeRequests(v, l.id)) > 0
		})
		if asked := nodeRequests(s.p.Seen(), l.id); len(asked) > 0 && s.err == nil {
			s.err = s.p.Publish(s.ctx, "answer "+app.Name, "targeted", text(asked[0], "Server-ID"), app.Failing(text(asked[0], "Pivot-ID"), s.p.ID()))
			return
		}
		if s.err == nil {
			s.err = clock.Sleep(s.ctx, s.p.Clock, s.p.Target.Patience.Quiet/10)
		}
	}
	s.err = fmt.Errorf("the app %s, which was announced to Pivot, is not asked", app.Name)
}

// nodeRequests are those of a call that the harness was sent as a node.
func nodeRequests(v capture.View, callID string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == noded && text(e, "Event-Name") == "request" && text(e, "Data.call_id") == callID
	})
}

// app hands a call to Pivot for an app at a websocket.
func (s *connected) app(name, app string, more ...string) *leg {
	request := append([]string{postTwiML}, more...)
	return s.lead("http://"+app+".pivot.invalid/start.xml", call{name: name, request: strings.Join(request, ",")})
}

// asked waits until a socket has had n requests of the call.
func (l *leg) asked(socket string, n int) *leg {
	return l.await("requests at "+socket, n, func(v capture.View) []capture.Entry { return requestsOf(v, socket, l.id) })
}

// askedAny waits until sockets have had n requests of the call together, and returns who had the last.
func (l *leg) askedAny(n int, sockets ...*probe.Socket) *probe.Socket {
	all := func(v capture.View) (entries []capture.Entry) {
		for _, s := range sockets {
			entries = append(entries, requestsOf(v, s.Name(), l.id)...)
		}
		return entries
	}
	if l.err != nil {
		return nil
	}
	l.await("requests", n, all)
	last := capture.Entry{}
	for _, e := range all(l.p.Seen()) {
		if e.Seq > last.Seq {
			last = e
		}
	}
	for _, s := range sockets {
		if s.Name() == last.Name {
			return s
		}
	}
	l.lost = true
	return sockets[0]
}

// answer has a socket answer the latest request of the call, as "<id>".
func (l *leg) answer(s *probe.Socket, id, data string) *leg {
	if l.lost || l.err != nil {
		return l
	}
	if seen := requestsOf(l.p.Seen(), s.Name(), l.id); len(seen) > 0 {
		s.Command(l.ctx, id, answering(id, text(seen[len(seen)-1], "request_id"), data))
	}
	return l
}

// result waits until the socket own was told what its latest answer to the call has led to.
func (l *leg) result() *leg { return l.frame("own", "result") }

// frame waits for a frame about the latest request of the call at a socket.
func (l *leg) frame(socket, name string) *leg {
	seen := requestsOf(l.p.Seen(), socket, l.id)
	if len(seen) == 0 {
		return l
	}
	id := text(seen[len(seen)-1], "request_id")
	return l.await(name+" at "+socket, 1, func(v capture.View) []capture.Entry { return about(v, socket, name, id) })
}

// asks is the n-th request of a call at a socket, from 0, and its data.
func asksOf(j *suite.Judging, socket, call string, n int) (capture.Entry, gjson.Result, bool) {
	seen := requestsOf(j.View, socket, idOf(j, "call", call))
	if len(seen) <= n {
		j.Differs("requests of "+call+" at "+socket+": how many", fmt.Appendf(nil, "%d or more", n+1), fmt.Append(nil, len(seen)), seen...)
		return capture.Entry{}, gjson.Result{}, false
	}
	return seen[n], gjson.GetBytes(seen[n].Body, "data"), true
}

// resultOf is what a socket was told of its answer to the n-th request of a call.
func resultOf(j *suite.Judging, socket, call string, n int) (data gjson.Result) {
	e, _, has := asksOf(j, socket, call, n)
	if !has {
		return data
	}
	if told, one := j.One("results of "+call, about(j.View, socket, "result", text(e, "request_id"))); one {
		return gjson.GetBytes(told.Body, "data")
	}
	return data
}
