package callflow

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// What a step says.
const (
	Entered  = "entered"  // a node is run
	Went     = "went"     // to a child: Next is the key it was found under
	Branched = "branched" // into another flow, Next
	Returned = "returned" // to what was left when it branched
	Replaced = "replaced" // by the flow of a CHANNEL_PIVOT
	Refused  = "refused"  // a flow of a CHANNEL_PIVOT that came too late
	Waits    = "waits"    // the flow is over; somebody else leads the call
	Noted    = "noted"    // something that explains what comes
	Ended    = "ended"    // the flow, and with it the call, unless Why says otherwise
)

// Step is a step of a call through its flow.
type Step struct {
	At     time.Time
	CallID string
	FlowID string // of the document; "" for one that an answer brought
	// Path is where the node stands in its flow, "" for the root, such as /1/_ for child _ of child 1.
	Path   string
	Module string
	Data   jobj.Object
	What   string
	Next   string
	Why    string
}

func (l *leg) trace(what, next, why string) {
	if l.Trace == nil {
		return
	}
	l.Trace(Step{
		At: l.Line.Now(), CallID: l.call.id, FlowID: l.at.flowID, Path: l.at.path, Module: l.at.node.String("module"),
		Data: l.at.node.Object("data"), What: what, Next: next, Why: why,
	})
}
