package broker_test

import (
	"context"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker"
)

// soon is more than anything takes.
const soon = 10 * time.Second

// running is a broker that serves a pipe until the test ends, and then has left
// nothing behind.
type running struct {
	*broker.Broker

	t    testing.TB
	pipe *broker.Pipe
	stop context.CancelFunc
}

func run(t testing.TB, config broker.Config) *running {
	t.Helper()
	before := goleak.IgnoreCurrent()
	config.Clock, config.IDs = clock.System(), ids.Seeded(t.Name())
	ctx, stop := context.WithCancel(context.Background())
	r := &running{Broker: broker.New(config), t: t, pipe: broker.NewPipe(), stop: stop}
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx, r.pipe) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-clock.System().After(soon):
			t.Fatal("Serve does not end")
		}
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *running) dial(config amqp.Config) (*amqp.Connection, error) {
	config.Dial = func(string, string) (net.Conn, error) { return r.pipe.Dial(context.Background()) }
	return amqp.DialConfig("amqp://guest:guest@pipe/", config)
}

func (r *running) connect() *amqp.Connection {
	r.t.Helper()
	conn, err := r.dial(amqp.Config{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() }) // the test may have had it closed
	return conn
}

func channelOf(t testing.TB, conn *amqp.Connection) *amqp.Channel {
	t.Helper()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// declare makes the durable queue q.
func declare(t testing.TB, ch *amqp.Channel) {
	t.Helper()
	if _, err := ch.QueueDeclare("q", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
}

// receive is for many: Eventually looks every 10 ms only.
func receive(t testing.TB, deliveries <-chan amqp.Delivery) amqp.Delivery {
	t.Helper()
	select {
	case d, open := <-deliveries:
		if !open {
			t.Fatal("the consumer ended")
		}
		return d
	case <-clock.System().After(soon):
		t.Fatal("nothing is delivered")
	}
	return amqp.Delivery{}
}

func TestStopTellsTheClients(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{})
	closed := r.connect().NotifyClose(make(chan *amqp.Error, 1))
	r.stop()
	g.Eventually(closed).WithTimeout(soon).Should(Receive(And(
		HaveField("Code", amqp.ConnectionForced), HaveField("Reason", ContainSubstring("'shutdown'")))))
	_, err := r.pipe.Dial(t.Context())
	g.Expect(err).To(MatchError(net.ErrClosed))
}

func TestFailedListenerIsAnError(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{})
	pipe := broker.NewPipe()
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(t.Context(), pipe) }()
	g.Expect(pipe.Close()).To(Succeed())
	g.Eventually(ended).WithTimeout(soon).Should(Receive(MatchError(net.ErrClosed)))
	r.connect() // the other listener serves on
}

func TestOnlyUsersOfTheConfigurationLogIn(t *testing.T) {
	g := NewWithT(t)
	b := broker.New(broker.Config{Clock: clock.System(), IDs: ids.New()})
	g.Expect(b.Authenticate("guest", "guest", true)).To(BeTrue())
	g.Expect(b.Authenticate("guest", "guest", false)).To(BeFalse(), "guest is for this machine")
	g.Expect(b.Authenticate("guest", "other", true)).To(BeFalse())
	g.Expect(b.Authenticate("", "", true)).To(BeFalse())
	b = broker.New(broker.Config{
		Users: []broker.User{{Name: "lab", Password: "secret"}}, Clock: clock.System(), IDs: ids.New(),
	})
	g.Expect(b.Authenticate("lab", "secret", false)).To(BeTrue())
	g.Expect(b.Authenticate("guest", "guest", true)).To(BeFalse())
}

func TestVhostsComeAndGo(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{Vhosts: []string{"a"}})
	_, err := r.dial(amqp.Config{})
	g.Expect(err).To(MatchError(ContainSubstring("vhost / not found")))
	r.AddVhost("/")
	closed := r.connect().NotifyClose(make(chan *amqp.Error, 1))
	g.Expect(r.DeleteVhost("/")).To(Succeed())
	g.Eventually(closed).WithTimeout(soon).Should(Receive(HaveField("Reason", "CONNECTION_FORCED - vhost '/' is deleted")))
	g.Expect(r.DeleteVhost("/")).To(MatchError(broker.ErrNoVhost))
}

func TestSilentClientIsGivenUp(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{})
	const heartbeat = 3 * time.Second // twice as long a busy machine may keep a client from it
	beating, err := r.dial(amqp.Config{Heartbeat: heartbeat})
	g.Expect(err).NotTo(HaveOccurred())
	mute := &muted{}
	_, err = amqp.DialConfig("amqp://guest:guest@pipe/", amqp.Config{
		Heartbeat: heartbeat,
		Dial: func(string, string) (net.Conn, error) {
			conn, err := r.pipe.Dial(context.Background())
			mute.Conn = conn
			return mute, err
		},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Connections()).To(HaveLen(2))
	mute.on.Store(true)
	g.Eventually(r.Connections).WithTimeout(soon + 2*heartbeat).Should(HaveLen(1))
	g.Consistently(beating.IsClosed).WithTimeout(time.Second).Should(BeFalse(), "its heartbeats are enough")
}

