// Package robustness holds the requirements for what happens when parts fail or are slow. They are kazoolab's own promises, which Kazoo does not make. A file is a topic:
// what is done, and what is demanded of what comes of it. Expectations are literals.
package robustness

import "github.com/kazoolab/kazoolab/conformance/suite"

// Register adds the groups of this package.
func Register(s *suite.Suite) {
	s.Add(
		hanging(), order(), burst(), broken(), deaf(), broker(),
	)
}
