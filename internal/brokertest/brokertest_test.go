package brokertest_test

import (
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
)

func TestMain(m *testing.M) { os.Exit(brokertest.Main(m)) }

func TestEachTestHasItsOwnVirtualHostForItsLength(t *testing.T) {
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
	g.Expect(err).To(HaveOccurred(), "the virtual host is gone")
}

func TestCloseConnectionsSparesOtherVirtualHosts(t *testing.T) {
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
