package blackhole_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// engines is what engines are told, in its order.
type engines struct {
	t     testing.TB
	heard chan told
}

// told is an announcement, or a message to one engine.
type told struct {
	apps  []kapi.PivotApp
	queue string
	kapi.PivotAppsMessage
}

func (e *engines) Announce(registered []kapi.PivotApp) { e.heard <- told{apps: registered} }

func (e *engines) Tell(queue string, m kapi.PivotAppsMessage) {
	e.heard <- told{queue: queue, PivotAppsMessage: m}
}

func (e *engines) next() told {
	e.t.Helper()
	select {
	case one := <-e.heard:
		return one
	case <-e.t.Context().Done():
	}
	e.t.Fatal("engines were told nothing")
	return told{}
}

// quiet fails when engines were told anything.
func (e *engines) quiet() {
	e.t.Helper()
	select {
	case one := <-e.heard:
		e.t.Errorf("engines were told %+v", one)
	default:
	}
}

// pivotRig is a rig whose sockets may serve applications.
type pivotRig struct {
	*rig
	*WithT
	*engines
}

func newPivotRig(t *testing.T, change ...settings) *pivotRig {
	t.Helper()
	e := &engines{t: t, heard: make(chan told, 10_000)}
	change = append(change, func(_ *blackhole.Config, dep *blackhole.Dependencies) { dep.Engines = e })
	return &pivotRig{newRig(t, change...), NewWithT(t), e}
}

// register has a socket serve the account's ivr, and returns its registration.
func (p *pivotRig) register(s *socket, accountID, more string) (one kapi.PivotApp, token string) {
	p.t.Helper()
	reply := s.reply(command("pivot_register", accountID, `"account_id":"`+accountID+`","app":"ivr"`+more))
	p.Expect(reply.String("status")).To(Equal("success"), string(jobj.Append(nil, reply)))
	p.Expect(reply.String("data", "resume")).To(MatchRegexp("^[0-9a-f]{32}$"))
	return p.announced(1)[0], reply.String("data", "resume")
}

func (p *pivotRig) announced(n int) []kapi.PivotApp {
	p.t.Helper()
	one := p.next()
	p.Expect(one.apps).To(HaveLen(n), "%+v", one)
	return one.apps
}

func command(action, accountID, data string) string {
	return `{"action":"` + action + `","auth_token":"tok-` + accountID + `","request_id":"r","data":{` + data + `}}`
}

func answer(id string) string {
	return command("pivot_answer", acme, `"pivot_id":"`+id+`","body":"<Response/>"`)
}

// request is one of a call of an account for a registration.
func request(one kapi.PivotApp, id string) kapi.PivotAppsMessage {
	return kapi.PivotAppsMessage{
		Name: kapi.PivotRequest, ServerID: "engine", PivotID: id, Registration: one.ID, AccountID: one.AccountID, App: one.App,
		Left: 5000, Data: jobj.Object{{Key: "call_id", Value: "c-" + id}},
	}
}

func verdict(id, reason string) kapi.PivotAppsMessage {
	return kapi.PivotAppsMessage{Name: kapi.PivotVerdict, PivotID: id, Reason: reason}
}

func frame(name, id, data string) string {
	return fmt.Sprintf(`{"action":"pivot","name":%q,"request_id":%q,"data":%s}`, name, id, data)
}

