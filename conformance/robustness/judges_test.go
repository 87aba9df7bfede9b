package robustness

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// judged runs a part of a judge on a log and returns what it found.
func judged(judge func(*suite.Judging), log ...capture.Entry) []string {
	for i := range log {
		log[i].Seq = i + 1
	}
	j := suite.NewJudging(capture.View{Entries: log}, capture.Facts{Dialect: suite.Kazoo5})
	judge(j)
	var found []string
	for _, f := range j.Findings() {
		found = append(found, f.What)
	}
	return found
}

func posted(receiver, call string, at time.Duration) capture.Entry {
	return capture.Entry{Kind: capture.HookRequest, Name: receiver, At: at, Body: fmt.Appendf(nil, "call_id=%s&caller_id_name=%s", call, call)}
}

func published() capture.Entry {
	return capture.Entry{Kind: capture.Published, Name: "a"}
}

func TestOrderIsJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	due := series("n", 3)
	judge := func(came ...string) []string {
		return judged(func(j *suite.Judging) { ordered(j, "here", due, came) })
	}
	g.Expect(judge("n-000", "n-001", "n-002")).To(BeEmpty())
	g.Expect(judge("n-000", "stranger", "n-001", "n-002")).To(BeEmpty())
	g.Expect(judge("n-000", "n-002", "n-001")).To(ConsistOf("order at here"))
	g.Expect(judge("n-000", "n-000", "n-001", "n-002")).To(ConsistOf("order at here"))
	g.Expect(judge("n-000", "n-001")).To(ConsistOf("1 of 3 events have not come to here"))
}

func TestWhatComesTwiceIsFound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	judge := func(came ...string) []string {
		return judged(func(j *suite.Judging) { noneTwice(j, "here", series("n", 2), came) })
	}
	g.Expect(judge("n-001", "n-000")).To(BeEmpty())
	g.Expect(judge("n-001", "n-000", "n-001")).To(ConsistOf("n-001 has come to here more than once"))
	g.Expect(judge("n-001")).To(ConsistOf("1 of 2 events have not come to here"))
}

func TestWhatComesLateIsFound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	sent := func(name string, at time.Duration) capture.Entry {
		return capture.Entry{Kind: capture.Published, Name: name, At: at}
	}
	came := func(name string, at time.Duration) capture.Entry {
		return capture.Entry{Kind: capture.SocketGot, Name: "reads", At: at, Body: fmt.Appendf(nil, `{"action":"event","data":{"call_id":%q}}`, name)}
	}
	judge := func(log ...capture.Entry) []string {
		return judged(func(j *suite.Judging) { allPrompt(j, "reads") }, log...)
	}
	g.Expect(judge(sent("a", time.Second), came("a", 5500*time.Millisecond))).To(BeEmpty())
	g.Expect(judge(sent("a", time.Second), came("a", 5501*time.Millisecond))).To(ConsistOf("time until a came to reads"))
}

// A slow machine must not make a fault of it: one answer may be late.
func TestOneOfSeveralAnswersMayBeLate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	judge := func(took ...time.Duration) []string {
		var log []capture.Entry
		for i, d := range took {
			log = append(log, capture.Entry{Kind: capture.RestRequest, Name: "hooks meanwhile"},
				capture.Entry{Kind: capture.RestAnswer, Name: "hooks meanwhile", Head: "200", Ref: 2*i + 1, At: d})
		}
		return judged(judgeMeanwhile, log...)
	}
	g.Expect(judge(time.Minute, 4*time.Second, 4500*time.Millisecond)).To(BeEmpty())
	g.Expect(judge(time.Minute, 4*time.Second, 4501*time.Millisecond)).To(ConsistOf("time until REST answers"))
	g.Expect(judge(4501 * time.Millisecond)).To(ConsistOf("time until REST answers"))
	g.Expect(judge()).To(ConsistOf(`the request "hooks meanwhile" has no answer`))
}

// A slow machine must not make a fault of it: what counts is what came first.
func TestWhatWaitedForAReceiverThatIsHeldIsFound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	judge := func(log ...capture.Entry) []string {
		return judged(func(j *suite.Judging) {
			if until, was := heldUp(j, "held"); was {
				inTime(j, "hook", []string{"a"}, until)
			}
		}, log...)
	}
	held, note := posted("held", "a", 0), capture.Entry{Kind: capture.Note, Name: released}
	g.Expect(judge(published(), held, posted("hook", "a", time.Minute), note)).To(BeEmpty())
	g.Expect(judge(published(), held, note, posted("hook", "a", time.Second))).To(ConsistOf("1 of 1 events have not come to hook"))
	g.Expect(judge(published(), held, posted("other", "a", time.Second), note)).To(ConsistOf("1 of 1 events have not come to hook"))
}

func TestWhatWasNotHeldUpShowsNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	judge := func(log ...capture.Entry) []string {
		return judged(func(j *suite.Judging) { heldUp(j, "hook") }, log...)
	}
	note := capture.Entry{Kind: capture.Note, Name: released}
	answer := capture.Entry{Kind: capture.HookAnswer, Name: "hook", Ref: 1}
	g.Expect(judge(posted("hook", "a", 0), note, answer)).To(BeEmpty())
	g.Expect(judge(posted("hook", "a", 0), answer, note)).To(ConsistOf("the receiver hook has lost a request that it held"))
	g.Expect(judge(note)).To(ConsistOf("nothing was held up at hook"))
	g.Expect(judge(posted("hook", "a", 0))).To(ConsistOf("nothing was held up at hook"))
}

func TestOneAtATimeIsJudgedByTheTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	log := func(pause time.Duration) (all []capture.Entry) {
		for i, name := range series("quick", orderedEvents) {
			all = append(all, posted("quick", name, time.Duration(i)*pause))
		}
		return all
	}
	g.Expect(judged(judgeOneAtATime, log(answering)...)).To(BeEmpty())
	g.Expect(judged(judgeOneAtATime, log(answering-2*time.Microsecond)...)).To(HaveLen(1))
	g.Expect(judged(judgeOneAtATime, log(answering)[1:]...)).To(HaveLen(1))
}

func TestAGapMustComeBeforeEvents(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	cut := capture.Entry{Kind: capture.Note, Name: "connections closed", Body: []byte("2")}
	frame := func(text string) capture.Entry {
		return capture.Entry{Kind: capture.SocketGot, Name: "s", Head: "text", Body: []byte(text)}
	}
	gap, event := frame(`{"action":"gap","subscribed_key":"call.CHANNEL_CREATE.*","reason":"broker_lost"}`), frame(`{"action":"event"}`)
	judge := func(log ...capture.Entry) []string {
		return judged(func(j *suite.Judging) { judgeGap(j, "s", "broker_lost", 1) }, log...)
	}
	g.Expect(judge(cut, event, gap, event)).To(BeEmpty())
	g.Expect(judge(cut, event, event, gap)).To(ConsistOf("an event came before a gap"))
	g.Expect(judge(cut, event)).To(ConsistOf("no gap was told to s"))
	g.Expect(judge(cut, frame(`{"action":"gap","subscribed_key":"call.CHANNEL_CREATE.*","reason":"not_kept"}`))).To(ConsistOf("reason of the gap"))
	g.Expect(judge(gap)).To(ConsistOf("no connection was closed"))
}
