package broker_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/simulator/broker"
)

// How many connections come to each state, and what waits for those that take messages.
const (
	stormEach = 10
	workHolds = 3 * stormEach * heldEach // three of the states take from it
	floodSize = 128 << 10
	floodEach = 40                        // are more than the sockets hold
	floodOf   = 2 * stormEach * floodEach // two of them take from this
)

// Connections in every state are lost at the same moment, in every way that a
// connection can be lost. The broker keeps nothing of them, and what they held is
// there for others.
func TestAStormOfLostConnectionsLeavesNothing(t *testing.T) {
	g := NewWithT(t)
	address := launch(t, broker.Config{})
	conn, control := connect(t, address)
	for _, name := range []string{"work", "flood", "taken", "uncommitted"} {
		_, err := control.QueueDeclare(name, true, false, false, false, nil)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(roundTrips(t.Context(), control, "", 10)).To(Succeed())
	heapBefore, goroutines := heap(), goleak.IgnoreCurrent()

	for n := range workHolds {
		g.Expect(put(t.Context(), control, "", "work", strconv.Itoa(n))).To(Succeed())
	}
	for range floodOf {
		g.Expect(put(t.Context(), control, "", "flood", strings.Repeat("f", floodSize))).To(Succeed())
	}
	held := func(queue string) func() int { return func() int { return ready(g, control, queue) } }
	g.Eventually(held("work")).WithTimeout(patience).Should(Equal(workHolds))
	g.Eventually(held("flood")).WithTimeout(patience).Should(Equal(floodOf))
	s := &scene{}
	open := reachAll(t, address, s)
	g.Expect(ready(g, control, "work")).To(BeZero(), "each connection holds its messages")
	g.Expect(ready(g, control, "flood")).To(BeNumerically("<", floodOf), "so do those that do not read")
	dropAll(g, open)

	g.Eventually(func() error { return goleak.Find(goroutines) }).WithTimeout(patience).Should(Succeed())
	for _, name := range s.gone {
		g.Expect(exists(g, conn, name)).To(BeFalse(), "queue %s ends with its connection", name)
	}
	for n := range workHolds {
		message, found, err := control.Get("work", true)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found).To(BeTrue(), "message %d of %d is back", n, workHolds)
		g.Expect(string(message.Body)).To(Equal(strconv.Itoa(n)), "in its place")
		g.Expect(message.Redelivered).To(BeTrue())
	}
	g.Expect(ready(g, control, "work")).To(BeZero(), "no message is back twice, and no half of one came in")
	g.Expect(ready(g, control, "flood")).To(Equal(floodOf))
	g.Expect(ready(g, control, "uncommitted")).To(BeZero())
	g.Expect(roundTrips(t.Context(), control, "", 100)).To(Succeed(), "the broker serves")

	for _, name := range []string{"flood", "taken"} {
		_, err := control.QueuePurge(name, false)
		g.Expect(err).NotTo(HaveOccurred())
	}
	const most = 8 << 20 // 200 connections that stayed would hold more, and so would the flood
	g.Eventually(heap).WithTimeout(patience).Should(BeNumerically("<", heapBefore+most))
}

// reachAll brings stormEach connections to each state, all at once.
func reachAll(t *testing.T, address string, s *scene) []raw {
	t.Helper()
	g := NewWithT(t)
	var open []raw
	var group errgroup.Group
	for range stormEach {
		for _, state := range states() {
			r, err := dialRaw(t.Context(), address)
			g.Expect(err).NotTo(HaveOccurred())
			t.Cleanup(func() { _ = r.Close() })
			open = append(open, r)
			group.Go(func() error {
				if err := state.reach(s, r); err != nil {
					return fmt.Errorf("%s: %w", state.name, err)
				}
				return nil
			})
		}
	}
	g.Expect(group.Wait()).To(Succeed())
	return open
}

// dropAll loses the connections of reachAll, each state in every way.
func dropAll(g Gomega, open []raw) {
	const stays = 3
	drops := []func(raw) error{
		func(r raw) error { return r.Close() },
		func(r raw) error { return errors.Join(r.SetLinger(0), r.Close()) }, // a reset
		func(r raw) error { // half-closed, it reads until the broker closes the other half
			_ = r.CloseWrite() // the broker may have closed a refused one already
			if _, err := io.Copy(io.Discard, r); errors.Is(err, os.ErrDeadlineExceeded) {
				return fmt.Errorf("the broker keeps a half-closed connection: %w", err)
			}
			return r.Close()
		},
		stays: func(r raw) error { // half-closed, and never reads again
			_ = r.CloseWrite()
			return nil
		},
	}
	var group errgroup.Group
	for i, r := range open {
		state, way := states()[i%len(states())], i/len(states())%len(drops)
		if state.unread && way == stays {
			way = 0
		}
		group.Go(func() error {
			if err := drops[way](r); err != nil {
				return fmt.Errorf("%s: %w", state.name, err)
			}
			return nil
		})
	}
	g.Expect(group.Wait()).To(Succeed())
}
