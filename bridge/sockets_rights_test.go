package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// conference makes one of a certain id, and returns the status of the answer.
func (l *lab) conference(ctx context.Context, accountID string) int {
	GinkgoHelper()
	path := "/v2/accounts/" + accountID + "/conferences"
	return l.node.request(ctx, http.MethodPut, path, l.node.token(ctx, accountID), `{"data":{"id":"room","name":"r"}}`).Status
}

var _ = Describe("What a websocket may see", func() {
	It("ends with its account's rights", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		s, beside := l.dial(ctx, acme), l.dial(ctx, rival)
		s.subscribe(acme, "call.*.*", "")
		beside.subscribe(rival, "call.*.*", "")
		a := l.node.request(ctx, http.MethodDelete, "/v2/accounts/"+acme, l.node.token(ctx, reseller), "")
		Expect(a.Status).To(Equal(http.StatusOK))
		Expect(s.next()).To(ContainSubstring("close 1008 (policy violation): the rights of the account have changed"))
		Expect(beside.ask("ping", "{}")).To(ContainSubstring("pong"))
	}, SpecTimeout(time.Minute))

	It("of commands to a conference is that of the account that had it first", func(ctx SpecContext) {
		l := newSocketLab(ctx)
		Expect(l.conference(ctx, acme)).To(Equal(http.StatusCreated))
		Expect(l.conference(ctx, rival)).To(Equal(http.StatusBadRequest), "it is another's id")
		first, other := l.dial(ctx, acme), l.dial(ctx, rival)
		first.subscribe(acme, "conference.command.room", "")
		other.subscribe(rival, "conference.command.room", "")
		l.bus.DeclareExchange(kapi.ExchangeConference, kapi.ExchangeType(kapi.ExchangeConference))
		l.tell(ctx, kapi.ExchangeConference, "conference.command.room",
			`{"Event-Category":"conference","Event-Name":"command","Conference-ID":"room","Application-Name":"play"}`, false)
		Expect(first.next()).To(ContainSubstring(fmt.Sprintf(`"subscribed_key":%q`, "conference.command.room")))
		Expect(other.ask("ping", "{}")).To(ContainSubstring("pong"), "and nothing before")
	}, SpecTimeout(time.Minute))
})
