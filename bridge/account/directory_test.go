package account_test

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/account"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The accounts of the REST records.
const (
	master   = "00000000000000000000000000000001"
	reseller = "11111111111111111111111111111111"
	customer = "22222222222222222222222222222222"
	sub      = "33333333333333333333333333333333"
	sibling  = "44444444444444444444444444444444"
)

func recorded() *account.Directory {
	d := account.NewDirectory()
	d.Replace([]account.Account{
		{ID: master, Superduper: true, IsReseller: true},
		{ID: reseller, Tree: []string{master}, IsReseller: true},
		{ID: customer, Tree: []string{master, reseller}},
		{ID: sub, Tree: []string{master, reseller, customer}},
		{ID: sibling, Tree: []string{master, reseller}},
	}, map[string]string{"+14155550100": customer})
	return d
}

func TestResellers(t *testing.T) {
	d := recorded()
	for id, want := range map[string]string{
		master:   master, // the top reseller is its own
		reseller: master, // a reseller is sold to by the next one up
		customer: reseller,
		sub:      reseller,
	} {
		if got, _ := d.Get(id); got.ResellerID != want {
			t.Errorf("reseller of %s is %q", id, got.ResellerID)
		}
	}
	d.Put(account.Account{ID: customer, Tree: []string{master, reseller}, IsReseller: true})
	if got, _ := d.Get(sub); got.ResellerID != customer {
		t.Errorf("reseller below a new reseller is %q", got.ResellerID)
	}
	d.Put(account.Account{ID: sub, Tree: []string{master, reseller}, ResellerID: "named"})
	if got, _ := d.Get(sub); got.ResellerID != "named" {
		t.Errorf("the account's own word is not taken: %q", got.ResellerID)
	}
	// As recorded for trees whose root is no reseller: unknown, not invented.
	d.Replace([]account.Account{{ID: "root"}, {ID: "child", Tree: []string{"root"}}}, nil)
	for _, id := range []string{"root", "child"} {
		if got, _ := d.Get(id); got.ResellerID != "" {
			t.Errorf("reseller of %s is %q", id, got.ResellerID)
		}
	}
}

func TestDirectoryChanges(t *testing.T) {
	d := recorded()
	expect := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	expect("ancestors", d.Ancestors(sub), []string{master, reseller, customer})
	expect("children", d.Children(reseller), []string{customer, sibling})
	expect("descendants", d.Descendants(reseller), []string{customer, sub, sibling})

	d.Put(account.Account{ID: sub, Tree: []string{master, reseller, sibling}})
	expect("children after a move", d.Children(customer), []string(nil))
	expect("children after a move", d.Children(sibling), []string{sub})
	d.Remove(sibling)
	expect("children after a removal", d.Children(reseller), []string{customer})
	if a, ok := d.Get(sibling); ok {
		t.Errorf("still there: %+v", a)
	}
	expect("ancestors of nobody", d.Ancestors(sibling), []string(nil))

	owner, ok := d.NumberOwner("+14155550100")
	expect("owner", owner, customer)
	expect("owned", ok, true)
	d.SetNumber("+14155550100", sub)
	d.SetNumber("+14155550101", customer)
	owner, _ = d.NumberOwner("+14155550100")
	expect("new owner", owner, sub)
	d.SetNumber("+14155550101", "")
	if owner, ok := d.NumberOwner("+14155550101"); ok {
		t.Errorf("still owned by %s", owner)
	}
	d.Replace(nil, nil)
	if _, ok := d.Get(master); ok {
		t.Error("Replace keeps accounts")
	}
	if _, ok := d.NumberOwner("+14155550100"); ok {
		t.Error("Replace keeps numbers")
	}
}

func TestDirectoryIsNotChangedThroughItsArguments(t *testing.T) {
	tree, numbers := []string{master}, map[string]string{"+14155550100": reseller}
	d := account.NewDirectory()
	d.Replace([]account.Account{{ID: reseller, Tree: tree}}, numbers)
	tree[0] = "changed"
	numbers["+14155550100"] = "changed"
	d.Put(account.Account{ID: customer, Tree: tree})
	tree[0] = "again"
	if got := d.Ancestors(reseller); got[0] != master {
		t.Errorf("ancestors %v", got)
	}
	if got := d.Ancestors(customer); got[0] != "changed" {
		t.Errorf("ancestors %v", got)
	}
	if owner, _ := d.NumberOwner("+14155550100"); owner != reseller {
		t.Errorf("owner %s", owner)
	}
}

func TestTreeThatNamesItselfOrRepeats(t *testing.T) {
	d := account.NewDirectory()
	d.Put(account.Account{ID: customer, Tree: []string{master, master, customer}})
	if got := d.Ancestors(customer); !slices.Equal(got, []string{master}) {
		t.Errorf("ancestors %v", got)
	}
	if got := d.Descendants(customer); len(got) != 0 {
		t.Errorf("its own descendant: %v", got)
	}
}

