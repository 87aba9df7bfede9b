package pivot_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
)

// What an account has stored is fetched where it says something, and however late it comes the wire has
// the same on it, in the same order.
func TestDocumentsAreFetchedWhereTheyAreNeeded(t *testing.T) {
	const account = "5ccb3a1e90d2f74c86ba0f2de1b7c394"
	flows := newFlows(t)
	ended := "bridge: complete bridge NORMAL_CLEARING"
	for name, c := range map[string]struct {
		format, answer, rules string
		call                  jobj.Object
		fetched               string
	}{
		"TwiML": {"twiml", "<Say>hello</Say><Redirect>/n</Redirect>", "", testCall(), ""},
		"kazoo, each time": {
			"kazoo", "<Say>hello</Say><Redirect>/n</Redirect>", "", testCall(), account + " dev-1, " + account + " dev-1",
		},
		"nobody's telephone": {"kazoo", "<Hangup/>", "", testCall().Delete("Authorizing-ID"), account},
		"a number":           {"twiml", "<Dial>14155550000</Dial>", "", testCall(), "dev-1 " + account + ", user-1"},
		"a number, of nobody's telephone": {
			"twiml", "<Dial>14155550000</Dial>", "", testCall().Delete("Authorizing-ID"), "",
		},
		"telephones": {
			"twiml", `<Dial action="/n"><Device>dev-a</Device><User>user-a</User><Device>dev-off</Device></Dial>`, ended, testCall(),
			account + " dev-1 dev-a user-a dev-off, user-a user-1",
		},
		"addresses": {"twiml", `<Dial><Sip>sip:a@b.c</Sip><Number>14155550000</Number></Dial>`, ended, testCall(), account + " dev-1, user-1"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			run := func(fetching time.Duration) (wire string, s *stage) {
				app := newApp(t, []any{twimlReply(c.answer), twimlReply("<Hangup/>")})
				s = newStage(t, app, flows, fidelity.Kazoo, pivot.Settings{})
				s.idle, s.docs, s.rules, s.fetching = time.Minute, testDocuments(), rulesOf(t, c.rules), fetching
				s.play(message(app.here("http://"+recordedAddress+"/v")).Set("Request-Format", c.format).Set("Call", c.call), nil)
				o := newOutcome(app, app.asked, s.published, s.saved, s.bindings)
				return strings.Join(append(append(o.http, o.published...), o.bindings...), "\n"), s
			}
			soon, s := run(0)
			g.Expect(strings.Join(s.fetched, ", ")).To(Equal(c.fetched))
			late, _ := run(700 * time.Millisecond)
			g.Expect(late).To(Equal(soon))
		})
	}
}

// Of a call that ends while documents are fetched nothing is asked, and nothing is left.
func TestACallThatEndsBeforeItsDocumentsAreThere(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t, newApp(t, nil), newFlows(t), fidelity.Kazoo, pivot.Settings{})
	s.fetching = time.Second
	s.line.After(500*time.Millisecond, func() {
		s.engine.Hear(pivot.EndsQueue, jobj.Object{{Key: "Event-Name", Value: "CHANNEL_DESTROY"}, {Key: "Call-ID", Value: "call-1@10.0.0.5"}})
	})
	s.play(message("http://127.0.0.1:1/v").Set("Request-Format", "kazoo"), nil)
	g.Expect(s.askings).To(BeZero())
	g.Expect(s.published).To(BeEmpty())
	g.Expect(s.engine.Running()).To(BeZero())
	g.Expect(sentences(s)).To(ContainSubstring("the call was hung up before the app was asked"))
}
