package stage_test

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/explore"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/pivot/stage"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// What a document asks for and cannot be done has failed; that it ends, or the call, has not.
func TestAVerbThatCannotBeDoneIsAFailure(t *testing.T) {
	t.Parallel()
	for answer, failed := range map[string]string{
		"<Sya>hi</Sya>":                          "<Sya> of line 1 could not be done",
		"<say>hi</say>":                          "<say> of line 1 could not be done",
		"<Dial>not a number!</Dial>":             "<Dial> of line 1 could not be done",
		"<Enqueue>sales</Enqueue>":               "<Enqueue> of line 1 could not be done",
		"<Dial><Queue>sales</Queue></Dial>":      "Queue cannot be dialled",
		"<Say>hi</Say>\n<Play></Play>":           "<Play> of line 2 could not be done",
		"<Say>hi</Say>":                          "",
		"<Hangup/>":                              "",
		"<Reject/>":                              "",
		"":                                       "",
		"<Dial><!-- remy -->+12125550199</Dial>": "", // over which a Kazoo crashes
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			outcome := "completed"
			if failed != "" {
				outcome = "failed"
			}
			s := play(t, app{"/ivr": answer}, "telephones: {remy: {number: \"+12125550199\", hangs_up: 5s}}\nexpect: [{final: {outcome: "+outcome+"}}]\n")
			if failed == "" {
				g.Expect(s.Failed).To(BeEmpty())
				return
			}
			g.Expect(s.Failed).To(HavePrefix(failed))
		})
	}
}

func TestACallerWhoHangsUpDuringASayIsNoFailure(t *testing.T) {
	t.Parallel()
	play(t, app{"/ivr": "<Say>A text that takes a while to be said, if nobody hangs up</Say><Say>Goodbye</Say>"},
		"steps: [{wait_for: a text}, {hangup: caller}]\nexpect: [{final: {hung_up: caller, outcome: completed}}]\n")
}

// Time stands still while noops follow one another, so that no tokens come back.
func TestALongFlowIsRunToItsEnd(t *testing.T) {
	t.Parallel()
	flow := `{"module":"tts","data":{"text":"Here we are"}}`
	for range 100 {
		flow = `{"module":"noop","data":{},"children":{"_":` + flow + `}}`
	}
	play(t, app{"/ivr": flow}, "expect: [{heard: [here we are]}, {final: {hung_up: app, outcome: completed}}]\n")
}

// endless answers each request with a flow of so many noops, which asks again.
type endless int

func (e endless) Ask(context.Context, request.Request) (client.Answer, error) {
	flow := `{"module":"pivot","data":{"voice_url":"http://127.0.0.1:8090/ivr"}}`
	for range e {
		flow = `{"module":"noop","data":{},"children":{"_":` + flow + `}}`
	}
	return client.Answer{Status: 200, Header: [][2]string{{"content-type", "application/json"}}, Body: []byte(flow)}, nil
}

func TestAnEndlessFlowFails(t *testing.T) {
	t.Parallel()
	for nodes, says := range map[int]string{0: "the call has made 1000 requests", 200: "the call has run 10000 nodes"} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			c := config(t, nil)
			c.Asker = endless(nodes)
			c.Driver = func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
				return explore.NewCaller(line, hands, nil)
			}
			s, err := stage.Run(t.Context(), c)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(s.HungUp).To(Equal(caller.TheApp))
			g.Expect(s.Failed).To(SatisfyAll(HavePrefix(says+": that is a loop"), ContainSubstring("tokens")))
			var told []string
			for _, e := range s.Entries {
				if e.Kind == session.Fails {
					told = append(told, e.Text)
				}
			}
			g.Expect(told).To(Equal([]string{s.Failed}))
		})
	}
}