// An account that moves is below somebody all the while, and nothing that others write
// at the same time is lost.
func TestReadersAndWritersAtOnce(t *testing.T) {
	d := account.NewDirectory()
	d.Put(account.Account{ID: "a", Tree: []string{"root", "one"}})
	const changes = 200
	var group sync.WaitGroup
	group.Go(func() {
		for i := range changes {
			d.Put(account.Account{ID: "a", Name: fmt.Sprint(i), Tree: []string{"root", []string{"one", "other"}[i%2]}})
		}
	})
	group.Go(func() {
		for i := range changes {
			d.SetNumber(fmt.Sprint(i), "a")
			d.Put(account.Account{ID: fmt.Sprint("b", i), Tree: []string{"else"}})
		}
	})
	for range 3 {
		group.Go(func() {
			for range changes {
				if a, ok := d.Get("a"); !ok || len(a.Tree) != 2 {
					t.Errorf("got %+v", a)
				}
				if below := d.Descendants("root"); len(below) != 1 || d.CountDescendants("root") != 1 {
					t.Errorf("below: %v", below)
				}
			}
		})
	}
	group.Wait()
	if a, _ := d.Get("a"); a.Name != fmt.Sprint(changes-1) {
		t.Errorf("left with %s", a.Name)
	}
	if n := d.CountDescendants("else"); n != changes {
		t.Errorf("%d accounts", n)
	}
	for i := range changes {
		if _, ok := d.NumberOwner(fmt.Sprint(i)); !ok {
			t.Fatalf("number %d was lost", i)
		}
	}
}

// A random forest, put in random order with edits between, answers as its parents say.
func TestTreeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parents := rapid.SliceOfN(rapid.IntRange(-1, 20), 1, 20).Draw(t, "parents")
		for i := range parents {
			parents[i] = min(parents[i], i-1) // -1 is a root; others hang below an earlier one
		}
		id := func(i int) string { return fmt.Sprintf("account-%02d", i) }
		chains := make([][]string, len(parents)) // root..parent
		accounts := make([]account.Account, len(parents))
		for i, parent := range parents {
			if parent >= 0 {
				chains[i] = append(slices.Clone(chains[parent]), id(parent))
			}
			accounts[i] = account.Account{ID: id(i), Tree: chains[i]}
		}

		d := account.NewDirectory()
		if rapid.Bool().Draw(t, "replace") {
			d.Replace(accounts, nil)
		} else {
			for _, a := range rapid.Permutation(accounts).Draw(t, "order") {
				d.Put(account.Account{ID: a.ID, Tree: []string{"elsewhere"}})
				d.Descendants("elsewhere")
				d.Put(a)
			}
		}
		for i := range parents {
			if got := d.Ancestors(id(i)); !slices.Equal(got, chains[i]) {
				t.Fatalf("ancestors of %d: %v, want %v", i, got, chains[i])
			}
			var children, descendants []string
			for j := range parents {
				if parents[j] == i {
					children = append(children, id(j))
				}
				below := slices.Contains(chains[j], id(i))
				if below {
					descendants = append(descendants, id(j))
				}
				caller, _ := d.Get(id(i))
				target, _ := d.Get(id(j))
				if got := account.MayAccess(caller, target); got != (i == j || below) {
					t.Fatalf("may %d on %d: %v", i, j, got)
				}
			}
			if got := d.Children(id(i)); !slices.Equal(got, children) {
				t.Fatalf("children of %d: %v, want %v", i, got, children)
			}
			if got := d.Descendants(id(i)); !slices.Equal(got, descendants) || d.CountDescendants(id(i)) != len(got) {
				t.Fatalf("descendants of %d: %v, want %v", i, got, descendants)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	d := recorded()
	for b.Loop() {
		d.Get(sub)
	}
}

func BenchmarkPut(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		d, accounts := account.NewDirectory(), crowd(n)
		d.Replace(accounts, nil)
		b.Run(fmt.Sprint("among ", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				d.Put(accounts[i%n])
			}
		})
		b.Run(fmt.Sprint("among ", n, ", and who is below is asked"), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				d.Put(account.Account{ID: "moving", Tree: accounts[i*100%n].Tree})
				d.Children(accounts[n/2].Tree[1])
			}
		})
	}
}

func BenchmarkGetAmong100000(b *testing.B) {
	d, accounts := account.NewDirectory(), crowd(100_000)
	d.Replace(accounts, nil)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			d.Get(accounts[i%len(accounts)].ID)
		}
	})
}

// crowd are accounts below resellers of a hundred each, below a root.
func crowd(n int) []account.Account {
	accounts := make([]account.Account, n)
	for i := range accounts {
		accounts[i] = account.Account{ID: fmt.Sprintf("%032x", i), Tree: []string{master, fmt.Sprintf("reseller%024x", i/100)}}
	}
	return accounts
}
