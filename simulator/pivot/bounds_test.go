package pivot_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// forgetful are apps that note which calls are over.
type forgetful struct{ forgotten []string }

func (*forgetful) Has(string) bool                               { return false }
func (*forgetful) Plain(url string) string                       { return url }
func (*forgetful) Result(request.Request, string, []any)         {}
func (*forgetful) CDR(string, string, string, jobj.Object) error { return nil }
func (f *forgetful) Forget(callID string)                        { f.forgotten = append(f.forgotten, callID) }

// An app is told that a call is over once nothing more can be asked for it: 30 s after its last end.
func TestCallsThatAreOverAreForgotten(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t, newApp(t, nil), newFlows(t), fidelity.Kazoo, pivot.Settings{})
	apps := &forgetful{}
	s.engine.Connected = apps
	for _, over := range []struct {
		second int
		callID string
	}{{0, "a"}, {0, "a"}, {1, "b"}, {20, "a"}, {31, "c"}, {32, "d"}, {50, "e"}, {51, "f"}} {
		s.line.After(time.Duration(over.second)*time.Second, func() {
			s.engine.Hear(pivot.ListenerQueue, jobj.Object{{Key: "Event-Name", Value: "CHANNEL_DESTROY"}, {Key: "Call-ID", Value: over.callID}})
			apps.forgotten = append(apps.forgotten, fmt.Sprint(over.second))
		})
	}
	s.line.After(90*time.Second, func() { s.engine.Start(message("file:///v")) })
	g.Expect(s.line.Run(t.Context(), false)).To(Succeed())
	g.Expect(apps.forgotten).To(Equal([]string{"0", "0", "1", "20", "31", "b", "32", "50", "a", "51", "c", "d", "e", "f"}))
}

// What a Gather within a Gather says ends with the outer one.
func TestNothingOfAGatherIsHeardBesideTheNextDocument(t *testing.T) {
	g := NewWithT(t)
	app := newApp(t, []any{
		twimlReply(`<Gather numDigits="1" action="/g"><Gather><Say>one</Say><Say>two</Say></Gather></Gather>`),
		twimlReply(`<Say>next</Say><Pause length="5"/>`),
	})
	s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
	s.idle, s.rules = time.Minute, rulesOf(t, "tts: press 1, noop")
	s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
	g.Expect(app.asked).To(HaveLen(2))
	var spoken []string
	for _, one := range s.published {
		m, _ := one.(jobj.Object)
		for _, part := range list(m.Object("payload"), "Commands") {
			command, _ := part.(jobj.Object)
			if text := command.String("Text"); text != "" {
				spoken = append(spoken, text)
			}
		}
	}
	g.Expect(spoken).To(Equal([]string{"one", "next"}))
	g.Expect(s.end).To(Equal("stopped"))
}
