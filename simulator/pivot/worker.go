package pivot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

const (
	// afterlife is how long a worker outlives the end of a leg (pivot_call).
	afterlife = 3 * time.Second
	// farewell is how long the end of a call is waited for that has been hung up, for its CDR (K5).
	farewell = 30 * time.Second
)

// worker is one call in the engine's hands.
type worker struct {
	e                   *Engine
	call, state         jobj.Object // the serialised call, and its Key-Value-Store
	callID, accountID   string
	control, controller string
	queue               string

	uri, cdr, method   string
	format, bodyFormat string
	debug              bool
	reports            bool // there is a cdr_url
	timeout            time.Duration

	iteration int
	begun     bool            // processing has been said
	found     []twiml.Finding // in the document at hand
	undone    string          // the verb that could not be done, if any
	destroyed bool
	gone      bool
	processes []*process // that hear events
	bindings  [][2]string
	asked     map[string]func(active bool) // status requests by Msg-ID
	documents map[string]jobj.Object       // of the account, as they were fetched last

	ctx    context.Context //nolint:containedctx // its own life: what is asked meanwhile ends with it
	cancel context.CancelFunc
	result func(outcome string, problems []any) // tells a connected app what its answer led to
}

// read takes over what a pivot_req says.
func (w *worker) read(m jobj.Object) {
	w.uri, w.cdr, w.reports = m.String("Voice-URI"), m.String("CDR-URI"), m.Has("CDR-URI")
	w.format, w.bodyFormat, w.method = "twiml", "form", "get"
	if m.Has("Request-Format") {
		w.format = m.String("Request-Format")
	}
	if v, ok := m.Get("Request-Body-Format"); ok {
		if w.bodyFormat, ok = v.(string); !ok || w.bodyFormat == "" { // neither is any format
			w.bodyFormat = string(jobj.Append(nil, v))
		}
	}
	switch v, ok := m.Get("HTTP-Method"); v := v.(type) {
	case string:
		if v == "" {
			w.note(knownMethodCrash, "an empty HTTP-Method counts as POST; Kazoo starts nothing")
		}
		w.method = v
	case bool:
		w.method = fmt.Sprint(v)
	case nil:
		if ok {
			w.method = "null"
		}
	default:
		if ok { // what is no text at all means post (kzt_util:http_method/1)
			w.method = "post"
		}
	}
	w.debug = m.Bool(false, "Debug")
	w.timeout = w.e.RequestTimeout
	if ms := m.Int("Request-Timeout"); ms >= 0 && m.Has("Request-Timeout") {
		w.timeout = max(time.Duration(ms)*time.Millisecond, time.Millisecond) // 0 is a race that the app loses
	}
	w.state = w.call.Object("Key-Value-Store")
	w.iteration = int(w.state.Int(keyCounter))
	w.asked, w.documents = map[string]func(bool){}, map[string]jobj.Object{}
}

// Keys of the Key-Value-Store besides those of requests.
const (
	keyCounter    = "pivot_counter"
	keyURI        = "voice_uri"
	keyMethod     = "voice_uri_method"
	keyDynamicCID = "dynamic_cid"
	keyHangupOn   = "hangup_dtmf"
	keyRecord     = "record_call"
	keyTimeout    = "call_timeout"
	keyTimeLimit  = "call_time_limit"
)

func (w *worker) bind(exchange, key string) {
	w.bindings = append(w.bindings, [2]string{exchange, key})
	w.e.Bus.Bind(w.queue, exchange, key)
}

// sender composes commands; in the name of whom the Call brings.
func (w *worker) sender() dialplan.Sender {
	return dialplan.Sender{
		CallID: w.callID, ReplyTo: w.queue, Node: w.e.Node, AppName: w.call.String("App-Name"), AppVersion: w.call.String("App-Version"),
		MsgID: func() string { return w.e.IDs.Hex(16) },
	}
}

func (w *worker) publish(exchange, key string, message jobj.Object) {
	w.tell(Step{Kind: Said, Exchange: exchange, Key: key, Message: message})
	w.e.Bus.Publish(exchange, key, message)
}

func (w *worker) command(message jobj.Object) {
	w.publish(kapi.ExchangeCallControl, w.control, message)
}

// answerCallflow tells the callflow processing or failed (kapi_pivot).
func (w *worker) answerCallflow(name, app string) {
	s := w.sender()
	s.ReplyTo = ""
	w.publish(kapi.ExchangeTargeted, w.controller, s.As(app, "4.0.0", "pivot", name, jobj.Member{Key: "Call-ID", Value: w.callID}))
}

