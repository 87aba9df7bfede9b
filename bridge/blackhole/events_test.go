package blackhole_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

func TestEachMatchingBindingGetsAFrame(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	one, other, foreign := r.dial(t), r.dial(t), r.dial(t)
	one.subscribe(acme, "call.*.*")
	one.subscribe(acme, "call.CHANNEL_CREATE.*")
	other.subscribe(acme, "call.CHANNEL_CREATE.c1")
	foreign.subscribe(rival, "call.*.*")
	r.Handle(call(kapi.ChannelCreate, "c1", acme))
	g.Expect([]string{one.next(), one.next()}).To(ConsistOf(
		ContainSubstring(`"subscribed_key":"call.*.*","subscription_key":"call.`+acme+`.CHANNEL_CREATE.*"`),
		ContainSubstring(`"subscribed_key":"call.CHANNEL_CREATE.*","subscription_key":"call.`+acme+`.CHANNEL_CREATE.*","name":"CHANNEL_CREATE","routing_key":"call.`+acme+`.CHANNEL_CREATE.c1","data":{`),
	))
	g.Expect(other.next()).To(ContainSubstring(`"subscribed_key":"call.CHANNEL_CREATE.c1"`))
	r.Handle(call(kapi.ChannelCreate, "c2", acme))
	other.silent()
	foreign.silent()
}

func TestCallsWithoutAnAccount(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	r.accounts.SetNumber("+14155550100", acme)
	own, all := r.dial(t), r.dial(t)
	own.subscribe(acme, "call.*.*")
	if got := all.ask(subscribe(master, "*", "call.*.*", "")); strings.Contains(got, "error") {
		t.Fatal(got)
	}
	event := func(name, request string) blackhole.Message {
		return blackhole.Message{
			Exchange: kapi.ExchangeCallEvents, RoutingKey: kapi.CallEventKey(name, "c"),
			Body: []byte(`{"Event-Category":"call_event","Event-Name":"` + name + `","Call-ID":"c","Request":"` + request + `"}`),
		}
	}
	r.Handle(event(kapi.ChannelCreate, "4155550100@x"))
	for _, s := range []*socket{own, all} {
		g.Expect(s.next()).To(And(ContainSubstring(`"routing_key":"call.`+acme+`.CHANNEL_CREATE.c"`), ContainSubstring(`"custom_channel_vars":{"account_id":"`+acme+`"}`)))
	}
	r.Handle(event(kapi.ChannelDestroy, "2125550100@x")) // nobody's: dropped
	r.Handle(event(kapi.ChannelAnswer, "4155550100@x"))  // for those who have all
	g.Expect(all.next()).To(ContainSubstring(`"routing_key":"call.undefined.CHANNEL_ANSWER.c"`))
	own.silent()
}

func TestNobodySilencesAnother(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	one, other, stranger := r.dial(t), r.dial(t), r.dial(t)
	const binding = "call.CHANNEL_CREATE.*"
	for range 3 {
		one.subscribe(acme, binding)
	}
	other.subscribe(acme, binding)
	unsubscribe := `{"action":"unsubscribe","auth_token":"tok-` + rival + `","data":{"account_id":"` + acme + `","binding":"` + binding + `"}}`
	for range 5 {
		g.Expect(stranger.ask(unsubscribe)).To(ContainSubstring(`"status":"success","data":{"unsubscribed":["` + binding + `"],"subscribed":[]}`))
	}
	g.Expect(r.broker.keys()).To(Equal([]string{"call.CHANNEL_CREATE.*"}))
	one.ask(unsubscribe)
	r.Handle(call(kapi.ChannelCreate, "c1", acme))
	g.Expect(other.next()).To(ContainSubstring(`"call_id":"c1"`))
	one.silent()
	g.Expect(r.broker.keys()).To(Equal([]string{"call.CHANNEL_CREATE.*"}))
	_ = other.Close()
	g.Eventually(r.broker.keys).WithTimeout(patience).Should(BeEmpty())
}