func TestAnApplicationIsAskedAndAnswers(t *testing.T) {
	p := newPivotRig(t)
	s := p.dial(t)
	one, _ := p.register(s, acme, `,"max_calls":2`)
	p.Expect(one).To(Equal(kapi.PivotApp{ID: one.ID, AccountID: acme, App: "ivr", MaxCalls: 2}))
	p.HearEngine(request(one, "p1"))
	p.HearEngine(request(one, "p2"))
	p.Expect(s.next()).To(Equal(frame("request", "p1", `{"call_id":"c-p1"}`)))
	p.Expect(s.next()).To(Equal(frame("request", "p2", `{"call_id":"c-p2"}`)))
	p.HearEngine(request(one, "p3"))
	refused := p.next()
	p.Expect([]string{refused.queue, refused.Name, refused.PivotID, refused.Registration, refused.Reason}).To(Equal([]string{"engine", "refused", "p3", one.ID, "busy"}))

	s.send(command("pivot_answer", acme, `"pivot_id":"p2","body":{"module":"user"}`))
	answered := p.next()
	p.Expect(answered.PivotAppsMessage).To(Equal(kapi.PivotAppsMessage{
		Name: "answer", PivotID: "p2", Registration: one.ID, Status: 200, ContentType: "application/json", Body: `{"module":"user"}`,
	}))
	p.Expect(s.refused(answer("p2"))).To(Equal("pivot request already answered"), "while the engine has not said a word")
	p.HearEngine(verdict("p2", "accepted"))
	p.Expect(s.next()).To(Equal(`{"action":"reply","request_id":"r","status":"success","data":{"pivot_id":"p2"}}`))
	p.HearEngine(kapi.PivotAppsMessage{Name: kapi.PivotResult, PivotID: "p2", Data: jobj.Object{{Key: "outcome", Value: "processing"}}})
	p.Expect(s.next()).To(Equal(frame("result", "p2", `{"outcome":"processing"}`)))
	p.Expect(s.refused(answer("p2"))).To(Equal("pivot request already answered"))

	p.HearEngine(kapi.PivotAppsMessage{Name: kapi.PivotCancel, PivotID: "p1", Reason: "hangup"})
	p.Expect(s.next()).To(Equal(frame("cancel", "p1", `{"reason":"hangup"}`)))
	p.Expect(s.refused(answer("p1"))).To(Equal("pivot request expired"))
	p.HearEngine(kapi.PivotAppsMessage{
		Name: kapi.PivotCDR, PivotID: "d", Registration: one.ID, AccountID: acme, App: "ivr", Data: jobj.Object{{Key: "params", Value: jobj.Object{}}},
	})
	p.Expect(s.next()).To(Equal(frame("cdr", "d", `{"params":{}}`)))
	p.HearEngine(request(one, "p4"))
	p.Expect(s.next()).To(ContainSubstring(`"p4"`), "there is room again")
	p.quiet()
}

func TestAnswersThatAreNotTakenSaySo(t *testing.T) {
	for reason, want := range map[string]string{
		kapi.PivotAnswered: "pivot request already answered", kapi.PivotExpired: "pivot request expired", kapi.PivotUnknown: "unknown pivot request",
	} {
		p := newPivotRig(t)
		s := p.dial(t)
		one, _ := p.register(s, acme, "")
		p.HearEngine(request(one, "p1"))
		s.next()
		s.send(answer("p1"))
		p.Expect(p.next().Name).To(Equal("answer"))
		p.HearEngine(verdict("p1", reason))
		p.Expect(s.next()).To(ContainSubstring(`"status":"error","data":{"errors":["` + want + `"]}`))
		p.Expect(s.refused(answer("p1"))).To(Equal(want))
	}
}

func TestABadAnswerLeavesTheRequestOpen(t *testing.T) {
	p := newPivotRig(t)
	s := p.dial(t)
	one, _ := p.register(s, acme, "")
	p.HearEngine(request(one, "p1"))
	s.next()
	p.Expect(s.refused(command("pivot_answer", acme, `"pivot_id":"p1","body":[]`))).To(HavePrefix("invalid pivot answer: body must be"))
	p.Expect(s.refused(answer("nobody's"))).To(Equal("unknown pivot request"))
	s.send(answer("p1"))
	p.Expect(p.next().Body).To(Equal("<Response/>"))
}

func TestOnlyWhoMaySubscribeMayRegister(t *testing.T) {
	p := newPivotRig(t)
	for _, c := range []struct{ caller, data, want string }{
		{rival, `"account_id":"` + acme + `","app":"ivr"`, "unauthorized account id"},
		{acme, `"account_id":"` + reseller + `","app":"ivr"`, "unauthorized account id"},
		{acme, `"account_id":"unknown","app":"ivr"`, "unauthorized account id"},
		{master, `"account_id":"*","app":"ivr"`, "unauthorized wildcard account id"},
		{acme, `"account_id":"` + acme + `","app":"I.V.R"`, "invalid app name"},
		{acme, `"account_id":"` + acme + `"`, "missing required keys : app"},
		{acme + "-old", `"account_id":"` + acme + `","app":"ivr"`, "failed to authenticate token tok-" + acme + "-old"},
	} {
		for _, action := range []string{"pivot_register", "pivot_unregister"} {
			p.Expect(p.dial(t).refused(command(action, c.caller, c.data))).To(Equal(c.want), "%s of %+v", action, c)
		}
	}
	p.Expect(p.dial(t).refused(`{"action":"pivot_register","data":{"account_id":"` + acme + `","app":"ivr"}}`)).To(Equal("authentication token required"))
	p.Expect(p.dial(t).refused(`{"action":"pivot_answer","data":{"pivot_id":"p1","body":""}}`)).To(Equal("authentication token required"))
	p.quiet()
	reply := p.dial(t).reply(command("pivot_register", reseller, `"account_id":"`+acme+`","app":"ivr"`))
	p.Expect(reply.String("status")).To(Equal("success"), "an ancestor may")
}

