package webhooks

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

func TestThePauseBeforeATryIsJudgedWhateverTheMachineDoes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	// judge takes when each try came, and how much later its end was written down.
	judge := func(noted time.Duration, tries ...time.Duration) []string {
		var v capture.View
		for _, at := range tries {
			seq := len(v.Entries) + 1
			v.Entries = append(v.Entries,
				capture.Entry{Seq: seq, Kind: capture.HookRequest, Name: "closes-twice", At: at},
				capture.Entry{Seq: seq + 1, Kind: capture.HookAnswer, Name: "closes-twice", At: at + noted, Ref: seq})
		}
		j := suite.NewJudging(v, capture.Facts{})
		judgePause(j)
		var found []string
		for _, f := range j.Findings() {
			found = append(found, f.What)
		}
		return found
	}
	g.Expect(judge(0, 0, 2*time.Second, 4*time.Second)).To(BeEmpty())
	g.Expect(judge(900*time.Millisecond, 0, 2*time.Second, 4*time.Second)).To(BeEmpty(), "the end was written down late")
	g.Expect(judge(0, 0, 2*time.Second, 14*time.Second)).To(BeEmpty(), "one was late")
	g.Expect(judge(0, 0, time.Second, 3*time.Second)).To(ConsistOf("pause before try 2"))
	g.Expect(judge(0, 0, 8*time.Second, 16*time.Second)).To(ConsistOf("the shortest of the pauses"))
	g.Expect(judge(0, 0)).To(HaveLen(1))
}
