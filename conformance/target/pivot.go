package target

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// enough is how long an answer of what may not be there is waited for, where the target is quick.
const enough = 2 * time.Second

// pivot hands Pivot a call whose app has an address that nothing can be asked at, which it says at
// once (pivot.md 3.1), and looks meanwhile for a node that says that it has the application.
func (f *flight) pivot(ctx context.Context, p *probe.Probe) error {
	switch f.Profile.Features.Pivot {
	case off:
		f.noPivot("the profile says that the target has none (features.pivot: off)")
		return nil
	case on:
		f.has(suite.Pivot)
		return f.pivotApps(ctx, p)
	}
	replies, err := p.Listen(ctx, "pivot", "targeted", "")
	if err == nil {
		_, err = p.Listen(ctx, "nodes", "nodes", "")
	}
	if err != nil {
		return away("a queue for Pivot cannot be made: %v", cause(err))
	}
	ask := func() error {
		return p.Publish(ctx, "ask Pivot", "callmgr", pivotKey, f.pivotCall("kazoolab-certify-"+p.ID(), replies, "ftp://127.0.0.1/nothing", p.ID()))
	}
	if f.comes(ctx, p, ask, func(v capture.View) bool { return len(v.Deliveries("pivot")) > 0 || advertised(v) }) {
		f.has(suite.Pivot)
		return f.pivotApps(ctx, p)
	}
	f.noPivot("no Pivot answers on the bus (pivot_req), and no node says that it has one")
	return nil
}

// noPivot notes that there is nobody who asks apps.
func (f *flight) noPivot(why string) {
	f.lacks(suite.Pivot, false, "%s", why)
	f.lacks(suite.PivotApps, false, "%s", why)
}

// pivotKey is the routing key of the calls that are handed over here.
const pivotKey = "pivot.req.example%2Ecom"

// pivotCall is a pivot_req for an app, as short as it may be.
func (f *flight) pivotCall(callID, replies, uri, messageID string) []byte {
	call := fmt.Sprintf(`{"Call-ID":%q,"Account-ID":%q,"Control-Queue":%q,"Controller-Queue":%[3]q,"From":"1@example.com","To":"1@example.com","Request":"1@example.com"}`,
		callID, f.Target.Parent.ID, replies)
	return fmt.Appendf(nil, `{"Call":%s,"Voice-URI":%q,"HTTP-Method":"post","Request-Format":"twiml","Event-Category":"dialplan","Event-Name":"pivot_req","Msg-ID":%q,"App-Name":"callflow","App-Version":"4.0.0"}`,
		call, uri, messageID)
}

// advertised tells whether a node has said that Pivot runs on it (amqp.md 5).
func advertised(v capture.View) bool {
	return slices.ContainsFunc(v.Deliveries("nodes"), func(e capture.Entry) bool { return gjson.GetBytes(e.Body, "WhApps.pivot").Exists() })
}

// pivotSockets sends a registration that names nothing: who knows the action refuses it. A Kazoo of 4.x
// answers an action that it does not know with success, and one of 5.0 not at all (websockets.md 4.3).
func (f *flight) pivotSockets(ctx context.Context) error {
	if f.told(suite.PivotSockets, "pivot-sockets", f.Profile.Features.PivotSockets) {
		return nil
	}
	p := f.plain()
	defer func() { _ = p.Close(ctx) }()
	stop := context.AfterFunc(ctx, p.Cut)
	defer stop()
	s, err := p.MustDial(ctx, "preflight")
	if err != nil {
		return away("the websockets at %s took one connection and no other: %v", f.Target.Sockets, cause(err))
	}
	ask := func() error {
		s.Send(fmt.Sprintf(`{"action":"pivot_register","auth_token":%q,"request_id":"register","data":{}}`, f.Target.Parent.Token))
		return nil
	}
	f.comes(ctx, p, ask, func(v capture.View) bool {
		_, came := probe.Reply(v, "preflight", "register")
		return came || len(v.Named(capture.SocketClosed, "preflight")) > 0
	})
	if reply, _ := probe.Reply(p.Seen(), "preflight", "register"); member(reply.Body, "status").Str == "error" {
		f.has(suite.PivotSockets)
		return nil
	}
	f.lacks(suite.PivotSockets, false, "no app of Pivot can register at a websocket (pivot_register), which is kazoolab's")
	return nil
}

