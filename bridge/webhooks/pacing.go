package webhooks

import "time"

// Bounds of how many deliveries from the store may be in hand, of all hooks together.
const (
	leastOut = 8
	mostOut  = 2000
	// leastRate is how many a second there is always room for beyond that, of all hooks
	// whose receivers answer within a second. It is less than a twentieth of what a node
	// can do.
	leastRate = 200
)

// pace says how many deliveries from the store may be in hand, so that what was
// parked while receivers were away does not hold up what comes now: it grows by an
// eighth a second while deliveries from the bus take what they did before, and halves
// while they take longer. Without it, the backlogs of 20 receivers that came back
// raised the p99 of the others from 15 ms to 82.
type pace struct {
	most int
	calm time.Duration // what a delivery from the bus takes when none is out
	// heard tells that a delivery from the bus has been made since the last adjustment.
	heard bool
	alone bool // as of the last adjustment nobody had been heard who could be held up
}

func newPace() pace { return pace{most: leastOut} }

// adjust is called every lookPause with how many are out and what a delivery from the
// bus takes.
func (p *pace) adjust(out int, takes time.Duration) {
	const (
		noise  = time.Millisecond
		growth = 32
		forget = 32 // times after which calm has come near to what holds now
	)
	switch {
	case out == 0:
		p.calm, p.most = takes, leastOut
	case !p.heard: // there is nobody to be held up
		p.most = min(2*p.most, mostOut)
	case takes > p.calm+p.calm/4+noise:
		p.most = max(p.most/2, leastOut)
	default:
		p.most = min(p.most+max(p.most/growth, 1), mostOut)
	}
	p.calm += (takes - p.calm) / forget
	p.alone, p.heard = !p.heard, false
}

// answered is told how long a delivery from the store was in hand until its receiver
// answered.
func (b *backlog) answered(after time.Duration) {
	const (
		smooth = 16 // deliveries, about, that count
		most   = time.Second
	)
	b.answers += (min(after, most) - b.answers) / smooth
}

// least is how many a hook may have in hand whatever the pace is: its part of leastRate, of
// as many hooks as have receivers that answer. What is slow because the machine is full
// must not starve: with 8 places for all, receivers that take 500 ms had 142,306 events
// of an hour yet to come at its end. It is each hook's own, since what all that were
// parked may have at once was taken by those that came back, 200 at a time, and raised
// the p99 of the others from 10 ms to 330.
func (b *backlog) least(answering int) int {
	return int(leastRate * b.answers / time.Second / time.Duration(max(answering, 1)))
}
