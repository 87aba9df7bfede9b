package bus_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// soon is more than anything takes; shortly is long enough for what must not happen.
const (
	soon    = 10 * time.Second
	shortly = 100 * time.Millisecond
)

func configFor(url string) bus.Config {
	return bus.Config{
		URL:        url,
		Name:       "test",
		Node:       "kazoolab@test",
		Clock:      clock.System(),
		IDs:        ids.Seeded("bus"),
		MinBackoff: 20 * time.Millisecond,
		MaxBackoff: 200 * time.Millisecond,
	}
}

// run is start, and fails the test if goroutines are left behind.
func run(t testing.TB, config bus.Config) *bus.Bus {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
	return start(t, config)
}

// start runs the bus for the length of the test, which fails if the bus does not
// end in order.
func start(t testing.TB, config bus.Config) *bus.Bus {
	t.Helper()
	b := bus.New(config)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-clock.System().After(soon):
			t.Fatal("Run does not end")
		}
	})
	return b
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func connected(s bus.State) bool { return s.Connected }

// collect consumes into a channel, acknowledging each message, and waits until
// the consumer is ready.
func collect(t testing.TB, b *bus.Bus, consumer bus.Consumer) (*bus.Subscription, chan string) {
	t.Helper()
	bodies := make(chan string, 10000)
	consumer.Handle = func(d bus.Delivery) {
		bodies <- string(d.Body)
		if err := d.Ack(); err != nil && !errors.Is(err, bus.ErrStale) {
			t.Error(err)
		}
	}
	sub, err := b.Consume(consumer)
	if err != nil {
		t.Fatal(err)
	}
	if err := sub.WaitReady(within(t, soon)); err != nil {
		t.Fatal(err)
	}
	return sub, bodies
}

func own(exchange, key string) bus.Consumer {
	return bus.Consumer{
		Queue:    bus.Queue{Module: "test", AutoDelete: true},
		Bindings: []bus.Binding{{Exchange: exchange, Key: key}},
	}
}

func TestBackInServiceAfterConnectionIsCut(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	var ups atomic.Int32
	consumer := own("callevt", "call.#")
	consumer.OnUp = func() { ups.Add(1) }
	_, bodies := collect(t, b, consumer)
	g.Eventually(ups.Load).Should(BeEquivalentTo(1), "OnUp after the first binding")

	g.Eventually(func() (int, error) { return broker.CloseConnections(t.Context()) }).
		WithTimeout(soon).Should(BeNumerically(">", 0))
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.Connected && s.Reconnects == 1 })).To(Succeed())
	g.Expect(b.Publish(within(t, soon), bus.Message{Exchange: "callevt", Key: "call.x", Body: []byte("after"), Mandatory: true})).
		To(Succeed(), "bound again before anything is published")
	g.Eventually(bodies).WithTimeout(soon).Should(Receive(Equal("after")))
	g.Expect(ups.Load()).To(BeEquivalentTo(2), "OnUp before the first message of the new connection")
}

func TestRefusedExchangeIsVisibleAndTheRestWorks(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	foreign := broker.Channel(t)
	g.Expect(foreign.ExchangeDeclare("callevt", "topic", true, false, false, false, nil)).To(Succeed())
	_, err := foreign.QueueDeclare("work", false, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())

	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	b.DeclareExchange("configuration", "topic")
	_, bodies := collect(t, b, own("configuration", "#"))
	g.Expect(b.State().LastError).To(MatchError(And(ContainSubstring("exchange callevt"), ContainSubstring("inequivalent arg 'durable'"))))
	g.Expect(b.Publish(within(t, soon), bus.Message{Exchange: "configuration", Key: "k", Body: []byte("works")})).To(Succeed())
	g.Eventually(bodies).WithTimeout(soon).Should(Receive(Equal("works")))

	sub, err := b.Consume(bus.Consumer{Queue: bus.Queue{Name: "work", Durable: true}, Handle: func(bus.Delivery) {}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool {
		return s.LastError != nil && strings.Contains(s.LastError.Error(), "queue work")
	})).To(Succeed())
	g.Expect(sub.Ready()).To(BeFalse())

	g.Expect(foreign.ExchangeDelete("callevt", false, false)).To(Succeed())
	_, err = foreign.QueueDelete("work", false, false, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError == nil })).To(Succeed())
}

