package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

var _ = Describe("A parked delivery", func() {
	It("is explained as one, until it is taken out", func(ctx SpecContext) {
		l := newLab(ctx)
		release := make(chan struct{})
		l.receiver.does(func() int { <-release; return http.StatusOK })
		l.hook(ctx, acme, `"hook":"channel_create"`)
		l.node.end()
		node := l.startWith(l.broker.URL, time.Second, func(c *bridge.Config) {
			c.Webhooks.Concurrency, c.ExplainEvents = 1, 100
		})
		Eventually(ctx, node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		calls := 0
		token := node.token(ctx, acme)
		fired := func(ctx context.Context) jobj.Object {
			GinkgoHelper()
			data := node.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/kazoolab/events/last?call_id="+fmt.Sprint("c", calls), token, "").Object.Object("data")
			hooks, _ := data.Get("fired_hooks")
			if list, _ := hooks.([]any); len(list) == 1 {
				hook, _ := list[0].(jobj.Object)
				return hook.Set("outcome of the event", data.String("outcome"))
			}
			return nil
		}
		outcome := func(ctx context.Context) string { return fired(ctx).String("outcome") }
		Eventually(ctx, func(ctx context.Context) string { // the first ones wait in memory
			calls++
			l.call(ctx, kapi.ChannelCreate, fmt.Sprint("c", calls), acme)
			return outcome(ctx)
		}).WithTimeout(patience).Should(Equal("parked"))
		hook := fired(ctx)
		Expect(hook.String("outcome of the event")).To(Equal("parked"))
		Expect(hook.String("parked", "text")).To(BeElementOf(
			"its receiver is slower than its events come", "others of its hook are parked before it"))
		since, err := time.Parse(time.RFC3339, hook.String("parked", "since"))
		Expect(err).NotTo(HaveOccurred())
		Expect(since).To(BeTemporally("~", time.Now(), patience)) //nolint:forbidigo // what the time of parking is compared with
		close(release)
		Eventually(ctx, outcome).WithArguments(ctx).WithTimeout(patience).Should(Equal("taken_out"))
	}, SpecTimeout(time.Minute))
})
