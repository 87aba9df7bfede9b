package probe

import (
	"net/http"
	"strconv"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Again does what leads to the answer to a step, and does it once more, and once more, where the target says
// that nobody has answered it on the bus in time (503). It waits 2 s for that (kz_amqp_worker:default_timeout/0),
// and the harness in a switch's place answers once, whatever stands still meanwhile. What is seen of the last
// time is what counts. In a group little is done again: a target that never takes an answer shows that soon.
func (p *Probe) Again(step string, do func() error) error {
	const times, inGroup = 3, 6
	for range times - 1 {
		if err := do(); err != nil {
			return err
		}
		answer, _ := p.Seen().Answer(step)
		if answer.Head != strconv.Itoa(http.StatusServiceUnavailable) || len(p.Seen().Named(capture.Note, givenUp)) >= inGroup {
			return nil
		}
		p.Note(givenUp, step)
	}
	return do()
}

// givenUp is the note that a step is done again.
const givenUp = "the target has given up its question"