// ask makes the next request, once what it is to tell of the account is there.
func (w *worker) ask(uri, method string) {
	w.iteration++
	w.state = w.state.Set(keyCounter, int64(w.iteration))
	if w.iteration > w.e.Requests {
		w.fail(fmt.Sprintf("the call has made %d requests: that is a loop, and the end", w.e.Requests), "Kazoo would ask for ever", nil)
		return
	}
	var wanted []string
	if w.format == request.FormatKazoo {
		wanted = []string{w.accountID, w.call.String("Authorizing-ID")}
	}
	w.fetch(wanted, func() {
		_, over := w.e.destroyed[w.callID]
		switch {
		case w.gone:
		case over && len(w.bindings) == 0: // nothing would tell of that any more
			w.stop("the call was hung up before the app was asked")
		default:
			w.request(uri, method)
		}
	})
}

// request makes a request. What the app is told is the state as it stands.
func (w *worker) request(uri, method string) {
	values := request.Values{
		Call: w.call, Format: w.format, Variables: request.Variables(w.state), Live: request.Live(w.state), State: w.state,
		Owners: w.owners(), Language: strings.ToLower(w.documents[w.accountID].String("language")),
	}
	w.notes(request.Check(values))
	r, notes, err := request.Build(method, w.bodyFormat, uri, request.Params(values, w.e.Compat), w.e.Compat)
	w.notes(notes)
	w.uri = uri
	w.state = w.state.Delete(request.KeyDigitsCollected)
	r.Format, r.Iteration, r.Timeout, r.AccountID, r.CallID = w.format, w.iteration, w.timeout, w.accountID, w.callID
	if err != nil {
		if r.Method != "" {
			w.storeRequest(r)
		}
		kazoo, reason := kazooFails, err.Error()
		if wrong, ok := errors.AsType[*request.URIError](err); ok {
			reason = wrong.Reason
			if wrong.Quirk == request.SilentTransport {
				kazoo = kazooWaits
				w.note(silentTransport, "a URL that names no host fails at once. Kazoo waits without a word, as for a host that does not answer")
			}
		}
		w.fail(fmt.Sprintf("%q is not asked: %s", request.Shown(uri), reason), kazoo, nil)
		return
	}
	if len(w.bindings) == 0 {
		w.bind(kapi.ExchangeCallEvents, "call.*."+kapi.EncodeKey(w.callID))
		w.bind(kapi.ExchangeTargeted, w.queue)
	}
	w.storeRequest(r)
	what := "the app is asked for what is next"
	if !w.begun {
		what = "the app is asked what to do with the call"
	}
	w.tell(Step{Kind: Asked, Request: &r, Text: fmt.Sprintf("%s: %s %s", what, r.Method, r.URL)})
	w.result = w.resultOf(r)
	w.exchange(r, w.answered)
}

// exchange runs a request outside; then is called on the timeline, unless the worker has ended.
func (w *worker) exchange(r request.Request, then func(client.Answer, error)) {
	await := w.e.Await
	if await == nil {
		await = func(request.Request) func() { return w.e.Line.Hold() }
	}
	release := await(r)
	go func() {
		answer, err := w.e.Asker.Ask(w.ctx, r)
		// That the simulation has ended meanwhile is no one's fault.
		_ = w.e.Line.Hand(w.e.ctx, func() {
			release()
			if !w.gone {
				then(answer, err)
			}
		})
	}()
}

// What a real Kazoo does with a failure of the first request.
const (
	kazooFails = "In Kazoo, too, the callflow goes on to child _ of the action, and hangs up where there is none"
	kazooWaits = "Kazoo waits without a word, and its callflow goes on to child _ after 10 s, or hangs up"
	kazooEnds  = "In Kazoo, too, the call is hung up"
	// kazooBounds is of what is refused for a limit of ours.
	kazooBounds = "Kazoo has no such limit"
	kazooLeft   = "Kazoo leaves the caller in silence"
)

