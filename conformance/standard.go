package conformance

import (
	"github.com/kazoolab/kazoolab/conformance/bus"
	"github.com/kazoolab/kazoolab/conformance/payloads"
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
	robustness.Register(s)
	return s
}