// told tells whether the profile has said all there is about one of the features of Pivot over websockets.
func (f *flight) told(feature, name, said string) bool {
	switch {
	case said == on:
		f.has(feature)
	case said == off:
		f.lacks(feature, false, "the profile says that the target has none (features.%s: off)", name)
	case f.Profile.Features.Lab == off:
		f.lacks(feature, false, "it is an extension of kazoolab, and the profile says that the target has none (features.lab: off)")
	default:
		return false
	}
	return true
}

// pivotApps plays a node that has an app, and hands Pivot a call for it, of which the node is told where
// Pivot asks apps at websockets. What is said of the app may come behind the call: it is tried again.
func (f *flight) pivotApps(ctx context.Context, p *probe.Probe) error {
	if f.told(suite.PivotApps, "pivot-apps", f.Profile.Features.PivotApps) {
		return nil
	}
	queue, err := p.Listen(ctx, "node", "targeted", "")
	var refusals string
	if err == nil {
		refusals, err = p.Listen(ctx, "refusals", "targeted", "")
	}
	if err != nil {
		return away("a queue for apps of Pivot cannot be made: %v", cause(err))
	}
	app := messages.PivotApp{ID: p.ID(), Account: f.Target.Parent.ID, Name: "certify-" + p.ID()[:8], Queue: queue}
	asks := f.asks(ctx, p, app, refusals)
	if err := p.Publish(ctx, "withdraw", messages.PivotAppsExchange, messages.PivotAppsKey, app.Withdrawn(p.ID())); err != nil {
		return away("an app of Pivot cannot be withdrawn: %v", cause(err))
	}
	if asks {
		f.has(suite.PivotApps)
	} else {
		f.lacks(suite.PivotApps, false, "Pivot asks no apps at websockets (http://APP.pivot.invalid), which is kazoolab's")
	}
	return nil
}

// asks tells whether Pivot asks for what an app has to say of a call, and has the app say nothing of it. All
// its calls end with it: a Pivot that takes the address for a host's waits for ever (pivot.md 3.1), but for that.
func (f *flight) asks(ctx context.Context, p *probe.Probe, app messages.PivotApp, refusals string) bool {
	const limit = 3 * enough
	var calls []string
	defer func() {
		for _, callID := range calls {
			_ = p.Publish(ctx, "end the call", "callevt", messages.CallKey("CHANNEL_DESTROY", callID), ended(callID, p.ID())) // all that can be done
		}
	}()
	began := f.Clock.Now()
	for try := 0; f.Clock.Since(began) < limit && ctx.Err() == nil; try++ {
		callID := "kazoolab-certify-" + p.ID()
		calls = append(calls, callID)
		body := f.pivotCall(callID, refusals, "http://"+app.Name+".pivot.invalid/", p.ID())
		if p.Publish(ctx, "announce", messages.PivotAppsExchange, messages.PivotAppsKey, app.Announced(p.ID())) != nil ||
			p.Publish(ctx, "ask for the app", "callmgr", pivotKey, body) != nil {
			return false
		}
		p.Log.Await(ctx, "preflight", max(enough, f.Target.Patience.Quiet), func(v capture.View) bool {
			return len(v.Deliveries("node")) > 0 || len(v.Deliveries("refusals")) > try
		})
		if requests := p.Seen().Deliveries("node"); len(requests) > 0 {
			engine, request := gjson.GetBytes(requests[0].Body, "Server-ID").Str, gjson.GetBytes(requests[0].Body, "Pivot-ID").Str
			return p.Publish(ctx, "answer", "targeted", engine, app.Failing(request, p.ID())) == nil
		}
		_ = clock.Sleep(ctx, f.Clock, f.Target.Patience.Quiet/5) // ctx is looked at next
	}
	return false
}

// ended tells of the end of a call, but not whose it is: no hook is for it.
func ended(callID, messageID string) []byte {
	return fmt.Appendf(nil, `{"Call-ID":%q,"Event-Category":"call_event","Event-Name":"CHANNEL_DESTROY","Msg-ID":%q,"App-Name":"ecallmgr","App-Version":"4.0.0"}`,
		callID, messageID)
}
