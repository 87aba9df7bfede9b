package bridge_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// withSockets has a bridge serve websockets, at the address that is returned.
func withSockets(change ...func(*bridge.Config)) (address func() string, config func(*bridge.Config)) {
	var listener net.Listener
	return func() string { return listener.Addr().String() }, func(c *bridge.Config) {
		var err error
		listener, err = net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		c.Sockets.Listener, c.Sockets.Config = listener, blackhole.DefaultConfig()
		c.ExplainEvents = 100
		for _, f := range change {
			f(c)
		}
	}
}

// socketLab is a lab whose node serves websockets.
type socketLab struct {
	*lab
	address string
}

func newSocketLab(ctx SpecContext, change ...func(*bridge.Config)) *socketLab {
	l := newLab(ctx)
	l.node.end()
	address, config := withSockets(change...)
	l.node = l.startWith(l.proxy.URL, 5*time.Second, config)
	Eventually(ctx, l.node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
	return &socketLab{l, address()}
}

// client is a websocket's other end, with a token of an account.
type client struct {
	*websocket.Conn
	token string
}

func dialSocket(address, token string) *client {
	GinkgoHelper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws://"+address+"/", nil)
	Expect(err).NotTo(HaveOccurred())
	Expect(answer.Body.Close()).To(Succeed())
	DeferCleanup(func() { _ = conn.Close() })
	return &client{conn, token}
}

func (l *socketLab) dial(ctx context.Context, accountID string) *client {
	GinkgoHelper()
	return dialSocket(l.address, l.node.token(ctx, accountID))
}

func (c *client) next() string {
	GinkgoHelper()
	_ = c.SetReadDeadline(clock.System().Now().Add(patience))
	_, text, err := c.ReadMessage()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (c *client) ask(action, data string) string {
	GinkgoHelper()
	text := fmt.Sprintf(`{"action":%q,"auth_token":%q,"request_id":"r","data":%s}`, action, c.token, data)
	Expect(c.WriteMessage(websocket.TextMessage, []byte(text))).To(Succeed())
	return c.next()
}

func (c *client) subscribe(accountID, binding, more string) gjson.Result {
	GinkgoHelper()
	answer := c.ask("subscribe", fmt.Sprintf(`{"account_id":%q,"binding":%q%s}`, accountID, binding, more))
	Expect(answer).To(ContainSubstring(`"status":"success"`))
	return gjson.Parse(answer)
}

// calls are the calls of the next frames, and the id of the last.
func (c *client) calls(n int) (calls []string, last string) {
	GinkgoHelper()
	for range n {
		frame := gjson.Parse(c.next())
		Expect(frame.Get("action").Str).To(Equal("event"), frame.Raw)
		calls, last = append(calls, frame.Get("data.call_id").Str), frame.Get("id").Str
	}
	return calls, last
}

func (l *lab) callsFrom(ctx context.Context, from, to int) (ids []string) {
	GinkgoHelper()
	for i := from; i < to; i++ {
		l.call(ctx, kapi.ChannelCreate, fmt.Sprint("c", i), acme)
		ids = append(ids, fmt.Sprint("c", i))
	}
	return ids
}

var _ = Describe("A websocket", func() {
	It("gets its account's events, as many as come and in order", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		own, other := l.dial(ctx, acme), l.dial(ctx, rival)
		own.subscribe(acme, "call.CHANNEL_CREATE.*", "")
		other.subscribe(rival, "call.*.*", "")
		Expect(other.ask("subscribe", fmt.Sprintf(`{"account_id":%q,"binding":"call.*.*"}`, acme))).To(ContainSubstring("unauthorized account id"))
		const burst = 300 // Kazoo's queue holds 100
		sent := l.callsFrom(ctx, 0, burst)
		got, _ := own.calls(burst)
		Expect(got).To(Equal(sent))
		Expect(other.ask("ping", "{}")).To(ContainSubstring("pong"), "and nothing before")
		Expect(own.ask("unsubscribe", fmt.Sprintf(`{"account_id":%q,"binding":"call.CHANNEL_CREATE.*"}`, acme))).To(ContainSubstring(`"subscribed":[]`))
	}, SpecTimeout(time.Minute))

	It("gets changes of documents that REST makes", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		s := l.dial(ctx, acme)
		s.subscribe(acme, "object.doc_edited.account", "")
		a := l.node.request(ctx, http.MethodPatch, "/v2/accounts/"+acme, l.node.token(ctx, acme), `{"data":{"name":"Acme II"}}`)
		Expect(a.Status).To(Equal(http.StatusOK))
		frame := gjson.Parse(s.next())
		Expect(frame.Get("subscribed_key").Str).To(Equal("object.doc_edited.account"))
		Expect(frame.Get("name").Str).To(Equal("doc_edited"))
		Expect(frame.Get("data.id").Str).To(Equal(acme))
	}, SpecTimeout(time.Minute))

	It("is subscribed at the broker when it is told so", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		for i := range 20 {
			s := l.dial(ctx, acme)
			s.subscribe(acme, "call.CHANNEL_ANSWER.*", "")
			l.call(ctx, kapi.ChannelAnswer, fmt.Sprint("c", i), acme) // must reach a queue
			got, _ := s.calls(1)
			Expect(got).To(Equal([]string{fmt.Sprint("c", i)}))
			Expect(s.Close()).To(Succeed())
		}
		Eventually(ctx, l.node.figure).WithArguments("kazoolab_websockets_open").WithTimeout(patience).Should(BeZero())
		Eventually(ctx, l.node.figure).WithArguments("kazoolab_websockets_broker_bindings").WithTimeout(patience).Should(BeZero())
	}, SpecTimeout(time.Minute))

	It("outlives a lost broker, and who resumes is told", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		s, plain := l.dial(ctx, acme), l.dial(ctx, acme)
		s.subscribe(acme, "call.CHANNEL_CREATE.*", `,"resume":true`)
		plain.subscribe(acme, "call.CHANNEL_CREATE.*", "")
		l.proxy.Unplug()
		Eventually(ctx, l.node.figure).WithArguments("kazoolab_broker_connected").WithTimeout(patience).Should(BeZero())
		Expect(l.node.request(ctx, http.MethodGet, "/readyz", "", "").Status).To(Equal(http.StatusServiceUnavailable))
		l.proxy.Plug()
		Eventually(ctx, func() int { return l.node.request(ctx, http.MethodGet, "/readyz", "", "").Status }).WithTimeout(patience).Should(Equal(http.StatusOK))
		Expect(s.next()).To(ContainSubstring(`"action":"gap","subscribed_key":"call.CHANNEL_CREATE.*"`))
		l.call(ctx, kapi.ChannelCreate, "c1", acme)
		for _, c := range []*client{s, plain} {
			got, _ := c.calls(1)
			Expect(got).To(Equal([]string{"c1"}))
		}
	}, SpecTimeout(time.Minute))

	It("is told to go elsewhere when its node stops", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		s := l.dial(ctx, acme)
		s.subscribe(acme, "call.*.*", "")
		l.node.stop()
		Expect(s.next()).To(ContainSubstring("close 1001 (going away)"))
		l.node.end()
	}, SpecTimeout(time.Minute))

	It("asks REST with REST's own rights", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		hook := l.hook(ctx, acme, `"hook":"channel_create"`)
		s := l.dial(ctx, acme)
		answer := gjson.Parse(s.ask("api", fmt.Sprintf(`{"endpoint":"/v2/accounts/%s/webhooks"}`, acme)))
		Expect(answer.Get("status").Str).To(Equal("success"))
		Expect(answer.Get("data.status").Str).To(Equal("success"))
		Expect(answer.Get("data.request_id").Str).To(Equal("r"))
		Expect(answer.Get("data.data.0.id").Str).To(Equal(hook))
		answer = gjson.Parse(s.ask("api", fmt.Sprintf(`{"endpoint":"/v2/accounts/%s/webhooks"}`, rival)))
		Expect(answer.Get("data.error").Str).To(Equal("403"))
		Expect(s.ask("api", `{"endpoint":"/metrics"}`)).NotTo(ContainSubstring("kazoolab_"), "REST only")
	}, SpecTimeout(time.Minute))

	It("is shown on the bus, and its token nowhere", func(ctx SpecContext) {
		log := gbytes.NewBuffer()
		l := newSocketLab(ctx, func(c *bridge.Config) {
			c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		s := l.dial(ctx, acme)
		s.subscribe(acme, "call.CHANNEL_CREATE.*", "")
		l.bus.DeclareExchange(kapi.ExchangeSystemConfig, kapi.ExchangeType(kapi.ExchangeSystemConfig))
		ask := func(fields ...jobj.Member) jobj.Object {
			reply, err := l.bus.Request(ctx, bus.Request{
				Exchange: kapi.ExchangeSystemConfig, Key: kapi.SocketsRequestKey,
				Fields: append(jobj.Object{
					{Key: "Event-Category", Value: "websockets"}, {Key: "Event-Name", Value: "get_req"}, {Key: "Account-ID", Value: rival},
				}, fields...),
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(string(reply.Body)).NotTo(ContainSubstring(s.token))
			answer, err := jobj.ParseObject(reply.Body)
			Expect(err).NotTo(HaveOccurred())
			Expect(answer.String("App-Name") + " " + answer.String("Event-Name")).To(Equal("blackhole get_resp"))
			return answer
		}
		data := func(answer jobj.Object) string {
			value, _ := answer.Get("Data")
			return string(jobj.Append(nil, value))
		}
		id := s.LocalAddr().String()
		Expect(data(ask())).To(Equal("[]"))
		Expect(data(ask(jobj.Member{Key: "Auth-Account-ID", Value: []any{acme}}))).To(
			MatchRegexp(`^\[{"bindings":\["call.CHANNEL_CREATE.\*"\],"websocket_session_id":"%s","timestamp":\d+,"destination":"test","source":"127.0.0.1",`, id))
		Expect(data(ask(jobj.Member{Key: "Socket-ID", Value: id}))).To(HavePrefix(`{"bindings":["call.CHANNEL_CREATE.*"]`))
		Expect(data(ask(jobj.Member{Key: "Socket-ID", Value: "1.2.3.4:5"}))).To(Equal("[]"))
		Expect(string(log.Contents())).NotTo(ContainSubstring(s.token))
	}, SpecTimeout(time.Minute))

	It("is part of what explain says of an event", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		s := l.dial(ctx, acme)
		s.subscribe(acme, "call.CHANNEL_CREATE.*", "")
		explained := func(callID string) jobj.Object {
			l.call(ctx, kapi.ChannelCreate, callID, acme)
			got, _ := s.calls(1)
			Expect(got).To(Equal([]string{callID}))
			var a answer
			Eventually(ctx, func() int {
				a = l.node.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/kazoolab/events/last?call_id="+callID, l.node.token(ctx, acme), "")
				return a.Status
			}).WithTimeout(patience).Should(Equal(http.StatusOK))
			return a.Object.Object("data")
		}
		sockets, _ := explained("c1").Get("sockets")
		Expect(string(jobj.Append(nil, sockets))).To(Equal(fmt.Sprintf(
			`[{"websocket_session_id":%q,"account_id":%q,"binding":"call.CHANNEL_CREATE.*"}]`, s.LocalAddr().String(), acme)))
	}, SpecTimeout(time.Minute))
})

var _ = Describe("Websockets of two nodes", func() {
	It("get each event once, and lose nothing when one node dies", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		address, config := withSockets()
		other := l.startWith(l.broker.URL, time.Second, config)
		Eventually(ctx, other.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		token := l.node.token(ctx, acme)
		one, two := dialSocket(l.address, token), dialSocket(address(), token)
		var mark string
		Eventually(ctx, func() string { // the other node is to say in time that it keeps what is needed
			mark = one.subscribe(acme, "call.CHANNEL_CREATE.*", `,"resume":true`).Get("data.since").Str
			return mark
		}).WithTimeout(patience).Should(And(HavePrefix("@"), HaveSuffix("+")))
		two.subscribe(acme, "call.CHANNEL_CREATE.*", "")
		sent := l.callsFrom(ctx, 0, 20)
		for _, c := range []*client{one, two} {
			got, _ := c.calls(20)
			Expect(got).To(Equal(sent))
		}
		// The other node keeps what the first one needs, from before its mark.
		third := dialSocket(address(), token)
		third.subscribe(acme, "call.CHANNEL_CREATE.*", fmt.Sprintf(`,"resume":true,"since":%q`, mark))
		got, _ := third.calls(20)
		Expect(got).To(Equal(sent))
		Eventually(ctx, other.figure).WithArguments("kazoolab_websockets_kept_events").WithTimeout(patience).Should(BeNumerically(">", 0))
		l.callsFrom(ctx, 20, 21)
		_, last := one.calls(1)
		l.proxy.Unplug() // the first node is gone for the broker and for its clients
		Expect(one.Close()).To(Succeed())
		sent = l.callsFrom(ctx, 21, 40)
		again := dialSocket(address(), token)
		again.subscribe(acme, "call.CHANNEL_CREATE.*", fmt.Sprintf(`,"resume":true,"since":%q`, last))
		l.callsFrom(ctx, 40, 41)
		got, _ = again.calls(20)
		Expect(got).To(Equal(append(sent, "c40")))
		l.proxy.Plug()

		later := dialSocket(address(), token)
		later.subscribe(acme, "call.CHANNEL_CREATE.*", `,"resume":true,"since":"of-long-ago"`)
		Expect(later.next()).To(ContainSubstring(`"action":"gap"`))
	}, SpecTimeout(time.Minute))
})

var _ = Describe("A node without listeners for websockets", func() {
	It("has no figures of any", func(ctx SpecContext) {
		l := newLab(ctx)
		Expect(l.node.request(ctx, http.MethodGet, "/readyz", "", "").Status).To(Equal(http.StatusOK))
		metrics, err := (&http.Client{Timeout: patience}).Get(l.node.base + "/metrics")
		Expect(err).NotTo(HaveOccurred())
		defer func() { _ = metrics.Body.Close() }()
		text, err := io.ReadAll(metrics.Body)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).NotTo(ContainSubstring("kazoolab_websockets_"))
	}, SpecTimeout(time.Minute))
})
