package webhooks_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// crowd is a cluster with many hooks: customers with five hooks each, below resellers
// with a hundred customers, below a distributor, below the root; those three have one
// hook each for all beneath them.
type crowd struct {
	directory *account.Directory
	hooks     *webhooks.Registry
	customers []string // of which every tenth has hooks for all events
	busy      string   // one account with as many hooks as all the others together, at most 100,000, of other events
}

func newCrowd(n int) *crowd {
	random := ids.Seeded("crowd")
	var accounts []account.Account
	var hooks []*webhooks.Hook
	add := func(tree []string) []string {
		id := random.Hex(32)
		accounts = append(accounts, account.Account{ID: id, Tree: tree})
		return append(slices.Clip(tree), id)
	}
	hook := func(owner, event string, deep bool) {
		hooks = append(hooks, &webhooks.Hook{ID: random.Hex(32), AccountID: owner, Event: event, IncludeSubaccounts: deep})
	}
	c := &crowd{directory: account.NewDirectory(), hooks: webhooks.NewRegistry()}
	root := add(nil)
	distributor := add(root)
	hook(root[0], "channel_answer", true)
	hook(distributor[1], "channel_answer", true)
	var reseller []string
	for i := range max(n/5, 1) {
		if i%100 == 0 {
			reseller = add(distributor)
			hook(reseller[2], "channel_answer", true)
		}
		customer := add(reseller)[3]
		c.customers = append(c.customers, customer)
		events := []string{"channel_create", "channel_create", "channel_bridge", "channel_bridge", "channel_destroy"}
		for _, event := range events {
			if i%10 == 0 {
				event = webhooks.EventAll
			}
			hook(customer, event, false)
		}
	}
	c.busy = add(reseller)[3]
	for range min(n, 100_000) {
		hook(c.busy, "channel_destroy", false)
	}
	hook(c.busy, "channel_create", false)
	c.directory.Replace(accounts, nil)
	c.hooks.Replace(hooks)
	return c
}

// BenchmarkMatch is what it costs to find the hooks of one event, from its account id,
// among so many. 64 customers take turns; in the last row 4,096 do, which shows what
// the processor's caches save the others.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000, 1_000_000} {
		c := newCrowd(n)
		every := func(most, from int) (some []string) {
			for i := from; i < len(c.customers) && len(some) < most; i += 10 {
				some = append(some, c.customers[i])
			}
			return some
		}
		for _, event := range []struct {
			name, event string
			customers   []string
			found       int
		}{
			{"two own hooks", "channel_create", every(64, 1), 2},
			{"three ancestors", "channel_answer", every(64, 1), 3},
			{"five for all and three ancestors", "channel_answer", every(64, 0), 8},
			{"none", "parking", every(64, 1), 0},
			{"one beside as many of other events", "channel_create", []string{c.busy}, 1},
			{"two own hooks of 4096 customers", "channel_create", every(4096, 1), 2},
		} {
			b.Run(fmt.Sprintf("%s/%d", event.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					owner, _ := c.directory.Get(event.customers[i%len(event.customers)])
					found := c.hooks.Find(event.event, owner.ID, c.directory.Ancestors(owner.ID))
					if len(found) != event.found {
						b.Fatalf("%d hooks found", len(found))
					}
				}
			})
		}
	}
}

// BenchmarkHooksInMemory is what a hook takes once it is read from its document, the
// accounts and their ids left aside: with one for each account and with ten.
func BenchmarkHooksInMemory(b *testing.B) {
	const n = 1_000_000
	for _, each := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d for each account/%d", each, n), func(b *testing.B) {
			random, owners := ids.Seeded("memory"), make([]string, n/each)
			for i := range owners {
				owners[i] = random.Hex(32)
			}
			for b.Loop() {
				before := heap()
				registry := webhooks.NewRegistry()
				registry.Replace(parsed(b, random, owners, n))
				b.ReportMetric(float64(heap()-before)/n, "B/hook")
				runtime.KeepAlive(registry)
			}
			runtime.KeepAlive(owners)
		})
	}
}

func parsed(b *testing.B, random *ids.Source, owners []string, n int) []*webhooks.Hook {
	b.Helper()
	events := webhooks.Names(fidelity.V50)[:4] // those of channels
	var hooks []*webhooks.Hook
	for i := range n {
		text := fmt.Sprintf(`{"name":"New Calls","uri":"https://hooks.example.com/%06d/calls.php","http_verb":"post","hook":%q,`+
			`"retries":3,"format":"form-data","enabled":true,"include_subaccounts":false,"include_internal_legs":true}`, i, events[i%len(events)])
		doc, err := jobj.ParseObject([]byte(text))
		if err != nil {
			b.Fatal(err)
		}
		hook, err := webhooks.ParseHook(random.Hex(32), owners[i%len(owners)], doc, events)
		if err != nil {
			b.Fatal(err)
		}
		hooks = append(hooks, hook)
	}
	return hooks
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkRegistryChange is one hook more or less in an account that has so many of
// the same event.
func BenchmarkRegistryChange(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("one more and one less/%d", n), func(b *testing.B) {
			random, registry := ids.Seeded("change"), webhooks.NewRegistry()
			hooks := make([]*webhooks.Hook, n)
			for i := range hooks {
				hooks[i] = &webhooks.Hook{ID: random.Hex(32), AccountID: "acme", Event: "channel_create"}
			}
			registry.Replace(hooks)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				hook := hooks[i%n]
				registry.Remove(hook.AccountID, hook.ID)
				registry.Set(hook)
			}
		})
	}
}
