package vhost_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

func TestRequeuedMessagesGoBackToTheirPlaces(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.SetPrefetch(3, false)
	w.consume("tag")
	w.publish("q", "a", "b", "c", "d")
	g.Expect(w.outlet.take()).To(Equal([]string{"tag a 1", "tag b 2", "tag c 3"}))
	w.Cancel("tag")
	w.must(w.Nack(2, false, true))
	w.must(w.Nack(3, false, true))
	w.must(w.Nack(1, false, true))
	g.Expect(w.get("q")).To(Equal([]string{"a", "b", "c", "d"}))
}

func TestConsumerGetsMoreWithEachAcknowledgement(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.SetPrefetch(2, false)
	w.consume("tag")
	w.publish("q", "a", "b", "c", "d", "e")
	g.Expect(w.outlet.take()).To(Equal([]string{"tag a 1", "tag b 2"}))
	w.must(w.Ack(1, false))
	g.Expect(w.outlet.take()).To(Equal([]string{"tag c 3"}))
	w.must(w.Ack(3, true))
	g.Expect(w.outlet.take()).To(Equal([]string{"tag d 4", "tag e 5"}))
	g.Expect(w.Ack(3, false)).To(MatchError("PRECONDITION_FAILED - unknown delivery tag 3"))
}

func TestChannelLimitCountsAllConsumers(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.SetPrefetch(2, true)
	w.consume("c1")
	w.consume("c2")
	w.publish("q", "a", "b", "c", "d")
	g.Expect(w.outlet.take()).To(Equal([]string{"c1 a 1", "c2 b 2"}))
	w.SetPrefetch(3, true)
	g.Expect(w.outlet.take()).To(HaveLen(1), "a higher limit counts at once")
	w.must(w.Ack(0, true))
	g.Expect(w.outlet.take()).To(HaveLen(1))
}

func TestFullOutletWaitsForResume(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.outlet.room = 2
	w.must(w.Consume(vhost.ConsumeSpec{Queue: "q", Tag: "tag", NoAck: true}, func(string) {}))
	w.publish("q", "a", "b", "c")
	g.Expect(w.outlet.take()).To(HaveLen(2))
	g.Expect(w.session.Holds()).To(BeFalse(), "it waits for room, not for acknowledgements")
	w.session.Resume()
	g.Expect(w.outlet.take()).To(Equal([]string{"tag c 3"}))
}

func TestSessionHoldsWhatIsNotAcknowledged(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.consume("tag")
	g.Expect(w.session.Holds()).To(BeFalse())
	w.publish("q", "a")
	g.Expect(w.session.Holds()).To(BeTrue())
	w.Begin()
	w.must(w.Ack(1, false))
	g.Expect(w.session.Holds()).To(BeTrue(), "until the commit")
	w.Commit(func(*vhost.Message) {})
	g.Expect(w.session.Holds()).To(BeFalse())
}

func TestHigherPriorityConsumerGetsAllItCanTake(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.SetPrefetch(2, false)
	w.consume("low1")
	w.consume("low2")
	w.must(w.Consume(vhost.ConsumeSpec{Queue: "q", Tag: "high", Arguments: wire.Table{{Name: "x-priority", Value: int32(5)}}}, func(string) {}))
	w.publish("q", "a", "b", "c", "d", "e")
	g.Expect(w.outlet.take()).To(Equal([]string{"high a 1", "high b 2", "low1 c 3", "low2 d 4", "low1 e 5"}))
	w.publish("q", "f")
	w.must(w.Ack(1, false))
	w.publish("q", "g")
	g.Expect(w.outlet.take()).To(Equal([]string{"low2 f 6", "high g 7"}))
}

