package bridge_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
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

// silently writes into the store of the lab without a message, as a node does that
// dies in between.
func (l *lab) silently(ctx context.Context, doc store.Document) store.Document {
	GinkgoHelper()
	saved, err := l.store.Save(ctx, doc)
	Expect(err).NotTo(HaveOccurred())
	return saved
}

// unheard is a hook that the lab's node has not heard of.
func (l *lab) unheard(ctx context.Context) store.Document {
	GinkgoHelper()
	return l.silently(ctx, store.Document{
		DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook, AccountID: acme, Body: jobj.Object{
			{Key: "name", Value: "n"}, {Key: "uri", Value: l.receiver.url + "/hook"}, {Key: "hook", Value: "channel_create"},
		},
	})
}

var _ = Describe("A node that missed a message", func() {
	const hooks, branch = "kazoolab_webhook_hooks", "44444444444444444444444444444444"

	It("catches up with what was written", func(ctx SpecContext) {
		l, clocks := newLab(ctx), clock.NewAdjustable(clock.System())
		l.node.end()
		l.node = l.startWith(l.broker.URL, time.Second, func(c *bridge.Config) { c.Clock = clocks })
		Eventually(ctx, l.node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		later := func() { Expect(clocks.Advance(30 * time.Second)).To(Succeed()) }
		account := func() int {
			return l.node.request(ctx, http.MethodGet, "/v2/accounts/"+branch, l.node.token(ctx, reseller), "").Status
		}
		limit := func() string {
			a := l.node.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/kazoolab/failures", l.node.token(ctx, acme), "")
			return string(jobj.Append(nil, a.Object))
		}

		hook := l.unheard(ctx)
		body := jobj.Object{{Key: "name", Value: "Branch"}, {Key: "realm", Value: "b.example.com"}, {Key: "pvt_tree", Value: []any{reseller}}}
		for _, db := range []string{kapi.DatabaseAccounts, kapi.AccountDB(branch)} {
			l.silently(ctx, store.Document{DB: db, ID: branch, Type: store.TypeAccount, AccountID: branch, Body: body})
		}
		l.silently(ctx, store.Document{
			DB: kapi.AccountDB(acme), ID: kapi.ConfigWebhooks, Type: store.TypeAccountConfig, AccountID: acme,
			Body: jobj.Object{{Key: disabler.CountKey, Value: 77}},
		})
		l.silently(ctx, store.Document{DB: kapi.DatabaseNumbers, ID: "+14155550100", Type: store.TypeNumber, AccountID: acme})
		Expect(l.node.figure(ctx, hooks)).To(BeZero())
		Expect(account()).NotTo(Equal(http.StatusOK))
		Expect(limit()).NotTo(ContainSubstring(`"attempt_failure_count":77`))
		later()
		Eventually(ctx, l.node.figure).WithArguments(hooks).WithTimeout(patience).Should(Equal(1.0))
		Eventually(ctx, account).WithTimeout(patience).Should(Equal(http.StatusOK))
		Eventually(ctx, limit).WithTimeout(patience).Should(ContainSubstring(`"attempt_failure_count":77`))
		l.publish(ctx, kapi.CallEventKey(kapi.ChannelCreate, "c1"), `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"c1",`+
			`"Request":"+14155550100@acme.example.com","Msg-ID":"1","App-Name":"freeswitch","App-Version":"1.0"}`)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"c1"}))

		hook.Body = hook.Body.Set("enabled", false)
		hook = l.silently(ctx, hook)
		later()
		Eventually(ctx, l.node.figure).WithArguments(hooks).WithTimeout(patience).Should(BeZero())

		hook.Body = hook.Body.Set("enabled", true)
		l.silently(ctx, hook)
		later()
		Eventually(ctx, l.node.figure).WithArguments(hooks).WithTimeout(patience).Should(Equal(1.0))
		for db, id := range map[string]string{kapi.DatabaseWebhooks: hook.ID, kapi.DatabaseAccounts: branch, kapi.AccountDB(acme): kapi.ConfigWebhooks} {
			Expect(l.store.Remove(ctx, db, id)).To(Succeed())
		}
		later()
		Eventually(ctx, l.node.figure).WithArguments(hooks).WithTimeout(patience).Should(BeZero())
		Eventually(ctx, account).WithTimeout(patience).ShouldNot(Equal(http.StatusOK))
	}, SpecTimeout(time.Minute))

	It("catches up when it has a connection again, and does not read everything for that", func(ctx SpecContext) {
		l, log := newLab(ctx), gbytes.NewBuffer()
		l.node.end()
		l.node = l.startWith(l.proxy.URL, time.Second, func(c *bridge.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
		Eventually(ctx, l.node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		l.proxy.Unplug()
		Eventually(ctx, l.node.figure).WithArguments("kazoolab_broker_connected").WithTimeout(patience).Should(BeZero())
		l.unheard(ctx)
		l.proxy.Plug()
		Eventually(ctx, l.node.figure).WithArguments(hooks).WithTimeout(patience / 2).Should(Equal(1.0)) // the next look would come later
		l.call(ctx, kapi.ChannelCreate, "c1", acme)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"c1"}))
		Expect(strings.Count(string(log.Contents()), "accounts and hooks loaded")).To(Equal(1))
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
