package blackhole_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// The accounts of most tests: acme and rival below reseller, all below master.
const (
	master   = "00000000000000000000000000000001"
	reseller = "11111111111111111111111111111111"
	acme     = "22222222222222222222222222222222"
	rival    = "33333333333333333333333333333333"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// rig is a hub with a listener, and a broker that is only a list of bindings.
type rig struct {
	*blackhole.Hub
	address  string
	broker   *fakeBroker
	accounts *account.Directory
	clock    *clockwork.FakeClock
	metrics  *prometheus.Registry
	log      *logText
	told     chan []blackhole.Kept // what is announced to other nodes
	others   []*rig                // which are asked to agree
}

type fakeBroker struct {
	mu    sync.Mutex
	bound []kapi.Binding
	gone  bool // no binding is ever made
}

func (b *fakeBroker) Want(binding kapi.Binding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bound = append(b.bound, binding)
}

func (b *fakeBroker) Drop(binding kapi.Binding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bound = slices.DeleteFunc(b.bound, func(other kapi.Binding) bool { return other == binding })
}

func (b *fakeBroker) Bound(ctx context.Context, binding kapi.Binding) error {
	b.mu.Lock()
	there := slices.Contains(b.bound, binding) && !b.gone
	b.mu.Unlock()
	if !there {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (b *fakeBroker) setGone(gone bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = gone
}

// keys are what is bound, sorted; one that is bound twice stands twice.
func (b *fakeBroker) keys() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := []string{}
	for _, binding := range b.bound {
		keys = append(keys, binding.Key)
	}
	slices.Sort(keys)
	return keys
}

// tokens are good when they are tok- and an account, and those that end in -old are
// expired.
type tokens struct{}

func (tokens) Verify(_ context.Context, token string) (account.Claims, error) {
	id, ok := strings.CutPrefix(token, "tok-")
	switch {
	case strings.HasSuffix(token, "-old"):
		return account.Claims{}, account.ErrExpired
	case token == "store-is-down":
		return account.Claims{}, errors.New("no answer")
	case !ok:
		return account.Claims{}, account.ErrInvalidToken
	}
	return account.Claims{AccountID: id}, nil
}

// logText is all that was logged.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// settings are a change of a rig's.
type settings = func(*blackhole.Config, *blackhole.Dependencies)

func in(dialect fidelity.Dialect, compat fidelity.Compat) settings {
	return func(c *blackhole.Config, _ *blackhole.Dependencies) { c.Dialect, c.Compat = dialect, compat }
}

func newRig(t testing.TB, change ...settings) *rig {
	t.Helper()
	r := &rig{
		broker: &fakeBroker{}, accounts: account.NewDirectory(), metrics: prometheus.NewRegistry(), log: &logText{},
		clock: clockwork.NewFakeClockAt(time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)),
		told:  make(chan []blackhole.Kept, 1000),
	}
	for _, a := range []account.Account{
		{ID: master, Superduper: true, IsReseller: true}, {ID: reseller, Tree: []string{master}},
		{ID: acme, Tree: []string{master, reseller}, Realm: "acme.sip.example.com"}, {ID: rival, Tree: []string{master, reseller}},
	} {
		r.accounts.Put(a)
	}
	cfg := blackhole.DefaultConfig()
	dep := blackhole.Dependencies{
		Broker: r.broker, Accounts: r.accounts, Tokens: tokens{},
		OwnsConference: func(_ context.Context, accountID, conferenceID string) bool {
			return accountID == acme && conferenceID == "room"
		},
		Announce: func(needed []blackhole.Kept) { r.told <- needed },
		Agree: func(ctx context.Context, needed []blackhole.Kept) bool {
			r.told <- needed
			for _, other := range r.others {
				if !other.AgreeWith(ctx, r.Node(), needed) {
					return false
				}
			}
			return true
		},
		Clock: r.clock, IDs: ids.Seeded("blackhole"), Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: r.metrics, Host: "bridge.example.com",
	}
	for _, f := range change {
		f(&cfg, &dep)
	}
	r.Hub = blackhole.New(cfg, dep)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.serve(t, listener)
	r.address = listener.Addr().String()
	return r
}

// run runs the hub until the test ends, and returns when it waits for the clock.
func (r *rig) run(t testing.TB) {
	t.Helper()
	go r.Run(t.Context())
	r.settle(t)
}

// settle returns when what the clock has set off is done.
func (r *rig) settle(t testing.TB) {
	t.Helper()
	if err := r.clock.BlockUntilContext(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
}

// serve serves on a listener until the test ends.
func (r *rig) serve(t testing.TB, listener net.Listener) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- r.Serve(ctx, listener) }()
	t.Cleanup(func() {
		_ = listener.Close()
		limit, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		r.Drain(limit)
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// socket is a client.
type socket struct {
	*websocket.Conn
	t testing.TB
}

func (r *rig) dial(t testing.TB) *socket {
	t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws://"+r.address+"/any/path?token=x", http.Header{"Origin": {"http://elsewhere.test"}})
	if err != nil {
		t.Fatalf("dial: %v %v", err, answer)
	}
	_ = answer.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return &socket{conn, t}
}

func (s *socket) send(text string) {
	s.t.Helper()
	if err := s.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatalf("send: %v", err)
	}
}

// next is the next frame, or how the socket was closed.
func (s *socket) next() string {
	s.t.Helper()
	_ = s.SetReadDeadline(clock.System().Now().Add(patience))
	_, text, err := s.ReadMessage()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ask sends a command and returns the next frame.
func (s *socket) ask(text string) string {
	s.t.Helper()
	s.send(text)
	return s.next()
}

// reply is the next frame of a command, read.
func (s *socket) reply(text string) jobj.Object {
	s.t.Helper()
	answer := s.ask(text)
	reply, err := jobj.ParseObject([]byte(answer))
	if err != nil {
		s.t.Fatalf("asked %s, got %s", text, answer)
	}
	return reply
}

// refused is the error of a command.
func (s *socket) refused(text string) string {
	s.t.Helper()
	reply := s.reply(text)
	list, _ := reply.Get("data", "errors")
	if one, ok := list.([]any); ok && len(one) == 1 && reply.String("status") == "error" {
		return one[0].(string)
	}
	return "not refused: " + string(jobj.Append(nil, reply))
}

// subscribe subscribes with a token of the account.
func (s *socket) subscribe(accountID, binding string) {
	s.t.Helper()
	s.subscribeWith(accountID, binding, "")
}

// subscribeWith has more members in data.
func (s *socket) subscribeWith(accountID, binding, more string) jobj.Object {
	s.t.Helper()
	reply := s.reply(subscribe(accountID, accountID, binding, more))
	if reply.String("status") != "success" {
		s.t.Fatalf("not subscribed: %s", jobj.Append(nil, reply))
	}
	return reply
}

func subscribe(caller, accountID, binding, more string) string {
	return `{"action":"subscribe","auth_token":"tok-` + caller + `","request_id":"s","data":{"account_id":"` + accountID +
		`","binding":"` + binding + `"` + more + `}}`
}

// silent fails when anything was sent to the socket: a ping overtakes nothing.
func (s *socket) silent() {
	s.t.Helper()
	if got := s.ask(`{"action":"ping","request_id":"quiet","auth_token":"tok-` + acme + `"}`); !strings.Contains(got, `"request_id":"quiet"`) {
		s.t.Errorf("expected nothing, got %s", got)
	}
}

// call is a call event.
func call(event, callID, accountID string) blackhole.Message {
	return blackhole.Message{
		Exchange: kapi.ExchangeCallEvents, RoutingKey: kapi.CallEventKey(event, callID),
		Body: []byte(`{"Event-Category":"call_event","Event-Name":"` + event + `","Call-ID":"` + callID +
			`","Custom-Channel-Vars":{"Account-ID":"` + accountID + `"},"Msg-ID":"m-` + callID + `","App-Name":"a","App-Version":"1"}`),
	}
}

// open waits until the hub has that many sockets.
func (r *rig) open(t testing.TB, sockets int) {
	t.Helper()
	g := NewWithT(t)
	g.Eventually(r.Open).WithTimeout(patience).Should(Equal(sockets))
}