func TestMessagesEndWithTheirTime(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("dead")
	w.queue("q", "x-message-ttl", int32(1000), "x-dead-letter-exchange", "", "x-dead-letter-routing-key", "dead")
	w.publish("q", "a")
	w.clock.Advance(600 * time.Millisecond)
	w.publish("q", "b")
	w.clock.Advance(399 * time.Millisecond)
	g.Expect(w.ready("q")).To(Equal(2))
	w.clock.Advance(time.Millisecond)
	g.Eventually(func() int { return w.ready("q") }).Should(Equal(1))
	w.clock.Advance(600 * time.Millisecond)
	g.Eventually(func() int { return w.ready("q") }).Should(Equal(0))
	g.Expect(w.get("dead")).To(Equal([]string{"a", "b"}))
}

func TestExpiredMessageBehindALongerLivedOneWaits(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.publishWith("q", "long", wire.Properties{Flags: wire.HasExpiration, Expiration: []byte("10000")})
	w.publishWith("q", "short", wire.Properties{Flags: wire.HasExpiration, Expiration: []byte("10")})
	w.clock.Advance(time.Second)
	g.Consistently(func() int { return w.ready("q") }).WithTimeout(50 * time.Millisecond).Should(Equal(2))
	g.Expect(w.get("q")).To(Equal([]string{"long"}), "and ends when it is next")
}

func TestUnusedQueueEnds(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q", "x-expires", int32(1000))
	w.clock.Advance(900 * time.Millisecond)
	w.get("q") // a use
	w.clock.Advance(900 * time.Millisecond)
	g.Consistently(func() int { return w.ready("q") }).WithTimeout(50 * time.Millisecond).Should(Equal(0))
	w.consume("tag")
	w.clock.Advance(time.Hour)
	g.Consistently(func() int { return w.ready("q") }).WithTimeout(50*time.Millisecond).Should(Equal(0), "it is in use")
	w.Cancel("tag")
	w.clock.Advance(999 * time.Millisecond)
	g.Consistently(func() int { return w.ready("q") }).WithTimeout(50 * time.Millisecond).Should(Equal(0))
	w.clock.Advance(time.Millisecond)
	g.Eventually(func() int { return w.ready("q") }).Should(Equal(-1))
}

// Queues that send their dead to one another must not do so for ever.
func TestDeadLetterCircleEnds(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	for from, to := range map[string]string{"a": "b", "b": "a"} {
		w.queue(from, "x-max-length", int32(0), "x-dead-letter-exchange", "", "x-dead-letter-routing-key", to)
	}
	w.publish("a", "x")
	g.Expect(w.ready("a")).To(Equal(0))
	g.Expect(w.ready("b")).To(Equal(0))
}

func TestMeterRaisesAndEndsTheAlarmOnce(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	big := string(make([]byte, 100_000))
	for range 12 {
		w.publish("q", big)
	}
	g.Expect(w.alarms).To(Equal([]bool{true}))
	g.Expect(w.meter.Raised()).To(BeTrue())
	w.get("q")
	g.Expect(w.alarms).To(Equal([]bool{true, false}))
	w.meter.SetLimit(-1)
	g.Expect(w.alarms).To(Equal([]bool{true, false, true}), "a limit that is set counts at once")
}

func TestMessageInManyQueuesIsCountedOnce(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	for i := range 10 {
		w.queue(fmt.Sprint(i))
		w.must(w.BindQueue(vhost.BindingSpec{Source: "amq.fanout", Destination: fmt.Sprint(i)}))
	}
	p := wire.Properties{}
	m, err := vhost.NewMessage("amq.fanout", "", &p, p.Append(nil), make([]byte, 100_000))
	w.must(err)
	_, err = w.Publish(m, false)
	w.must(err)
	g.Expect(w.meter.Used()).To(And(BeNumerically(">", 100_000), BeNumerically("<", 110_000)))
}

