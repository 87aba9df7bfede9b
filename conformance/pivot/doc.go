// Package pivot holds the requirements for Pivot: what an app is asked, how its answer is taken, and
// what becomes of JSON flows and TwiML. The harness is the app, the callflow that asks for Pivot, and
// the switch that has the call; calls exist nowhere else. A file is a topic: what is done, and what is
// demanded of what comes of it. Expectations are literals.
//
// Of apps at websockets the harness is the client, and besides the engine, for what nodes do, or the
// callflow and the switch, for what becomes of a call.
package pivot

import "github.com/kazoolab/kazoolab/conformance/suite"

// Register adds the groups of this package.
func Register(s *suite.Suite) {
	s.Add(
		requests(), parameters(), statuses(), types(), flows(), prompts(), gathering(), redirects(), recordings(), dials(), ends(), summaries(), debugging(),
		apps(), tokens(), announcing(), delivering(), telling(), asking(), sharing(), losing(), rate(), deaf(),
	)
}

// needs are what every group here stands on.
func needs() []string { return []string{suite.Accounts, suite.Hooks, suite.Bus, suite.Pivot} }