func TestConferenceCommandsAreForTheirAccount(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	own, foreign, all := r.dial(t), r.dial(t), r.dial(t)
	own.subscribe(acme, "conference.command.room")
	foreign.subscribe(rival, "conference.command.room")
	if got := all.ask(subscribe(master, "*", "conference.command.room", "")); strings.Contains(got, "error") {
		t.Fatal(got)
	}
	command := func(more string) blackhole.Message {
		return blackhole.Message{
			Exchange: kapi.ExchangeConference, RoutingKey: "conference.command.room",
			Body: []byte(`{"Event-Category":"conference","Event-Name":"command","Application-Name":"kick"` + more + `}`),
		}
	}
	r.Handle(command(""))
	g.Expect(own.next()).To(ContainSubstring(`"application_name":"kick"`))
	g.Expect(all.next()).To(ContainSubstring(`"application_name":"kick"`))
	foreign.silent()
	r.Handle(command(`,"Account-ID":"` + rival + `"`))
	g.Expect(foreign.next()).To(ContainSubstring(`"application_name":"kick"`))
	own.silent()
}

func TestEventsThatCannotBeReadAreDropped(t *testing.T) {
	r := newRig(t)
	s := r.dial(t)
	s.subscribe(acme, "call.*.*")
	for _, body := range []string{"", "no JSON", `[]`, `{"Event-Category":5}`, `{}`} {
		r.Handle(blackhole.Message{RoutingKey: "call.CHANNEL_CREATE.c", Body: []byte(body)})
	}
	s.silent()
}

func TestABrokerThatIsAwayDelaysTheReplyOnly(t *testing.T) {
	t.Parallel() // it waits for bindLimit
	g := NewWithT(t)
	r := newRig(t)
	r.broker.gone = true
	s := r.dial(t)
	s.subscribe(acme, "call.CHANNEL_CREATE.*")
	g.Expect(r.log.String()).To(ContainSubstring("subscriptions not live yet"))
	r.Handle(call(kapi.ChannelCreate, "c1", acme))
	g.Expect(s.next()).To(ContainSubstring(`"call_id":"c1"`))
}

func TestReceiptsSayWhereAnEventWent(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.ExplainEvents = 2 })
	s := r.dial(t)
	s.subscribe(acme, "call.CHANNEL_CREATE.*")
	first := call(kapi.ChannelCreate, "c1", acme)
	r.Handle(first)
	r.Handle(call(kapi.ChannelAnswer, "c1", acme))
	g.Expect(r.Received(first)).To(Equal(blackhole.Received{
		Frames: 1, First: []blackhole.Receipt{{ID: s.LocalAddr().String(), AccountID: acme, Binding: "call.CHANNEL_CREATE.*"}},
	}))
	g.Expect(r.Received(call(kapi.ChannelAnswer, "c1", acme)).Frames).To(BeZero())
	r.Handle(call(kapi.ChannelCreate, "c2", acme))
	r.Handle(call(kapi.ChannelCreate, "c3", acme))
	g.Expect(r.Received(first).Frames).To(BeZero(), "forgotten")
}

// The reference publishes fax.status with a * in the place of the account.
func TestAKeyWithAWildcardIsForItsAccountAlone(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	own, other, every := r.dial(t), r.dial(t), r.dial(t)
	own.subscribe(acme, "fax.status.*")
	other.subscribe(rival, "fax.status.*")
	every.send(subscribe(master, "*", "fax.status.*", ""))
	g.Expect(every.next()).To(ContainSubstring("success"))
	status := func(more string) blackhole.Message {
		return blackhole.Message{Exchange: kapi.ExchangeFaxes, RoutingKey: "fax.status.*.job", Body: []byte(`{"Event-Category":"fax","Event-Name":"status"` + more + `}`)}
	}
	r.Handle(status(`,"Account-ID":"` + acme + `"`))
	g.Expect(own.next()).To(ContainSubstring(`"routing_key":"fax.status.*.job"`))
	r.Handle(status(""))
	for range 2 {
		g.Expect(every.next()).To(ContainSubstring(`"routing_key":"fax.status.*.job"`))
	}
	own.silent()
	g.Expect(other.ask(`{"action":"ping","request_id":"quiet"}`)).To(ContainSubstring("quiet"))
}
