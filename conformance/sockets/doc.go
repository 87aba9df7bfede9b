// Package sockets holds the requirements for websockets: the upgrade, commands and their replies, what can be subscribed to, who gets which frame, and what REST tells of sockets. A file is a topic:
// what is done, and what is demanded of what comes of it. Expectations are literals and the
// files of golden.
package sockets

import "github.com/kazoolab/kazoolab/conformance/suite"

// Register adds the groups of this package.
func Register(s *suite.Suite) {
	s.Add(
		upgrade(), frames(), commands(), authentication(), rights(), everyAccount(),
		subscribe(), unsubscribe(), ping(),
		bindCall(), bindObject(), bindChanges(), bindFax(), bindConference(), bindPresence(), matching(),
		events(), normalising(), isolation(), rate(), closing(),
		listing(), tracking(), trackingBus(),
		tolerance(), tenants(), resume(), api(), notifications(),
	)
}
