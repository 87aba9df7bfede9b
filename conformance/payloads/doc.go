// Package payloads holds the requirements for what a receiver is sent: which fields an event's
// payload has, in which bytes they are written, by which verb and with which header. A file is
// a topic: what is done, and what is demanded of what comes of it. Expectations are literals.
package payloads

import "github.com/kazoolab/kazoolab/conformance/suite"

// Register adds the groups of this package.
func Register(s *suite.Suite) {
	s.Add(
		form(),
		text(),
		floats(),
		verbs(),
		headers(),
		connection(),
		kept(),
		channel(),
		channelValues(),
		parking(),
		objects(),
		documents(),
		textMessages(),
		merge(),
		notifications(),
		notified(),
		example(),
		catalogue(),
		oldHooks(),
	)
}
