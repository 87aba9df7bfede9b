package explore

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

const (
	// thinking is from a question to the first key, typing from one key to the next.
	thinking = 100 * time.Millisecond
	typing   = 200 * time.Millisecond
	// listening is from the last question to the end: what it says is the place's title.
	listening = 3 * time.Second
	// speaking is how long a message is.
	speaking = 2 * time.Second
	// patience is how long nothing may happen.
	patience = 2 * time.Minute
)

// Caller answers the questions of an app in turn, and hangs up at the one after the last, or when
// somebody takes the call. It is used by the goroutine of its timeline.
type Caller struct {
	line    *timeline.Timeline
	hands   caller.Hands
	answers []string
	limit   *timeline.Planned
	over    bool
}

// NewCaller returns one that has answers.
func NewCaller(line *timeline.Timeline, hands caller.Hands, answers []string) *Caller {
	return &Caller{line: line, hands: hands, answers: answers}
}

// Begin is to be called when the call begins.
func (c *Caller) Begin() { c.wait() }

// wait has the caller hang up when nothing happens for long.
func (c *Caller) wait() {
	if c.limit != nil {
		c.limit.Cancel()
	}
	if !c.over {
		c.limit = c.line.After(patience, c.leave)
	}
}

func (c *Caller) leave() {
	if !c.over {
		_ = c.hands.Hangup(caller.TheCaller) // that the call is just over is no one's fault
	}
}

// Hears is to be called when a sound begins.
func (c *Caller) Hears(caller.Sound) (ends func(string)) {
	c.wait()
	return func(string) { c.wait() }
}

// Waits is to be called when the app asks for digits, or for a message.
func (c *Caller) Waits(q caller.Question) {
	c.wait()
	switch {
	case q.Speech:
		c.later(thinking, func() { c.hands.Speak(speaking) })
	case len(c.answers) == 0:
		c.later(listening, c.leave)
	default:
		for i, key := range c.answers[0] {
			c.later(thinking+time.Duration(i)*typing, func() { c.hands.Press(string(key)) })
		}
		c.answers = c.answers[1:]
	}
}

func (c *Caller) later(d time.Duration, do func()) {
	c.line.After(d, func() {
		if !c.over {
			do()
		}
	})
}

// Rings is to be called when a telephone rings: somebody takes it.
func (c *Caller) Rings(telephone string) {
	c.wait()
	c.later(time.Second, func() { c.hands.Take(telephone) })
}

// Connected is to be called when somebody has taken the call.
func (c *Caller) Connected(string) { c.later(time.Second, c.leave) }

// Gone is to be called when a telephone's call is over.
func (c *Caller) Gone(string) { c.wait() }

// Ended is to be called when the call is over.
func (c *Caller) Ended() {
	c.over = true
	c.wait()
}
