package blackhole

import (
	"context"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// bindLimit is how long a subscriber waits for the broker. After that it is answered
// all the same, and the binding is made as soon as can be; what happens until then is
// missed. So a broker that is slow has long, though not the 10 s that clients usually
// wait for an answer: what other nodes have to say comes on top.
const bindLimit = 8 * time.Second

// references counts who needs which binding of the node's queue, and has it bound for
// the first and unbound after the last. Each holder counts for itself: the reference's
// count is lowered by whoever unsubscribes, subscribed or not (quirk
// unsubscribe-silences). Safe for use by many goroutines.
type references struct {
	broker Broker

	mu     sync.Mutex
	counts map[kapi.Binding]int
}

func newReferences(b Broker) *references {
	return &references{broker: b, counts: map[kapi.Binding]int{}}
}

// hold counts one holder more of each.
func (r *references) hold(bindings []kapi.Binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range bindings {
		r.counts[b]++
		if r.counts[b] == 1 {
			r.broker.Want(b) // with the lock held, so that no Drop of before comes after it
		}
	}
}

// await returns when the broker has bindings that are held, or after bindLimit with the
// cause of the delay.
func (r *references) await(ctx context.Context, bindings []kapi.Binding) error {
	ctx, cancel := context.WithTimeout(ctx, bindLimit)
	defer cancel()
	for _, b := range bindings {
		if err := r.broker.Bound(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// release counts one holder less of each.
func (r *references) release(bindings []kapi.Binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range bindings {
		if r.counts[b]--; r.counts[b] <= 0 {
			delete(r.counts, b)
			r.broker.Drop(b)
		}
	}
}

func (r *references) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.counts)
}
