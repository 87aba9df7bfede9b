package deadletter_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/deadletter"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const (
	soon = 10 * time.Second
	work = "work"
)

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// connect is a client of the broker; stop ends it at once.
func connect(t *testing.T, url string) (b *bus.Bus, stop func()) {
	t.Helper()
	b = bus.New(bus.Config{URL: url, Clock: clock.System(), IDs: ids.New()})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	stop = func() {
		cancel()
		err := <-ended
		if err != nil {
			t.Error(err)
		}
		ended <- err
	}
	t.Cleanup(stop)
	return b, stop
}

// desk is a broker with dead letters, one for each body; ids are id-BODY, reasons the
// first letter of the body.
func desk(t *testing.T, bodies ...string) (*brokertest.Broker, *bus.Bus) {
	t.Helper()
	broker := brokertest.New(t)
	b, _ := connect(t, broker.URL)
	b.DeclareQueue(bus.Queue{Name: deadletter.Queue, Durable: true, Args: deadletter.Arguments()})
	b.DeclareQueue(bus.Queue{Name: work, Durable: true, Args: amqp.Table{"x-queue-type": "quorum"}})
	for _, body := range bodies {
		if err := b.Publish(within(t, soon), letter(body).Message()); err != nil {
			t.Fatal(err)
		}
	}
	return broker, b
}

func letter(body string) deadletter.Letter {
	return deadletter.Letter{
		ID: "id-" + body, Time: time.Date(2024, 3, 12, 14, 24, 34, 123_000_000, time.UTC), Node: "kazoolab@test",
		Reason: body[:1], Problem: "no JSON: " + body, Exchange: "callevt", RoutingKey: "call.CHANNEL_CREATE." + body,
		ContentType: "application/json", ContentEncoding: "identity", Body: []byte(body), Size: len(body),
	}
}

func all(deadletter.Letter) bool  { return true }
func none(deadletter.Letter) bool { return false }

func take(t *testing.T, b *bus.Bus, keep func(deadletter.Letter) bool) *deadletter.Tray {
	t.Helper()
	tray, err := deadletter.Take(within(t, soon), b, keep)
	if err != nil {
		t.Fatal(err)
	}
	return tray
}

