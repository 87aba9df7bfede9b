package bridge_test

import (
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// respond answers every message that one binding brings with what answer makes of it;
// nil is silence.
func (l *lab) respond(ctx SpecContext, binding bus.Binding, answer func(request jobj.Object) jobj.Object) {
	GinkgoHelper()
	b := newBus(l.broker.URL)
	b.DeclareExchange(kapi.ExchangeTargeted, kapi.ExchangeType(kapi.ExchangeTargeted))
	b.DeclareExchange(binding.Exchange, kapi.ExchangeType(binding.Exchange))
	sub, err := b.Consume(bus.Consumer{
		Queue: bus.Queue{Exclusive: true, AutoDelete: true}, Bindings: []bus.Binding{binding}, NoAck: true,
		Handle: func(d bus.Delivery) {
			defer GinkgoRecover()
			request, err := jobj.ParseObject(d.Body)
			Expect(err).NotTo(HaveOccurred())
			reply := answer(request)
			if reply == nil {
				return
			}
			_ = b.Publish(ctx, bus.Message{ // the spec may be over before it is confirmed
				Exchange: kapi.ExchangeTargeted, Key: request.String("Server-ID"),
				Body: jobj.Append(nil, reply.Set("Msg-ID", request.String("Msg-ID"))),
			})
		},
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(sub.WaitReady(ctx)).To(Succeed())
}

// hear collects what one binding brings, routing key first.
func (l *lab) hear(ctx SpecContext, binding bus.Binding) <-chan string {
	GinkgoHelper()
	heard := make(chan string, 10)
	b := newBus(l.broker.URL)
	b.DeclareExchange(binding.Exchange, kapi.ExchangeType(binding.Exchange))
	sub, err := b.Consume(bus.Consumer{
		Queue: bus.Queue{Exclusive: true, AutoDelete: true}, Bindings: []bus.Binding{binding}, NoAck: true,
		Handle: func(d bus.Delivery) { heard <- d.RoutingKey + " " + string(d.Body) },
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(sub.WaitReady(ctx)).To(Succeed())
	return heard
}

// questions is what a switch binds to be asked for channels.
func questions() bus.Binding {
	return bus.Binding{Exchange: kapi.ExchangeCallEvents, Key: "call.status_req.*"}
}

// aSwitch answers as ecallmgr does: lists of channels always, one channel only when it
// has it.
func aSwitch(channels ...jobj.Object) func(jobj.Object) jobj.Object {
	return func(request jobj.Object) jobj.Object {
		list := []any{}
		for _, one := range channels {
			id := one.String("uuid")
			if request.String("Event-Name") == kapi.ChannelQuery().Name && request.String("Call-ID") == id {
				return jobj.Object{{Key: "Channels", Value: jobj.Object{{Key: id, Value: jobj.Object{
					{Key: "Call-ID", Value: id}, {Key: "Account-ID", Value: one.String("account_id")}, {Key: "Answered", Value: true},
				}}}}}
			}
			if request.String("Account-ID") == one.String("account_id") {
				list = append(list, one)
			}
		}
		if request.String("Event-Name") == kapi.ChannelQuery().Name {
			return nil
		}
		return jobj.Object{{Key: "Channels", Value: list}}
	}
}

func channel(id, accountID string) jobj.Object {
	return jobj.Object{{Key: "uuid", Value: id}, {Key: "account_id", Value: accountID}, {Key: "answered", Value: true}}
}

var _ = Describe("Channels", func() {
	var l *lab
	const path = "/v2/accounts/" + acme + "/channels"

	BeforeEach(func(ctx SpecContext) { l = newLab(ctx) })

	list := func(ctx SpecContext, g Gomega, token string) []string {
		a := l.node.request(ctx, http.MethodGet, path, token, "")
		g.Expect(a.Status).To(Equal(http.StatusOK), "%s", jobj.Append(nil, a.Object))
		value, _ := a.Get("data")
		ids := []string{}
		for _, one := range value.([]any) {
			ids = append(ids, one.(jobj.Object).String("uuid"))
		}
		slices.Sort(ids)
		return ids
	}
	took := func(do func()) time.Duration {
		began := clock.System().Now()
		do()
		return clock.System().Since(began)
	}

	It("are none without a switch, at once", func(ctx SpecContext) {
		token := l.node.token(ctx, acme)
		Eventually(ctx, func(g Gomega) { // a busy machine may be slow once
			spent := took(func() { g.Expect(list(ctx, g, token)).To(BeEmpty()) })
			g.Expect(spent).To(BeNumerically("<", 2*time.Second))
		}).WithTimeout(patience).Should(Succeed())
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			a := l.node.request(ctx, method, path+"/abc", token, "")
			Expect(a.Status).To(Equal(http.StatusServiceUnavailable))
		}
	}, SpecTimeout(time.Minute))

	It("are those of every switch", func(ctx SpecContext) {
		l.respond(ctx, questions(), aSwitch(channel("a@1", acme), channel("r@1", rival)))
		l.respond(ctx, questions(), aSwitch(channel("b@2", acme), channel("a@1", acme)))
		token, above := l.node.token(ctx, acme), l.node.token(ctx, reseller)
		Eventually(ctx, func(g Gomega) {
			g.Expect(list(ctx, g, token)).To(Equal([]string{"a@1", "b@2"}))
		}).WithTimeout(patience).Should(Succeed())
		Eventually(ctx, func(g Gomega) {
			a := l.node.request(ctx, http.MethodGet, path+"/b@2", above, "")
			g.Expect(a.Status).To(Equal(http.StatusOK))
			g.Expect(a.String("data", "call_id")).To(Equal("b@2"))
			g.Expect(l.node.request(ctx, http.MethodGet, path+"/r@1", token, "").Status).To(Equal(http.StatusNotFound))
		}).WithTimeout(patience).Should(Succeed())
	}, SpecTimeout(time.Minute))

	It("are waited for from every node that says it has switches, and no longer", func(ctx SpecContext) {
		late := aSwitch(channel("b@2", acme))
		l.respond(ctx, questions(), aSwitch(channel("a@1", acme)))
		l.respond(ctx, questions(), func(request jobj.Object) jobj.Object {
			clock.System().Sleep(500 * time.Millisecond) // long after the first is done
			return late(request)
		})
		l.bus.DeclareExchange(kapi.ExchangeNodes, kapi.ExchangeType(kapi.ExchangeNodes))
		token := l.node.token(ctx, acme)
		Eventually(ctx, func(g Gomega) {
			for _, node := range []string{"ecallmgr@one", "ecallmgr@two"} {
				g.Expect(l.bus.Publish(ctx, bus.Message{Exchange: kapi.ExchangeNodes, Body: jobj.Append(nil, jobj.Object{
					{Key: "Event-Category", Value: "nodes"}, {Key: "Event-Name", Value: "advertise"}, {Key: "Node", Value: node},
					{Key: "WhApps", Value: jobj.Object{{Key: "ecallmgr", Value: jobj.Object{}}}}, {Key: "Expires", Value: 60_000},
				})})).To(Succeed())
			}
			spent := took(func() { g.Expect(list(ctx, g, token)).To(Equal([]string{"a@1", "b@2"})) })
			g.Expect(spent).To(BeNumerically("<", 2*time.Second))
		}).WithTimeout(patience).Should(Succeed())
	}, SpecTimeout(time.Minute))

	It("do not wait longer than 2 s for a switch that keeps silent", func(ctx SpecContext) {
		l.respond(ctx, questions(), func(jobj.Object) jobj.Object { return nil })
		token := l.node.token(ctx, acme)
		Eventually(ctx, func(g Gomega) {
			spent := took(func() { g.Expect(list(ctx, g, token)).To(BeEmpty()) })
			Expect(spent).To(BeNumerically(">=", 2*time.Second))
			g.Expect(spent).To(BeNumerically("<", 5*time.Second))
		}).WithTimeout(patience).Should(Succeed())
		Expect(l.node.request(ctx, http.MethodGet, path+"/abc", token, "").Status).To(Equal(http.StatusServiceUnavailable))
	}, SpecTimeout(time.Minute))

	It("hear what they are told", func(ctx SpecContext) {
		l.respond(ctx, questions(), aSwitch(channel("abc@1.2.3.4", acme)))
		heard := l.hear(ctx, bus.Binding{Exchange: kapi.ExchangeMetaflow, Key: "#"})
		token := l.node.token(ctx, acme)
		// As the talk prints it, less its slip.
		Eventually(ctx, func(g Gomega) {
			a := l.node.request(ctx, http.MethodPut, path+"/abc@1.2.3.4", token, `{"data": {"action": "metaflow", "data": { "module": "hangup" }}}`)
			g.Expect(a.Status).To(Equal(http.StatusCreated), "%s", jobj.Append(nil, a.Object))
			g.Expect(a.String("data")).To(Equal("metaflow sent"))
		}).WithTimeout(patience).Should(Succeed())
		Eventually(ctx, heard).WithTimeout(patience).Should(Receive(And(
			HavePrefix("metaflow.flow.abc%401%2E2%2E3%2E4 "), ContainSubstring(`"Call-ID":"abc@1.2.3.4","Flow":{"module":"hangup","data":{}}`),
		)))
		Eventually(ctx, func() int {
			return l.node.request(ctx, http.MethodPost, path+"/abc@1.2.3.4", token, `{"data":{"action":"hangup"}}`).Status
		}).WithTimeout(patience).Should(Equal(http.StatusOK))
		Eventually(ctx, heard).WithTimeout(patience).Should(Receive(And(
			HavePrefix("metaflow.action.abc%401%2E2%2E3%2E4.hangup "), ContainSubstring(`"Action":"hangup"`), ContainSubstring(`"App-Name":"crossbar"`),
		)))
	}, SpecTimeout(time.Minute))
})

var _ = Describe("Websockets over REST", func() {
	It("are gathered from all nodes", func(ctx SpecContext) {
		l := newLab(ctx)
		path := "/v2/accounts/" + acme + "/websockets"
		token := l.node.token(ctx, acme)
		a := l.node.request(ctx, http.MethodGet, path, token, "")
		Expect(a.Status).To(Equal(http.StatusOK))
		ids, _ := a.Get("data")
		Expect(ids).To(BeEmpty())

		for _, id := range []string{"192.0.2.1:1", "192.0.2.2:2"} {
			socket := jobj.Object{
				{Key: "bindings", Value: []any{"call.CHANNEL_CREATE.*"}}, {Key: "websocket_session_id", Value: id}, {Key: "account_id", Value: acme},
			}
			l.respond(ctx, bus.Binding{Exchange: kapi.ExchangeSystemConfig, Key: kapi.SocketsRequestKey}, func(request jobj.Object) jobj.Object {
				if asked := request.String("Socket-ID"); asked != "" && asked != id {
					return jobj.Object{{Key: "Data", Value: []any{}}}
				}
				return jobj.Object{{Key: "Data", Value: []any{socket}}}
			})
		}
		data := func(path string) any {
			data, _ := l.node.request(ctx, http.MethodGet, path, token, "").Get("data")
			return data
		}
		Eventually(ctx, data).WithArguments(path).WithTimeout(patience).Should(ConsistOf("192.0.2.1:1", "192.0.2.2:2"))
		Eventually(ctx, data).WithArguments(path + "/192.0.2.2:2").WithTimeout(patience).Should(ConsistOf(
			WithTransform(func(socket jobj.Object) string { return socket.String("websocket_session_id") }, Equal("192.0.2.2:2"))))
	}, SpecTimeout(time.Minute))
})
