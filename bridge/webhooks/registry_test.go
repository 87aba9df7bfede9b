package webhooks_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// The table holds what a list of hooks would, through any changes, and whether an
// account has few hooks or many.
func TestTheTableIsAListOfHooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := NewWithT(t)
		table, list := webhooks.NewRegistry(), []*webhooks.Hook(nil)
		gone := func(account, id string) {
			list = slices.DeleteFunc(list, func(h *webhooks.Hook) bool { return h.AccountID == account && (id == "" || h.ID == id) })
		}
		account := rapid.SampledFrom([]string{"a", "b"})
		id := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("h", rapid.IntRange(0, 60).Draw(t, "n")) })
		event := rapid.SampledFrom([]string{"channel_create", "channel_answer", "all"})
		hook := rapid.Custom(func(t *rapid.T) *webhooks.Hook {
			return &webhooks.Hook{
				ID: id.Draw(t, "id"), AccountID: account.Draw(t, "owner"), Event: event.Draw(t, "event"),
				IncludeSubaccounts: rapid.Bool().Draw(t, "deep"),
			}
		})
		set := func(h *webhooks.Hook) {
			gone(h.AccountID, h.ID)
			list = append(list, h)
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				for _, h := range rapid.SliceOfN(hook, 1, 20).Draw(t, "hooks") {
					table.Set(h)
					set(h)
				}
			},
			"remove": func(t *rapid.T) {
				owner, id := account.Draw(t, "owner"), id.Draw(t, "id")
				table.Remove(owner, id)
				gone(owner, id)
			},
			"remove an account": func(t *rapid.T) {
				owner := account.Draw(t, "owner")
				table.RemoveAccount(owner)
				gone(owner, "")
			},
			"replace": func(t *rapid.T) {
				list = nil
				hooks := rapid.SliceOfN(hook, 0, 100).Draw(t, "hooks")
				table.Replace(hooks)
				for _, h := range hooks {
					set(h)
				}
			},
			"": func(*rapid.T) {
				g.Expect(table.Len()).To(Equal(len(list)))
				for _, name := range []string{"channel_create", "parking"} {
					g.Expect(table.Find(name, "a", []string{"b"})).To(Equal(slices.Concat(
						listed(list, "a", name, false), listed(list, "b", name, true))))
				}
			},
		})
	})
}

// listed is what an account has for an event, by id.
func listed(list []*webhooks.Hook, account, event string, deep bool) []*webhooks.Hook {
	var found []*webhooks.Hook
	for _, h := range list {
		if h.AccountID == account && (h.Event == event || h.Event == "all") && (h.IncludeSubaccounts || !deep) {
			found = append(found, h)
		}
	}
	slices.SortFunc(found, func(a, b *webhooks.Hook) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// What Find has returned belongs to who asked, whatever changes then.
func TestWhatWasFoundStaysAsItWas(t *testing.T) {
	g := NewWithT(t)
	table := webhooks.NewRegistry()
	set := func(id string) { table.Set(&webhooks.Hook{ID: id, AccountID: "a", Event: "all"}) }
	for i := range 50 {
		set(fmt.Sprint(i))
	}
	found := table.Find("parking", "a", nil)
	before := slices.Clone(found)
	table.Remove("a", "7")
	set("6")
	g.Expect(found).To(Equal(before))
	clear(found)
	g.Expect(table.Find("parking", "a", nil)).To(HaveLen(49))
	g.Expect(table.Find("parking", "a", nil)).NotTo(ContainElement(BeNil()))
}

// For the race detector.
func TestEventsAndChangesMeetInTheTable(t *testing.T) {
	g := NewWithT(t)
	table := webhooks.NewRegistry()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 200 {
				hook := &webhooks.Hook{ID: fmt.Sprint(worker, "-", i), AccountID: "a", Event: "channel_create"}
				table.Set(hook)
				if found := table.Find("channel_create", "a", []string{"b"}); !slices.Contains(found, hook) {
					t.Errorf("%s is not found", hook.ID)
				}
				if i%2 == 0 {
					table.Remove("a", hook.ID)
				}
			}
		})
	}
	all.Wait()
	g.Expect(table.Len()).To(Equal(400))
}
