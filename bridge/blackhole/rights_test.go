package blackhole_test

import (
	"context"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
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

func TestRightsThatEndWhileTheBrokerIsAwaited(t *testing.T) {
	t.Parallel() // it waits for bindLimit
	g := NewWithT(t)
	r := newRig(t)
	r.broker.setGone(true)
	s := r.dial(t)
	s.send(subscribe(reseller, acme, "call.*.*", ""))
	g.Eventually(r.broker.keys).WithTimeout(patience).ShouldNot(BeEmpty())
	r.accounts.Put(account.Account{ID: acme, Tree: []string{master}, Realm: "acme.sip.example.com"})
	r.CheckRights()
	g.Expect(s.next()).To(ContainSubstring("unauthorized account id"))
	g.Eventually(r.broker.keys).WithTimeout(patience).Should(BeEmpty())
}

func TestConferencesThatChangeHands(t *testing.T) {
	g := NewWithT(t)
	var owner atomic.Pointer[string]
	owns := func(id string) { owner.Store(&id) }
	owns("")
	r := newRig(t, func(_ *blackhole.Config, d *blackhole.Dependencies) {
		d.OwnsConference = func(_ context.Context, accountID, _ string) bool { return accountID == *owner.Load() }
	})
	command := blackhole.Message{
		Exchange: kapi.ExchangeConference, RoutingKey: "conference.command.hall",
		Body: []byte(`{"Event-Category":"conference","Event-Name":"command","Conference-ID":"hall"}`),
	}
	early := r.dial(t)
	early.subscribe(acme, "conference.command.hall") // before there is one
	owns(acme)
	late := r.dial(t)
	late.subscribe(acme, "conference.command.hall")
	r.Handle(command)
	g.Expect(late.next()).To(ContainSubstring("conference.command.hall"))
	early.silent()
	r.ReviewConferences(t.Context())
	r.Handle(command)
	for _, s := range []*socket{early, late} {
		g.Expect(s.next()).To(ContainSubstring("conference.command.hall"))
	}
	owns(rival)
	r.ReviewConferences(t.Context())
	r.Handle(command)
	early.silent()
	late.silent()
}
