package bus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

func TestATellerKeepsTheOrderAndTellsWhatFailed(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	b.DeclareExchange("targeted", "direct")
	g.Expect(b.WaitState(within(t, soon), connected)).To(Succeed())
	deliveries := rawQueue(t, broker.Channel(t), "#")
	failed := make(chan error, 200)
	fail := func(err error) { failed <- err }
	tell := func(teller *bus.Teller, m bus.Message, err error) bool {
		return teller.Tell(func() (bus.Message, error) { return m, err }, fail)
	}

	teller := b.NewTeller(soon, 102)
	unmade := errors.New("not made")
	g.Expect(tell(teller, bus.Message{}, unmade)).To(BeTrue())
	g.Expect(tell(teller, bus.Message{Exchange: "targeted", Key: "nobody", Mandatory: true}, nil)).To(BeTrue())
	for i := range 100 {
		g.Expect(tell(teller, bus.Message{Exchange: "callevt", Key: "k", Body: fmt.Append(nil, i)}, nil)).To(BeTrue())
	}
	g.Expect(tell(teller, bus.Message{}, nil)).To(BeFalse(), "too many wait")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		teller.Run(ctx)
		close(ended)
	}()
	for i := range 100 {
		g.Expect(string((<-deliveries).Body)).To(Equal(fmt.Sprint(i)))
	}
	g.Expect(<-failed).To(MatchError(unmade))
	_, returned := errors.AsType[*bus.ReturnedError](<-failed)
	g.Expect(returned).To(BeTrue())
	stop()
	<-ended
}

func TestATellerWaitsForNoBrokerForLong(t *testing.T) {
	g := NewWithT(t)
	b := run(t, configFor("amqp://guest:guest@127.0.0.1:1/"))
	b.DeclareExchange("callevt", "topic")
	teller := b.NewTeller(time.Millisecond, 1)
	failed := make(chan error, 1)
	g.Expect(teller.Tell(func() (bus.Message, error) { return bus.Message{Exchange: "callevt"}, nil }, func(err error) { failed <- err })).To(BeTrue())
	go teller.Run(t.Context())
	g.Expect(<-failed).To(MatchError(context.DeadlineExceeded))
}
