package bus_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

func TestToAskForAnExchangeDeclaresNone(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	for range 2 {
		g.Expect(b.HasExchange(within(t, soon), "callevt")).To(BeFalse())
	}
	g.Expect(broker.Channel(t).ExchangeDeclare("callevt", "fanout", true, false, false, false, nil)).To(Succeed())
	g.Expect(b.HasExchange(within(t, soon), "callevt")).To(BeTrue(), "whatever it is like")
	g.Expect(b.State().LastError).NotTo(HaveOccurred())
}

func TestFinishHandlesWhatWasSentAhead(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	in, release := make(chan string, 10), make(chan struct{})
	sub, err := b.Consume(bus.Consumer{
		Queue:    bus.Queue{Name: "work", Durable: true},
		Prefetch: 5,
		Handle: func(d bus.Delivery) {
			in <- string(d.Body)
			<-release
			if err := d.Ack(); err != nil {
				t.Error(err)
			}
		},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	publish := func(n int) {
		g.Expect(b.Publish(within(t, soon), bus.Message{Key: "work", Body: []byte(fmt.Sprint(n)), Mandatory: true})).To(Succeed())
	}
	for i := range 5 {
		publish(i)
	}
	g.Eventually(in).WithTimeout(soon).Should(Receive(Equal("0")))
	g.Eventually(func() (bus.Depth, error) { return b.Inspect(within(t, soon), "work") }).WithTimeout(soon).
		Should(HaveField("Ready", 0), "all are on their way")
	finished := make(chan error, 1)
	go func() { finished <- sub.Finish(within(t, soon)) }()
	g.Consistently(finished).WithTimeout(shortly).ShouldNot(Receive(), "a message is in Handle")
	close(release)
	g.Eventually(finished).WithTimeout(soon).Should(Receive(BeNil()))
	g.Expect(in).To(HaveLen(4), "the others were handled, too")
	publish(5)
	g.Consistently(in).WithTimeout(shortly).Should(HaveLen(4), "and no further one")
	g.Expect(sub.Cancel(within(t, soon))).To(Succeed(), "which is done")
}

func TestATimestampIsThatOfThePublisher(t *testing.T) {
	g := NewWithT(t)
	b := run(t, configFor(brokertest.New(t).URL))
	stamps := make(chan int64, 2)
	sub, err := b.Consume(bus.Consumer{
		Queue: bus.Queue{Name: "work", AutoDelete: true}, NoAck: true, Handle: func(d bus.Delivery) { stamps <- d.Timestamp },
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	g.Expect(b.Publish(within(t, soon), bus.Message{Key: "work", Timestamp: 1710253474123456})).To(Succeed())
	g.Eventually(stamps).WithTimeout(soon).Should(Receive(BeEquivalentTo(1710253474123456)))
	before := clock.System().Now().UnixMicro()
	g.Expect(b.Publish(within(t, soon), bus.Message{Key: "work"})).To(Succeed())
	g.Eventually(stamps).WithTimeout(soon).Should(Receive(BeNumerically(">=", before)), "or now")
}
