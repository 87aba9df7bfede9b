package main

import (
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// kind is what happens.
type kind int

const (
	killNode       kind = iota // SIGKILL, and started again
	killAll                    // all nodes at once
	restartNode                // SIGTERM, as an upgrade does
	restartBroker              // in order; nodes and publisher lose their connections
	restartBoth                // the broker, while a node is killed
	restartStore               // PostgreSQL, in order
	cutBroker                  // the line between a node and the broker breaks
	silenceBroker              // that line lets nothing through, and tells nobody
	cutStore                   // the line between a node and PostgreSQL breaks
	reviveHanging              // receivers that hang answer again
	lastOfTheKinds             // counts them
)

// fault is one thing that happens once so many events have been published.
type fault struct {
	after int
	kind  kind
	node  int           // whom it strikes
	lasts time.Duration // until it is undone
}

func (f fault) String() string {
	lasts := f.lasts.Round(100 * time.Millisecond)
	switch f.kind {
	case killNode:
		return fmt.Sprintf("node %d is killed, and started after %s", f.node, lasts)
	case killAll:
		return fmt.Sprintf("every node is killed, and started after %s", lasts)
	case restartNode:
		return fmt.Sprintf("node %d ends in order, and is started again", f.node)
	case restartBroker:
		return "RabbitMQ restarts"
	case restartBoth:
		return fmt.Sprintf("node %d is killed, and started when RabbitMQ has restarted", f.node)
	case restartStore:
		return "PostgreSQL restarts"
	case cutBroker:
		return fmt.Sprintf("the line between node %d and RabbitMQ breaks for %s", f.node, lasts)
	case silenceBroker:
		return fmt.Sprintf("the line between node %d and RabbitMQ is silent for %s", f.node, lasts)
	case cutStore:
		return fmt.Sprintf("the line between node %d and PostgreSQL breaks for %s", f.node, lasts)
	case reviveHanging:
		return "receivers that hung answer again"
	default:
		return fmt.Sprintf("kind %d", f.kind)
	}
}

// sizes of a storm.
type sizes struct {
	events  int
	nodes   int
	servers bool // the store is a server's
	whole   bool // more of everything than once
}

// newPlan draws what happens in a storm; the same seed and sizes draw the same. Each
// kind happens, and a whole storm has more kills. Faults follow each other at about
// even distances of events; one that is still going on holds up the next.
func newPlan(seed string, s sizes) []fault {
	random := ids.Seeded("storm " + seed)
	kinds := []kind{killNode, killNode, killAll, restartNode, restartBroker, restartBoth, cutBroker, silenceBroker}
	if s.servers {
		kinds = append(kinds, restartStore, cutStore)
	}
	if s.whole {
		kinds = append(kinds, killNode, killNode, killNode, cutBroker, silenceBroker)
	}
	for i := len(kinds) - 1; i > 0; i-- {
		j := random.IntN(i + 1)
		kinds[i], kinds[j] = kinds[j], kinds[i]
	}
	half := len(kinds) / 2
	kinds = append(kinds[:half], append([]kind{reviveHanging}, kinds[half:]...)...)
	var plan []fault
	distance := s.events / (len(kinds) + 1)
	next := random.IntN(s.nodes)
	for i, k := range kinds {
		f := fault{after: (i+1)*distance + random.IntN(max(distance/2, 1)), kind: k, lasts: lasting(k, s, random)}
		switch k {
		case killNode, restartNode, restartBoth, cutBroker, silenceBroker, cutStore:
			// In turn, so that each is struck, and drawn, so that the first may be any.
			f.node = next
			next = (next + 1) % s.nodes
		default:
		}
		plan = append(plan, f)
	}
	return plan
}

func lasting(k kind, s sizes, random *ids.Source) time.Duration {
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(random.Float64()*float64(most-least))
	}
	switch k {
	case killNode, killAll:
		return between(0, 2*time.Second)
	case cutBroker, cutStore:
		return between(time.Second, 4*time.Second)
	case silenceBroker:
		if s.whole { // beyond two heartbeats, so that the node finds out itself
			return between(10*time.Second, 25*time.Second)
		}
		return between(3*time.Second, 6*time.Second)
	default:
		return 0
	}
}

// role is what kind of receiver a hook has.
type role int

const (
	healthy  role = iota
	dead          // refuses connections until the end
	hanging       // never answers, and then does
	slow          // answers late
	flapping      // sometimes healthy, sometimes failing, dropping or late
)

func (r role) String() string {
	return [...]string{"healthy", "dead", "hanging", "slow", "flapping"}[r]
}

func roles() []role { return []role{healthy, dead, hanging, slow, flapping} }

// The hooks: each account has some of which two are none of the healthy.
const (
	accounts  = 10
	hooksEach = 5
)

// roleOf deals the roles: 30 healthy, and five of each other.
func roleOf(hook int) role {
	account, place := hook/hooksEach, hook%hooksEach
	switch {
	case place < 3:
		return healthy
	case place == 3 && account%2 == 0:
		return dead
	case place == 3:
		return hanging
	case account%2 == 0:
		return slow
	default:
		return flapping
	}
}
