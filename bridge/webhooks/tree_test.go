package webhooks_test

import (
	"fmt"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// forest is trees of accounts with hooks, kept twice: as documents in the
// directory and the table of hooks, and as the plainest model of it, parents alone.
type forest struct {
	directory *account.Directory
	table     *webhooks.Registry

	branches []*branch // in the order they came; the dead stay, since others are below them
	hooks    []modelHook
	made     int
}

type branch struct {
	id       string
	parent   *branch // nil for the top of a tree
	disabled bool
	dead     bool
}

type modelHook struct {
	id, event string
	owner     *branch
	deep      bool
}

func newForest() *forest {
	return &forest{directory: account.NewDirectory(), table: webhooks.NewRegistry()}
}

// path lists who is above a branch, the top first.
func (m *branch) path() []any {
	if m.parent == nil {
		return nil
	}
	return append(m.parent.path(), m.parent.id)
}

func (m *branch) below(other *branch) bool {
	return m == other || m.parent != nil && m.parent.below(other)
}

// tell writes a branch's document and lets the directory know.
func (f *forest) tell(m *branch) {
	f.directory.Put(account.FromDocument(store.Document{ID: m.id, AccountID: m.id, Body: jobj.Object{
		{Key: "enabled", Value: !m.disabled}, {Key: "pvt_tree", Value: m.path()},
	}}))
}

func (f *forest) open(parent *branch) *branch {
	m := &branch{id: fmt.Sprintf("account-%d", len(f.branches)), parent: parent}
	f.branches = append(f.branches, m)
	f.tell(m)
	return m
}

func (f *forest) close(m *branch) {
	m.dead = true
	f.directory.Remove(m.id)
	f.table.RemoveAccount(m.id)
	f.hooks = slices.DeleteFunc(f.hooks, func(h modelHook) bool { return h.owner == m })
}

// move puts a branch with all that is below it under another, document by document.
func (f *forest) move(m, parent *branch, order []*branch) {
	m.parent = parent
	for _, one := range order {
		if one.below(m) && !one.dead {
			f.tell(one)
		}
	}
}

func (f *forest) hook(owner *branch, event string, deep bool) string {
	f.made++
	h := modelHook{fmt.Sprintf("hook-%03d", f.made), event, owner, deep}
	f.hooks = append(f.hooks, h)
	f.set(h)
	return h.id
}

func (f *forest) set(h modelHook) {
	doc := jobj.Object{{Key: "uri", Value: "http://h/"}, {Key: "hook", Value: h.event}, {Key: "include_subaccounts", Value: h.deep}}
	hook, err := webhooks.ParseHook(h.id, h.owner.id, doc, webhooks.Names(fidelity.V50))
	if err == nil {
		f.table.Set(hook)
	}
}

// take is what the bridge finds for an event.
func (f *forest) take(event string, m *branch) []string {
	owner, ok := f.directory.Get(m.id)
	ids := []string{}
	if !ok {
		return ids
	}
	for _, hook := range f.table.Find(event, owner.ID, f.directory.Ancestors(owner.ID)) {
		ids = append(ids, hook.ID)
	}
	return ids
}

// should is what the model says it must find.
func (f *forest) should(event string, m *branch) []string {
	ids := []string{}
	if m.dead {
		return ids
	}
	of := func(owner *branch, deep bool) (ids []string) {
		for _, h := range f.hooks {
			if h.owner == owner && (h.event == event || h.event == webhooks.EventAll) && (h.deep || !deep) {
				ids = append(ids, h.id)
			}
		}
		slices.Sort(ids)
		return ids
	}
	ids = append(ids, of(m, false)...)
	var above []string
	for up := m.parent; up != nil; up = up.parent {
		above = slices.Concat(of(up, true), above)
	}
	return append(ids, above...)
}

// A hook that includes sub-accounts receives the events of all that is below its
// owner, however deep, and nobody else's, whatever happens to the tree.
func TestAHookReceivesItsOwnTreeAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := NewWithT(t)
		f := newForest()
		f.open(nil)
		someone := func(t *rapid.T) *branch { return rapid.SampledFrom(f.branches).Draw(t, "account") }
		living := func(t *rapid.T) *branch {
			m := someone(t)
			if m.dead {
				t.Skip("closed")
			}
			return m
		}
		event := rapid.SampledFrom([]string{"channel_create", "channel_answer", webhooks.EventAll})
		t.Repeat(map[string]func(*rapid.T){
			"open a tree":    func(*rapid.T) { f.open(nil) },
			"open below":     func(t *rapid.T) { f.open(living(t)) },
			"open far below": func(*rapid.T) { f.open(f.branches[len(f.branches)-1]) },
			"close":          func(t *rapid.T) { f.close(living(t)) },
			"disable or enable": func(t *rapid.T) {
				m := living(t)
				m.disabled = !m.disabled
				f.tell(m)
			},
			"move": func(t *rapid.T) {
				m, parent := living(t), living(t)
				if parent.below(m) {
					t.Skip("below itself")
				}
				f.move(m, parent, rapid.Permutation(f.branches).Draw(t, "order"))
			},
			"hook": func(t *rapid.T) { f.hook(living(t), event.Draw(t, "event"), rapid.Bool().Draw(t, "sub-accounts")) },
			"edit a hook": func(t *rapid.T) {
				if len(f.hooks) == 0 {
					t.Skip("no hooks")
				}
				h := &f.hooks[rapid.IntRange(0, len(f.hooks)-1).Draw(t, "hook")]
				h.event, h.deep = event.Draw(t, "event"), rapid.Bool().Draw(t, "sub-accounts")
				f.set(*h)
			},
			"disable a hook": func(t *rapid.T) {
				if len(f.hooks) == 0 {
					t.Skip("no hooks")
				}
				i := rapid.IntRange(0, len(f.hooks)-1).Draw(t, "hook")
				f.table.Remove(f.hooks[i].owner.id, f.hooks[i].id)
				f.hooks = slices.Delete(f.hooks, i, i+1)
			},
			"": func(*rapid.T) {
				for _, m := range f.branches {
					for _, event := range []string{"channel_create", "channel_answer"} {
						g.Expect(f.take(event, m)).To(Equal(f.should(event, m)), "%s of %s", event, m.id)
					}
				}
			},
		})
	})
}

// The talk's promise, spelled out: root, reseller, three levels below it, a sibling at
// each level, and another reseller.
func TestAResellersOneHookSeesItsCustomersCustomers(t *testing.T) {
	g := NewWithT(t)
	f := newForest()
	root := f.open(nil)
	reseller, rival := f.open(root), f.open(root)
	one := f.hook(reseller, webhooks.EventAll, true)
	above := f.hook(root, webhooks.EventAll, false)
	aside := f.hook(rival, webhooks.EventAll, true)
	level := reseller
	for range 4 {
		sibling := f.open(level)
		level = f.open(level)
		f.hook(sibling, webhooks.EventAll, true)
		g.Expect(f.take("channel_create", level)).To(Equal([]string{one}))
	}
	own := f.hook(level, "channel_create", false)
	g.Expect(f.take("channel_create", level)).To(Equal([]string{own, one}), "its own first")
	g.Expect(f.take("channel_create", root)).To(Equal([]string{above}))
	g.Expect(f.take("channel_create", rival)).To(Equal([]string{aside}))
	f.move(level, rival, f.branches)
	g.Expect(f.take("channel_create", level)).To(Equal([]string{own, aside}), "it has another reseller now")
}
