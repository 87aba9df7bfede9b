package bridge_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// pair makes two nodes of the lab's one, with settings of the spec.
func (l *lab) pair(ctx SpecContext, change func(*bridge.Config)) (one, other *node) {
	GinkgoHelper()
	l.node.end()
	one, other = l.startWith(l.broker.URL, time.Second, change), l.startWith(l.broker.URL, time.Second, change)
	for _, n := range []*node{one, other} {
		Eventually(ctx, n.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
	}
	l.node = one
	return one, other
}

// figure is a metric of a node, 0 while it has none.
func (n *node) figure(ctx context.Context, name string) float64 {
	GinkgoHelper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.base+"/metrics", nil)
	Expect(err).NotTo(HaveOccurred())
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = resp.Body.Close() }()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			figure, err := strconv.ParseFloat(text, 64)
			Expect(err).NotTo(HaveOccurred())
			return figure
		}
	}
	return 0
}

// failures is how many of a hook's failures count, as a node sees it.
func (n *node) failures(ctx context.Context, hook string) int {
	GinkgoHelper()
	a := n.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/kazoolab/failures", n.token(ctx, acme), "")
	Expect(a.Status).To(Equal(http.StatusOK))
	rows, _ := a.Get("data")
	for _, row := range rows.([]any) {
		if row := row.(jobj.Object); row.String("id") == hook {
			count, _ := row.Get("failures")
			n, _ := jobj.Integer(count)
			return int(n)
		}
	}
	Fail("the hook is not listed")
	return 0
}

var _ = Describe("Of two nodes on one store", func() {
	It("each counts the failures of both, and one switches the hook off", func(ctx SpecContext) {
		const failures, within = 12, 10 * time.Minute
		l, clocks := newLab(ctx), clock.NewAdjustable(clock.System())
		one, other := l.pair(ctx, func(c *bridge.Config) {
			c.Clock, c.Webhooks.Compat = clocks, fidelity.Corrected
			c.Webhooks.FailureLimit = disabler.Limit{Failures: failures, Within: within}
		})
		l.receiver.does(func() int { return http.StatusTeapot })
		hook, told := l.hook(ctx, acme, `"hook":"channel_create"`), l.notices(ctx)
		Eventually(ctx, other.figure).WithArguments("kazoolab_webhook_hooks").WithTimeout(patience).Should(Equal(1.0))
		for i := range failures {
			l.call(ctx, kapi.ChannelCreate, fmt.Sprint("c", i), acme)
		}
		for _, n := range []*node{one, other} {
			Eventually(ctx, n.failures).WithArguments(hook).WithTimeout(patience).Should(Equal(failures))
			Expect(n.figure(ctx, `kazoolab_webhook_events_total{event="channel_create"}`)).To(
				And(BeNumerically(">", 0), BeNumerically("<", failures)), "the events are shared")
		}
		Expect(clocks.Advance(within / 4)).To(Succeed())
		for _, n := range []*node{one, other} {
			Eventually(ctx, func() string {
				a := n.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/webhooks/"+hook, n.token(ctx, acme), "")
				return a.String("data", "disable_reason")
			}).WithTimeout(patience).Should(Equal("too many failed attempts"))
			Expect(n.failures(ctx, hook)).To(BeZero())
		}
		Eventually(ctx, told).WithTimeout(patience).Should(Receive(ContainSubstring(hook)))
		Consistently(ctx, told).Should(BeEmpty())
		name := "kazoolab_webhook_disabled_total"
		Expect(one.figure(ctx, name) + other.figure(ctx, name)).To(Equal(1.0))
	}, SpecTimeout(time.Minute))

	It("the second knows what failed before the first ended", func(ctx SpecContext) {
		l := newLab(ctx)
		l.receiver.does(func() int { return http.StatusTeapot })
		hook := l.hook(ctx, acme, `"hook":"channel_create"`)
		for i := range 3 {
			l.call(ctx, kapi.ChannelCreate, fmt.Sprint("c", i), acme) // each in a millisecond of its own
			Eventually(ctx, l.node.failures).WithArguments(hook).WithTimeout(patience).Should(Equal(i + 1))
		}
		l.node.end()
		next := l.start(l.broker.URL, time.Second)
		Eventually(ctx, next.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		Expect(next.failures(ctx, hook)).To(Equal(3))
	}, SpecTimeout(time.Minute))
})

// notices are the notifications that a hook was switched off.
func (l *lab) notices(ctx context.Context) <-chan string {
	GinkgoHelper()
	told, up := make(chan string, 10), make(chan struct{}, 1)
	_, err := l.bus.Consume(bus.Consumer{
		Queue:    bus.Queue{Exclusive: true, AutoDelete: true},
		Bindings: []bus.Binding{{Exchange: kapi.ExchangeNotifications, Key: "notifications.webhook.disabled"}},
		Prefetch: 10,
		OnUp:     func() { up <- struct{}{} },
		Handle: func(d bus.Delivery) {
			told <- string(d.Body)
			_ = d.Ack()
		},
	})
	Expect(err).NotTo(HaveOccurred())
	Eventually(ctx, up).WithTimeout(patience).Should(Receive())
	return told
}
