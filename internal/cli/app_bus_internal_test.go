package cli

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// joinedNode is a node that shares a queue; taken is what it hears there. first is done before it binds the queue.
func joinedNode(t *testing.T, url string, taken chan<- string, first func()) (leave func()) {
	t.Helper()
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	line := timeline.New(timeline.Config{Speed: 1, Wall: clock.System()})
	b := bus.New(bus.Config{URL: url, Clock: clock.System(), IDs: ids.New()})
	b.DeclareExchange(kapi.ExchangeCallManager, kapi.ExchangeType(kapi.ExchangeCallManager))
	var running sync.WaitGroup
	running.Go(func() { _ = line.Run(ctx, true) })
	running.Go(func() { _ = b.Run(ctx) })
	leave = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(leave)
	joining, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	a, err := newAppBus(ctx, b, &outlet.Outlet{}, line, func() {}, slog.New(slog.DiscardHandler))
	g.Expect(err).NotTo(HaveOccurred())
	port := a.port(func(_ string, m jobj.Object) { taken <- m.String("Call-ID") })
	g.Expect(a.share(joining, "listener", "kazoolab.shared", func() {
		first()
		port.Bind("listener", kapi.ExchangeCallManager, "pivot.req.*")
	})).To(Succeed())
	return leave
}

// A node that joins others, and one that leaves them, loses none of the calls that are made meanwhile.
func TestNoCallIsLostWhenANodeJoinsOrLeaves(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	const calls, nodes = 600, 4
	taken := make(chan string, 2*calls)
	joinedNode(t, broker.URL, taken, func() {})
	channel := brokertest.Channel(t, broker.URL)
	published := make(chan error, 1)
	go func() {
		for i := range calls {
			if err := channel.PublishWithContext(t.Context(), kapi.ExchangeCallManager, "pivot.req.realm", false, false,
				amqp.Publishing{Body: fmt.Appendf(nil, `{"Call-ID":"%d"}`, i)}); err != nil {
				published <- err
				return
			}
		}
		published <- nil
	}()
	var leave func()
	for range nodes {
		leave = joinedNode(t, broker.URL, taken, func() {})
	}
	leave()
	g.Expect(<-published).To(Succeed())
	heard := map[string]bool{}
	g.Eventually(t.Context(), func() int {
		for {
			select {
			case callID := <-taken:
				heard[callID] = true
			default:
				return len(heard)
			}
		}
	}).WithTimeout(20 * time.Second).Should(Equal(calls))
}

// What waits in a queue that is shared is heard by whoever comes to take it.
func TestWhatWaitsIsHeardByWhoJoins(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	channel := brokertest.Channel(t, broker.URL)
	_, err := channel.QueueDeclare("kazoolab.shared", true, true, false, false, amqp.Table{"x-message-ttl": staleAfter.Milliseconds(), "x-expires": unusedFor.Milliseconds()})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(channel.ExchangeDeclare(kapi.ExchangeCallManager, kapi.ExchangeType(kapi.ExchangeCallManager), false, false, false, false, nil)).To(Succeed())
	g.Expect(channel.QueueBind("kazoolab.shared", "pivot.req.*", kapi.ExchangeCallManager, false, nil)).To(Succeed())
	const calls = 50
	for i := range calls {
		g.Expect(channel.PublishWithContext(t.Context(), kapi.ExchangeCallManager, "pivot.req.realm", false, false,
			amqp.Publishing{Body: fmt.Appendf(nil, `{"Call-ID":"%d"}`, i)})).To(Succeed())
	}
	taken := make(chan string, 2*calls)
	var before amqp.Queue
	joinedNode(t, broker.URL, taken, func() {
		before, err = channel.QueueDeclarePassive("kazoolab.shared", true, true, false, false, nil)
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(before.Consumers).To(BeZero(), "who is not bound yet would pass over what comes")
	g.Eventually(taken).WithTimeout(20 * time.Second).Should(HaveLen(calls))
}
