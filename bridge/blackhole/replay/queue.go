package replay

// queue is first in, first out.
type queue[E any] struct {
	items []E
	head  int // of items; those before are gone
}

func (q *queue[E]) len() int { return len(q.items) - q.head }

func (q *queue[E]) push(e E) { q.items = append(q.items, e) }

// pop takes the oldest of a queue that is not empty.
func (q *queue[E]) pop() E {
	var none E
	e := q.items[q.head]
	q.items[q.head] = none
	q.head++
	if q.head > len(q.items)/2 { // as much is moved as was popped, so that each is moved about once
		rest := copy(q.items, q.items[q.head:])
		clear(q.items[rest:])
		q.items, q.head = q.items[:rest], 0
	}
	return e
}

// all goes through the queue, the oldest first.
func (q *queue[E]) all(yield func(E) bool) {
	for _, e := range q.items[q.head:] {
		if !yield(e) {
			return
		}
	}
}
