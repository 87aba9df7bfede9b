package webhooks_test

import (
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// failures keeps what the engine tells.
type failures struct {
	mu   sync.Mutex
	told []time.Time
}

func (f *failures) Failed(_ *webhooks.Hook, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, at)
}

func (f *failures) times() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told
}

// An answer that is no success fails once, no answer fails with each try.
func TestFailuresAreTold(t *testing.T) {
	drop := answer{close: true}
	for name, c := range map[string]struct {
		verb   string
		script []answer
		want   int
	}{
		"200":                           {"post", []answer{{status: 200}}, 0},
		"201":                           {"post", []answer{{status: 201}}, 1},
		"201 for a PUT":                 {"put", []answer{{status: 201}}, 0},
		"204":                           {"post", []answer{{status: 204}}, 1},
		"500":                           {"post", []answer{{status: 500}}, 1},
		"no answer":                     {"post", []answer{drop}, 3},
		"no answer, then a good one":    {"post", []answer{drop, drop, {status: 200}}, 2},
		"no answer, then a poor answer": {"post", []answer{drop, {status: 404}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			receiver, told := newReceiver(t, c.script...), &failures{}
			h := hook("h1", receiver.server.URL)
			h.Verb, h.Retries = c.verb, 3
			r := newRigTelling(t, told, &ledger{}, h)
			acked := r.handle(event("c1"))
			for range c.script[:len(c.script)-1] {
				r.nextTry(t)
			}
			if len(c.script) == 1 && c.script[0].close {
				r.nextTry(t)
				r.nextTry(t)
			}
			r.await(t, acked)
			if got := told.times(); len(got) != c.want {
				t.Errorf("told of %d failures, want %d", len(got), c.want)
			}
		})
	}
}

// nextTry moves the clock once the engine waits for its next try.
func (r *rig) nextTry(t *testing.T) {
	t.Helper()
	if err := r.clock.BlockUntilContext(r.ctx, 1); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(2 * time.Second)
}
