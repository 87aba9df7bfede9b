package bus

import (
	"context"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestBackoffDoublesToItsCapWithJitter(t *testing.T) {
	b := New(Config{URL: "amqp://127.0.0.1/", Clock: clock.System(), IDs: ids.Seeded("backoff")})
	for range 20 {
		retry := b.newBackoff()
		for _, ms := range []int{500, 1000, 2000, 4000, 5000, 5000, 5000} {
			most := time.Duration(ms) * time.Millisecond
			if d := retry.next(); d < most/2 || d > most {
				t.Fatalf("%v is not between %v and %v", d, most/2, most)
			}
		}
	}
}

func TestBackoffForgetsFailuresAfterALongSuccess(t *testing.T) {
	b := New(Config{URL: "amqp://127.0.0.1/", Clock: clock.System(), IDs: ids.Seeded("backoff")})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	retry := b.newBackoff()
	for _, lasted := range []time.Duration{0, 0, 6 * time.Second} {
		if retry.wait(ended, lasted) == nil {
			t.Fatal("waited although the context had ended")
		}
	}
	if retry.failures != 1 {
		t.Fatalf("%d failures are remembered", retry.failures)
	}
}
