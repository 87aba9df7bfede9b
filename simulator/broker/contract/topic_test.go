package contract_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
)

// Topic exchanges: words between dots, * for one word, # for any number.
func TestTopic(t *testing.T) {
	l := newLab(t)
	l.exchange("topic", "topic")
	for i, c := range []struct {
		pattern, key string
		matches      bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "A", false},
		{"a", "a.b", false},
		{"a.b", "a.b", true},
		{"a.b", "a", false},
		{"a.b", "a.b.c", false},
		{"a.b", "b.a", false},
		{"*", "a", true},
		{"*", "a.b", false},
		{"*", "", false},
		{"*", ".", false},
		{"a.*", "a.b", true},
		{"a.*", "a", false},
		{"a.*", "a.", true},
		{"a.*", "a.b.c", false},
		{"*.b", "a.b", true},
		{"*.b", ".b", true},
		{"*.b", "b", false},
		{"*.*", "a.b", true},
		{"*.*", ".", true},
		{"*.*", "a", false},
		{"*.*", "a.b.c", false},
		{"a.*.c", "a.b.c", true},
		{"a.*.c", "a.c", false},
		{"a.*.c", "a..c", true},
		{"#", "", true},
		{"#", "a", true},
		{"#", "a.b.c", true},
		{"#", "...", true},
		{"a.#", "a", true},
		{"a.#", "a.", true},
		{"a.#", "a.b", true},
		{"a.#", "a.b.c.d", true},
		{"a.#", "b", false},
		{"a.#", "ab", false},
		{"#.a", "a", true},
		{"#.a", "b.a", true},
		{"#.a", "c.b.a", true},
		{"#.a", "a.b", false},
		{"a.#.z", "a.z", true},
		{"a.#.z", "a.b.c.z", true},
		{"a.#.z", "a.z.b", false},
		{"a.#.z", "a.z.z", true},
		{"#.b.#", "b", true},
		{"#.b.#", "a.b.c", true},
		{"#.b.#", "a.c", false},
		{"#.#", "", true},
		{"#.#", "a.b", true},
		{"*.#", "", false},
		{"*.#", "a", true},
		{"*.#", "a.b.c", true},
		{"#.*", "a", true},
		{"#.*", "", false},
		{"#.*.#", "a.b.c", true},
		{"#.a.*.#.z", "x.a.b.z", true},
		{"#.a.*.#.z", "x.a.z", false},
		{"", "", true},
		{"", "a", false},
		{"a*", "ab", false},
		{"a*", "a*", true},
		{"a#", "a", false},
		{"*", "*", true},
		{"a.b", "a.*", false},
		{"wörter.*", "wörter.ß", true},
		{"configuration.*.doc_edited.*.*", "configuration.doc_edited.account.123", false},
		{"call.CHANNEL_*.*", "call.CHANNEL_ANSWER.x", false},
		{"call.*.%2A", "call.CHANNEL_ANSWER.%2A", true},
	} {
		verb := "does not match"
		if c.matches {
			verb = "matches"
		}
		t.Run(fmt.Sprintf("%q %s %q", c.pattern, verb, c.key), func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			queue := l.queue(fmt.Sprintf("q%d", i))
			l.bind(queue, "topic", c.pattern)
			l.sendTo("topic", c.key, "body")
			g.Expect(l.drain(queue)).To(HaveLen(map[bool]int{true: 1}[c.matches]))
		})
	}
	t.Run("a queue bound by two patterns that match gets one copy", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("twice")
		l.bind("twice", "topic", "two.*")
		l.bind("twice", "topic", "#.way")
		l.sendTo("topic", "two.way", "body")
		g.Expect(l.drain("twice")).To(HaveLen(1))
	})
	t.Run("removing one pattern leaves the others", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("left")
		for _, pattern := range []string{"left.#", "left.*", "left.a"} {
			l.bind("left", "topic", pattern)
		}
		l.must(l.ch.QueueUnbind("left", "left.#", "topic", nil))
		l.must(l.ch.QueueUnbind("left", "left.a", "topic", nil))
		l.sendTo("topic", "left.a", "by *")
		l.sendTo("topic", "left.a.b", "by #")
		g.Expect(l.drain("left")).To(Equal([]string{"by *"}))
	})
}
