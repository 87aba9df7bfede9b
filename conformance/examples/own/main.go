// Command own is kazoolab with a requirement of somebody's own in its suite: that the target
// answers quickly enough for a wallboard. Copy it, change it, and run it as kazoolab is run:
//
//	go run . certify --run 'wallboard/*'
package main

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/kazoolab/kazoolab/cmd/program"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

func main() { os.Exit(program.Run(add)) }

// longest is how long a wallboard lets people wait.
const longest = time.Second

func add(s *suite.Suite) {
	s.Add(suite.Group{
		Name: "wallboard/speed", Title: "A wallboard is not kept waiting",
		// What is done, once. What comes of it is in the log.
		Do: func(ctx context.Context, p *probe.Probe) error {
			_, err := p.REST(ctx, "list hooks", probe.Request{Method: http.MethodGet, Path: "/v2/webhooks"})
			return err
		},
		// What is demanded of the log. A judge is pure: it only looks.
		Requirements: []suite.Requirement{{
			ID: "OWN-SPEED-001", Text: "The list of hooks MUST be there within a second.", Source: "our contract, section 4", Ours: true,
			Judge: func(j *suite.Judging) {
				answer, ok := j.Status("list hooks", "200")
				if !ok {
					return
				}
				for _, asked := range j.Entries {
					if asked.Seq == answer.Ref && answer.At-asked.At > longest {
						j.Fail("it took "+(answer.At-asked.At).String(), asked, answer)
					}
				}
			},
		}},
	})
}
