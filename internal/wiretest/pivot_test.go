package wiretest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot/apps"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

const (
	acme     = "22222222222222222222222222222222"
	rival    = "33333333333333333333333333333333"
	patience = 30 * time.Second
)

// cluster is a broker with a store: what nodes and engines share.
type cluster struct {
	testing.TB
	*WithT

	broker *brokertest.Broker
	store  *store.Store
}

func newCluster(t testing.TB) *cluster {
	t.Helper()
	h := &cluster{TB: t, WithT: NewWithT(t), broker: brokertest.New(t)}
	var err error
	h.store, err = store.Open(t.Context(), storetest.URL(t), store.Options{Clock: clock.System(), IDs: ids.New(), Log: slog.New(slog.DiscardHandler)})
	h.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = h.store.Close() })
	for _, id := range []string{acme, rival} {
		_, err := h.store.Save(t.Context(), store.Document{
			DB: kapi.DatabaseAccounts, ID: id, Type: store.TypeAccount, AccountID: id,
			Body: jobj.Object{
				{Key: "name", Value: "Account " + id[:1]}, {Key: "realm", Value: id[:1] + ".example.com"},
				{Key: "enabled", Value: true}, {Key: "pvt_api_key", Value: strings.Repeat(id[:1], 64)},
			},
		})
		h.Expect(err).NotTo(HaveOccurred())
	}
	return h
}

// node is a bridge with websockets.
type node struct {
	rest, sockets string
	stop          func()
}

