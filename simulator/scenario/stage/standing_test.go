package stage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// commanded is a play in which somebody asks the switch for something.
type commanded struct {
	*WithT

	t      *testing.T
	line   *timeline.Timeline
	stage  *stage.Stage
	events []string // with the seconds at which they come
	ask    func(context.Context, *scenario.REST) error
}

func newCommanded(t *testing.T, steps string) *commanded {
	t.Helper()
	c := &commanded{WithT: NewWithT(t), t: t}
	plan, err := scenario.Parse("commanded.yaml", []byte(`scenario: Commands
accounts: {acme: {numbers: ["+14155550100"], users: {dana: Dana, remy: Remy}}}
people: {pat: "+12125550199"}
steps:
`+steps))
	c.Expect(err).NotTo(HaveOccurred())
	random := ids.Seeded("commanded")
	c.line = timeline.New(timeline.Config{Wall: clock.System()})
	c.stage = stage.New(stage.Config{
		Plan: plan, World: stage.NewWorld(plan, "commanded", ""), Line: c.line, IDs: random,
		Say: func(e pbx.Event) {
			c.events = append(c.events, e.Name()+" "+c.stage.Since().Truncate(time.Second).String())
		},
		Ask: func(ctx context.Context, r *scenario.REST) error { return c.ask(ctx, r) },
	})
	return c
}

func (c *commanded) play(ctx context.Context) error {
	c.t.Helper()
	c.stage.Begin(ctx)
	err := c.line.Run(ctx, false)
	c.stage.Wait()
	return errors.Join(err, c.stage.Err())
}

// do has something happen on the timeline, whose goroutine is the test's.
func (c *commanded) do(ctx context.Context, do func()) {
	if err := c.line.Do(ctx, do); err != nil {
		c.t.Error(err)
	}
}

// The switch answers and obeys while a step waits, the story goes on only then, and so it is
// each time.
func TestTheSwitchObeysWhileAStepWaits(t *testing.T) {
	steps := `
  - call: {name: first, from: pat, to: dana}
  - ring: first
  - answer: first
  - rest: {put: "/channels/{first}"}
  - emit: {event: doc_edited}
    after: 0s
`
	play := func() []string {
		c := newCommanded(t, steps)
		var up int
		c.ask = func(ctx context.Context, _ *scenario.REST) error {
			c.do(ctx, func() {
				first, ok := c.stage.Core().Channel(c.reference("first", "call_id"))
				c.Expect(ok).To(BeTrue())
				c.stage.Board().Transfer(first.Peer(), "1002", nil)
				up = len(c.stage.Core().Up())
			})
			c.do(ctx, func() { c.Expect(c.events).NotTo(ContainElement(HavePrefix("doc_edited"))) })
			return nil
		}
		c.Expect(c.play(t.Context())).To(Succeed())
		c.Expect(up).To(Equal(1), "the one who has handed it on is gone")
		c.Expect(c.events).To(ContainElement(Equal("doc_edited 4s")))
		c.Expect(c.reference("first", "remy")).NotTo(BeEmpty(), "who rings is known")
		answers := 0
		for _, event := range c.events {
			if event[:min(len(event), 14)] == "CHANNEL_ANSWER" {
				answers++
			}
		}
		c.Expect(answers).To(Equal(3), "and takes the call by himself")
		return c.events
	}
	NewWithT(t).Expect(play()).To(Equal(play()))
}

func (c *commanded) reference(name, attribute string) string {
	value, _ := c.stage.Lookup(scenario.Reference{Name: name, Attribute: attribute})
	return value
}

// What is asked for takes the switch its time: that passes, and the steps after it come as
// much later.
func TestTheTimePassesForWhatTakesTheSwitchItsTime(t *testing.T) {
	c := newCommanded(t, `
  - rest: {post: "/users/{dana}/quickcall/1002"}
  - emit: {event: doc_edited}
    after: 3s
  - emit: {event: doc_deleted}
    after: 20s
`)
	c.ask = func(ctx context.Context, _ *scenario.REST) error {
		answered := make(chan struct{})
		c.do(ctx, func() {
			told := c.stage.Awaited()
			c.line.After(10*time.Second, func() {
				told()
				close(answered)
			})
		})
		select {
		case <-answered:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.Expect(c.play(t.Context())).To(Succeed())
	c.Expect(c.events).To(Equal([]string{"doc_edited 13s", "doc_deleted 33s"}))
	c.stage.Awaited()() // nobody waits any more
}

// Who has asked gives up before the switch has an answer: the story goes on from there, and
// an answer that comes later is nothing to it.
func TestAStepCanGiveUp(t *testing.T) {
	c := newCommanded(t, `
  - rest: {post: "/users/{dana}/quickcall/1002"}
  - emit: {event: doc_edited}
    after: 3s
  - rest: {get: /channels}
    after: 1s
  - emit: {event: doc_deleted}
    after: 2s
`)
	var told func()
	c.ask = func(ctx context.Context, r *scenario.REST) error {
		if r.Target == "/channels" {
			c.do(ctx, told)
			return nil
		}
		given := make(chan struct{})
		c.do(ctx, func() {
			told = c.stage.Awaited()
			c.line.After(7*time.Second, func() { close(given) }) // the last that is planned
		})
		<-given
		return errors.New("nobody answers")
	}
	c.Expect(c.play(t.Context())).To(MatchError("line 6, rest at 0s: nobody answers"))
	c.Expect(c.events).To(Equal([]string{"doc_edited 10s", "doc_deleted 13s"}))
}

// A step that waits for a switch which has nothing to do is waited for.
func TestAStepOutlivesAllThatIsPlanned(t *testing.T) {
	c := newCommanded(t, `
  - rest: {post: "/users/{dana}/quickcall/1002"}
`)
	c.ask = func(ctx context.Context, _ *scenario.REST) error {
		c.do(ctx, func() { c.stage.Awaited() })
		c.do(ctx, func() {})
		return errors.New("nobody answers")
	}
	c.Expect(c.play(t.Context())).To(MatchError("line 6, rest at 0s: nobody answers"))
}

// What the story has not come to when it ends does not happen, and its switch goes on.
func TestTheTimelineGoesOnWhenThePlayHasEnded(t *testing.T) {
	c := newCommanded(t, `
  - rest: {get: /channels}
  - emit: {event: doc_edited}
    after: 3s
`)
	c.Expect(c.stage.Since()).To(BeZero())
	ctx, stop := context.WithCancel(t.Context())
	c.ask = func(ctx context.Context, _ *scenario.REST) error {
		stop()
		<-ctx.Done()
		return ctx.Err()
	}
	c.Expect(c.play(ctx)).To(MatchError(context.Canceled))
	passed := false
	c.line.After(time.Minute, func() { passed = true })
	c.Expect(c.line.Run(t.Context(), false)).To(Succeed())
	c.Expect(passed).To(BeTrue())
	c.Expect(c.events).To(BeEmpty())
}

func TestAStepEndsWithThePlay(t *testing.T) {
	c := newCommanded(t, `
  - rest: {get: /channels}
`)
	ctx, stop := context.WithCancel(t.Context())
	c.ask = func(ctx context.Context, _ *scenario.REST) error {
		stop()
		<-ctx.Done()
		return ctx.Err()
	}
	c.Expect(c.play(ctx)).To(MatchError(context.Canceled))
}
