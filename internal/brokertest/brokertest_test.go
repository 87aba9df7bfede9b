package brokertest_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
)

func TestEachTestHasItsOwnBrokerForItsLength(t *testing.T) {
	g := NewWithT(t)
	var url string
	t.Run("the test", func(t *testing.T) {
		g := NewWithT(t)
		a, b := brokertest.New(t), brokertest.New(t)
		url = a.URL
		_, err := a.Channel(t).QueueDeclare("q", false, false, false, false, nil)
		g.Expect(err).NotTo(HaveOccurred())
		_, err = b.Channel(t).QueueDeclarePassive("q", false, false, false, false, nil)
		g.Expect(err).To(MatchError(ContainSubstring("NOT_FOUND")))
	})
	_, err := amqp.Dial(url)
	g.Expect(err).To(HaveOccurred(), "the broker, or the virtual host, is gone")
}

func TestCloseConnectionsSparesOtherTests(t *testing.T) {
	g := NewWithT(t)
	mine, other := brokertest.New(t), brokertest.New(t)
	closed := mine.Channel(t).NotifyClose(make(chan *amqp.Error, 1))
	spared := other.Channel(t)
	g.Eventually(func() (int, error) { return mine.CloseConnections(t.Context()) }).
		WithTimeout(15 * time.Second).Should(Equal(1))
	g.Eventually(closed).WithTimeout(5 * time.Second).Should(Receive(HaveField("Code", amqp.ConnectionForced)))
	g.Expect(spared.IsClosed()).To(BeFalse())
}

func TestProxyCutsAndUnplugs(t *testing.T) {
	g := NewWithT(t)
	proxy := brokertest.NewProxy(t, brokertest.New(t).URL)
	closed := brokertest.Channel(t, proxy.URL).NotifyClose(make(chan *amqp.Error, 1))
	g.Expect(proxy.Cut()).To(Equal(1))
	g.Eventually(closed).WithTimeout(5 * time.Second).Should(Receive())

	proxy.Unplug()
	_, err := amqp.Dial(proxy.URL)
	g.Expect(err).To(HaveOccurred())
	proxy.Plug()
	brokertest.Channel(t, proxy.URL)
}

func TestPrivateComesBackAtTheSameAddress(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.NewPrivate(t)
	closed := brokertest.Channel(t, broker.URL).NotifyClose(make(chan *amqp.Error, 1))
	g.Expect(broker.Stop(t.Context())).To(Succeed())
	g.Eventually(closed).WithTimeout(5 * time.Second).Should(Receive())
	_, err := amqp.Dial(broker.URL)
	g.Expect(err).To(HaveOccurred())
	g.Expect(broker.Start(t.Context())).To(Succeed())
	brokertest.Channel(t, broker.URL)
}