func (h *cluster) node(amqpURL string) *node {
	h.Helper()
	rest, err := net.Listen("tcp", "127.0.0.1:0")
	h.Expect(err).NotTo(HaveOccurred())
	sockets, err := net.Listen("tcp", "127.0.0.1:0")
	h.Expect(err).NotTo(HaveOccurred())
	b := bridge.New(bridge.Config{
		AMQPURL: amqpURL, Store: h.store, Listener: rest, Webhooks: webhooks.DefaultConfig(),
		Sockets:  bridge.Sockets{Listener: sockets, Config: blackhole.DefaultConfig()},
		NodeName: "kazoolab@test", Version: "test", DrainTimeout: time.Second,
		Clock: clock.System(), IDs: ids.New(), Log: slog.New(slog.NewTextHandler(h.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	n := &node{rest: "http://" + rest.Addr().String(), sockets: "ws://" + sockets.Addr().String()}
	n.stop = func() {
		cancel()
		h.Expect(<-ended).To(Succeed())
		ended <- nil
	}
	h.Cleanup(n.stop)
	h.Eventually(b.Ready()).WithTimeout(patience).Should(BeClosed())
	return n
}

// engine asks applications.
func (h *cluster) engine(amqpURL string) *apps.Directory {
	h.Helper()
	d := apps.New(apps.Config{
		Clock: clock.System(), IDs: ids.New(), Log: slog.New(slog.NewTextHandler(h.Output(), nil)), Node: "engine@test", Version: "test",
	})
	b := bus.New(bus.Config{URL: amqpURL, Name: "engine", Node: "engine@test", Clock: clock.System(), IDs: ids.New()})
	apps.Declare(b)
	ctx, stop := context.WithCancel(context.Background())
	running := make(chan error, 1)
	go func() { running <- b.Run(ctx) }()
	ready := make(chan *bus.Subscription, 1)
	serving := make(chan error, 1)
	go func() { serving <- d.Serve(ctx, b, func(sub *bus.Subscription) { ready <- sub }) }()
	h.Cleanup(func() {
		stop()
		h.Expect(<-serving).To(Succeed())
		h.Expect(<-running).To(Succeed())
	})
	limit, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	h.Expect((<-ready).WaitReady(limit)).To(Succeed())
	return d
}

// guest is an application.
type guest struct {
	*cluster
	*websocket.Conn

	token, name string
}

// dial connects an application, which answers nothing by itself.
func (h *cluster) dial(n *node, accountID, name string) *guest {
	h.Helper()
	body := fmt.Sprintf(`{"data":{"api_key":%q}}`, strings.Repeat(accountID[:1], 64))
	req, err := http.NewRequestWithContext(h.Context(), http.MethodPut, n.rest+"/v2/api_auth", bytes.NewBufferString(body))
	h.Expect(err).NotTo(HaveOccurred())
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	h.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = resp.Body.Close() }()
	var answer jobj.Object
	h.Expect(json.NewDecoder(resp.Body).Decode(&answer)).To(Succeed())
	conn, upgrade, err := websocket.DefaultDialer.Dial(n.sockets, nil)
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(upgrade.Body.Close()).To(Succeed())
	h.Cleanup(func() { _ = conn.Close() })
	return &guest{cluster: h, Conn: conn, token: answer.String("auth_token"), name: name}
}

func (c *guest) next() gjson.Result {
	c.Helper()
	_ = c.SetReadDeadline(clock.System().Now().Add(patience))
	_, text, err := c.ReadMessage()
	c.Expect(err).NotTo(HaveOccurred())
	return gjson.ParseBytes(text)
}

func (c *guest) send(action, data string) {
	c.Helper()
	c.Expect(c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"action":%q,"auth_token":%q,"request_id":"r","data":%s}`, action, c.token, data))).To(Succeed())
}

// register serves the application, and returns the token to resume with.
func (c *guest) register(accountID, more string) string {
	c.Helper()
	c.send("pivot_register", fmt.Sprintf(`{"account_id":%q,"app":%q%s}`, accountID, c.name, more))
	reply := c.next()
	c.Expect(reply.Get("status").Str).To(Equal("success"), reply.Raw)
	return reply.Get("data.resume").Str
}

// request is the next frame, a request for a call.
func (c *guest) request(callID string) gjson.Result {
	c.Helper()
	frame := c.next()
	c.Expect(frame.Get("name").Str).To(Equal("request"), frame.Raw)
	c.Expect(frame.Get("data.call_id").Str).To(Equal(callID))
	return frame
}

// answer answers it, and reads the reply.
func (c *guest) answer(frame gjson.Result, body string) gjson.Result {
	c.Helper()
	c.send("pivot_answer", fmt.Sprintf(`{"pivot_id":%q,"body":%s}`, frame.Get("request_id").Str, body))
	return c.next()
}

func of(name, callID string) request.Request {
	return request.Request{
		Method: "GET", URL: "http://" + name + ".pivot.invalid/?a=b", Format: "kazoo", AccountID: acme, CallID: callID,
		Iteration: 1, Timeout: 20 * time.Second, Params: jobj.Object{{Key: "Call-ID", Value: callID}},
	}
}

type outcome struct {
	client.Answer
	err error
}

func ask(ctx context.Context, d *apps.Directory, r request.Request) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		a, err := d.Ask(ctx, r)
		done <- outcome{a, err}
	}()
	return done
}

// known waits until an engine knows so many sockets of the ivr.
func (h *cluster) known(d *apps.Directory, sockets int) {
	h.Helper()
	h.Eventually(d.Registered).WithArguments(acme, "ivr").WithTimeout(patience).Should(Equal(sockets))
}

func TestAnApplicationAtAWebsocketIsAsked(t *testing.T) {
	h := newCluster(t)
	n, d := h.node(h.broker.URL), h.engine(h.broker.URL)
	c, other := h.dial(n, acme, "ivr"), h.dial(n, rival, "ivr")
	c.register(acme, "")
	other.register(rival, "")
	h.known(d, 1)
	done := ask(t.Context(), d, of("ivr", "c1"))
	frame := c.request("c1")
	h.Expect(frame.Get("data").Raw).To(Equal(`{"account_id":"` + acme + `","app":"ivr","call_id":"c1","iteration":1,"timeout_ms":20000,"method":"get",` +
		`"url":"http://ivr.pivot.invalid/?a=b","req_format":"kazoo","headers":{},"params":{"Call-ID":"c1"}}`))
	h.Expect(c.answer(frame, `{"module":"user"}`).Get("status").Str).To(Equal("success"))
	got := <-done
	h.Expect(got.err).NotTo(HaveOccurred())
	h.Expect(string(got.Body)).To(Equal(`{"module":"user"}`))
	h.Expect(got.Header).To(Equal([][2]string{{"content-type", "application/json"}}))
	d.Result(of("ivr", "c1"), "failed", []any{jobj.Object{{Key: "line", Value: 1}}})
	result := c.next()
	h.Expect([]string{result.Get("name").Str, result.Get("request_id").Str}).To(Equal([]string{"result", frame.Get("request_id").Str}))
	h.Expect(result.Get("data").Raw).To(Equal(`{"outcome":"failed","errors":[{"line":1}]}`))
	h.Expect(c.answer(frame, `""`).Get("data.errors.0").Str).To(Equal("pivot request already answered"))

	ctx, hangup := context.WithCancel(t.Context())
	done = ask(ctx, d, of("ivr", "c1"))
	frame = c.request("c1")
	hangup()
	h.Expect((<-done).err).To(MatchError(context.Canceled))
	h.Expect(c.next().Get("data.reason").Str).To(Equal("hangup"))
	h.Expect(c.answer(frame, `""`).Get("data.errors.0").Str).To(Equal("pivot request expired"))
	h.Expect(d.CDR(acme, "c1", "http://ivr.pivot.invalid/cdr", jobj.Object{{Key: "Hangup-Cause", Value: "NORMAL_CLEARING"}})).To(Succeed())
	h.Expect(c.next().Get("data.params.Hangup-Cause").Str).To(Equal("NORMAL_CLEARING"))
	_, err := d.Ask(t.Context(), of("other", "c1"))
	h.Expect(err).To(MatchError(apps.ErrNobody))
	other.send("ping", "{}")
	h.Expect(other.next().Get("action").Str).To(Equal("reply"), "and nothing of another account before")
}

func TestCallsOutliveTheSocketAndTheNodeOfTheirApplication(t *testing.T) {
	h := newCluster(t)
	one, two, d := h.node(h.broker.URL), h.node(h.broker.URL), h.engine(h.broker.URL)
	first := h.dial(one, acme, "ivr")
	token := first.register(acme, "")
	h.known(d, 1)

	// It is lost, and comes back at the other node.
	done := ask(t.Context(), d, of("ivr", "c1"))
	id := first.request("c1").Get("request_id").Str
	h.Expect(first.Close()).To(Succeed())
	h.known(d, 0)
	back := h.dial(two, acme, "ivr")
	back.register(acme, fmt.Sprintf(`,"resume":%q`, token))
	again := back.request("c1")
	h.Expect([]any{again.Get("request_id").Str, again.Get("data.redelivered").Bool()}).To(Equal([]any{id, true}))
	h.Expect(back.answer(again, `"<Response/>"`).Get("status").Str).To(Equal("success"))
	h.Expect((<-done).err).NotTo(HaveOccurred())

	// Its node stops: another application takes its calls, and an engine that begins knows it.
	done = ask(t.Context(), d, of("ivr", "c1"))
	back.request("c1")
	later := h.engine(h.broker.URL)
	h.known(later, 1)
	beside := h.dial(one, acme, "ivr")
	beside.register(acme, "")
	h.known(d, 2)
	two.stop()
	frame := beside.request("c1")
	h.Expect(frame.Get("data.redelivered").Bool()).To(BeTrue())
	h.Expect(beside.answer(frame, `"<Response/>"`).Get("status").Str).To(Equal("success"))
	h.Expect((<-done).err).NotTo(HaveOccurred())
	h.known(later, 1)
}

func TestCallsOutliveALostBroker(t *testing.T) {
	h := newCluster(t)
	ofNode, ofEngine := brokertest.NewProxy(t, h.broker.URL), brokertest.NewProxy(t, h.broker.URL)
	n, d := h.node(ofNode.URL), h.engine(ofEngine.URL)
	c := h.dial(n, acme, "ivr")
	c.register(acme, "")
	h.known(d, 1)
	for i, proxy := range []*brokertest.Proxy{ofNode, ofEngine} {
		callID := fmt.Sprint("c", i)
		done := ask(t.Context(), d, of("ivr", callID))
		frame := c.request(callID)
		proxy.Unplug()
		c.send("pivot_answer", fmt.Sprintf(`{"pivot_id":%q,"body":"<Response/>"}`, frame.Get("request_id").Str))
		proxy.Plug()
		h.Expect((<-done).err).NotTo(HaveOccurred())
		reply := c.next()
		h.Expect(reply.Get("status").Str).To(Equal("success"), reply.Raw)
	}
}

func TestTwoEnginesShareWhatAnApplicationTakes(t *testing.T) {
	h := newCluster(t)
	n, one, two := h.node(h.broker.URL), h.engine(h.broker.URL), h.engine(h.broker.URL)
	c := h.dial(n, acme, "ivr")
	c.register(acme, `,"max_calls":1`)
	h.known(one, 1)
	h.known(two, 1)
	done := ask(t.Context(), one, of("ivr", "c1"))
	frame := c.request("c1")
	_, err := two.Ask(t.Context(), of("ivr", "c2"))
	h.Expect(err).To(MatchError(apps.ErrBusy))
	h.Expect(c.answer(frame, `""`).Get("status").Str).To(Equal("success"))
	<-done
	done = ask(t.Context(), two, of("ivr", "c2"))
	h.Expect(c.answer(c.request("c2"), `""`).Get("status").Str).To(Equal("success"))
	h.Expect((<-done).err).NotTo(HaveOccurred())
}