func TestRollbackGivesDeliveriesBack(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.consume("tag")
	w.publish("q", "a", "b", "c")
	w.Begin()
	w.must(w.Ack(2, false))
	w.must(w.Ack(3, false))
	g.Expect(w.Ack(2, false)).To(MatchError(ContainSubstring("unknown delivery tag 2")))
	w.publish("q", "never")
	w.Rollback()
	w.must(w.Ack(2, true))
	w.Commit(func(*vhost.Message) {})
	w.outlet.take()
	w.Recover()
	g.Expect(w.outlet.take()).To(Equal([]string{"tag c 4!"}), "what was not acknowledged in the end")
}

func TestSingleActiveConsumerHandsOver(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q", "x-single-active-consumer", true)
	w.SetPrefetch(1, false)
	w.consume("first")
	w.consume("second")
	w.publish("q", "a", "b")
	g.Expect(w.outlet.take()).To(Equal([]string{"first a 1"}), "the second stands by although the first is busy")
	w.Cancel("first")
	g.Expect(w.outlet.take()).To(Equal([]string{"second b 2"}))
}

func TestEndOfAVirtualHostCancelsItsConsumers(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.consume("tag")
	w.publish("q", "a")
	w.vhost.Delete()
	g.Expect(w.outlet.take()).To(Equal([]string{"tag a 1", "tag cancelled"}))
	g.Expect(w.vhost.Open(w.outlet)).To(BeNil())
}

// What one connection held is not given to its own channels that end with it.
func TestEndOfASessionDeliversNothingToItself(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q", "x-queue-type", "quorum", "x-delivery-limit", int32(1))
	for range 8 {
		c := w.session.Channel(2)
		c.SetPrefetch(2, false)
		w.must(c.Consume(vhost.ConsumeSpec{Queue: "q", Tag: "tag"}, func(string) {}))
	}
	w.must(w.session.Channel(3).Consume(vhost.ConsumeSpec{Queue: "q", Tag: "all", NoAck: true, Arguments: wire.Table{
		{Name: "x-priority", Value: int32(-1)},
	}}, func(string) {}))
	for i := range 16 {
		w.publish("q", fmt.Sprint(i))
	}
	w.session.Close()
	g.Expect(w.outlet.take()).To(HaveLen(16), "each once")
	g.Expect(w.ready("q")).To(Equal(16))
	w.session = w.vhost.Open(w.outlet)
	w.Channel = w.session.Channel(1)
	g.Expect(w.get("q")).To(HaveLen(16))
}

func TestMessageBehindOneThatIsGottenEndsInTime(t *testing.T) {
	g, w := NewWithT(t), newWorld(t)
	w.queue("q")
	w.publish("q", "for ever")
	w.publishWith("q", "short", wire.Properties{Flags: wire.HasExpiration, Expiration: []byte("100")})
	found, err := w.Get("q", true, func(vhost.Got) {})
	w.must(err)
	g.Expect(found).To(BeTrue())
	w.clock.Advance(time.Second)
	g.Eventually(func() int { return w.ready("q") }).Should(Equal(0))
}

func TestRollbackOfManyAcknowledgements(t *testing.T) {
	w := newWorld(t)
	w.outlet.room = 100_000
	w.queue("q")
	w.consume("tag")
	w.Begin()
	const messages = 50_000 // sorted anew for each of them it took a minute
	for range messages {
		w.publish("q", "")
	}
	w.Commit(func(*vhost.Message) {})
	for tag := range uint64(messages) {
		w.must(w.Ack(tag+1, false))
	}
	w.Rollback()
	w.must(w.Ack(messages, true))
	w.Commit(func(*vhost.Message) {})
}

// Queues that are full and have each other for heirs: an operation ends all the same.
func TestDeadLettersOfOneOperationAreBounded(t *testing.T) {
	w := newWorld(t)
	for i := range 12 {
		name := fmt.Sprint(i)
		w.queue(name, "x-max-length", int32(0), "x-dead-letter-exchange", "amq.fanout")
		w.must(w.BindQueue(vhost.BindingSpec{Source: "amq.fanout", Destination: name}))
	}
	w.publish("0", "x")
}
