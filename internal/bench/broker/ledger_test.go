package main

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestLedger(t *testing.T) {
	whole := func(numbers ...int) []arrival {
		var all []arrival
		for _, n := range numbers {
			all = append(all, arrival{number: n, intact: true})
		}
		return all
	}
	for name, c := range map[string]struct {
		arrivals []arrival
		fault    string // "" for none
	}{
		"each once":          {whole(0, 1, 2), ""},
		"lost":               {whole(0, 2), "1 messages never arrived"},
		"twice":              {whole(0, 1, 1, 2), "1 messages arrived twice and were not marked as redelivered"},
		"redelivered":        {append(whole(0, 1, 2), arrival{number: 1, intact: true, redelivered: true}), ""},
		"overtaken":          {whole(0, 2, 1), "1 messages arrived after a later one"},
		"damaged":            {append(whole(0, 1, 2), arrival{number: 0}), "1 messages arrived damaged"},
		"never sent":         {append(whole(0, 1, 2), whole(3)...), "1 messages arrived damaged"},
		"damaged is no copy": {append(whole(0, 1), arrival{number: 2}), "1 messages never arrived\n1 messages arrived damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l, before := newLedger(3), -1
			for _, a := range c.arrivals {
				before = l.enter(a, before)
			}
			if c.fault == "" {
				g.Expect(l.verdict()).To(Succeed())
				g.Expect(l.all).To(BeClosed())
			} else {
				g.Expect(l.verdict()).To(MatchError(c.fault))
			}
		})
	}
}

func TestBodyCarriesItsNumber(t *testing.T) {
	g := NewWithT(t)
	b, err := newBody()
	g.Expect(err).NotTo(HaveOccurred())
	for _, n := range []int{0, 7, 1999999} {
		text := b.number(n)
		g.Expect(text).To(HaveLen(bodySize))
		read, intact := b.read(text)
		g.Expect(read).To(Equal(n))
		g.Expect(intact).To(BeTrue())
	}
	text := append([]byte{}, b.number(12)...)
	text[bodySize-1]++
	_, intact := b.read(text)
	g.Expect(intact).To(BeFalse(), "one byte is another")
	_, intact = b.read(text[:bodySize-1])
	g.Expect(intact).To(BeFalse(), "one byte is missing")
}
