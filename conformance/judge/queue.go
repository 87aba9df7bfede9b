package judge

import (
	"slices"
	"time"
)

// queue keeps what can be looked at only when more has arrived: after so much of the
// switch's time, at latest so many messages later.
type queue struct {
	wait  time.Duration
	items []deferred
}

type deferred struct {
	at    int64
	count int
	run   func()
}

// manyMessages bounds a queue where the switch tells no time.
const manyMessages = 100_000

func (q *queue) add(j *Judge, run func()) {
	q.items = append(q.items, deferred{j.now + q.wait.Microseconds(), j.count + manyMessages, run})
}

func (q *queue) settle(j *Judge, all bool) {
	done := 0
	for ; done < len(q.items); done++ {
		if d := q.items[done]; !all && j.now < d.at && j.count < d.count {
			break
		}
		q.items[done].run()
	}
	if done > 0 {
		q.items = slices.Delete(q.items, 0, done)
	}
}
