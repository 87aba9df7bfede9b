package journal_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

func add(j *journal.Journal, account, body string, hooks ...journal.Delivery) *journal.Event {
	return j.Add(journal.Event{Message: journal.Message{Body: []byte(body)}, AccountID: account}, hooks)
}

func bodies(j *journal.Journal) string {
	var all []string
	for _, e := range j.Newest() {
		all = append(all, string(e.Body))
	}
	return strings.Join(all, " ")
}

func TestOnlyTheLastEventsAreRemembered(t *testing.T) {
	g := NewWithT(t)
	j := journal.New(journal.Config{Events: 3, Bytes: 1 << 20, Mark: "ab12"})
	for i := range 200 {
		add(j, "acme", fmt.Sprint(i))
	}
	g.Expect(bodies(j)).To(Equal("199 198 197"))
	_, found := j.Find("ab12-197")
	g.Expect(found).To(BeFalse())
	e, found := j.Find("ab12-198")
	g.Expect(found).To(BeTrue())
	g.Expect(string(e.Body)).To(Equal("197"))
}

func TestEventsOfNobodyDoNotPushOutThoseOfAnAccount(t *testing.T) {
	g := NewWithT(t)
	j := journal.New(journal.Config{Events: 2, Bytes: 1 << 20})
	add(j, "acme", "first")
	for i := range 10 {
		add(j, "", fmt.Sprint(i))
	}
	add(j, "acme", "second")
	g.Expect(bodies(j)).To(Equal("second 9 8 first"))
}

func TestEachOfManyDeliveriesIsItsOwn(t *testing.T) {
	for _, n := range []int{1, 32, 33, 500} {
		g := NewWithT(t)
		var hooks []journal.Delivery
		for i := range n {
			hooks = append(hooks, journal.Delivery{HookID: fmt.Sprint("h", i/2), AccountID: fmt.Sprint("a", i%2)}) // two accounts may have the same id
		}
		e := add(journal.New(journal.Config{Events: 3, Bytes: 1 << 20}), "acme", "{}", hooks...)
		for i := range n {
			e.Tried(fmt.Sprint("a", i%2), fmt.Sprint("h", i/2), journal.Try{Status: i})
		}
		e.GaveUp("a0", "of another event", journal.HookGone)
		for i, d := range e.Deliveries() {
			g.Expect(d.Tries).To(HaveLen(1))
			g.Expect(d.Tries[0].Status).To(Equal(i))
			g.Expect(d.Unsent).To(BeEmpty())
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const limit = 100_000
	text := strings.Repeat("x", 5000)
	for name, fill := range map[string]func(j *journal.Journal){
		"by bodies": func(j *journal.Journal) { add(j, "acme", text) },
		"by what is sent": func(j *journal.Journal) {
			add(j, "acme", "{}", journal.Delivery{HookID: "h"}).Sending("", "h", journal.Request{EventID: "e", ContentType: "", Sent: []byte(text)})
		},
		"by answers and tries": func(j *journal.Journal) {
			e := add(j, "acme", "{}", journal.Delivery{HookID: "h"})
			for range 5 {
				e.Tried("", "h", journal.Try{Answer: text})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			j := journal.New(journal.Config{Events: 1000, Bytes: limit})
			for range 100 {
				fill(j)
			}
			g.Expect(len(j.Newest())).To(And(BeNumerically(">", 8), BeNumerically("<", 25)))
		})
	}
}

func TestATextThatHooksShareIsCountedOnce(t *testing.T) {
	g := NewWithT(t)
	j := journal.New(journal.Config{Events: 10, Bytes: 100_000})
	text := []byte(strings.Repeat("x", 10_000))
	var hooks []journal.Delivery
	for i := range 100 {
		hooks = append(hooks, journal.Delivery{HookID: fmt.Sprint(i)})
	}
	for range 2 {
		e := add(j, "acme", "{}", hooks...)
		for _, hook := range hooks {
			e.Sending("", hook.HookID, journal.Request{EventID: "e", ContentType: "", Sent: text})
		}
	}
	g.Expect(j.Newest()).To(HaveLen(2))
}

func TestABodyThatIsTooLargeIsCut(t *testing.T) {
	g := NewWithT(t)
	j := journal.New(journal.Config{Events: 10, Bytes: 1000})
	e := add(j, "", strings.Repeat("x", 5000))
	g.Expect(e.Body).To(BeEmpty())
	g.Expect(e.Cut).To(BeTrue())
	g.Expect(e.Size).To(Equal(5000))
}

func TestDeliveriesGrow(t *testing.T) {
	g := NewWithT(t)
	j := journal.New(journal.Config{Events: 1, Bytes: 1 << 20})
	e := add(j, "acme", "{}", journal.Delivery{AccountID: "acme", HookID: "h1"}, journal.Delivery{AccountID: "reseller", HookID: "h1"})
	e.Sending("reseller", "h1", journal.Request{EventID: "0123456789", ContentType: "application/json", Sent: []byte("{}")})
	e.Tried("reseller", "h1", journal.Try{ClientError: "timeout", AttemptID: "a1"})
	before := e.Deliveries()
	e.Tried("reseller", "h1", journal.Try{Status: 200, Answer: strings.Repeat("y", 5000), Final: true})
	e.GaveUp("acme", "h1", journal.TooLarge)
	e.Tried("acme", "other", journal.Try{Status: 500})

	got := e.Deliveries()
	g.Expect(got[0].Unsent).To(Equal(journal.TooLarge))
	g.Expect(got[0].Tries).To(BeEmpty())
	g.Expect(got[1].EventID).To(Equal("0123456789"))
	g.Expect(got[1].Tries).To(HaveLen(2))
	g.Expect(got[1].Tries[1].Answer).To(HaveLen(1024))
	g.Expect(before[1].Tries).To(HaveLen(1), "a copy does not change")
}

func TestAJournalThatIsOffDoesNothing(t *testing.T) {
	g := NewWithT(t)
	j := journal.New(journal.Config{Events: 0})
	e := add(j, "acme", "{}", journal.Delivery{HookID: "h"})
	e.Sending("", "h", journal.Request{EventID: "e", ContentType: "", Sent: nil})
	e.Tried("", "h", journal.Try{})
	e.GaveUp("", "h", "")
	g.Expect(j.Newest()).To(BeEmpty())
}

func TestItMayBeReadWhileItIsWritten(t *testing.T) {
	g := NewWithT(t)
	j := journal.New(journal.Config{Events: 50, Bytes: 50_000})
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for i := range 500 {
				e := add(j, []string{"", "acme"}[i%2], "{}", journal.Delivery{HookID: "h"})
				e.Sending("", "h", journal.Request{EventID: "e", ContentType: "", Sent: []byte("text")})
				e.Tried("", "h", journal.Try{Status: 200})
			}
		})
	}
	for range 100 {
		for _, e := range j.Newest() {
			e.Deliveries()
		}
	}
	writers.Wait()
	g.Expect(j.Newest()).To(HaveLen(100))
}