// left lists the ids in the queue, in order.
func left(t *testing.T, b *bus.Bus) []string {
	t.Helper()
	tray := take(t, b, none)
	found := []string{}
	for _, l := range tray.Letters {
		found = append(found, l.ID)
	}
	if err := tray.Close(within(t, soon)); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestALetterIsReadAsItWasWritten(t *testing.T) {
	g := NewWithT(t)
	broker, b := desk(t, "a")
	tray := take(t, b, all)
	g.Expect(tray.Letters).To(Equal([]deadletter.Letter{letter("a")}))
	g.Expect(tray.Close(within(t, soon))).To(Succeed())

	// Whatever else stands in the queue is shown as far as it can be.
	ch := broker.Channel(t)
	g.Expect(ch.Publish("", deadletter.Queue, false, false, amqp.Publishing{
		Body: []byte("x"), Headers: amqp.Table{"x-kazoolab-reason": int32(7), "x-kazoolab-time": "yesterday"},
	})).To(Succeed())
	g.Eventually(func() []deadletter.Letter {
		tray := take(t, b, all)
		defer func() { g.Expect(tray.Close(within(t, soon))).To(Succeed()) }()
		return tray.Letters
	}).WithTimeout(soon).Should(Equal([]deadletter.Letter{letter("a"), {Body: []byte("x"), Size: 1}}))
}

func TestLettersAreLookedAtInOrderAsOftenAsOneLikes(t *testing.T) {
	g := NewWithT(t)
	_, b := desk(t, "a1", "b2", "a3")
	for range 25 { // RabbitMQ 4 drops after 20 deliveries by itself
		// What was looked at last is back in the queue a moment after it was let go.
		g.Eventually(func() []string { return left(t, b) }).WithTimeout(soon).Should(Equal([]string{"id-a1", "id-b2", "id-a3"}))
	}
	tray := take(t, b, func(l deadletter.Letter) bool { return l.Reason == "b" })
	g.Expect(tray.Letters[0].Body).To(BeNil())
	g.Expect(tray.Letters[0].Size).To(Equal(2))
	g.Expect(tray.Letters[1].Body).To(Equal([]byte("b2")))
	g.Expect(tray.Replay(within(t, soon), 0, work)).To(MatchError(ContainSubstring("not kept")), "an empty message would be sent")
	g.Expect(tray.Close(within(t, soon))).To(Succeed())
	g.Eventually(func() []string { return left(t, b) }).WithTimeout(soon).Should(HaveLen(3))
}

func TestLettersAreReplayedAndDropped(t *testing.T) {
	g := NewWithT(t)
	broker, b := desk(t, "a1", "b2", "a3", "c4")
	tray := take(t, b, all)
	g.Expect(tray.Replay(within(t, soon), 1, work)).To(Succeed())
	g.Expect(tray.Drop(2)).To(Succeed())
	g.Expect(tray.Close(within(t, soon))).To(Succeed())
	g.Eventually(func() []string { return left(t, b) }).WithTimeout(soon).Should(Equal([]string{"id-a1", "id-c4"}))

	d, ok, err := broker.Channel(t).Get(work, true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ok).To(BeTrue())
	g.Expect(string(d.Body)).To(Equal("b2"))
	g.Expect([]any{d.ContentType, d.ContentEncoding, d.DeliveryMode}).To(Equal([]any{"application/json", "identity", uint8(2)}))
	exchange, key := deadletter.Address(bus.Delivery{Exchange: d.Exchange, RoutingKey: d.RoutingKey, Headers: d.Headers})
	g.Expect([]string{exchange, key}).To(Equal([]string{"callevt", "call.CHANNEL_CREATE.b2"}), "its address is that of before")
}

func TestTheAddressOfAnOrdinaryMessageIsItsOwn(t *testing.T) {
	g := NewWithT(t)
	// A header means nothing on what came by an exchange: whoever publishes there says where.
	exchange, key := deadletter.Address(bus.Delivery{
		Exchange: "callevt", RoutingKey: "k", Headers: amqp.Table{"x-kazoolab-routing-key": "other"},
	})
	g.Expect([]string{exchange, key}).To(Equal([]string{"callevt", "k"}))
}

func TestAReplayThatReachesNoQueueLeavesTheLetter(t *testing.T) {
	g := NewWithT(t)
	_, b := desk(t, "a1")
	tray := take(t, b, all)
	var returned *bus.ReturnedError
	g.Expect(tray.Replay(within(t, soon), 0, "nowhere")).To(BeAssignableToTypeOf(returned))
	g.Expect(tray.Close(within(t, soon))).To(Succeed())
	g.Eventually(func() []string { return left(t, b) }).WithTimeout(soon).Should(Equal([]string{"id-a1"}))
}

func TestOneTrayAtATime(t *testing.T) {
	g := NewWithT(t)
	broker, b := desk(t, "a1")
	other, stop := connect(t, broker.URL)
	tray := take(t, other, none)
	_, err := deadletter.Take(within(t, soon), b, none)
	g.Expect(err).To(MatchError(deadletter.ErrBusy))

	waits := make(chan []string, 1)
	go func() { waits <- left(t, b) }()
	g.Consistently(waits).WithTimeout(200 * time.Millisecond).ShouldNot(Receive())
	g.Expect(tray.Close(within(t, soon))).To(Succeed())
	g.Eventually(waits).WithTimeout(soon).Should(Receive(Equal([]string{"id-a1"})), "the second waits for the first, and sees all")

	take(t, other, none)
	stop() // as a command that is killed
	g.Eventually(func() []string { return left(t, b) }).WithTimeout(soon).Should(Equal([]string{"id-a1"}))
}

// Whenever it is cut short, each letter is at work or still there.
func TestALostConnectionLosesNoLetter(t *testing.T) {
	g := NewWithT(t)
	broker, b := desk(t, "a1", "b2", "c3")
	proxy := brokertest.NewProxy(t, broker.URL)
	far, _ := connect(t, proxy.URL)
	tray := take(t, far, all)
	g.Expect(tray.Replay(within(t, soon), 0, work)).To(Succeed())
	proxy.Unplug()
	g.Eventually(func() error { return tray.Replay(within(t, 100*time.Millisecond), 1, work) }).WithTimeout(soon).Should(MatchError(bus.ErrStale))
	proxy.Plug()
	g.Expect(tray.Replay(within(t, soon), 2, work)).To(MatchError(bus.ErrStale), "the connection is there again, the letters are not in hand")
	g.Expect(tray.Close(within(t, soon))).NotTo(Succeed())
	g.Eventually(func() []string { return left(t, b) }).WithTimeout(soon).
		Should(Or(Equal([]string{"id-b2", "id-c3"}), Equal([]string{"id-a1", "id-b2", "id-c3"})), "the acknowledgement may not have got through")
	depth, err := b.Inspect(within(t, soon), work)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(depth.Ready).To(Equal(1))
}

func TestTheQueueOfNoBridge(t *testing.T) {
	g := NewWithT(t)
	b, _ := connect(t, brokertest.New(t).URL)
	_, err := deadletter.Take(within(t, soon), b, all)
	g.Expect(err).To(MatchError(bus.ErrNoQueue))
	_, err = deadletter.Take(within(t, soon), b, all)
	g.Expect(err).To(MatchError(bus.ErrNoQueue), "the lock is free again")
}

func TestTheQueueIsBounded(t *testing.T) {
	g := NewWithT(t)
	broker, b := desk(t, "a1")
	ch := broker.Channel(t)
	for range deadletter.MaxLetters {
		g.Expect(ch.Publish("", deadletter.Queue, false, false, amqp.Publishing{})).To(Succeed())
	}
	g.Eventually(func() (int, error) {
		depth, err := b.Inspect(within(t, soon), deadletter.Queue)
		return depth.Ready, err
	}).WithTimeout(soon).Should(Equal(deadletter.MaxLetters))
	g.Expect(left(t, b)[0]).To(BeEmpty(), "the oldest is gone")
}
