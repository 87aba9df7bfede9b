package webhooks_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// slowStore is a store that takes each batch only when it is told to.
type slowStore struct {
	entered chan []store.Attempt
	release chan struct{}
}

func newSlowStore() *slowStore {
	return &slowStore{entered: make(chan []store.Attempt), release: make(chan struct{})}
}

func (g *slowStore) Record(ctx context.Context, batch store.Batch) error {
	attempts := batch.Attempts
	select {
	case g.entered <- attempts:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-g.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *slowStore) next(t *testing.T, r *rig) []store.Attempt {
	t.Helper()
	select {
	case batch := <-g.entered:
		return batch
	case <-r.ctx.Done():
		t.Fatal("nothing is written")
		return nil
	}
}

func TestASlowStoreHoldsUpOnlyWhatHasToBeStored(t *testing.T) {
	failing, quick := newReceiver(t, answer{status: 500}), newReceiver(t, answer{status: 200})
	slow := newSlowStore()
	fails, succeeds := hook("fails", failing.server.URL), hook("succeeds", quick.server.URL)
	succeeds.Event = "channel_answer"
	r := newRig(t, slow, fails, succeeds)
	held := r.handle(event("c1"))
	if batch := slow.next(t, r); len(batch) != 1 || batch[0].HookID != "fails" {
		t.Errorf("batch %+v", batch)
	}
	answered := event("c2")
	answered.Body = []byte(strings.Replace(string(answered.Body), "CHANNEL_CREATE", "CHANNEL_ANSWER", 1))
	r.await(t, r.handle(answered))
	select {
	case <-held:
		t.Error("acknowledged before its attempt was stored")
	default:
	}
	close(slow.release)
	r.await(t, held)
}

func TestABatchIsBoundedInNumberAndSize(t *testing.T) {
	failing := newReceiver(t, answer{status: 500})
	for name, c := range map[string]struct {
		hooks  int
		custom string
		want   int
	}{
		"number": {hooks: 4, want: 200},
		"size":   {hooks: 1, custom: strings.Repeat("x", 256<<10), want: 16}, // 16 pass 4 MiB
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var hooks []*webhooks.Hook
			for i := range c.hooks {
				h := hook(fmt.Sprint("h", i), failing.server.URL)
				h.JSON = true
				h.CustomData = payload.FromObject(jobj.Object{{Key: "more", Value: c.custom}})
				hooks = append(hooks, h)
			}
			slow := newSlowStore()
			r := newRig(t, slow, hooks...)
			const events = 64 // as many as one hook serves at once
			var acked []<-chan struct{}
			for i := range events {
				acked = append(acked, r.handle(event(fmt.Sprint("c", i))))
			}
			g.Eventually(func() float64 {
				return r.counted(t, "kazoolab_webhook_tries_total", "answered_failure")
			}).WithContext(r.ctx).Should(BeEquivalentTo(events * c.hooks))
			close(slow.release)
			var sizes []int
			for stored := 0; stored < events*c.hooks; stored += sizes[len(sizes)-1] {
				sizes = append(sizes, len(slow.next(t, r)))
			}
			for _, one := range acked {
				r.await(t, one)
			}
			g.Expect(slices.Max(sizes)).To(BeNumerically("<=", c.want), "batches of %v", sizes)
			g.Expect(len(sizes)).To(BeNumerically("<", events*c.hooks), "what gathers is written together")
		})
	}
}

// A message can make up a hook, and an id that no database takes.
func TestAnAttemptThatCanNeverBeStoredHoldsUpNobody(t *testing.T) {
	failing := newReceiver(t, answer{status: http.StatusTeapot})
	kept := &refusing{}
	bad := hook("bad\x00id", failing.server.URL)
	bad.Retries = 1 // such a header is never sent
	r := newRig(t, kept, bad, hook("good", failing.server.URL))
	r.await(t, r.handle(event("c1")))
	r.await(t, r.handle(event("c2")))
	if got := kept.ids(); got != "good, good" {
		t.Errorf("stored: %s", got)
	}
}

// refusing is a ledger that, as a store does, takes no batch with NUL in an id.
type refusing struct{ ledger }

func (r *refusing) Record(ctx context.Context, batch store.Batch) error {
	attempts := batch.Attempts
	for _, a := range attempts {
		if strings.ContainsRune(a.HookID, 0) {
			return fmt.Errorf("add attempts: %w", store.ErrInvalid)
		}
	}
	return r.ledger.Record(ctx, batch)
}

func (r *refusing) ids() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, a := range r.attempts {
		ids = append(ids, a.HookID)
	}
	return strings.Join(ids, ", ")
}

func TestOfALongBodyTheBeginningIsKept(t *testing.T) {
	failing := newReceiver(t, answer{status: 500})
	long := payload.FromObject(jobj.Object{{Key: "large", Value: strings.Repeat("é", 200<<10)}})
	inJSON, inForm, short := hook("json", failing.server.URL), hook("form", failing.server.URL), hook("short", failing.server.URL)
	inJSON.JSON, inJSON.CustomData, inForm.CustomData = true, long, long
	kept := &ledger{tried: make(chan struct{}, 100)}
	r := newRig(t, kept, inJSON, inForm, short)
	r.await(t, r.handle(event("c1")))
	for _, a := range kept.attempts {
		body, isText := a.Body.Get("req_body")
		text, _ := body.(string)
		whole, cut := a.Body.Get("req_body_bytes")
		switch a.HookID {
		case "short":
			if isText := text != ""; cut || isText {
				t.Errorf("a short body is kept as it is: %v", body)
			}
		default:
			if !isText || len(text) > 256<<10 || len(text) < 256<<10-2 || !cut || whole.(int) < 400<<10 {
				t.Errorf("%s: %d bytes of %v are kept", a.HookID, len(text), whole)
			}
		}
	}
}
