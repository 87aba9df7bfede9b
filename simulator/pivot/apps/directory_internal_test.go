package apps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

const (
	acme  = "22222222222222222222222222222222"
	rival = "33333333333333333333333333333333"
)

// rig is a directory whose line only remembers.
type rig struct {
	*Directory
	*WithT

	t     *testing.T
	clock *clockwork.FakeClock
	said  chan said
}

type said struct {
	queue string
	kapi.PivotAppsMessage
}

func (r *rig) tell(queue string, m kapi.PivotAppsMessage) { r.said <- said{queue, m} }

func newRig(t *testing.T) *rig {
	t.Helper()
	c := clockwork.NewFakeClockAt(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))
	r := &rig{
		Directory: New(Config{Clock: c, IDs: ids.Seeded(t.Name()), Log: slog.New(slog.DiscardHandler), Node: "engine@test", Version: "1"}),
		WithT:     NewWithT(t), t: t, clock: c, said: make(chan said, 10_000),
	}
	r.line = r
	return r
}

func (r *rig) next() said {
	r.t.Helper()
	select {
	case one := <-r.said:
		return one
	case <-r.t.Context().Done():
	}
	r.t.Fatal("nothing was said")
	return said{}
}

func (r *rig) quiet() {
	r.t.Helper()
	select {
	case one := <-r.said:
		r.t.Errorf("said %+v", one)
	default:
	}
}

// registered has nodes announce registrations of the ivr of acme; the queue is the node's.
func (r *rig) registered(queue string, all ...kapi.PivotApp) {
	for i := range all {
		if all[i].AccountID == "" {
			all[i].AccountID = acme
		}
		if all[i].App == "" {
			all[i].App = "ivr"
		}
		if all[i].MaxCalls == 0 {
			all[i].MaxCalls = 100
		}
	}
	r.hear(kapi.PivotAppsMessage{Name: kapi.PivotApps, ServerID: queue, Apps: all})
}

func of(callID string) request.Request {
	return request.Request{
		Method: "POST", URL: "http://ivr.pivot.invalid/menu", Format: "twiml", AccountID: acme, CallID: callID, Iteration: 2, Timeout: 5 * time.Second,
		Header: [][2]string{
			{"content-type", "application/x-www-form-urlencoded"}, {"content-length", "8"}, {"te", ""}, {"host", "ivr.pivot.invalid"}, {"connection", "keep-alive"},
		},
		Params: jobj.Object{{Key: "Digits", Value: "1"}}, Body: "Digits=1",
	}
}

// outcome is what Ask returns.
type outcome struct {
	client.Answer
	err error
}

// ask asks, beside.
func (r *rig) ask(ctx context.Context, req request.Request) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		a, err := r.Ask(ctx, req)
		done <- outcome{a, err}
	}()
	return done
}

// asked asks, and returns what was sent.
func (r *rig) asked(callID string) (said, <-chan outcome) {
	r.t.Helper()
	done := r.ask(r.t.Context(), of(callID))
	one := r.next()
	r.Expect(one.Name).To(Equal(kapi.PivotRequest))
	return one, done
}

func (r *rig) answer(one said, body string) kapi.PivotAppsMessage {
	return kapi.PivotAppsMessage{
		Name: kapi.PivotAnswer, ServerID: one.queue, PivotID: one.PivotID, Registration: one.Registration,
		Status: 200, ContentType: "text/xml", Body: body,
	}
}

// verdict answers, and returns what the node is told.
func (r *rig) verdict(one said, body string) string {
	r.t.Helper()
	r.hear(r.answer(one, body))
	v := r.next()
	r.Expect([]string{v.queue, v.Name, v.PivotID}).To(Equal([]string{one.queue, kapi.PivotVerdict, one.PivotID}))
	return v.Reason
}