func TestATokenIsLookedAtAgain(t *testing.T) {
	p := newPivotRig(t)
	s := p.dial(t)
	s.subscribe(acme, "call.*.*")
	p.Expect(s.refused(command("pivot_register", acme+"-old", `"account_id":"`+acme+`","app":"ivr"`))).To(ContainSubstring("failed to authenticate token"))
	reply := s.reply(`{"action":"pivot_register","request_id":"r","data":{"account_id":"` + acme + `","app":"ivr"}}`)
	p.Expect(reply.String("status")).To(Equal("success"), "that of the socket is good")
}

func TestRequestsAreForTheirAccountAlone(t *testing.T) {
	p := newPivotRig(t)
	s, other := p.dial(t), p.dial(t)
	one, _ := p.register(s, acme, "")
	theirs, _ := p.register(other, rival, "")
	stray := request(one, "p1")
	stray.Registration = theirs.ID
	p.HearEngine(stray)
	p.Expect(p.next().Reason).To(Equal("gone"))
	stray.App = "other"
	stray.Registration = one.ID
	p.HearEngine(stray)
	p.Expect(p.next().Reason).To(Equal("gone"))
	p.HearEngine(kapi.PivotAppsMessage{Name: kapi.PivotCDR, Registration: theirs.ID, AccountID: acme, App: "ivr"})
	p.HearEngine(request(one, "p2"))
	p.Expect(s.next()).To(ContainSubstring(`"p2"`))
	p.Expect(other.refused(answer("p2"))).To(Equal("unknown pivot request"), "which is another's")
	s.silent()
	p.quiet()
}

func TestASocketThatEndsTellsWhatItHad(t *testing.T) {
	p := newPivotRig(t)
	s := p.dial(t)
	one, token := p.register(s, acme, "")
	for _, id := range []string{"p1", "p2"} {
		p.HearEngine(request(one, id))
		s.next()
	}
	s.send(answer("p1"))
	p.Expect(p.next().Name).To(Equal("answer"))
	_ = s.Close()
	gone := p.announced(1)[0]
	p.Expect(gone.Withdrawn).To(BeTrue())
	p.Expect(gone.ID).To(Equal(one.ID))
	lost := p.next()
	p.Expect([]string{lost.queue, lost.Name, lost.PivotID, lost.Registration}).To(Equal([]string{"engine", "lost", "p2", one.ID}), "what was answered is with the engine")
	p.HearEngine(verdict("p1", "accepted"))
	p.HearEngine(request(one, "p3"))
	p.Expect(p.next().Reason).To(Equal("gone"))

	back := p.dial(t)
	again, other := p.register(back, acme, `,"resume":"`+token+`"`)
	p.Expect(again.Resumes).To(Equal(one.ID))
	p.Expect(other).NotTo(Equal(token))
	m := request(again, "p2")
	m.Redelivered = true
	p.HearEngine(m)
	p.Expect(back.next()).To(Equal(frame("request", "p2", `{"call_id":"c-p2","redelivered":true}`)))
}

func TestWhoComesBackBeforeItsSocketHasEndedTakesOver(t *testing.T) {
	p := newPivotRig(t)
	stale, back := p.dial(t), p.dial(t)
	one, token := p.register(stale, acme, `,"max_calls":1`)
	p.HearEngine(request(one, "p1"))
	stale.next()
	back.send(command("pivot_register", acme, `"account_id":"`+acme+`","app":"ivr","resume":"`+token+`"`))
	news := p.announced(2)
	p.Expect(news[0].Resumes).To(Equal(one.ID))
	p.Expect(news[1].ID).To(Equal(one.ID))
	p.Expect(news[1].Withdrawn).To(BeTrue())
	back.next()
	p.HearEngine(request(news[0], "p1"))
	p.Expect(back.next()).To(ContainSubstring(`"p1"`))
	p.Expect(stale.refused(answer("p1"))).To(Equal("unknown pivot request"))
	_ = stale.Close()
	p.open(t, 1)
	p.quiet()
}

