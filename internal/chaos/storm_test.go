//go:build chaos

package chaos_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

const (
	events = 2000
	// duration spreads the events, so that faults strike while they flow.
	duration  = 40 * time.Second
	publishes = 8 // at once
)

// TestNothingIsLostInAStorm publishes 2,000 events while RabbitMQ is restarted
// and the bridge killed, each twice, and expects every event that was sent.
func TestNothingIsLostInAStorm(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	broker, err := rabbitmq.Start(ctx, rabbitmq.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(broker.Stop()).To(Succeed()) })
	arrivals := newArrivals(t)
	accountID, storeURL := seed(t, arrivals.url)
	node := &node{binary: build(t), broker: broker.URL(), store: storeURL, address: freeAddress(t)}
	node.start(t)
	t.Cleanup(func() { node.kill(t) })
	g.Eventually(ctx, node.ready).WithTimeout(time.Minute).Should(Succeed())

	var sent atomic.Int64
	storm, stormCtx := errgroup.WithContext(ctx)
	storm.Go(func() error { return publish(stormCtx, broker.URL(), accountID, &sent) })
	faults := []struct {
		after int64
		name  string
		do    func()
	}{
		{events / 5, "RabbitMQ restarts", func() { g.Expect(broker.Restart(ctx)).To(Succeed()) }},
		{2 * events / 5, "the bridge is killed", func() { node.kill(t); node.start(t) }},
		{3 * events / 5, "the bridge is killed while RabbitMQ restarts", func() {
			node.kill(t)
			g.Expect(broker.Restart(ctx)).To(Succeed())
			node.start(t)
		}},
		{4 * events / 5, "the bridge is killed", func() { node.kill(t); node.start(t) }},
	}
	for _, fault := range faults {
		g.Eventually(ctx, sent.Load).WithTimeout(5 * time.Minute).Should(BeNumerically(">=", fault.after))
		t.Logf("%d sent: %s", sent.Load(), fault.name)
		fault.do()
	}
	g.Expect(storm.Wait()).To(Succeed())
	g.Eventually(ctx, arrivals.distinct).WithTimeout(2*time.Minute).Should(Equal(events),
		"every event that was sent arrives")
	t.Logf("%d sent, %d arrived, 0 lost, %d duplicates", events, arrivals.distinct(), arrivals.total()-events)
}

// publish sends the events at an even pace and returns when each is confirmed.
func publish(ctx context.Context, address, accountID string, sent *atomic.Int64) error {
	wall := clock.System()
	b := bus.New(bus.Config{URL: address, Name: "storm", Node: "storm@localhost", Clock: wall, IDs: ids.New()})
	b.DeclareExchange(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents))
	running, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = b.Run(running) }()
	sw := pbx.New(pbx.Config{Clock: wall, IDs: ids.Seeded("storm")})
	var group errgroup.Group
	group.SetLimit(publishes)
	for range events {
		if err := clock.Sleep(ctx, wall, duration/events); err != nil {
			return err
		}
		call, err := sw.NewCall(kapi.ChannelCreate, pbx.Spec{AccountID: accountID})
		if err != nil {
			return err
		}
		msg, err := call.Event().Message()
		if err != nil {
			return err
		}
		group.Go(func() error {
			err := b.Publish(ctx, bus.Message{
				Exchange: msg.Exchange, Key: msg.Key, Body: msg.Body, Mandatory: true, UntilRouted: true,
			})
			sent.Add(1)
			return err
		})
	}
	return group.Wait()
}

// arrivals is the receiver: it counts each call.
type arrivals struct {
	url string

	mu    sync.Mutex
	calls map[string]int
}

func newArrivals(t *testing.T) *arrivals {
	t.Helper()
	a := &arrivals{calls: map[string]int{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// workTime keeps deliveries under way long enough for a kill to strike them.
const workTime = 20 * time.Millisecond

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if clock.Sleep(r.Context(), clock.System(), workTime) != nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	form, parseErr := url.ParseQuery(string(body))
	if err != nil || parseErr != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls[form.Get("call_id")]++
}

func (a *arrivals) distinct() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.calls)
}

func (a *arrivals) total() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, times := range a.calls {
		n += times
	}
	return n
}

// node is a bridge process.
type node struct {
	binary, broker, store, address string
	cmd                            *exec.Cmd
}

func (n *node) start(t *testing.T) {
	t.Helper()
	n.cmd = exec.Command(n.binary, "bridge", "--amqp-url", n.broker, "--store", n.store, //nolint:noctx // killed by its own method
		"--rest-listen", n.address, "--allow-loopback-targets", "--log-level", "error")
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (n *node) kill(t *testing.T) {
	t.Helper()
	if err := n.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = n.cmd.Wait()
}

func (n *node) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz answers %s", resp.Status)
	}
	return nil
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "kazoolab")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/kazoolab").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func seed(t *testing.T, target string) (accountID, storeURL string) {
	t.Helper()
	random := ids.New()
	storeURL = "sqlite:" + filepath.Join(t.TempDir(), "storm.db")
	s, err := store.Open(t.Context(), storeURL, store.Options{Clock: clock.System(), IDs: random, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	accountID = random.Hex(32)
	for _, doc := range []store.Document{
		{DB: kapi.DatabaseAccounts, ID: accountID, Type: store.TypeAccount, AccountID: accountID, Body: jobj.Object{
			{Key: "name", Value: "Storm"}, {Key: "pvt_tree", Value: []any{}},
		}},
		{DB: kapi.DatabaseWebhooks, ID: random.Hex(32), Type: store.TypeWebhook, AccountID: accountID, Body: jobj.Object{
			{Key: "name", Value: "storm"}, {Key: "uri", Value: target}, {Key: "hook", Value: "channel_create"},
			{Key: "http_verb", Value: "post"}, {Key: "format", Value: "form-data"}, {Key: "retries", Value: 4},
		}},
	} {
		if _, err := s.Save(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	return accountID, storeURL
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
