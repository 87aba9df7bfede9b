package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// requests makes calls of an account until each node has taken one, and returns how
// they came to the receiver: the methods, each once.
func (l *lab) requests(ctx context.Context, accountID string, nodes ...*node) []string {
	GinkgoHelper()
	const taken, busy = `kazoolab_webhook_events_total{event="channel_create"}`, "kazoolab_webhook_events_in_flight"
	sum := func() (sum float64) {
		for _, n := range nodes {
			sum += n.figure(ctx, taken)
		}
		return sum
	}
	before, earlier := make([]float64, len(nodes)), len(l.receiver.arrivals())
	for i, n := range nodes {
		before[i] = n.figure(ctx, taken)
	}
	for made, start := 1, sum(); slices.ContainsFunc(nodes, func(n *node) bool {
		return n.figure(ctx, taken) == before[slices.Index(nodes, n)]
	}); made++ {
		l.call(ctx, kapi.ChannelCreate, fmt.Sprint("call", made), accountID)
		Eventually(ctx, sum).WithTimeout(patience).Should(Equal(start + float64(made)))
	}
	for _, n := range nodes {
		Eventually(ctx, n.figure).WithArguments(busy).WithTimeout(patience).Should(BeZero())
	}
	methods := []string{}
	for _, a := range l.receiver.arrivals()[earlier:] {
		methods = append(methods, a.Method)
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

var _ = Describe("Changes made on one node", func() {
	const hooks = "kazoolab_webhook_hooks"

	It("are live on the other, those of hooks", func(ctx SpecContext) {
		l := newLab(ctx)
		one, other := l.pair(ctx, func(*bridge.Config) {})
		live := func(want int) {
			GinkgoHelper()
			Eventually(ctx, other.figure).WithArguments(hooks).WithTimeout(patience).Should(Equal(float64(want)))
		}
		both := func() []string { return l.requests(ctx, acme, one, other) }
		id := l.hook(ctx, acme, `"hook":"channel_create","http_verb":"post"`)
		change := func(method, body string) {
			GinkgoHelper()
			a := one.request(ctx, method, "/v2/accounts/"+acme+"/webhooks/"+id, one.token(ctx, acme), body)
			Expect(a.Status).To(Equal(http.StatusOK), "%s", jobj.Append(nil, a.Object))
		}
		stored := func() answer {
			return other.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/webhooks/"+id, other.token(ctx, acme), "")
		}
		Expect(stored().Status).To(Equal(http.StatusOK), "documents are in the store they share")
		live(1)
		Eventually(ctx, both).WithTimeout(patience).Should(Equal([]string{http.MethodPost}))

		change(http.MethodPatch, `{"data":{"http_verb":"put"}}`)
		Expect(stored().String("data", "http_verb")).To(Equal("put"))
		Eventually(ctx, both).WithTimeout(patience).Should(Equal([]string{http.MethodPut}))

		change(http.MethodPatch, `{"data":{"enabled":false}}`)
		live(0)
		Eventually(ctx, both).WithTimeout(patience).Should(BeEmpty())
		change(http.MethodPatch, `{"data":{"enabled":true}}`)
		live(1)
		Eventually(ctx, both).WithTimeout(patience).Should(Equal([]string{http.MethodPut}))
		change(http.MethodDelete, "")
		Expect(stored().Status).To(Equal(http.StatusNotFound))
		live(0)
		Eventually(ctx, both).WithTimeout(patience).Should(BeEmpty())
	}, SpecTimeout(2*time.Minute))

	It("are live on the other, those of accounts and their configuration", func(ctx SpecContext) {
		l := newLab(ctx)
		one, other := l.pair(ctx, func(*bridge.Config) {})
		token := one.token(ctx, acme)
		l.hookBy(ctx, token, acme, `"hook":"channel_create","include_subaccounts":true`)
		branch := l.account(ctx, token, acme, "Branch")
		l.hookBy(ctx, token, branch, `"hook":"channel_create","http_verb":"put"`)
		known := func() int { return other.request(ctx, http.MethodGet, "/v2/accounts/"+branch, token, "").Status }
		Eventually(ctx, known).WithTimeout(patience).Should(Equal(http.StatusOK))
		Eventually(ctx, other.figure).WithArguments(hooks).WithTimeout(patience).Should(Equal(2.0))
		Eventually(ctx, func() []string { return l.requests(ctx, branch, one, other) }).WithTimeout(patience).Should(Equal([]string{http.MethodPost, http.MethodPut}))

		limit := func() string {
			a := other.request(ctx, http.MethodGet, "/v2/accounts/"+branch+"/kazoolab/failures", token, "")
			return string(jobj.Append(nil, a.Object))
		}
		config := func(method, body string) {
			GinkgoHelper()
			a := one.request(ctx, method, "/v2/accounts/"+branch+"/configs/webhooks", token, body)
			Expect(a.Status).To(Equal(http.StatusOK), "%s", jobj.Append(nil, a.Object))
		}
		config(http.MethodPost, `{"data":{"attempt_failure_count":77}}`)
		Eventually(ctx, limit).WithTimeout(patience).Should(ContainSubstring(`"attempt_failure_count":77`))
		config(http.MethodDelete, "")
		Eventually(ctx, limit).WithTimeout(patience).Should(ContainSubstring(`"attempt_failure_count":6`))

		a := one.request(ctx, http.MethodDelete, "/v2/accounts/"+branch, token, "")
		Expect(a.Status).To(Equal(http.StatusOK), "%s", jobj.Append(nil, a.Object))
		Eventually(ctx, known).WithTimeout(patience).ShouldNot(Equal(http.StatusOK))
		Eventually(ctx, other.figure).WithArguments(hooks).WithTimeout(patience).Should(Equal(1.0))
	}, SpecTimeout(2*time.Minute))

	It("are in force there when it answers, though there is no broker", func(ctx SpecContext) {
		l := newLab(ctx)
		token := l.node.token(ctx, acme)
		l.proxy.Unplug()
		id := l.hookBy(ctx, token, acme, `"hook":"channel_create"`)
		Expect(l.node.figure(ctx, hooks)).To(Equal(1.0))
		a := l.node.request(ctx, http.MethodDelete, "/v2/accounts/"+acme+"/webhooks/"+id, token, "")
		Expect(a.Status).To(Equal(http.StatusOK), "%s", jobj.Append(nil, a.Object))
		Expect(l.node.figure(ctx, hooks)).To(BeZero())
	}, SpecTimeout(time.Minute))

	It("are told once there is a broker again, those of objects that no node remembers", func(ctx SpecContext) {
		l := newLab(ctx)
		heard := l.hear(ctx, bus.Binding{Exchange: kapi.ExchangeConfiguration, Key: "*.*.device.*"})
		token := l.node.token(ctx, acme)
		l.proxy.Unplug()
		a := l.node.request(ctx, http.MethodPut, "/v2/accounts/"+acme+"/devices", token, `{"data":{"name":"d","sip":{"method":"ip","ip":"192.0.2.7"}}}`)
		Expect(a.Status).To(Equal(http.StatusCreated), "%s", jobj.Append(nil, a.Object))
		id := a.String("data", "id")
		Consistently(ctx, heard).WithTimeout(200 * time.Millisecond).ShouldNot(Receive())
		l.proxy.Plug()
		var keys []string
		Eventually(ctx, func() []string {
			select {
			case one := <-heard:
				key, _, _ := strings.Cut(one, " ")
				keys = append(keys, key)
			default:
			}
			slices.Sort(keys)
			return slices.Compact(keys)
		}).WithTimeout(patience).Should(ConsistOf("doc_created."+kapi.AccountDB(acme)+".device."+id, "doc_created.sip_auth.device."+id))
	}, SpecTimeout(2*time.Minute))
})
