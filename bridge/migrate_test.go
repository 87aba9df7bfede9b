package bridge_test

import (
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
)

var _ = Describe("Hooks of Kazoo 3.22", func() {
	It("become notifications when a bridge starts that has no such hooks, and then fire", func(ctx SpecContext) {
		l := newLab(ctx)
		fax := l.hook(ctx, acme, `"hook":"inbound_fax"`)
		flow := l.hook(ctx, acme, `"hook":"callflow","enabled":false`)
		stored := func() map[string]string {
			documents, err := l.store.List(ctx, store.Query{DB: kapi.DatabaseWebhooks, Type: "webhook"})
			Expect(err).NotTo(HaveOccurred())
			kinds := map[string]string{}
			for _, doc := range documents {
				kinds[doc.Body.String("type")] = doc.Body.String("hook") + " " + doc.Body.String("other_id")
			}
			return kinds
		}
		l.node.end()
		for range 2 { // a second start finds nothing to do
			node := l.startSpeaking(fidelity.V50, l.proxy.URL, time.Second)
			Eventually(ctx, node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
			kinds := stored()
			Expect(kinds).To(HaveLen(3))
			Expect(kinds).To(HaveKeyWithValue("inbound_fax_error", "notifications "+fax))
			Expect(kinds["inbound_fax"]).To(MatchRegexp("^notifications [0-9a-f]{32}$"))
			Expect(kinds).To(HaveKeyWithValue("callflow", "notifications "))
			doc, err := l.store.Get(ctx, kapi.DatabaseWebhooks, flow)
			Expect(err).NotTo(HaveOccurred())
			Expect(doc.Body.Bool(true, "enabled")).To(BeFalse())
			node.end()
		}
		node := l.startSpeaking(fidelity.V50, l.proxy.URL, time.Second)
		Eventually(ctx, node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		l.bus.DeclareExchange(kapi.ExchangeNotifications, kapi.ExchangeType(kapi.ExchangeNotifications))
		l.tell(ctx, kapi.ExchangeNotifications, "notifications.account.low_balance",
			`{"Account-ID":"`+acme+`","Current-Balance":1,"Event-Category":"notification","Event-Name":"low_balance","Msg-ID":"m","App-Name":"a","App-Version":"1"}`, false)
		// What Kazoo writes filters nothing, so that both receive it (quirk migrated-type).
		Eventually(ctx, l.receiver.arrivals).WithTimeout(patience).Should(HaveLen(2))
	}, SpecTimeout(2*time.Minute))

	It("are explained as they are read, not as they are stored", func(ctx SpecContext) {
		l := newLab(ctx)
		l.hook(ctx, acme, `"hook":"callflow"`)
		l.node.end()
		node := l.startWith(l.proxy.URL, time.Second, func(c *bridge.Config) {
			c.Webhooks.Dialect, c.Webhooks.Compat, c.ExplainEvents = fidelity.V50, fidelity.Corrected, 10
		})
		Eventually(ctx, node.bridge.Ready()).WithTimeout(patience).Should(BeClosed())
		l.bus.DeclareExchange(kapi.ExchangeNotifications, kapi.ExchangeType(kapi.ExchangeNotifications))
		l.tell(ctx, kapi.ExchangeNotifications, "notifications.account.low_balance",
			`{"Account-ID":"`+acme+`","Current-Balance":1,"Event-Category":"notification","Event-Name":"low_balance","Msg-ID":"m","App-Name":"a","App-Version":"1"}`, false)
		token, path := node.token(ctx, acme), "/v2/accounts/"+acme+"/kazoolab/events/last?all=false"
		Eventually(ctx, func() string {
			return node.request(ctx, http.MethodGet, path, token, "").Object.Object("data").String("event_name")
		}).
			WithTimeout(patience).Should(Equal("low_balance"))
		// Corrected, its type filters, though it stands where nothing reads it.
		silent, _ := node.request(ctx, http.MethodGet, path, token, "").Object.Object("data").Get("silent_hooks")
		Expect(fmt.Sprint(silent)).To(ContainSubstring(`custom_data.type were "low_balance" or "all"`))
	}, SpecTimeout(2*time.Minute))
})
