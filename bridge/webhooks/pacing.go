package webhooks

import "time"

// Bounds of how many deliveries from the store may be in hand, of all hooks together.
const (
	leastOut = 8
	mostOut  = 2000
	// leastRate is how many a second there is always room for, where their receivers take
	// up to a second. It is less than a twentieth of what a node can do.
	leastRate = 200
)

// pace says how many deliveries from the store may be in hand, so that what was
// parked while receivers were away does not hold up what comes now: it grows by an
// eighth a second while deliveries from the bus take what they did before, and halves
// while they take longer. Without it, the backlogs of 20 receivers that came back
// raised the p99 of the others from 15 ms to 82. What is slow because the machine is
// full must not starve, though: with 8 places in all, receivers that take 500 ms had
// 142,306 events of an hour yet to come at its end.
type pace struct {
	most    int
	calm    time.Duration // what a delivery from the bus takes when none is out
	answers time.Duration // how long one from the store is in hand until its answer, smoothed
	// heard tells that a delivery from the bus has been made since the last adjustment.
	heard bool
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
		p.most = p.most / 2
	default:
		p.most = min(p.most+max(p.most/growth, 1), mostOut)
	}
	p.most = max(p.most, p.least())
	p.calm += (takes - p.calm) / forget
	p.heard = false
}

// answered is told how long a delivery from the store was in hand until its receiver
// answered. What hung for long and is answered now must not open the way for all that
// waited behind it.
func (p *pace) answered(after time.Duration) {
	const (
		smooth = 64 // deliveries, about, that count
		most   = time.Second
	)
	p.answers += (min(after, most) - p.answers) / smooth
}

// least is how many must be in hand so that leastRate of them are answered in a second.
func (p *pace) least() int {
	return min(max(int(leastRate*p.answers/time.Second), leastOut), mostOut)
}