func TestNobodyTakesOverAnothersCalls(t *testing.T) {
	p := newPivotRig(t)
	s, other := p.dial(t), p.dial(t)
	one, token := p.register(s, acme, "")
	theirs, _ := p.register(other, rival, `,"resume":"`+token+`"`)
	p.Expect(theirs.Resumes).To(BeEmpty())
	p.HearEngine(request(one, "p1"))
	p.Expect(s.next()).To(ContainSubstring(`"p1"`))
	p.quiet()
}

func TestARegistrationIsChangedAndLeaves(t *testing.T) {
	p := newPivotRig(t)
	s := p.dial(t)
	one, token := p.register(s, acme, "")
	p.HearEngine(request(one, "p1"))
	s.next()
	changed, same := p.register(s, acme, `,"max_calls":1`)
	p.Expect([]any{changed.ID, changed.MaxCalls, same}).To(Equal([]any{one.ID, 1, token}))
	p.HearEngine(request(one, "p2"))
	p.Expect(p.next().Reason).To(Equal("busy"))
	const ivr = `"account_id":"` + acme + `","app":"ivr"`
	p.Expect(s.ask(command("pivot_unregister", acme, ivr))).To(Equal(`{"action":"reply","request_id":"r","status":"success","data":{"app":"ivr"}}`))
	p.Expect(p.announced(1)[0].Leaving).To(BeTrue())
	s.send(answer("p1"))
	p.Expect(p.next().Name).To(Equal("answer"), "calls in progress stay")
	p.HearEngine(verdict("p1", "accepted"))
	s.next()
	p.HearEngine(request(one, "p3"))
	p.Expect(s.next()).To(ContainSubstring(`"p3"`))
	again, _ := p.register(s, acme, "")
	p.Expect(again.Leaving).To(BeFalse())
	p.Expect(p.dial(t).reply(command("pivot_unregister", acme, ivr)).String("status")).To(Equal("success"), "of what was never registered")
	p.quiet()
}

func TestAnEngineThatIsSilentIsNotWaitedFor(t *testing.T) {
	p := newPivotRig(t)
	p.run(t)
	s := p.dial(t)
	one, _ := p.register(s, acme, `,"max_calls":2`)
	p.HearEngine(request(one, "p1"))
	p.HearEngine(request(one, "p2"))
	s.next()
	s.next()
	s.send(answer("p1"))
	p.Expect(p.next().Name).To(Equal("answer"))
	p.clock.Advance(10 * time.Second)
	seen := []string{s.next(), s.next()}
	slices.Sort(seen)
	p.Expect(seen).To(Equal([]string{
		frame("cancel", "p2", `{"reason":"timeout"}`),
		`{"action":"reply","request_id":"r","status":"error","data":{"errors":["pivot request expired"]}}`,
	}))
	p.Expect(p.announced(1)).To(Equal([]kapi.PivotApp{one}), "the node lives")
	p.Expect(s.refused(answer("p2"))).To(Equal("pivot request expired"))
	p.HearEngine(request(one, "p3"))
	p.HearEngine(request(one, "p4"))
	p.Expect([]string{s.next(), s.next()}).To(HaveEach(ContainSubstring(`"request"`)), "there is room again")
}

func TestAnEngineWithAnotherQueueGetsTheAnswerThere(t *testing.T) {
	p := newPivotRig(t)
	s := p.dial(t)
	one, _ := p.register(s, acme, "")
	p.HearEngine(request(one, "p1"))
	p.HearEngine(request(one, "p2"))
	s.next()
	s.next()
	s.send(answer("p1"))
	p.Expect(p.next().queue).To(Equal("engine"))
	for _, id := range []string{"p1", "p2"} {
		m := request(one, id)
		m.ServerID, m.Redelivered = "engine-2", true
		p.HearEngine(m)
	}
	again := p.next()
	p.Expect([]string{again.queue, again.Name, again.PivotID}).To(Equal([]string{"engine-2", "answer", "p1"}))
	p.PivotUp()
	p.announced(1)
	p.Expect(p.next()).To(Equal(again), "when the node has another queue, too")
	s.send(answer("p2"))
	p.Expect(p.next().queue).To(Equal("engine-2"))
	p.HearEngine(verdict("p1", "accepted"))
	p.Expect(s.next()).To(ContainSubstring(`"status":"success"`), "and no request twice")
}

