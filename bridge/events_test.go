package bridge_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

var _ = Describe("Events", func() {
	var l *lab
	BeforeEach(func(ctx SpecContext) { l = newLab(ctx) }, NodeTimeout(time.Minute))

	It("reach a webhook as soon as REST has created it", func(ctx SpecContext) {
		id := l.hook(ctx, acme, `"http_verb":"post","hook":"channel_create","retries":3`)
		l.call(ctx, kapi.ChannelCreate, "c1", acme)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"c1"}))
		got := l.receiver.last()
		Expect(got.Method).To(Equal(http.MethodPost))
		Expect(got.HookID).To(Equal(id))
		Expect(got.AccountID).To(Equal(acme))
		Expect(got.Fields.Get("hook_event")).To(Equal("channel_create"))
	}, SpecTimeout(time.Minute))

	It("come in the query of a GET", func(ctx SpecContext) {
		l.hook(ctx, acme, `"http_verb":"get","hook":"channel_destroy"`)
		l.call(ctx, kapi.ChannelDestroy, "c1", acme)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"c1"}))
		Expect(l.receiver.last().Method).To(Equal(http.MethodGet))
	}, SpecTimeout(time.Minute))

	It("of a sub-account reach an ancestor's hook, and nobody else's", func(ctx SpecContext) {
		l.hook(ctx, rival, `"hook":"channel_answer"`)
		above := l.hook(ctx, reseller, `"hook":"channel_answer","include_subaccounts":true`)
		l.call(ctx, kapi.ChannelAnswer, "c1", acme)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"c1"}))
		Expect(l.receiver.last().HookID).To(Equal(above))
		Expect(l.receiver.last().Fields.Get("account_id")).To(Equal(acme))
	}, SpecTimeout(time.Minute))

	It("follow a webhook's edits until it is deleted", func(ctx SpecContext) {
		id := l.hook(ctx, acme, `"hook":"channel_create"`)
		path, token := "/v2/accounts/"+acme+"/webhooks/"+id, l.node.token(ctx, acme)
		patch := func(body string) {
			Expect(l.node.request(ctx, http.MethodPatch, path, token, body).Status).To(Equal(http.StatusOK))
		}
		patch(`{"data":{"enabled":false}}`)
		l.call(ctx, kapi.ChannelCreate, "off", acme)
		patch(`{"data":{"enabled":true,"hook":"channel_bridge"}}`)
		l.call(ctx, kapi.ChannelCreate, "other", acme)
		l.call(ctx, kapi.ChannelBridge, "on", acme)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"on"}))
		Expect(l.node.request(ctx, http.MethodDelete, path, token, "").Status).To(Equal(http.StatusOK))
		l.call(ctx, kapi.ChannelBridge, "gone", acme)
		// Of another event: the last call may still wait when this hook is live.
		l.hook(ctx, acme, `"hook":"channel_destroy"`)
		l.call(ctx, kapi.ChannelDestroy, "new", acme)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"on", "new"}))
	}, SpecTimeout(time.Minute))

	It("of one call arrive in order", func(ctx SpecContext) {
		l.hook(ctx, acme, `"hook":"all"`)
		var want []string
		for _, event := range []string{kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelBridge, kapi.ChannelDestroy} {
			l.call(ctx, event, "c1", acme)
			want = append(want, strings.ToLower(event))
		}
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(HaveLen(4))
		var got []string
		for _, a := range l.receiver.arrivals() {
			if a.Fields.Has("call_id") { // the others are changes that making the hook led to
				got = append(got, a.Fields.Get("hook_event"))
			}
		}
		Expect(got).To(Equal(want))
	}, SpecTimeout(time.Minute))

	It("are unharmed by messages that are none", func(ctx SpecContext) {
		l.hook(ctx, acme, `"hook":"channel_create"`)
		for i, body := range []string{"", "hello", `{"Event-Name":"CHANNEL_CREATE"`, `[]`, "\xff\xfe", strings.Repeat("x", 5<<20), `{"Event-Category":5}`} {
			l.publish(ctx, "call.CHANNEL_CREATE.bad", body)
			l.call(ctx, kapi.ChannelCreate, fmt.Sprint("good-", i), acme)
		}
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(HaveLen(7))
	}, SpecTimeout(time.Minute))

	It("do not wait for another hook's silent receiver", func(ctx SpecContext) {
		silent := newReceiver()
		release := make(chan struct{})
		silent.does(func() int { <-release; return http.StatusOK })
		DeferCleanup(func() { close(release) })
		quick := l.receiver
		l.receiver = silent
		l.hook(ctx, acme, `"hook":"channel_create"`)
		l.receiver = quick
		l.hook(ctx, rival, `"hook":"channel_create"`)
		for i := range 1200 {
			l.call(ctx, kapi.ChannelCreate, fmt.Sprint("stuck-", i), acme)
		}
		l.call(ctx, kapi.ChannelCreate, "c1", rival)
		Eventually(ctx, quick.calls).WithTimeout(patience).Should(Equal([]string{"c1"}))
	}, SpecTimeout(3*time.Minute))

	It("that a node had not finished are delivered by the next one", func(ctx SpecContext) {
		l.hook(ctx, acme, `"hook":"channel_create","retries":1`)
		arrived, release := make(chan struct{}, 1), make(chan struct{})
		l.receiver.does(func() int {
			select {
			case arrived <- struct{}{}:
			default:
			}
			<-release
			return http.StatusOK
		})
		l.call(ctx, kapi.ChannelCreate, "c1", acme)
		Eventually(ctx, arrived).WithTimeout(patience).Should(Receive())
		l.node.end() // gives up after its drain timeout of a second
		l.receiver.does(func() int { return http.StatusOK })
		close(release)
		l.node = l.start(l.proxy.URL, time.Second)
		Eventually(ctx, l.receiver.calls).WithTimeout(patience).Should(Equal([]string{"c1", "c1"}))
	}, SpecTimeout(time.Minute))

	It("under way are finished before a node ends", func(ctx SpecContext) {
		l.hook(ctx, acme, `"hook":"channel_create"`)
		arrived, release := make(chan struct{}, 1), make(chan struct{})
		l.receiver.does(func() int { arrived <- struct{}{}; <-release; return http.StatusOK })
		node := l.start(l.proxy.URL, time.Minute)
		Eventually(ctx, node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		l.node.end()
		l.call(ctx, kapi.ChannelCreate, "c1", acme)
		Eventually(ctx, arrived).WithTimeout(patience).Should(Receive())
		node.stop()
		Consistently(ctx, node.ended).WithTimeout(200 * time.Millisecond).ShouldNot(Receive())
		close(release)
		node.end()
		depth, err := l.broker.Channel(GinkgoTB()).QueueDeclarePassive(bridge.WorkQueue, true, false, false, false, nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(depth.Messages).To(BeZero(), "the event was acknowledged")
	}, SpecTimeout(time.Minute))

	It("flow again after the connection to the broker was cut", func(ctx SpecContext) {
		l.hook(ctx, acme, `"hook":"channel_create"`)
		want := map[string]bool{}
		for i := range 300 {
			if i%100 == 50 {
				Eventually(ctx, l.proxy.Cut).WithTimeout(patience).Should(BeNumerically(">", 0))
			}
			id := fmt.Sprint("c", i)
			want[id] = true
			l.call(ctx, kapi.ChannelCreate, id, acme)
		}
		Eventually(ctx, func() map[string]bool {
			got := map[string]bool{}
			for _, id := range l.receiver.calls() {
				got[id] = true
			}
			return got
		}).WithTimeout(patience).Should(Equal(want))
	}, SpecTimeout(2*time.Minute))
})

var _ = Describe("Health", func() {
	It("is red with a reason while the broker is away, and the API serves all the same", func(ctx SpecContext) {
		l := newLab(ctx)
		Expect(l.node.request(ctx, http.MethodGet, "/readyz", "", "").Status).To(Equal(http.StatusOK))
		away := l.start("amqp://guest:guest@127.0.0.1:1/", time.Second)
		Eventually(ctx, func() string {
			a := away.request(ctx, http.MethodGet, "/readyz", "", "")
			reasons, _ := a.Get("reasons")
			return fmt.Sprint(a.Status, reasons)
		}).WithTimeout(patience).Should(Equal("503 [the broker is not connected]"))
		Expect(away.token(ctx, acme)).NotTo(BeEmpty())
	}, SpecTimeout(time.Minute))
})
