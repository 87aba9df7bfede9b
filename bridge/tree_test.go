package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// account creates an account below another by REST, as that one's owner would.
func (l *lab) account(ctx context.Context, token, parent, name string) string {
	GinkgoHelper()
	a := l.node.request(ctx, http.MethodPut, "/v2/accounts/"+parent, token, fmt.Sprintf(`{"data":{"name":%q}}`, name))
	Expect(a.Status).To(Equal(http.StatusCreated), "%s", jobj.Append(nil, a.Object))
	return a.String("data", "id")
}

var _ = Describe("A reseller's hook", func() {
	It("receives the events of all its sub-accounts, three levels deep, and of nobody else", func(ctx SpecContext) {
		l := newLab(ctx)
		token := l.node.token(ctx, reseller)
		branch := l.account(ctx, token, acme, "Branch")
		office := l.account(ctx, token, branch, "Office")
		desk := l.account(ctx, token, office, "Desk")
		aside := l.account(ctx, token, rival, "Aside")
		hook := func(owner, more string) string { return l.hookBy(ctx, token, owner, `"hook":"channel_create"`+more) }
		one := hook(acme, `,"include_subaccounts":true`)
		top := hook(reseller, `,"include_subaccounts":true`)
		own := hook(desk, "")
		hook(branch, "") // does not include them
		hook(rival, `,"include_subaccounts":true`)
		hook(aside, `,"include_subaccounts":true`)

		// got lists who has received a call of an account, as hook and owner.
		got := func(callID string) func() []string {
			return func() []string {
				var got []string
				for _, a := range l.receiver.arrivals() {
					if a.Fields.Get("call_id") == callID {
						got = append(got, a.HookID+" of "+a.AccountID)
					}
				}
				return slices.Sorted(slices.Values(got))
			}
		}
		expect := func(account string, want ...string) {
			GinkgoHelper()
			l.call(ctx, kapi.ChannelCreate, account, account)
			slices.Sort(want)
			Eventually(ctx, got(account)).WithTimeout(patience).Should(Equal(want))
		}
		expect(desk, own+" of "+desk, one+" of "+acme, top+" of "+reseller)
		expect(office, one+" of "+acme, top+" of "+reseller)
		for _, a := range l.receiver.arrivals() {
			Expect(a.Fields.Get("account_id")).To(Equal(a.Fields.Get("call_id")), "the payload stays the event's")
		}
		// An account that is switched off goes on firing; one that is deleted does not,
		// nor do its own hooks.
		path := "/v2/accounts/" + office
		Expect(l.node.request(ctx, http.MethodPatch, path, token, `{"data":{"enabled":false}}`).Status).To(Equal(http.StatusOK))
		l.call(ctx, kapi.ChannelCreate, "off", office)
		Eventually(ctx, got("off")).WithTimeout(patience).Should(HaveLen(2))
		Expect(l.node.request(ctx, http.MethodDelete, "/v2/accounts/"+desk, token, "").Status).To(Equal(http.StatusOK))
		l.call(ctx, kapi.ChannelCreate, "gone", desk)
		expect(aside, l.ids(ctx, token, rival)[0]+" of "+rival, l.ids(ctx, token, aside)[0]+" of "+aside, top+" of "+reseller)
		Expect(got("gone")()).To(BeEmpty())
		Expect(l.receiver.arrivals()).To(HaveLen(3 + 2 + 2 + 3))
	}, SpecTimeout(2*time.Minute))
})

// ids lists the hooks of an account.
func (l *lab) ids(ctx context.Context, token, accountID string) []string {
	GinkgoHelper()
	a := l.node.request(ctx, http.MethodGet, "/v2/accounts/"+accountID+"/webhooks", token, "")
	data, _ := a.Get("data")
	var ids []string
	for _, row := range data.([]any) {
		ids = append(ids, row.(jobj.Object).String("id"))
	}
	return ids
}