// fail says failed to the callflow, which goes on to its child _ if it still waits: before
// processing, on the first request. Later nobody waits, so the call is hung up (quirk late-failure).
// kazoo is what a real Kazoo does on the first request.
func (w *worker) fail(why, kazoo string, between func()) {
	if w.begun {
		kazoo = kazooLeft
	}
	w.tell(Step{Kind: Failed, Text: why, Kazoo: kazoo})
	w.result("failed", []any{problem(0, 0, why)})
	w.answerCallflow("failed", "pivot")
	if between != nil {
		between()
	}
	if w.begun {
		w.note(lateFailure, "the callflow has left this call to the app: it is hung up. Kazoo says failed to nobody, and leaves the caller in silence")
		w.command(w.sender().Hangup())
	}
	w.stop("it has failed")
}

// end is that of a document: the call is hung up. With a CDR to report, its end is waited for.
func (w *worker) end(why string) {
	if w.reports {
		w.note(cdrNoHangup, "the call is hung up, and its CDR waited for; with a cdr_url Kazoo leaves the caller in silence")
	}
	w.command(w.sender().Hangup())
	switch {
	case !w.reports:
		w.stop(why)
		return
	case w.destroyed: // its clock runs
		return
	}
	w.e.Line.After(farewell, func() { w.stop(why) })
}

// stop ends the worker.
func (w *worker) stop(why string) {
	if w.gone {
		return
	}
	w.gone = true
	for _, p := range slices.Clone(w.processes) {
		p.kill()
	}
	for _, b := range w.bindings {
		w.e.Bus.Unbind(w.queue, b[0], b[1])
	}
	delete(w.e.workers, w.queue)
	w.cancel()
	w.tell(Step{Kind: Ended, Text: "Pivot is done with the call: " + why})
}

// hear takes an event.
func (w *worker) hear(event jobj.Object) {
	category, name := event.String("Event-Category"), event.String("Event-Name")
	switch {
	case name == "channel_status_resp":
		if told, ok := w.asked[event.String("Msg-ID")]; ok {
			told(alive(event))
		}
		return
	case category == "call_event", category == "conference" && name == "event", category == "resource" && name == "offnet_resp":
	default: // errors of the dialplan are not passed on
		return
	}
	w.tell(Step{Kind: Heard, Message: event})
	if name == "CHANNEL_DESTROY" {
		w.destroy(event)
	}
	for _, p := range slices.Clone(w.processes) {
		p.deliver(event)
	}
}

// alive is whether an answer of the switch is sound, and says that the call is there
// (kapps_call_command:channel_status_filter/1).
func alive(status jobj.Object) bool {
	for _, key := range []string{"App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID", "Call-ID"} {
		if !status.Has(key) {
			return false
		}
	}
	return status.String("Status") == "active"
}

// destroy begins the end: of any leg in Kazoo (quirk any-leg-destroy).
func (w *worker) destroy(event jobj.Object) {
	own := event.String("Call-ID") == w.callID
	if w.e.corrected() && (!own || w.destroyed) {
		return
	}
	if !own {
		w.note(anyLegDestroy, "another leg of the call has ended: Kazoo takes that for the end of the call, and stops 3 s later")
	}
	w.destroyed = w.destroyed || own || !w.e.corrected()
	last := func() {
		w.e.Line.After(afterlife, func() { w.stop("the call has been hung up") })
	}
	if !w.reports {
		last()
		return
	}
	w.report(event, last)
}

// fetch has documents of the account at hand, each asked for once. Nobody is asked for none.
func (w *worker) fetch(wanted []string, then func()) {
	var ids []string
	named := map[string]bool{"": true}
	for _, id := range wanted {
		if !named[id] {
			named[id] = true
			ids = append(ids, id)
		}
	}
	if w.e.Documents == nil || w.accountID == "" || len(ids) == 0 {
		then()
		return
	}
	w.e.Documents.Documents(w.accountID, ids, func(found map[string]jobj.Object) {
		for _, id := range ids {
			w.documents[id] = found[id] // or there is none any more
		}
		then()
	})
}

// owners are those of the authorizing device: who is logged in there, else who it belongs to
// (view attributes/owner).
func (w *worker) owners() []string {
	device := w.documents[w.call.String("Authorizing-ID")]
	var users []string
	for _, user := range device.Object("hotdesk").Object("users") {
		users = append(users, user.Key)
	}
	if users != nil {
		return users
	}
	owner, _ := device.Get("owner_id")
	switch owner := owner.(type) {
	case string:
		if owner != "" {
			return []string{owner}
		}
	case []any:
		var all []string
		for _, one := range owner {
			if id, ok := one.(string); ok {
				all = append(all, id)
			}
		}
		return all
	}
	return nil
}
