package webhooks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// family is a random forest of accounts: several resellers, each with customers that
// have customers of their own.
type family struct {
	accounts []account.Account
	parent   map[string]string
}

func drawFamily(t *rapid.T) family {
	f := family{parent: map[string]string{}}
	for i := range rapid.IntRange(1, 14).Draw(t, "accounts") {
		id := fmt.Sprintf("%032d", i)
		acct := account.Account{ID: id, Enabled: rapid.Bool().Draw(t, "enabled"), IsReseller: rapid.Bool().Draw(t, "reseller")}
		if above := rapid.IntRange(-1, i-1).Draw(t, "parent"); above >= 0 {
			parent := f.accounts[above]
			acct.Tree = append(slices.Clone(parent.Tree), parent.ID)
			f.parent[id] = parent.ID
		}
		f.accounts = append(f.accounts, acct)
	}
	return f
}

// above tells whether one account is an ancestor of another, by the parents alone.
func (f family) above(ancestor, id string) bool {
	for id = f.parent[id]; id != ""; id = f.parent[id] {
		if id == ancestor {
			return true
		}
	}
	return false
}

func (f family) one(t *rapid.T, label string) string {
	return rapid.SampledFrom(f.accounts).Draw(t, label).ID
}

// TestWhoReceivesAnEvent: a hook receives the events of its account, and those of all
// accounts below it, however deep, if it includes sub-accounts; never those of a
// sibling, of an ancestor or of another reseller's customers. Whether an account is
// enabled or a reseller plays no part.
func TestWhoReceivesAnEvent(t *testing.T) {
	s := on(t, stage{dialect: fidelity.V50})
	rapid.Check(t, func(rt *rapid.T) {
		f := drawFamily(rt)
		s.accounts.Replace(f.accounts, nil)
		var hooks []*webhooks.Hook
		for i := range rapid.IntRange(0, 12).Draw(rt, "hooks") {
			hooks = append(hooks, &webhooks.Hook{
				ID: fmt.Sprintf("h%02d", i), AccountID: f.one(rt, "owner"), URI: s.receiver.server.URL, Verb: "post", Retries: 1,
				Event:              rapid.SampledFrom([]string{"all", "channel_create", "channel_answer", "parking"}).Draw(rt, "event"),
				IncludeSubaccounts: rapid.Bool().Draw(rt, "sub-accounts"), IncludeInternalLegs: true,
			})
		}
		s.hooks.Replace(hooks)
		concerned := f.one(rt, "event of")
		var want []string
		for _, hook := range hooks {
			mine := hook.AccountID == concerned || hook.IncludeSubaccounts && f.above(hook.AccountID, concerned)
			if mine && (hook.Event == "all" || hook.Event == "channel_create") {
				want = append(want, hook.ID+" of "+hook.AccountID+" "+concerned)
			}
		}
		var got []string
		for _, r := range s.send(t, strings.Replace(callMessage("CHANNEL_CREATE", ""), stageAcme, concerned, 1)) {
			got = append(got, r.Header.Get("X-Hook-Id")+" of "+r.Header.Get("X-Account-Id")+" "+field(r.Body, "account_id"))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			rt.Fatalf("an event of %s\n got %v\nwant %v", concerned, got, want)
		}
	})
}
