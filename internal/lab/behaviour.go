package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// Answer is what a receiver does with a request that it has read.
type Answer int

// The answers. All but OK and Failure are none, as the sender sees it.
const (
	OK      Answer = iota // 200
	Failure               // 500
	Drop                  // the connection is closed without a word
	Hang                  // nothing, until the behaviour changes, which drops it
	Refuse                // nobody listens: only a hook with a port of its own can
)

func (a Answer) String() string {
	return [...]string{"ok", "failing", "dropping", "hanging", "refusing"}[a]
}

// Reaction is an answer after some time.
type Reaction struct {
	Answer Answer
	After  time.Duration
}

// Behaviour says how a receiver reacts to the next request. It is asked by many
// goroutines at once.
type Behaviour func() Reaction

// Steady always reacts alike.
func Steady(r Reaction) Behaviour { return func() Reaction { return r } }

// Healthy answers 200 after the time that its work takes.
func Healthy(work time.Duration) Behaviour { return Steady(Reaction{OK, work}) }

// Flapping reacts in turns, each good for one step of whatever counts the steps. Half
// of them are healthy; the seed decides which, and what the others are.
func Flapping(seed string, step func() int, work time.Duration) Behaviour {
	return func() Reaction { return turn(seed, step(), work) }
}

func turn(seed string, step int, work time.Duration) Reaction {
	bad := [...]Reaction{{Drop, 0}, {Failure, 0}, {OK, 50 * work}}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", seed, step))
	draw := binary.BigEndian.Uint32(sum[:])
	if draw%2 == 0 {
		return Reaction{OK, work}
	}
	return bad[draw/2%uint32(len(bad))]
}
