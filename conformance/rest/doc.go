// Package rest holds the requirements for the REST API: envelope, errors, tokens, who may do what, objects and their listings. A file is a topic:
// what is done, and what is demanded of what comes of it. Expectations are literals.
package rest

import "github.com/kazoolab/kazoolab/conformance/suite"

// Register adds the groups of this package.
func Register(s *suite.Suite) {
	s.Add(
		routes(), bodies(), verbs(), headers(), cors(), accept(), conditions(), envelope(), rules(), lists(), auth(), rights(), rate(), objects(), particular(), accounts(),
		faxing(), voicemail(), noChannels(), liveChannel(), small(), expiry(),
	)
}
