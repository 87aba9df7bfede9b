package webhooks

import "time"

// Bounds of how many deliveries from the store may be in hand, of all hooks together.
const (
	leastOut = 8
	mostOut  = 2000
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
	p.heard = false
}
