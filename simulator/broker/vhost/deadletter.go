package vhost

import (
	"slices"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// Why a message died, as its x-death header says.
const (
	reasonRejected      = "rejected"
	reasonExpired       = "expired"
	reasonMaxLength     = "maxlen"
	reasonDeliveryLimit = "delivery_limit"
)

// headerDeaths lists the deaths of a message, the last one first.
const headerDeaths = "x-death"

// deadLetter is a message on its way from the queue in which it died.
type deadLetter struct {
	message  *Message
	exchange string
	deaths   []any // its x-death
	cycles   bool  // may return to a queue in which it died before
}

// bin takes an entry out of its queue for good.
func (q *Queue) bin(e *entry, reason string) {
	q.letterFor(e.message, reason)
	q.vhost.release(e)
}

// letterFor notes a dead letter, if the queue sends any.
func (q *Queue) letterFor(m *Message, reason string) {
	s := &q.settings
	if s.deadExchange == nil || q.deleted {
		return
	}
	headers := m.table()
	_, again := headers.Get(headerDeaths)
	deaths := q.deaths(headers, m, reason)
	headers = headers.Set(headerDeaths, deaths)
	if !again {
		headers = headers.Set("x-first-death-exchange", m.Exchange).Set("x-first-death-queue", q.name).Set("x-first-death-reason", reason)
	}
	key := m.RoutingKey
	if s.deadKey != nil {
		key = *s.deadKey
		headers = headers.Without(headerCC)
	}
	letter := m.with(func(p *wire.Properties) {
		p.SetHeaders(headers.Sorted())
		p.Flags &^= wire.HasExpiration
	})
	letter.Exchange, letter.RoutingKey, letter.expiration = *s.deadExchange, key, never
	q.vhost.dead = append(q.vhost.dead, deadLetter{letter, *s.deadExchange, deaths, reason == reasonRejected})
}

// deaths is the x-death header with this death first. One of the same queue and
// reason is counted again instead of being added. The fields of all but the very
// first are in the order of their names (rabbit_dead_letter).
func (q *Queue) deaths(headers wire.Table, m *Message, reason string) []any {
	value, _ := headers.Get(headerDeaths)
	before, _ := value.([]any)
	for i, element := range before {
		death, _ := element.(wire.Table)
		if !isDeath(death, q.name, reason) {
			continue
		}
		count, _ := death.Get("count")
		n, _ := wire.Integer(count)
		rest := slices.Delete(slices.Clone(before), i, i+1)
		return slices.Insert(rest, 0, any(death.Set("count", n+1).Sorted()))
	}
	keys := m.routingKeys(nil, headerCC)
	list := make([]any, len(keys))
	for i, key := range keys {
		list[i] = key
	}
	death := wire.Table{
		{Name: "count", Value: int64(1)},
		{Name: "reason", Value: reason},
		{Name: "queue", Value: q.name},
		{Name: "time", Value: wire.Timestamp(q.vhost.env.Clock.Now().Unix())}, //nolint:gosec // not before 1970
		{Name: "exchange", Value: m.Exchange},
		{Name: "routing-keys", Value: list},
	}
	if m.expiration != never {
		p, _ := wire.ParseProperties(m.Properties) // parsed before, when it came in
		death = append(death, wire.Field{Name: "original-expiration", Value: string(p.Expiration)})
	}
	if len(before) > 0 {
		death = death.Sorted()
	}
	return slices.Insert(slices.Clone(before), 0, any(death))
}

func isDeath(death wire.Table, queue, reason string) bool {
	q, _ := death.Get("queue")
	r, _ := death.Get("reason")
	return q == queue && r == reason
}

// maxBurials bounds the dead letters that one operation can lead to. Queues that
// are full and send their dead to all others of their kind would, ten of them,
// make ten million of one message.
const maxBurials = 10_000

// bury routes the dead letters, in order, and those that die of one before the
// next, so that few wait.
func (v *Vhost) bury() {
	left := maxBurials
	v.buryAll(&left)
}

func (v *Vhost) buryAll(left *int) {
	letters := v.dead
	v.dead = nil
	for _, d := range letters {
		x := v.exchanges[d.exchange]
		if x == nil {
			continue // as RabbitMQ: a missing exchange takes them
		}
		if *left--; *left < 0 {
			return
		}
		for _, q := range v.route(x, d.message).queues {
			if d.cycles || !q.wouldCycle(d.deaths) {
				q.enqueue(d.message)
			}
		}
		if len(v.dead) > 0 {
			v.buryAll(left)
		}
	}
}

// wouldCycle reports whether a message with these deaths died in the queue
// before, and no consumer had a say since (rabbit_dead_letter:is_cycle/2).
func (q *Queue) wouldCycle(deaths []any) bool {
	for _, element := range deaths {
		death, _ := element.(wire.Table)
		if reason, _ := death.Get("reason"); reason == reasonRejected {
			return false
		}
		if queue, _ := death.Get("queue"); queue == q.name {
			return true
		}
	}
	return false
}
