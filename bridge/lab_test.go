package bridge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// The accounts of every spec: acme and rival below reseller, each with an API key.
const (
	reseller = "11111111111111111111111111111111"
	acme     = "22222222222222222222222222222222"
	rival    = "33333333333333333333333333333333"
)

// patience is how long a spec waits for what must happen; on a busy machine a
// reconnect takes some seconds.
const patience = 30 * time.Second

// lab is a virtual host with one store, a receiver and a bridge.
type lab struct {
	broker   *brokertest.Broker
	proxy    *brokertest.Proxy // between bridges and broker
	store    *store.Store
	receiver *receiver
	node     *node
	bus      *bus.Bus
}

func newLab(ctx SpecContext) *lab {
	l := &lab{broker: brokertest.New(GinkgoTB()), receiver: newReceiver()}
	l.proxy = brokertest.NewProxy(GinkgoTB(), l.broker.URL)
	s, err := store.Open(ctx, storetest.URL(GinkgoTB()), store.Options{
		Clock: clock.System(), IDs: ids.New(), Log: slog.New(slog.DiscardHandler),
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(s.Close)
	l.store = s
	for id, tree := range map[string][]any{reseller: {}, acme: {reseller}, rival: {reseller}} {
		_, err := s.Save(ctx, store.Document{
			DB: kapi.DatabaseAccounts, ID: id, Type: store.TypeAccount, AccountID: id,
			Body: jobj.Object{
				{Key: "name", Value: "Account " + id[:1]}, {Key: "realm", Value: id[:1] + ".example.com"},
				{Key: "enabled", Value: true}, {Key: "pvt_tree", Value: tree}, {Key: "pvt_api_key", Value: apiKey(id)},
			},
		})
		Expect(err).NotTo(HaveOccurred())
	}
	l.node = l.start(l.proxy.URL, time.Second)
	Eventually(ctx, l.node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
	l.bus = newBus(l.broker.URL)
	return l
}

func apiKey(accountID string) string { return strings.Repeat(accountID[:1], 64) }

// node is a bridge in this process.
type node struct {
	bridge *bridge.Bridge
	base   string
	stop   context.CancelFunc
	ended  chan error
}

func (l *lab) start(amqpURL string, drain time.Duration) *node {
	GinkgoHelper()
	return l.startWith(amqpURL, drain, func(*bridge.Config) {})
}

// startSpeaking starts a bridge of another dialect than that of the lab.
func (l *lab) startSpeaking(dialect fidelity.Dialect, amqpURL string, drain time.Duration) *node {
	GinkgoHelper()
	return l.startWith(amqpURL, drain, func(c *bridge.Config) { c.Webhooks.Dialect = dialect })
}

// startWith starts a bridge with other settings than the lab's.
func (l *lab) startWith(amqpURL string, drain time.Duration, change func(*bridge.Config)) *node {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	hooks := webhooks.DefaultConfig()
	hooks.RetryPause = 10 * time.Millisecond
	config := bridge.Config{
		AMQPURL: amqpURL, Store: l.store, Listener: listener, AllowLoopbackTargets: true,
		Webhooks: hooks, NodeName: "kazoolab@test", Version: "test", DrainTimeout: drain,
		Clock: clock.System(), IDs: ids.New(), Log: slog.New(slog.NewTextHandler(GinkgoWriter, nil)),
	}
	change(&config)
	ctx, stop := context.WithCancel(context.Background())
	n := &node{
		base: "http://" + listener.Addr().String(), stop: stop, ended: make(chan error, 1),
		bridge: bridge.New(config),
	}
	go func() { n.ended <- n.bridge.Run(ctx) }()
	DeferCleanup(n.end)
	return n
}

// end stops the bridge and waits for it; again it does nothing.
func (n *node) end() {
	n.stop()
	Eventually(n.ended).WithTimeout(patience).Should(Receive(BeNil()))
	n.ended <- nil
}

func newBus(address string) *bus.Bus {
	b := bus.New(bus.Config{URL: address, Name: "spec", Node: "spec@test", Clock: clock.System(), IDs: ids.New()})
	b.DeclareExchange(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	DeferCleanup(func() {
		stop()
		Expect(<-ended).To(Succeed())
	})
	return b
}

// call publishes a channel event and returns when a queue has it.
func (l *lab) call(ctx context.Context, event, callID, accountID string) {
	GinkgoHelper()
	l.publish(ctx, kapi.CallEventKey(event, callID), fmt.Sprintf(`{"Event-Category":"call_event","Event-Name":%q,"Call-ID":%q,`+
		`"Custom-Channel-Vars":{"Account-ID":%q},"Msg-ID":"1","App-Name":"freeswitch","App-Version":"1.0"}`, event, callID, accountID))
}

func (l *lab) publish(ctx context.Context, key, body string) {
	GinkgoHelper()
	Expect(l.bus.Publish(ctx, bus.Message{
		Exchange: kapi.ExchangeCallEvents, Key: key, Body: []byte(body), Mandatory: true, UntilRouted: true,
	})).To(Succeed())
}

// answer is a REST answer.
type answer struct {
	Status int
	jobj.Object
}

func (n *node) request(ctx context.Context, method, path, token, body string) answer {
	GinkgoHelper()
	req, err := http.NewRequestWithContext(ctx, method, n.base+path, bytes.NewBufferString(body))
	Expect(err).NotTo(HaveOccurred())
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("X-Auth-Token", token)
	}
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = resp.Body.Close() }()
	a := answer{Status: resp.StatusCode}
	Expect(json.NewDecoder(resp.Body).Decode(&a.Object)).To(Succeed())
	return a
}

func (n *node) token(ctx context.Context, accountID string) string {
	GinkgoHelper()
	a := n.request(ctx, http.MethodPut, "/v2/api_auth", "", fmt.Sprintf(`{"data":{"api_key":%q}}`, apiKey(accountID)))
	Expect(a.Status).To(Equal(http.StatusCreated))
	return a.String("auth_token")
}

// hook creates a webhook that points at the receiver and returns its id.
func (l *lab) hook(ctx context.Context, accountID, more string) string {
	GinkgoHelper()
	return l.hookBy(ctx, l.node.token(ctx, accountID), accountID, more)
}

// hookBy is hook with the token of another account that may.
func (l *lab) hookBy(ctx context.Context, token, accountID, more string) string {
	GinkgoHelper()
	a := l.node.request(ctx, http.MethodPut, "/v2/accounts/"+accountID+"/webhooks", token,
		fmt.Sprintf(`{"data":{"name":"New Calls","uri":"%s/hook",%s}}`, l.receiver.url, more))
	Expect(a.Status).To(Equal(http.StatusCreated), "%s", jobj.Append(nil, a.Object))
	return a.String("data", "id")
}

// arrival is one request at the receiver, its fields read as a form.
type arrival struct {
	Method, HookID, AccountID string
	Fields                    url.Values
}

// receiver answers 200 unless told otherwise, and keeps what it got.
type receiver struct {
	url string

	mu     sync.Mutex
	got    []arrival
	answer func() int
}

func newReceiver() *receiver {
	r := &receiver{answer: func() int { return http.StatusOK }}
	server := httptest.NewServer(r)
	DeferCleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	text := req.URL.RawQuery
	if req.Method != http.MethodGet {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		text = string(body)
	}
	fields, _ := url.ParseQuery(text)
	r.mu.Lock()
	r.got = append(r.got, arrival{req.Method, req.Header.Get("X-Hook-Id"), req.Header.Get("X-Account-Id"), fields})
	status := r.answer
	r.mu.Unlock()
	w.WriteHeader(status())
}

// does changes what the receiver answers.
func (r *receiver) does(answer func() int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// arrivals lists what arrived, in order.
func (r *receiver) arrivals() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// calls lists the call ids that arrived, in order. What is of no call, such as the
// document that a login changes, is passed over.
func (r *receiver) calls() []string {
	ids := []string{}
	for _, a := range r.arrivals() {
		if id := a.Fields.Get("call_id"); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r *receiver) last() arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[len(r.got)-1]
}