func TestAnswersCostNoTokenOnce(t *testing.T) {
	p := newPivotRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) {
		c.Rate = limits.Rate{Tokens: 2, Refill: 1, Every: time.Hour}
	})
	s := p.dial(t)
	one, _ := p.register(s, acme, "")
	p.Expect(s.refused(answer("none"))).To(Equal("unknown pivot request"))
	p.Expect(s.refused(answer("none"))).To(HavePrefix("rate limiting threshold hit"))
	for i := range 10 {
		id := fmt.Sprint("p", i)
		p.HearEngine(request(one, id))
		p.Expect(s.next()).To(ContainSubstring(`"request"`))
		s.send(answer(id))
		p.Expect(p.next().Name).To(Equal("answer"))
		p.Expect(s.refused(answer(id))).To(HavePrefix("rate limiting threshold hit"))
		p.HearEngine(verdict(id, "accepted"))
		p.Expect(s.next()).To(ContainSubstring(`"success"`))
	}
}

func TestASocketThatDoesNotTakeItsRequestsIsClosed(t *testing.T) {
	p := newPivotRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.QueueFrames, c.QueueBytes = 1, 1 })
	s := p.dial(t)
	one, _ := p.register(s, acme, `,"max_calls":1000`)
	sent := 0
	for lost := false; !lost && sent < 1000; sent++ {
		m := request(one, fmt.Sprint("p", sent))
		m.Data = m.Data.Set("body", strings.Repeat("x", 64<<10))
		p.HearEngine(m)
		select {
		case one := <-p.heard:
			lost = one.apps != nil
		default:
		}
	}
	p.Expect(sent).To(BeNumerically("<", 1000))
	lost := p.next()
	p.Expect([]string{lost.Name, lost.PivotID[:1]}).To(Equal([]string{"lost", "p"}))
	for text := ""; !strings.Contains(text, "close 1008 (policy violation): slow reader"); {
		text = s.next()
		p.Expect(text).To(Or(HavePrefix(`{"action":"pivot"`), HavePrefix("websocket: close 1008")))
	}
}

func TestRightsThatEndCloseTheSocketOfAnApplication(t *testing.T) {
	p := newPivotRig(t)
	p.run(t)
	s := p.dial(t)
	reply := s.reply(command("pivot_register", reseller, `"account_id":"`+acme+`","app":"ivr"`))
	p.Expect(reply.String("status")).To(Equal("success"))
	p.announced(1)
	p.accounts.Put(account.Account{ID: acme, Tree: []string{master}})
	p.AccountsChanged()
	p.Expect(s.next()).To(ContainSubstring("the rights of the account have changed"))
	p.Expect(p.announced(1)[0].Withdrawn).To(BeTrue())
}

func TestASocketServesSoManyApplicationsAndNoMore(t *testing.T) {
	p := newPivotRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.Rate = limits.Rate{} })
	s := p.dial(t)
	for i := range 100 {
		p.Expect(s.reply(command("pivot_register", acme, fmt.Sprintf(`"account_id":%q,"app":"a%d"`, acme, i))).String("status")).To(Equal("success"))
	}
	p.Expect(s.refused(command("pivot_register", acme, `"account_id":"`+acme+`","app":"b"`))).To(Equal("too many apps for one socket : at most 100"))
}

// Who does not register gets what it always got.
func TestWithoutEnginesOrExtensionsTheActionsMeanNothing(t *testing.T) {
	g := NewWithT(t)
	for name, r := range map[string]*rig{
		"no engines":    newRig(t),
		"no extensions": newPivotRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.Extensions = false }).rig,
	} {
		for _, action := range []string{"pivot_register", "pivot_unregister", "pivot_answer"} {
			got := gjson.Parse(r.dial(t).ask(command(action, acme, `"account_id":"x"`)))
			g.Expect(got.Get("status").Str).To(Equal("success"), name)
			g.Expect(got.Get("data").Raw).To(Equal("{}"), name)
		}
	}
}