func TestARequestIsSentAsItIsSpecified(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"})
	one, done := r.asked("c1")
	r.Expect(one.queue).To(Equal("n1"))
	r.Expect([]any{one.Registration, one.AccountID, one.App, one.Left, one.Redelivered}).To(Equal([]any{"a", acme, "ivr", int64(5000), false}))
	r.Expect(one.PivotID).To(MatchRegexp("^[0-9a-f]{32}$"))
	r.Expect(string(jobj.Append(nil, one.Data))).To(Equal(`{"account_id":"` + acme + `","app":"ivr","call_id":"c1","iteration":2,"timeout_ms":5000,` +
		`"method":"post","url":"http://ivr.pivot.invalid/menu","req_format":"twiml","headers":{"content-type":"application/x-www-form-urlencoded"},` +
		`"params":{"Digits":"1"},"body":"Digits=1"}`))
	r.Expect(r.verdict(one, "<Response/>")).To(Equal("accepted"))
	r.Expect(<-done).To(Equal(outcome{Answer: client.Answer{
		Status: 200, Header: [][2]string{{"content-type", "text/xml"}}, Body: []byte("<Response/>"), URL: "http://ivr.pivot.invalid/menu",
	}}))
	r.Expect(r.verdict(one, "again")).To(Equal("accepted"), "from the same: it has not heard that")
	other := one
	other.Registration = "b"
	r.Expect(r.verdict(other, "again")).To(Equal("answered"))
	r.Result(of("c1"), "failed", []any{"no such module"})
	result := r.next()
	r.Expect([]string{result.queue, result.Name, result.PivotID}).To(Equal([]string{"n1", "result", one.PivotID}))
	r.Expect(string(jobj.Append(nil, result.Data))).To(Equal(`{"outcome":"failed","errors":["no such module"]}`))
	r.Result(of("c1"), "processing", nil)
	r.quiet()
}

func TestAGETHasNoBody(t *testing.T) {
	r := newRig(t)
	req := of("c1")
	req.Method, req.Header, req.Body = "GET", req.Header[1:], ""
	data := describe("ivr", req)
	r.Expect(data.Has("body")).To(BeFalse())
	r.Expect(data.Object("headers")).To(BeEmpty())
	r.Expect(data.String("method")).To(Equal("get"))
}

func TestACallStaysWithItsSocketAndNewOnesGoWhereFewestAre(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"}, kapi.PivotApp{ID: "b"})
	r.registered("n2", kapi.PivotApp{ID: "c"}, kapi.PivotApp{ID: "x", AccountID: rival}, kapi.PivotApp{ID: "y", App: "other"})
	at := map[string]string{}
	ask := func(callID string) string {
		one, done := r.asked(callID)
		r.Expect(r.verdict(one, "")).To(Equal("accepted"))
		<-done
		return one.Registration
	}
	for i := range 9 {
		id := fmt.Sprint("c", i)
		at[id] = ask(id)
	}
	count := map[string]int{}
	for _, registration := range at {
		count[registration]++
	}
	r.Expect(count).To(Equal(map[string]int{"a": 3, "b": 3, "c": 3}))
	r.Expect([]string{at["c3"], at["c4"], at["c5"]}).To(Equal([]string{at["c0"], at["c1"], at["c2"]}), "ties in turn")
	for id, registration := range at {
		r.Expect(ask(id)).To(Equal(registration))
	}
	for id, registration := range at {
		if registration == "b" {
			r.Forget(id)
		}
	}
	r.Expect([]string{ask("d0"), ask("d1"), ask("d2")}).To(Equal([]string{"b", "b", "b"}), "where fewest calls are")
	r.registered("n1", kapi.PivotApp{ID: "a", Leaving: true})
	r.Expect(r.Registered(acme, "ivr")).To(Equal(2))
	for i := range 9 {
		r.Expect(ask(fmt.Sprint("e", i))).NotTo(Equal("a"))
	}
	for id, registration := range at {
		if registration == "a" {
			r.Expect(ask(id)).To(Equal("a"), "calls in progress stay")
		}
	}
}

func TestNobodyAndBusyAreToldAtOnce(t *testing.T) {
	r := newRig(t)
	_, err := r.Ask(t.Context(), of("c1"))
	r.Expect(err).To(MatchError(ErrNobody))
	r.registered("n1", kapi.PivotApp{ID: "a", MaxCalls: 1}, kapi.PivotApp{ID: "b", MaxCalls: 1}, kapi.PivotApp{ID: "x", AccountID: rival})
	first, done := r.asked("c1")
	second, _ := r.asked("c2")
	r.Expect(first.Registration).NotTo(Equal(second.Registration))
	_, err = r.Ask(t.Context(), of("c3"))
	r.Expect(err).To(MatchError(ErrBusy))
	r.Expect(r.verdict(first, "")).To(Equal("accepted"))
	<-done
	third, _ := r.asked("c3")
	r.Expect(third.Registration).To(Equal(first.Registration))
	req := of("c1")
	req.URL = "http://ivr.example.com/"
	_, err = r.Ask(t.Context(), req)
	r.Expect(err).To(MatchError(ErrAddress))
}

