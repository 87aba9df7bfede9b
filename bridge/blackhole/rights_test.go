package blackhole_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/account"
)

func TestWhoLosesTheirRightsLosesTheSocket(t *testing.T) {
	const closed = "websocket: close 1008 (policy violation): the rights of the account have changed, connect again"
	for name, c := range map[string]struct {
		caller, wanted, binding string
		change                  func(*account.Directory)
	}{
		"an account that is another's now": {reseller, acme, "call.*.*", func(d *account.Directory) {
			d.Put(account.Account{ID: acme, Tree: []string{master}, Realm: "acme.sip.example.com"})
		}},
		"one of the system no longer": {master, "*", "call.*.*", func(d *account.Directory) {
			d.Put(account.Account{ID: master, IsReseller: true})
		}},
		"an account that is gone": {acme, acme, "call.*.*", func(d *account.Directory) { d.Remove(acme) }},
		"another realm": {acme, acme, "presence.dialog.*", func(d *account.Directory) {
			d.Put(account.Account{ID: acme, Tree: []string{master, reseller}, Realm: "other.example.com"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := newRig(t)
			go r.Run(t.Context())
			s, beside := r.dial(t), r.dial(t)
			s.send(subscribe(c.caller, c.wanted, c.binding, ""))
			g.Expect(s.next()).To(ContainSubstring(`"status":"success"`))
			beside.subscribe(rival, "call.*.*")
			c.change(r.accounts)
			r.AccountsChanged()
			g.Expect(s.next()).To(Equal(closed))
			beside.silent()
		})
	}
}

func TestWhoKeepsTheirRightsKeepsTheSocket(t *testing.T) {
	r := newRig(t)
	go r.Run(t.Context())
	s := r.dial(t)
	s.subscribe(acme, "call.*.*")
	s.subscribe(acme, "object.*.fax") // by the month
	r.accounts.Put(account.Account{ID: acme, Tree: []string{master}, Realm: "another.example.com"})
	r.CheckRights()
	s.silent()
}
