// Package webhooks holds the requirements for what becomes of an event on the bus: which hooks it
// reaches, what is made of their answers, what is tried again, remembered and switched off. A file
// is a topic: what is done, and what is demanded of what comes of it. Expectations are
// literals.
package webhooks

import "github.com/kazoolab/kazoolab/conformance/suite"

// Register adds the groups of this package.
func Register(s *suite.Suite) {
	s.Add(
		live(), match(), fanOut(), filter(), modifiers(), retry(),
		outcome(), attempts(), attemptList(),
		flow(), oldHooks(), limits(),
		disable(), reenable(),
		catalogue(), create(), guard(), manage(),
	)
}