func TestWhatOneSocketRefusesAnotherGets(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"}, kapi.PivotApp{ID: "b"})
	refuse := func(one said, reason string) {
		r.hear(kapi.PivotAppsMessage{Name: kapi.PivotRefused, PivotID: one.PivotID, Registration: one.Registration, Reason: reason})
	}
	one, done := r.asked("c1")
	refuse(one, kapi.PivotBusy)
	two := r.next()
	r.Expect(two.Registration).NotTo(Equal(one.Registration))
	r.Expect(two.Redelivered).To(BeFalse(), "nobody has seen it")
	refuse(two, kapi.PivotBusy)
	r.Expect((<-done).err).To(MatchError(ErrBusy))
	one, done = r.asked("c2")
	refuse(one, kapi.PivotGone)
	refuse(r.next(), kapi.PivotGone)
	r.Expect((<-done).err).To(MatchError(ErrNobody))
	r.Expect(r.Registered(acme, "ivr")).To(BeZero())
}

func TestALostRequestIsSentAgain(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"})
	one, done := r.asked("c1")
	lose := func(one said) {
		r.registered(one.queue, kapi.PivotApp{ID: one.Registration, Withdrawn: true})
		r.hear(kapi.PivotAppsMessage{Name: kapi.PivotLost, PivotID: one.PivotID, Registration: one.Registration})
	}
	lose(one)
	_, err := r.Ask(t.Context(), of("c2"))
	r.Expect(err).To(MatchError(ErrNobody), "only what is open is held")
	r.registered("n2", kapi.PivotApp{ID: "b"})
	again := r.next()
	r.Expect([]any{again.queue, again.Registration, again.PivotID, again.Redelivered}).To(Equal([]any{"n2", "b", one.PivotID, true}))
	r.registered("n1", kapi.PivotApp{ID: "c"})
	lose(again)
	third := r.next()
	r.Expect(third.Registration).To(Equal("c"), "another that is there, at once")
	r.Expect(r.verdict(third, "x")).To(Equal("accepted"))
	r.Expect(string((<-done).Body)).To(Equal("x"))

	two, done := r.asked("c2")
	lose(two)
	r.Expect(r.clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	r.clock.Advance(5 * time.Second)
	r.Expect((<-done).err).To(MatchError(ErrLost))
	r.quiet()
}

func TestWhoResumesGetsItsCalls(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"})
	one, done := r.asked("c1")
	r.registered("n1", kapi.PivotApp{ID: "a", Withdrawn: true})
	r.registered("n2", kapi.PivotApp{ID: "x", AccountID: rival, Resumes: "a"}, kapi.PivotApp{ID: "y", App: "other", Resumes: "a"})
	r.quiet()
	r.registered("n2", kapi.PivotApp{ID: "b", Resumes: "a"})
	again := r.next()
	r.Expect([]any{again.queue, again.Registration, again.PivotID, again.Redelivered}).To(Equal([]any{"n2", "b", one.PivotID, true}))
	r.Expect(r.verdict(again, "")).To(Equal("accepted"))
	<-done

	// One that is thought to be alive is over, too, whatever its node says.
	two, done := r.asked("c1")
	r.Expect(two.Registration).To(Equal("b"))
	r.registered("n3", kapi.PivotApp{ID: "c", Resumes: "b"})
	r.Expect(r.next().Registration).To(Equal("c"))
	r.registered("n2", kapi.PivotApp{ID: "b", Resumes: "a"})
	r.Expect(r.Registered(acme, "ivr")).To(Equal(1))
	r.Expect(r.verdict(two, "late, and first")).To(Equal("accepted"))
	<-done
	r.registered("n1", kapi.PivotApp{ID: "d"})
	three, _ := r.asked("c1")
	r.Expect(three.Registration).To(Equal("c"), "the call is with who has resumed")
}

func TestWhoResumesKeepsOneIDFromItsNodeAndNoMore(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"})
	for i := range 1000 {
		r.registered("n2", kapi.PivotApp{ID: "b", Resumes: fmt.Sprint("nobody", i)})
	}
	r.Expect(r.superseded).To(HaveLen(1))
	r.registered("n2", kapi.PivotApp{ID: "b", Resumes: "a"}, kapi.PivotApp{ID: "c", Resumes: "a"})
	r.registered("n2", kapi.PivotApp{ID: "b"})
	r.registered("n1", kapi.PivotApp{ID: "a"}, kapi.PivotApp{ID: "nobody999"})
	r.Expect(r.registrations).NotTo(HaveKey("a"), "c has resumed it as well")
	r.Expect(r.registrations).To(HaveKey("nobody999"), "b resumes it no more")
	r.registered("n2", kapi.PivotApp{ID: "c"})
	r.registered("n1", kapi.PivotApp{ID: "a"})
	r.Expect(r.registrations).To(HaveKey("a"))
	r.Expect(r.superseded).To(BeEmpty())

	// It is so for as long as that is heard.
	r.registered("n2", kapi.PivotApp{ID: "c", Resumes: "a"})
	for range 3 {
		r.clock.Advance(silence)
		r.sweep()
		r.registered("n1", kapi.PivotApp{ID: "a"})
		r.Expect(r.registrations).NotTo(HaveKey("a"))
		r.registered("n2", kapi.PivotApp{ID: "c", Resumes: "a"})
	}
	r.superseded["stray"] = heir{"gone", r.clock.Now()}
	r.clock.Advance(silence + 1)
	r.sweep()
	r.Expect(r.superseded).To(BeEmpty())
}

func TestNobodyIsWaitedForBeyondTheDeadline(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"})
	one, done := r.asked("c1")
	r.Expect(r.clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	r.clock.Advance(5 * time.Second)
	r.Expect((<-done).err).To(MatchError(ErrDeadline))
	cancel := r.next()
	r.Expect([]string{cancel.queue, cancel.Name, cancel.PivotID, cancel.Reason}).To(Equal([]string{"n1", "cancel", one.PivotID, "timeout"}))
	r.Expect(r.verdict(one, "")).To(Equal("expired"))
	one.PivotID = "never"
	r.Expect(r.verdict(one, "")).To(Equal("unknown"))

	ctx, hangup := context.WithCancel(t.Context())
	untimed := of("c2")
	untimed.Timeout = 0
	done = r.ask(ctx, untimed)
	r.Expect(r.next().Left).To(Equal(int64(5000)))
	hangup()
	r.Expect((<-done).err).To(MatchError(context.Canceled))
	r.Expect(r.next().Reason).To(Equal("hangup"))
}

func TestANodeThatIsGoneIsForgotten(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"}, kapi.PivotApp{ID: "b"})
	one, done := r.asked("c1")
	r.registered("n2", kapi.PivotApp{ID: "c"})
	r.unsent("n1", one.PivotAppsMessage)
	again := r.next()
	r.Expect([]any{again.Registration, again.Redelivered}).To(Equal([]any{"c", false}), "nobody has had it")
	r.unsent("n2", again.PivotAppsMessage)
	r.Expect((<-done).err).To(MatchError(ErrNobody))

	r.registered("n3", kapi.PivotApp{ID: "d"})
	two, _ := r.asked("c2")
	r.clock.Advance(4 * time.Second)
	r.registered("n4", kapi.PivotApp{ID: "e"})
	r.registered("n5", kapi.PivotApp{ID: "d"}) // the node has another queue
	again = r.next()
	r.Expect([]any{again.queue, again.Registration, again.PivotID, again.Left}).To(Equal([]any{"n5", "d", two.PivotID, int64(1000)}))
	r.clock.Advance(20 * time.Second)
	r.registered("n5", kapi.PivotApp{ID: "d"})
	r.clock.Advance(20 * time.Second)
	r.sweep()
	r.Expect(r.Registered(acme, "ivr")).To(Equal(1), "e was silent for 40 s")
}

func TestANewQueueOfTheEngineLosesNoAnswer(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"}, kapi.PivotApp{ID: "b"})
	one, done := r.asked("c1")
	r.up()
	r.Expect(r.next().Name).To(Equal(kapi.PivotAsk))
	again := r.next()
	r.Expect([]any{again.Registration, again.PivotID}).To(Equal([]any{one.Registration, one.PivotID}))
	r.Expect(r.verdict(again, "")).To(Equal("accepted"))
	<-done
}

func TestTheRecordOfACallGoesToItsSocket(t *testing.T) {
	r := newRig(t)
	params := jobj.Object{{Key: "Hangup-Cause", Value: "NORMAL_CLEARING"}}
	r.Expect(r.CDR(acme, "c1", "http://ivr.pivot.invalid/cdr?id=7", params)).To(MatchError(ErrNobody))
	r.Expect(r.CDR(acme, "c1", "http://example.com/cdr", params)).To(MatchError(ErrAddress))
	r.registered("n1", kapi.PivotApp{ID: "a", MaxCalls: 1}, kapi.PivotApp{ID: "b", MaxCalls: 1})
	one, _ := r.asked("c1")
	r.asked("c2")
	r.Expect(r.CDR(acme, "c3", "http://ivr.pivot.invalid/cdr", params)).To(Succeed(), "it takes no room")
	r.Expect(r.next().Name).To(Equal("cdr"))
	r.Expect(r.CDR(acme, "c1", "http://ivr.pivot.invalid/cdr?id=7", params)).To(Succeed())
	cdr := r.next()
	r.Expect(cdr.Registration).To(Equal(one.Registration))
	r.Expect(string(jobj.Append(nil, cdr.Data))).To(Equal(`{"account_id":"` + acme + `","app":"ivr","call_id":"c1",` +
		`"url":"http://ivr.pivot.invalid/cdr?id=7","params":{"Hangup-Cause":"NORMAL_CLEARING"}}`))
}

func TestAddresses(t *testing.T) {
	g := NewWithT(t)
	for address, want := range map[string]string{
		"http://ivr.pivot.invalid/menu?x=1": "ivr", "http://IVR.Pivot.Invalid": "ivr", "http://a-1.pivot.invalid:80/": "a-1",
	} {
		name, ok := Of(address)
		g.Expect([]any{name, ok}).To(Equal([]any{want, true}), address)
	}
	for _, address := range []string{
		"http://pivot.invalid/", "http://a.b.pivot.invalid/", "https://ivr.pivot.invalid/", "http://ivr.pivot.invalid.example.com/",
		"http://example.com/?http://ivr.pivot.invalid/", "pivotws://ivr/menu", "http://i_r.pivot.invalid/", "://", "",
		"http://abcdefghijklmnopqrstuvwxyz0123456.pivot.invalid/",
	} {
		_, ok := Of(address)
		g.Expect(ok).To(BeFalse(), address)
	}
}

func TestErrorsNameTheApplication(t *testing.T) {
	r := newRig(t)
	_, err := r.Ask(t.Context(), of("c1"))
	r.Expect(errors.Is(err, ErrNobody)).To(BeTrue())
	r.Expect(err.Error()).To(Equal("app ivr of account " + acme + ": nobody has registered it at a websocket of this bridge (pivot_register)"))
}

// byHTTP answers with the URL that it is asked.
type byHTTP struct{}

func (byHTTP) Ask(_ context.Context, r request.Request) (client.Answer, error) {
	return client.Answer{URL: r.URL}, nil
}

func TestHostsAreAskedByHTTPAndApplicationsHere(t *testing.T) {
	r := newRig(t)
	asker := Asker{Apps: r.Directory, HTTP: byHTTP{}}
	req := of("c1")
	_, err := asker.Ask(t.Context(), req)
	r.Expect(err).To(MatchError(ErrNobody))
	req.URL = "http://ivr.example.com/"
	a, err := asker.Ask(t.Context(), req)
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(a.URL).To(Equal(req.URL))
}

// Of calls whose end nobody has told nothing is kept for ever.
func TestCallsThatAskNoMoreAreForgotten(t *testing.T) {
	r := newRig(t)
	r.registered("n1", kapi.PivotApp{ID: "a"})
	for i := range 500 {
		one, done := r.asked(fmt.Sprint("c", i))
		r.Expect(r.verdict(one, "")).To(Equal("accepted"))
		<-done
	}
	r.clock.Advance(longCall)
	r.sweep()
	r.Expect(r.calls).To(HaveLen(500), "one may yet ask")
	r.registered("n1", kapi.PivotApp{ID: "a"})
	one, done := r.asked("c7")
	r.Expect(r.verdict(one, "")).To(Equal("accepted"))
	<-done
	r.clock.Advance(time.Second)
	r.sweep()
	r.Expect(r.calls).To(HaveLen(1))
	r.Expect(r.at).To(Equal(map[string]int{"a": 1}))
}
