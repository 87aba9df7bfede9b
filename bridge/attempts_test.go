package bridge_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

var _ = Describe("Attempts", func() {
	It("that failed are listed under the hook's account, of all hooks and of one", func(ctx SpecContext) {
		l := newLab(ctx)
		l.receiver.does(func() int { return http.StatusTeapot })
		id := l.hook(ctx, acme, `"hook":"channel_create","retries":1`)
		l.call(ctx, kapi.ChannelCreate, "c1", acme)
		for _, path := range []string{"/webhooks/attempts", "/webhooks/" + id + "/attempts"} {
			list := func(account string) []any {
				a := l.node.request(ctx, http.MethodGet, "/v2/accounts/"+account+path, l.node.token(ctx, account), "")
				Expect(a.Status).To(Equal(http.StatusOK))
				rows, _ := a.Get("data")
				return rows.([]any)
			}
			Eventually(ctx, list).WithArguments(acme).WithTimeout(patience).Should(HaveLen(1))
			row := list(acme)[0].(jobj.Object)
			Expect(row.String("resp_status_code")).To(Equal("418"))
			Expect(row.String("hook_id")).To(Equal(id))
			Expect(row.Has("pvt_account_id")).To(BeFalse())
			Expect(list(rival)).To(BeEmpty())
		}
	}, SpecTimeout(time.Minute))
})
