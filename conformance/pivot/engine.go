package pivot

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// The harness's queues as an engine: announced is what nodes say of an account's apps, heard what they
// say to the engine.
const (
	announced = "announced"
	heard     = "heard"
)

// engine is the harness in the place of one: it runs no call.
type engine struct {
	ctx     context.Context //nolint:containedctx // of one group's Do
	p       *probe.Probe
	account probe.Account
	queue   string // the engine's
	node    string // that of the node whose sockets these are
	err     error
}

// play makes an account and the queues of an engine that hears of its apps.
func play(ctx context.Context, p *probe.Probe) *engine {
	e := &engine{ctx: ctx, p: p}
	if e.account, e.err = p.Account(ctx); e.err != nil {
		return e
	}
	if e.queue, e.err = p.Listen(ctx, heard, "targeted", ""); e.err != nil {
		return e
	}
	e.err = p.ListenAbout(ctx, e.account, announced, messages.PivotAppsExchange, messages.PivotAppsKey)
	return e
}

// serve opens a socket that serves an app of the account, and returns it with the id under which its node
// has announced that.
func (e *engine) serve(socket, app string, more ...string) (s *probe.Socket, id string) {
	if e.err != nil {
		return nil, ""
	}
	before := appsIn(e.p.Seen(), e.account.ID, app)
	if s, e.err = serve(e.ctx, e.p, socket, e.account, app, more...); e.err != nil {
		return nil, ""
	}
	return s, e.next(app, before)
}

// next waits for the announcement of a registration that is not among others, and remembers its node. It
// returns the registration's id.
func (e *engine) next(app string, others []named) (id string) {
	newest := func(v capture.View) *named {
		for _, n := range appsIn(v, e.account.ID, app) {
			if fresh(others, n) {
				return &n
			}
		}
		return nil
	}
	e.p.Await(e.ctx, "the announcement of "+app, e.p.Target.Patience.Delivery, func(v capture.View) bool { return newest(v) != nil })
	n := newest(e.p.Seen())
	if n == nil {
		e.err = fmt.Errorf("no node has announced the app %s", app)
		return ""
	}
	e.node, id = text(n.Entry, "Server-ID"), n.Get("ID").Str
	e.p.Note("registration of "+app, id)
	return id
}

// named is an app in an announcement.
type named struct {
	gjson.Result
	capture.Entry
}

// appsIn are what nodes have said of the apps of a name of an account.
func appsIn(v capture.View, accountID, app string) []named {
	var all []named
	read := map[string]bool{} // by Msg-ID: one queue for each account may have been given it
	for _, e := range during(v).Deliveries(announced) {
		if id := text(e, "Msg-ID"); read[id] || text(e, "Event-Name") != "apps" {
			continue
		}
		read[text(e, "Msg-ID")] = true
		for _, one := range gjson.GetBytes(e.Body, "Apps").Array() {
			if one.Get("App").Str == app && one.Get("Account-ID").Str == accountID {
				all = append(all, named{one, e})
			}
		}
	}
	return all
}

// during is what was seen before the group had ended: as its sockets are closed behind it, more is said.
func during(v capture.View) capture.View {
	for i, e := range v.Entries {
		if e.Kind == capture.Ended {
			return capture.View{Entries: v.Entries[:i]}
		}
	}
	return v
}

// tell says something to the node. more are members as text.
func (e *engine) tell(step, name string, more ...string) {
	if e.err == nil {
		e.err = e.p.Publish(e.ctx, step, "targeted", e.node, messages.PivotApps(name, e.queue, e.p.ID(), more...))
	}
}

// ask sends a request of the account for an app to a registration. Its id is noted as "request <name>".
func (e *engine) ask(name, registration, app string, more ...string) string {
	return e.askOf(e.account, name, registration, app, more...)
}

func (e *engine) askOf(account probe.Account, name, registration, app string, more ...string) string {
	id := e.p.ID()
	e.p.Note("request "+name, id)
	members := []string{
		fmt.Sprintf(`"Pivot-ID":%q`, id), fmt.Sprintf(`"Registration":%q`, registration), fmt.Sprintf(`"Account-ID":%q`, account.ID),
		fmt.Sprintf(`"App":%q`, app), `"Time-Left":30000`, `"Data":` + requestData(account.ID, app, name),
	}
	e.tell("request "+name, "request", append(members, more...)...)
	return id
}

// requestData is what is said to an app of a call.
func requestData(accountID, app, name string) string {
	return fmt.Sprintf(`{"account_id":%q,"app":%q,"call_id":%q,"iteration":2,"timeout_ms":5000,"method":"post","url":"http://%[2]s.pivot.invalid/v","req_format":"twiml",`+
		`"headers":{"content-type":"application/x-www-form-urlencoded"},"params":{"Digits":"1","CallerNumber":"1001","A":{"b":""}},"body":"Digits=1&CallerNumber=1001"}`, accountID, app, name)
}

// reached waits until a request has come to a socket.
func (e *engine) reached(socket, requestID string) {
	e.comes(socket, "request", requestID)
}

// comes waits for a frame about a request.
func (e *engine) comes(socket, name, requestID string) {
	if e.err == nil {
		e.p.Await(e.ctx, "the "+name+" at "+socket, e.p.Target.Patience.Delivery, func(v capture.View) bool { return len(about(v, socket, name, requestID)) > 0 })
	}
}

// hears waits until the node has said something of a request.
func (e *engine) hears(name, requestID string) {
	if e.err == nil {
		e.p.Await(e.ctx, name+" of "+requestID, e.p.Target.Patience.Delivery, func(v capture.View) bool { return len(heardOf(v, name, requestID)) > 0 })
	}
}

// heardOf is what the node has told the engine of a request.
func heardOf(v capture.View, name, requestID string) []capture.Entry {
	return during(v).Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == heard && text(e, "Event-Name") == name && text(e, "Pivot-ID") == requestID
	})
}

// answer has a socket answer a request, and the engine say what becomes of that, once it has heard it.
func (e *engine) answer(s *probe.Socket, id, requestID, data, verdict string) {
	if e.err != nil {
		return
	}
	s.Send(answering(id, requestID, data))
	e.hears("answer", requestID)
	e.tell("verdict on "+id, "verdict", fmt.Sprintf(`"Pivot-ID":%q`, requestID), fmt.Sprintf(`"Reason":%q`, verdict))
	e.p.Await(e.ctx, "the reply to "+id, e.p.Target.Patience.Reply, func(v capture.View) bool {
		_, came := probe.Reply(v, s.Name(), id)
		return came
	})
}

// frameOf wants the socket own to have had one frame of a name about a request, with these bytes of data.
func frameOf(j *suite.Judging, name, request, data string) {
	id := idOf(j, "request", request)
	if e, one := j.One(name+" frames of "+request, about(j.View, "own", name, id)); one {
		j.Equal("frame", fmt.Sprintf(`{"action":"pivot","name":%q,"request_id":%q,"data":%s}`, name, id, data), string(e.Body), e)
	}
}
