//go:build real

package bus_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/internal/brokertest"
)

// Only RabbitMQ keeps what it confirmed through its own restart.
func TestNothingConfirmedIsLostInARestart(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.NewPrivate(t)
	b := start(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	_, bodies := collect(t, b, work())
	const messages = 500
	var publishing errgroup.Group
	publishing.SetLimit(8)
	for i := range messages {
		if i == messages/3 {
			publishing.Go(func() error {
				if err := broker.Stop(t.Context()); err != nil {
					return err
				}
				return broker.Start(t.Context())
			})
		}
		publishing.Go(func() error { return publish(within(t, time.Minute), b, i) })
	}
	g.Expect(publishing.Wait()).To(Succeed())
	arriveAll(t, bodies, messages)
	g.Expect(b.State().Reconnects).To(BeNumerically(">", 0))
	g.Expect(b.State().LastError).NotTo(HaveOccurred())
}
