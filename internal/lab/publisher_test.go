package lab_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func TestAPublisherNumbersWhatItSends(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	ch := broker.Channel(t)
	g.Expect(ch.ExchangeDeclare(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents), false, false, false, false, nil)).To(Succeed())
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ch.QueueBind(q.Name, "#", kapi.ExchangeCallEvents, false, nil)).To(Succeed())
	messages, err := ch.Consume(q.Name, "", true, true, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())

	accounts := []string{strings.Repeat("a", 32), strings.Repeat("b", 32)}
	book := lab.NewBook(10)
	publisher := lab.Publisher{URL: broker.URL, Book: book, Seed: "s", Accounts: accounts, From: 2, To: 8, Rate: 1000}
	g.Expect(publisher.Run(t.Context())).To(Succeed())
	g.Expect(book.Published()).To(Equal(6))
	g.Expect(book.Sent.Len()).To(Equal(6))
	g.Expect(book.Sent.Has(1)).To(BeFalse())
	g.Expect(book.Sent.Has(2)).To(BeTrue())

	g.Expect(publisher.Next()).To(Equal(8))

	seen := map[int]amqp.Delivery{}
	for range 6 {
		m := <-messages
		n, found := lab.Number(m.Body)
		g.Expect(found).To(BeTrue())
		seen[n] = m
	}
	g.Expect(seen).To(HaveLen(6))
	for n, m := range seen {
		g.Expect(string(m.Body)).To(ContainSubstring(accounts[n%2]), "accounts take turns")
		keyed, _ := lab.Number([]byte(m.RoutingKey))
		g.Expect(keyed).To(Equal(n), "the key names the call, too")
	}
}

func TestAPublisherThatIsEndedLeavesNothingHalfSent(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	ch := broker.Channel(t)
	g.Expect(ch.ExchangeDeclare(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents), false, false, false, false, nil)).To(Succeed())
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ch.QueueBind(q.Name, "#", kapi.ExchangeCallEvents, false, nil)).To(Succeed())
	book := lab.NewBook(1_000_000)
	publisher := lab.Publisher{URL: broker.URL, Book: book, Accounts: []string{strings.Repeat("a", 32)}, To: book.Events}
	ended := make(chan error)
	go func() { ended <- publisher.Run(t.Context()) }()
	g.Eventually(t.Context(), book.Sent.Len).Should(BeNumerically(">", 100))
	publisher.End()
	g.Expect(<-ended).To(Succeed())
	g.Expect(book.Sent.Len()).To(Equal(publisher.Next()))
	g.Expect(book.Published()).To(Equal(publisher.Next()))
}
