package conformance

import (
	"slices"

	"github.com/kazoolab/kazoolab/conformance/bus"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/payloads"
	"github.com/kazoolab/kazoolab/conformance/pivot"
	"github.com/kazoolab/kazoolab/conformance/rest"
	"github.com/kazoolab/kazoolab/conformance/robustness"
	"github.com/kazoolab/kazoolab/conformance/sockets"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/webhooks"
)

// Standard returns the suite of all requirements of this project.
func Standard() *suite.Suite {
	s := suite.New()
	payloads.Register(s)
	webhooks.Register(s)
	sockets.Register(s)
	rest.Register(s)
	bus.Register(s)
	pivot.Register(s)
	robustness.Register(s)
	return s
}

// Verdicts judges, by a log, the requirements of the standard suite that hold in its dialect
// and whose groups it has.
func Verdicts(log capture.File) []suite.Verdict {
	var verdicts []suite.Verdict
	for _, g := range Standard().Groups() {
		for _, r := range g.Requirements {
			if slices.Contains(log.Facts.Groups, g.Name) && r.HoldsIn(log.Facts.Dialect) {
				verdicts = append(verdicts, suite.Planned{Group: g, Requirement: r}.Judge(log))
			}
		}
	}
	return verdicts
}