func TestPublisherWaitsForMemory(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{MaxMemory: 1 << 20})
	publisher := r.connect()
	blocked := publisher.NotifyBlocked(make(chan amqp.Blocking, 1000))
	ch := channelOf(t, publisher)
	declare(t, ch)
	sent := make(chan error, 1)
	const messages, size = 200, 100_000 // twenty times what may be held
	go func() {
		for range messages {
			if err := ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: make([]byte, size)}); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	g.Eventually(blocked).WithTimeout(soon).Should(Receive(Equal(amqp.Blocking{Active: true, Reason: "low on memory"})))
	g.Consistently(sent).WithTimeout(100 * time.Millisecond).ShouldNot(Receive())
	g.Expect(r.Memory().Used).To(BeNumerically("<", 3<<20))
	g.Expect(r.Connections()).To(ContainElement(HaveField("State", "blocked")))

	consumer := channelOf(t, r.connect())
	deliveries, err := consumer.Consume("q", "", true, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	for range messages {
		receive(t, deliveries)
	}
	g.Expect(<-sent).To(Succeed())
	g.Eventually(blocked).WithTimeout(soon).Should(Receive(Equal(amqp.Blocking{Active: false})))
}

// The acknowledgements that would free memory stand behind publishes that wait for
// memory, on one connection.
func TestOneConnectionForAllDoesNotStall(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{MaxMemory: 1 << 20})
	ch, deliveries := publisherBesideConsumer(t, r)
	g.Expect(ch.Confirm(false)).To(Succeed())
	const messages, size, window = 20_000, 2_000, 100
	go func() {
		for i := range messages {
			confirmation, err := ch.PublishWithDeferredConfirm("", "q", false, false, amqp.Publishing{Body: make([]byte, size)})
			if err != nil {
				return // told by what arrives
			}
			if i%window == 0 {
				confirmation.Wait()
			}
		}
	}()
	var most int64
	for range messages {
		g.Expect(receive(t, deliveries).Ack(false)).To(Succeed())
		most = max(most, r.Memory().Used)
	}
	g.Expect(most).To(BeNumerically("<", 2<<20))
}

func TestPublisherThatHeedsNothingIsClosed(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{MaxMemory: 1 << 20})
	ch, _ := publisherBesideConsumer(t, r)
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	for !ch.IsClosed() {
		_ = ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: make([]byte, 2000)}) // until it is closed
	}
	g.Eventually(closed).WithTimeout(soon).Should(Receive(HaveField("Code", amqp.ResourceError)))
	g.Expect(r.Memory().Used).To(BeNumerically("<", 64<<20))
}

// publisherBesideConsumer has one connection for a publisher and for a consumer
// with a prefetch of 10.
func publisherBesideConsumer(t testing.TB, r *running) (*amqp.Channel, <-chan amqp.Delivery) {
	t.Helper()
	conn := r.connect()
	publisher, consumer := channelOf(t, conn), channelOf(t, conn)
	declare(t, publisher)
	if err := consumer.Qos(10, 0, false); err != nil {
		t.Fatal(err)
	}
	deliveries, err := consumer.Consume("q", "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return publisher, deliveries
}

func TestPublisherSurvivesAlarmsThatComeAndGo(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{})
	conn := r.connect()
	ch := channelOf(t, conn)
	declare(t, ch)
	g.Expect(ch.Confirm(false)).To(Succeed())
	const alarms = 2000
	notices := conn.NotifyBlocked(make(chan amqp.Blocking, 2*alarms))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range alarms {
			r.SetMaxMemory(-1)
			r.SetMaxMemory(broker.DefaultMaxMemory)
		}
	}()
	for open := true; open; {
		select {
		case <-ended:
			open = false
		default:
		}
		confirmation, err := ch.PublishWithDeferredConfirm("", "q", false, false, amqp.Publishing{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(confirmation.Wait()).To(BeTrue())
	}
	blocked := false
	for len(notices) > 0 {
		notice := <-notices
		g.Expect(notice.Active).To(Equal(!blocked), "what the client hears last is true")
		blocked = notice.Active
	}
	g.Expect(blocked).To(BeFalse())
}

// A message larger than all that may be held is no reason to end a connection, nor
// is one that somebody else sent.
func TestLargeMessageWaitsLikeAnyOther(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{MaxMemory: 1 << 20})
	ch, other := channelOf(t, r.connect()), channelOf(t, r.connect())
	declare(t, ch)
	g.Expect(ch.Confirm(false)).To(Succeed())
	g.Expect(other.Confirm(false)).To(Succeed())
	large, err := ch.PublishWithDeferredConfirm("", "q", false, false, amqp.Publishing{Body: make([]byte, 4<<20)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func() bool { return r.Memory().Alarm }).WithTimeout(soon).Should(BeTrue())
	small, err := other.PublishWithDeferredConfirm("", "q", false, false, amqp.Publishing{Body: []byte("small")})
	g.Expect(err).NotTo(HaveOccurred())
	consumer := channelOf(t, r.connect())
	deliveries, err := consumer.Consume("q", "", true, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	sizes := []int{len(receive(t, deliveries).Body), len(receive(t, deliveries).Body)}
	g.Expect(sizes).To(ConsistOf(4<<20, len("small"))) // the large one is counted while it comes in
	g.Expect(large.Wait()).To(BeTrue())
	g.Expect(small.Wait()).To(BeTrue())
}

func TestBlockedConnectionCanBeClosed(t *testing.T) {
	g := NewWithT(t)
	r := run(t, broker.Config{})
	r.SetMaxMemory(-1)
	conn := r.connect()
	ch := channelOf(t, conn)
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 1))
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	g.Expect(ch.PublishWithContext(t.Context(), "amq.fanout", "", false, false, amqp.Publishing{})).To(Succeed())
	g.Eventually(blocked).WithTimeout(soon).Should(Receive())
	g.Expect(r.CloseConnections("/", "enough")).To(Equal(1))
	g.Eventually(closed).WithTimeout(soon).Should(Receive(HaveField("Reason", "CONNECTION_FORCED - enough")))
}
