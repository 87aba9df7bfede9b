package contract_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

// Headers exchanges, and the consistent hash exchange.

func TestHeadersExchange(t *testing.T) {
	l := newLab(t)
	for i, c := range []struct {
		name    string
		binding []any
		headers amqp.Table
		matches bool
	}{
		{"all: every one is there", []any{"x-match", "all", "a", "1", "b", "2"}, amqp.Table{"a": "1", "b": "2"}, true},
		{"all: others may be there", []any{"x-match", "all", "a", "1"}, amqp.Table{"a": "1", "c": "3"}, true},
		{"all: one is missing", []any{"x-match", "all", "a", "1", "b", "2"}, amqp.Table{"a": "1"}, false},
		{"all: one differs", []any{"x-match", "all", "a", "1", "b", "2"}, amqp.Table{"a": "1", "b": "3"}, false},
		{"all is the one that is not named", []any{"a", "1", "b", "2"}, amqp.Table{"a": "1"}, false},
		{"all: no headers wanted match any", []any{"x-match", "all"}, amqp.Table{"a": "1"}, true},
		{"all: no headers wanted match none", []any{"x-match", "all"}, nil, true},
		{"no arguments match everything", nil, amqp.Table{"a": "1"}, true},
		{"any: one is there", []any{"x-match", "any", "a", "1", "b", "2"}, amqp.Table{"b": "2"}, true},
		{"any: none is there", []any{"x-match", "any", "a", "1", "b", "2"}, amqp.Table{"c": "3"}, false},
		{"any: the values differ", []any{"x-match", "any", "a", "1"}, amqp.Table{"a": "2"}, false},
		{"any: no headers wanted match nothing", []any{"x-match", "any"}, amqp.Table{"a": "1"}, false},
		{"any: a message without headers", []any{"x-match", "any", "a", "1"}, nil, false},
		{"void asks only whether a header is there", []any{"x-match", "all", "a", nil}, amqp.Table{"a": "whatever"}, true},
		{"void fails where it is not", []any{"x-match", "all", "a", nil}, amqp.Table{"b": "1"}, false},
		{"numbers match numbers", []any{"x-match", "all", "n", int32(5)}, amqp.Table{"n": int32(5)}, true},
		{"numbers match in another width", []any{"x-match", "all", "n", int32(5)}, amqp.Table{"n": int64(5)}, true},
		{"a number is no string", []any{"x-match", "all", "n", int32(5)}, amqp.Table{"n": "5"}, false},
		{"bools match bools", []any{"x-match", "all", "b", true}, amqp.Table{"b": true}, true},
		{"bools differ", []any{"x-match", "all", "b", true}, amqp.Table{"b": false}, false},
		{"names are told apart by case", []any{"x-match", "all", "a", "1"}, amqp.Table{"A": "1"}, false},
		{"all leaves out names that begin with x-", []any{"x-match", "all", "x-a", "1", "b", "2"}, amqp.Table{"b": "2"}, true},
		{"any leaves them out, too", []any{"x-match", "any", "x-a", "1"}, amqp.Table{"x-a": "1"}, false},
		{"all-with-x looks at them", []any{"x-match", "all-with-x", "x-a", "1", "b", "2"}, amqp.Table{"b": "2"}, false},
		{"all-with-x finds them", []any{"x-match", "all-with-x", "x-a", "1", "b", "2"}, amqp.Table{"x-a": "1", "b": "2"}, true},
		{"any-with-x finds them", []any{"x-match", "any-with-x", "x-a", "1"}, amqp.Table{"x-a": "1"}, true},
		{"any-with-x misses them", []any{"x-match", "any-with-x", "x-a", "1"}, amqp.Table{"x-a": "2"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			queue := l.queue(fmt.Sprintf("q%d", i))
			l.bind(queue, "amq.headers", "key does not count", c.binding...)
			l.post("amq.headers", "", amqp.Publishing{Headers: c.headers})
			g.Expect(l.drain(queue)).To(HaveLen(map[bool]int{true: 1}[c.matches]))
			l.must(l.ch.QueueUnbind(queue, "key does not count", "amq.headers", arguments(c.binding...)))
		})
	}
}

func TestConsistentHash(t *testing.T) {
	l := newLab(t)
	const messages = 1000
	// spread publishes and counts what each of the queues got.
	spread := func(l lab, exchange string, weights []string, message func(i int) (string, amqp.Publishing)) []int {
		l.t.Helper()
		for i, weight := range weights {
			l.bind(l.queue(fmt.Sprintf("%s-%d", exchange, i)), exchange, weight)
		}
		var last *amqp.DeferredConfirmation
		for i := range messages {
			key, publishing := message(i)
			var err error
			last, err = l.ch.PublishWithDeferredConfirmWithContext(l.t.Context(), exchange, key, false, false, publishing)
			l.must(err)
		}
		NewWithT(l.t).Eventually(last.Done()).WithTimeout(patience).Should(BeClosed())
		counts := make([]int, len(weights))
		total := func() (sum int) {
			for i := range weights {
				counts[i], _ = l.count(fmt.Sprintf("%s-%d", exchange, i))
				sum += counts[i]
			}
			return sum
		}
		NewWithT(l.t).Eventually(total).WithTimeout(patience).Should(Equal(messages), "each message is in one queue")
		return counts
	}
	byKey := func(i int) (string, amqp.Publishing) { return fmt.Sprintf("key-%d", i), amqp.Publishing{} }
	t.Run("each message goes to one queue, every queue gets some", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		counts := spread(l, l.exchange("even", "x-consistent-hash"), []string{"10", "10"}, byKey)
		g.Expect(counts).To(HaveEach(BeNumerically(">", messages/5)))
	})
	t.Run("a queue of three times the weight gets the larger share", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		counts := spread(l, l.exchange("uneven", "x-consistent-hash"), []string{"10", "30"}, byKey)
		g.Expect(counts[1]).To(BeNumerically(">", counts[0]))
	})
	t.Run("one key is one queue", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		counts := spread(l, l.exchange("same", "x-consistent-hash"), []string{"1", "1"},
			func(int) (string, amqp.Publishing) { return "key", amqp.Publishing{} })
		g.Expect(counts).To(ConsistOf(0, messages))
	})
	t.Run("hash-header looks at a header, not at the key", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		counts := spread(l, l.exchange("header", "x-consistent-hash", "hash-header", "user"), []string{"1", "1"},
			func(i int) (string, amqp.Publishing) {
				return fmt.Sprintf("key-%d", i), amqp.Publishing{Headers: amqp.Table{"user": "one"}}
			})
		g.Expect(counts).To(ConsistOf(0, messages))
	})
	t.Run("hash-property looks at a property, not at the key", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		counts := spread(l, l.exchange("property", "x-consistent-hash", "hash-property", "message_id"), []string{"1", "1"},
			func(i int) (string, amqp.Publishing) {
				return fmt.Sprintf("key-%d", i), amqp.Publishing{MessageId: "one"}
			})
		g.Expect(counts).To(ConsistOf(0, messages))
	})
	t.Run("an unbound queue's share goes to the others", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.bind(l.queue("gone"), l.exchange("shrunk", "x-consistent-hash"), "5")
		l.must(l.ch.QueueUnbind("gone", "5", "shrunk", nil))
		counts := spread(l, "shrunk", []string{"1"}, byKey)
		g.Expect(counts).To(Equal([]int{messages}))
	})
	t.Run("without queues nothing is routed", func(t *testing.T) {
		l := l.in(t)
		l.sendTo(l.exchange("bare", "x-consistent-hash"), "key", "body")
	})
}