func TestEverythingWaitsForTheBrokerAndHonoursItsContext(t *testing.T) {
	g := NewWithT(t)
	b := run(t, configFor("amqp://guest:secret@127.0.0.1:1/"))
	b.DeclareExchange("callevt", "topic")
	sub, err := b.Consume(bus.Consumer{Handle: func(bus.Delivery) {}})
	g.Expect(err).NotTo(HaveOccurred())
	waits := map[string]func(context.Context) error{
		"Publish":   func(ctx context.Context) error { return b.Publish(ctx, bus.Message{Exchange: "callevt", Key: "k"}) },
		"WaitReady": sub.WaitReady,
		"Bind":      func(ctx context.Context) error { return sub.Bind(ctx, bus.Binding{Exchange: "callevt", Key: "k"}) },
		"WaitState": func(ctx context.Context) error { return b.WaitState(ctx, connected) },
		"Request": func(ctx context.Context) error {
			_, err := b.Request(ctx, bus.Request{Exchange: "callevt", Key: "k"})
			return err
		},
	}
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
	for name, wait := range waits {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := wait(ctx)
		cancel()
		g.Expect(err).To(MatchError(context.DeadlineExceeded), name)
		g.Expect(err).To(MatchError(ContainSubstring("connection refused")), "%s says why", name)
		g.Expect(err).NotTo(MatchError(ContainSubstring("secret")), name)
	}
	g.Expect(sub.Cancel(t.Context())).To(Succeed(), "nothing flows")
	sub.Close()
	g.Expect(sub.WaitReady(t.Context())).To(MatchError(bus.ErrClosed))
}

func TestNothingWaitsAfterRunHasEnded(t *testing.T) {
	g := NewWithT(t)
	b := bus.New(configFor("amqp://127.0.0.1:1/"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Expect(b.Run(ctx)).To(Succeed())
	g.Expect(b.Publish(t.Context(), bus.Message{Key: "queue"})).To(MatchError(bus.ErrStopped))
	g.Expect(b.WaitState(t.Context(), connected)).To(MatchError(bus.ErrStopped))
}

func TestUnusableURLIsAnErrorWithoutThePassword(t *testing.T) {
	g := NewWithT(t)
	for _, url := range []string{"amqp://guest:secret@host:port/", "http://guest:secret@host/", "amqp://guest:secret@%zz/"} {
		err := bus.New(configFor(url)).Run(t.Context())
		g.Expect(err).To(MatchError(ContainSubstring("broker URL")), url)
		g.Expect(err).NotTo(MatchError(ContainSubstring("secret")))
	}
}

// What the broker refuses is told with the reason and the way out, and is tried again.
func TestARefusedConnectionSaysWhatIsWrong(t *testing.T) {
	broker := brokertest.New(t)
	for name, c := range map[string]struct {
		change func(*url.URL)
		kind   error
		says   string
	}{
		"password": {func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "wrong-one") }, bus.ErrLogin, "the broker refuses the login: wrong user or password"},
		"user":     {func(u *url.URL) { u.User = url.UserPassword("nobody", "wrong-one") }, bus.ErrLogin, "correct them in its URL"},
		"vhost":    {func(u *url.URL) { u.Path = "/nowhere" }, bus.ErrNoVhost, "the broker has no such virtual host: vhost nowhere not found; correct the path"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			uri, err := url.Parse(broker.URL)
			g.Expect(err).NotTo(HaveOccurred())
			c.change(uri)
			b := run(t, configFor(uri.String()))
			g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
			g.Expect(b.State().LastError).To(MatchError(c.kind))
			g.Expect(b.State().LastError).To(MatchError(ContainSubstring(c.says)))
			g.Expect(b.State().LastError).NotTo(MatchError(ContainSubstring("wrong-one")))
		})
	}
}
