package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
)

var _ = Describe("Debug documents of Pivot", func() {
	It("are stored once, and shown to their account", func(ctx SpecContext) {
		l := newLab(ctx)
		l.bus.DeclareExchange(kapi.ExchangePivot, kapi.ExchangeType(kapi.ExchangePivot))
		say := func(accountID string, document jobj.Object) {
			GinkgoHelper()
			m, err := kapi.PivotDebugMessage(
				kapi.Sender{Node: "pivot@lab", AppName: "pivot", AppVersion: "5.0.0", MsgID: func() string { return "m" }}, accountID, document,
			)
			Expect(err).NotTo(HaveOccurred())
			Expect(l.bus.Publish(ctx, bus.Message{Exchange: m.Exchange, Key: m.Key, Body: m.Payload(), Mandatory: true, UntilRouted: true})).To(Succeed())
		}
		document := func(callID, body string) jobj.Object {
			return jobj.Object{
				{Key: "resp_status_code", Value: "200"}, {Key: "resp_body", Value: body}, {Key: "iteration", Value: 1}, {Key: "call_id", Value: callID},
			}
		}
		say("99999999999999999999999999999999", document("stray", ""))
		say(acme, jobj.Object{{Key: "iteration", Value: 1}})
		say(acme, document("long", strings.Repeat("é", 200_000)))
		say(acme, document("c1", "<Response/>"))
		large := strings.Repeat("x", 300_000)
		say(acme, jobj.Object{
			{Key: "uri", Value: "http://app/?" + large}, {Key: "method", Value: "post"}, {Key: "req_body", Value: large},
			{Key: "req_headers", Value: jobj.Object{{Key: "content-type", Value: "text/plain"}}}, {Key: "resp_headers", Value: jobj.Object{{Key: "x", Value: large}}},
			{Key: "schema_errors", Value: []any{large}}, {Key: "iteration", Value: 1}, {Key: "call_id", Value: "wide"},
		})

		token := l.node.token(ctx, acme)
		list := func(ctx context.Context) string {
			return fmt.Sprint(l.node.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/pivot/debug", token, "").Get("data"))
		}
		Eventually(ctx, list).WithTimeout(patience).Should(And(ContainSubstring("c1"), ContainSubstring("long"), ContainSubstring("wide"), ContainSubstring("pivot@lab")))
		Expect(list(ctx)).NotTo(ContainSubstring("stray"))
		long := l.node.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/pivot/debug/long", token, "")
		rows, _ := long.Get("data")
		Expect(rows).To(HaveLen(1))
		kept, _ := rows.([]any)[0].(jobj.Object)
		Expect(len(kept.String("resp_body"))).To(BeNumerically("~", 256<<10, 1))
		Expect(kept.Int("resp_body_cut")).To(Equal(int64(400_000)), "what is missing is told")

		wide := l.node.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/pivot/debug/wide", token, "")
		rows, _ = wide.Get("data")
		Expect(rows).To(HaveLen(1))
		kept, _ = rows.([]any)[0].(jobj.Object)
		Expect(kept.String("uri")).To(HaveLen(256 << 10))
		Expect(kept.Int("uri_cut")).To(Equal(int64(300_012)))
		Expect(kept.String("req_body")).To(HaveLen(256 << 10))
		Expect(kept.Int("req_body_cut")).To(Equal(int64(300_000)))
		Expect(kept.String("req_headers", "content-type")).To(Equal("text/plain"), "what is small is whole")
		Expect(kept.Has("req_headers_cut")).To(BeFalse())
		Expect([]bool{kept.Has("resp_headers"), kept.Has("schema_errors")}).To(Equal([]bool{false, false}))
		Expect(kept.Int("resp_headers_cut")).To(Equal(int64(300_008)))
		Expect(kept.Int("schema_errors_cut")).To(Equal(int64(300_004)))
		listed, _ := l.node.request(ctx, http.MethodGet, "/v2/accounts/"+acme+"/pivot/debug", token, "").Get("data")
		Expect(listed).To(ContainElement(ContainElements(
			jobj.Member{Key: "call_id", Value: "wide"}, jobj.Member{Key: "has_schema_errors", Value: true},
		)), "that there were some is still known")
	}, SpecTimeout(time.Minute))
})
