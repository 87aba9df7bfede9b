package blackhole_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// change is a change of a document in the database of a month.
func change(at time.Time, id string) blackhole.Message {
	db := kapi.MonthlyDB(acme, at)
	return blackhole.Message{
		Exchange: kapi.ExchangeConfiguration, RoutingKey: "doc_created." + db + ".fax." + id,
		Body: []byte(`{"Event-Category":"configuration","Event-Name":"doc_created","ID":"` + id + `","Type":"fax","Database":"` + db + `","Account-ID":"` + acme + `"}`),
	}
}

func TestSubscriptionsFollowTheMonth(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	r.run(t)
	november, december := r.clock.Now(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	key := func(at time.Time) string { return "*." + kapi.MonthlyDB(acme, at) + ".fax.*" }
	s := r.dial(t)
	s.subscribe(acme, "object.*.fax")
	g.Expect(r.broker.keys()).To(Equal([]string{key(november)}))

	r.clock.Advance(december.Sub(november) - 30*time.Second) // somebody's clock is ahead
	g.Eventually(r.broker.keys).WithTimeout(patience).Should(Equal([]string{key(november), key(december)}))
	r.Handle(change(november, "f1"))
	r.Handle(change(december, "f2"))
	g.Expect(s.next()).To(ContainSubstring(`"id":"f1"`))
	g.Expect(s.next()).To(ContainSubstring(`"subscribed_key":"object.*.fax","subscription_key":"` + key(december) + `"`))

	r.settle(t)
	r.clock.Advance(30 * time.Minute)
	r.settle(t)
	r.Handle(change(november, "f3")) // what began before it ends after it
	g.Expect(s.next()).To(ContainSubstring(`"id":"f3"`))
	r.clock.Advance(31 * time.Minute)
	g.Eventually(r.broker.keys).WithTimeout(patience).Should(Equal([]string{key(december)}))
	g.Expect(s.ask(`{"action":"unsubscribe","request_id":"u","data":{"account_id":"` + acme + `","binding":"object.*.fax"}}`)).
		To(HaveSuffix(`"data":{"unsubscribed":["object.*.fax"],"subscribed":[]}}`))
	g.Expect(r.broker.keys()).To(BeEmpty())
}

func TestResumeFollowsTheMonth(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	r.run(t)
	s := r.dial(t)
	s.subscribeWith(acme, "object.*.fax", resume)
	december := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	r.clock.Advance(december.Sub(r.clock.Now()) + time.Second)
	g.Eventually(r.Keeping).WithTimeout(patience).Should(Equal(2))
	r.Handle(change(december, "f1"))
	r.Handle(change(december, "f2"))
	g.Expect(s.next()).To(ContainSubstring(`"id":"f1"`))
	other := r.dial(t)
	other.subscribeWith(acme, "object.*.fax", since(blackhole.EventID(change(december, "f1"))))
	g.Expect(other.next()).To(ContainSubstring(`"id":"f2"`))
}
