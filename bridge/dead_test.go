package bridge_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/deadletter"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// tray takes the dead letters out until the spec puts them back.
func (l *lab) tray(ctx context.Context) *deadletter.Tray {
	GinkgoHelper()
	tray, err := deadletter.Take(ctx, l.bus, func(deadletter.Letter) bool { return true })
	Expect(err).NotTo(HaveOccurred())
	return tray
}

// dead lists the dead letters.
func (l *lab) dead(ctx context.Context) []deadletter.Letter {
	GinkgoHelper()
	tray := l.tray(ctx)
	Expect(tray.Close(ctx)).To(Succeed())
	return tray.Letters
}

// metrics is what a node tells of itself.
func (n *node) metrics(ctx context.Context) string {
	GinkgoHelper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.base+"/metrics", http.NoBody)
	Expect(err).NotTo(HaveOccurred())
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

var _ = Describe("Dead letters", func() {
	It("are none of the nodes' own messages", func(ctx SpecContext) {
		l := newLab(ctx)
		release := make(chan struct{})
		l.receiver.does(func() int { <-release; return http.StatusOK })
		hook := l.hook(ctx, acme, `"hook":"channel_create"`)
		for i := range 1200 {
			l.call(ctx, kapi.ChannelCreate, fmt.Sprint("c", i), acme)
		}
		path := "/v2/accounts/" + acme + "/kazoolab/backlogs/" + hook
		retried := func() int {
			return l.node.request(ctx, http.MethodPost, path, l.node.token(ctx, acme), `{"data":{"action":"retry"}}`).Status
		}
		Eventually(ctx, retried).WithTimeout(patience).Should(Equal(http.StatusOK), "once something is parked")
		Eventually(ctx, func() string {
			return fmt.Sprint(l.node.request(ctx, http.MethodGet, path[:len(path)-len(hook)-1], l.node.token(ctx, acme), "").Get("data"))
		}).WithTimeout(patience).Should(MatchRegexp(`\bkazoolab@test\b`), "the node is called as it is elsewhere")
		l.publish(ctx, "call.CHANNEL_CREATE.bad", "hello")
		Eventually(ctx, l.dead).WithTimeout(patience).Should(HaveLen(1))
		close(release)
		Expect(l.dead(ctx)[0].Reason).To(Equal("not_json"))
	}, SpecTimeout(3*time.Minute))

	It("are what is no event, whole, with what is known of it", func(ctx SpecContext) {
		l := newLab(ctx)
		began := time.Now() //nolint:forbidigo // what the letter is compared with
		key := kapi.CallEventKey(kapi.ChannelCreate, "c1")
		l.publish(ctx, key, `{"Event-Category":"call_event",`)
		l.call(ctx, kapi.ChannelCreate, "c2", acme) // of no hook, which is ordinary
		Eventually(ctx, l.dead).WithTimeout(patience).Should(HaveLen(1))
		letter := l.dead(ctx)[0]
		Expect(letter.ID).To(MatchRegexp(`^[0-9a-f]{16}$`))
		Expect(letter.Time).To(BeTemporally("~", began, patience))
		Expect(letter.Problem).NotTo(BeEmpty())
		letter.ID, letter.Time, letter.Problem = "", time.Time{}, ""
		Expect(letter).To(Equal(deadletter.Letter{
			Node: "kazoolab@test", Reason: "not_json", Exchange: kapi.ExchangeCallEvents, RoutingKey: key,
			ContentType: "application/json", Body: []byte(`{"Event-Category":"call_event",`), Size: 31,
		}))
		Expect(l.node.metrics(ctx)).To(ContainSubstring(`kazoolab_webhook_dead_letters_total{reason="not_json"} 1`))
		ready := func() (int, error) {
			depth, err := l.bus.Inspect(ctx, bridge.WorkQueue)
			return depth.Ready, err
		}
		l.node.end()
		Consistently(ctx, ready).WithTimeout(200*time.Millisecond).Should(BeZero(), "the original has been acknowledged")
	}, SpecTimeout(time.Minute))

	It("are events that are delivered again and again, which a replay delivers after all", func(ctx SpecContext) {
		l := newLab(ctx)
		l.hook(ctx, acme, `"hook":"channel_create"`)
		l.node.end()
		l.call(ctx, kapi.ChannelCreate, "c1", acme)
		ch := l.broker.Channel(GinkgoTB())
		taken := func() (string, error) { // and given back, as by the end of a node
			d, ok, err := ch.Get(bridge.WorkQueue, false)
			switch {
			case !ok:
				return "", err
			case d.RoutingKey != kapi.CallEventKey(kapi.ChannelCreate, "c1"): // the document that a login changes
				return d.RoutingKey, d.Ack(false)
			}
			return fmt.Sprint(d.Headers["x-delivery-count"]), d.Nack(false, true)
		}
		Eventually(ctx, taken).WithTimeout(patience).Should(Equal("2"))
		again := l.startWith(l.broker.URL, time.Second, func(c *bridge.Config) { c.Webhooks.DeliveryLimit = 3 })
		Eventually(ctx, again.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		Eventually(ctx, l.dead).WithTimeout(patience).Should(HaveLen(1))
		Expect(l.dead(ctx)[0].Reason).To(Equal("delivery_limit"))
		Expect(l.receiver.calls()).To(BeEmpty())

		tray := l.tray(ctx)
		Expect(tray.Replay(ctx, 0, bridge.WorkQueue)).To(Succeed())
		Expect(tray.Close(ctx)).To(Succeed())
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"c1"}))
		Expect(l.dead(ctx)).To(BeEmpty())
	}, SpecTimeout(time.Minute))

	It("that are replayed and still broken come back with the address they had", func(ctx SpecContext) {
		l := newLab(ctx)
		key := kapi.CallEventKey(kapi.ChannelCreate, "c1")
		l.publish(ctx, key, "broken")
		Eventually(ctx, l.dead).WithTimeout(patience).Should(HaveLen(1))
		first := l.dead(ctx)[0]
		tray := l.tray(ctx)
		Expect(tray.Replay(ctx, 0, bridge.WorkQueue)).To(Succeed())
		Expect(tray.Close(ctx)).To(Succeed())
		Eventually(ctx, l.dead).WithTimeout(patience).Should(HaveLen(1))
		second := l.dead(ctx)[0]
		Expect(second.ID).NotTo(Equal(first.ID))
		Expect([]string{second.Exchange, second.RoutingKey, second.Reason}).To(Equal([]string{kapi.ExchangeCallEvents, key, "not_json"}))
	}, SpecTimeout(time.Minute))

	It("wait for the broker, and the originals with them", func(ctx SpecContext) {
		l := newLab(ctx)
		l.proxy.Unplug()
		const many = 50
		for i := range many {
			l.publish(ctx, kapi.CallEventKey(kapi.ChannelCreate, "c"), fmt.Sprint("broken ", i))
		}
		l.proxy.Plug()
		found := map[string]bool{}
		for range 5 { // and cut while they are put away
			Eventually(ctx, func() int {
				for _, letter := range l.dead(ctx) {
					found[string(letter.Body)] = true
				}
				return len(found)
			}).WithTimeout(patience).Should(BeNumerically(">", 0))
			l.proxy.Cut()
		}
		Eventually(ctx, func() map[string]bool {
			for _, letter := range l.dead(ctx) {
				found[string(letter.Body)] = true
			}
			return found
		}).WithTimeout(patience).Should(HaveLen(many))
	}, SpecTimeout(2*time.Minute))

	It("and what waits for work are counted in the metrics", func(ctx SpecContext) {
		l := newLab(ctx)
		hands := clock.NewAdjustable(clock.System())
		node := l.startWith(l.proxy.URL, time.Second, func(c *bridge.Config) { c.Clock = hands })
		later := func(ctx context.Context) string { // figures are taken every 10 s
			Expect(hands.Advance(10 * time.Second)).To(Succeed())
			return node.metrics(ctx)
		}
		Eventually(ctx, node.metrics).WithTimeout(patience).Should(And(
			ContainSubstring(`kazoolab_queue_messages{queue="kazoolab.webhooks"} 0`),
			ContainSubstring(`kazoolab_queue_messages{queue="kazoolab.webhooks.dead"} 0`),
			ContainSubstring(`kazoolab_queue_consumers{queue="kazoolab.webhooks"} 2`),
			ContainSubstring(`kazoolab_queue_consumers{queue="kazoolab.webhooks.dead"} 0`)))
		l.publish(ctx, kapi.CallEventKey(kapi.ChannelCreate, "c"), "broken")
		Eventually(ctx, later).WithTimeout(patience).Should(ContainSubstring(`kazoolab_queue_messages{queue="kazoolab.webhooks.dead"} 1`))
		l.proxy.Unplug()
		Eventually(ctx, later).WithTimeout(patience).ShouldNot(ContainSubstring(`kazoolab_queue_messages`), "nobody knows")
	}, SpecTimeout(2*time.Minute))
})
