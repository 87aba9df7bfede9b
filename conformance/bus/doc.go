// Package bus holds the requirements for the bus: what a deployment publishes there, what it
// asks and answers, and how keys are written; and for what a dialect or the best-known client
// wants of all doors together. A file is a topic: what is done, and what is demanded of what
// comes of it. Expectations are literals.
package bus

import "github.com/kazoolab/kazoolab/conformance/suite"

// Register adds the groups of this package.
func Register(s *suite.Suite) {
	s.Add(
		keys(), catches(), travel(),
		requests(), socketAnswers(),
		documents(), accounts(), notes(),
		commands(), queries(), quickcalls(), gathering(),
		switchEvents(), switchCommands(),
		dialectREST(), dialectSockets(), monsterREST(), monsterSocket(),
	)
}
