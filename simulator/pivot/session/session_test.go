package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

const first = "a84b4c76e66710ffffff@192.0.2.10"

func seconds(n float64) session.Span { return session.Span(n * float64(time.Second)) }

// call is a short call: a prompt, a key, an answer.
func call(callID, port, body string) *session.Session {
	return &session.Session{
		URL: "http://127.0.0.1:" + port + "/v", Format: "twiml", Method: "get", From: "1001", To: "2000", CallID: callID,
		HungUp: "app", Cause: "NORMAL_CLEARING", Seconds: seconds(9),
		Entries: []*session.Entry{
			{Kind: session.Asks, Request: &session.Request{Number: 1, Method: "GET", URL: "http://127.0.0.1:" + port + "/v?CallSid=" + callID,
				Params: jobj.Object{{Key: "CallSid", Value: callID}}}},
			{At: seconds(0.1), Kind: session.Answers, Answer: &session.Answer{Number: 1, Status: 200, Body: body}},
			{At: seconds(1), Kind: session.Hears, Sound: &caller.Sound{Kind: "tts", Text: "Press one"}},
			{At: seconds(2.5), Kind: session.Did, Text: "press 1", Act: &session.Act{Keys: "1", Sounds: 1, Later: seconds(1.5)}},
			{At: seconds(2.8), Kind: session.Did, Text: "press 2", Act: &session.Act{Keys: "2", Sounds: 1, Later: seconds(1.8)}},
			{At: seconds(3), Kind: session.Goes, Text: "Gather: 2 digits"},
		},
	}
}

func TestASessionIsKeptOnFile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	was := call(first, "8080", "<Response/>")
	text, err := session.Write(was, []caller.Phone{{Name: "remy", ID: "remy", Does: "busy"}})
	g.Expect(err).NotTo(HaveOccurred())
	is, telephones, err := session.Read(text)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(telephones).To(Equal([]caller.Phone{{Name: "remy", ID: "remy", Does: "busy"}}))
	g.Expect(is).To(Equal(was))
}

func TestWhatIsNoSessionIsRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"<Response/>":                 "it is no recorded session",
		"{}":                          `its format is ""`,
		`{"file":"kazoolab pivot 0"}`: "its format is",
		`{"file":"kazoolab pivot session 1","entries":[{"kind":"asks"}]}`: "entries[0] lacks what it tells of",
		`{"file":"kazoolab pivot session 1","entries":[null]}`:            "entries[0] lacks",
	} {
		_, _, err := session.Read([]byte(text))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v does not say %q", text, err, says)
		}
	}
}

func TestTheRecordedCallerDoesTheSameAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	script := call(first, "8080", "").Again(nil)
	var steps []string
	for _, act := range script.Acts {
		steps = append(steps, fmt.Sprintf("%s after %s", act.What, act.After))
	}
	g.Expect(steps).To(Equal([]string{"hear prompt 1 after 0s", "press 1 after 1.5s", "press 2 after 300ms"}))
}

func TestTwoCallsToTheSameAppDoNotDiffer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	other := "b95b4c76e66710ffffff@192.0.2.10"
	changes, changed := session.Differ(call(first, "8080", "<Say>"+first+"</Say>"), call(other, "9090", "<Say>"+other+"</Say>"))
	g.Expect(changed).To(BeFalse(), "%v", changes)
}

func TestDifferencesAreThoseLinesThatChanged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	is := call(first, "8080", "<Response>\n<Say>Two</Say>\n</Response>")
	is.Entries = append(is.Entries, &session.Entry{Kind: session.Goes, Text: "Hangup"})
	changes, changed := session.Differ(call(first, "8080", "<Response>\n<Say>One</Say>\n</Response>"), is)
	g.Expect(changed).To(BeTrue())
	var marked []string
	for _, c := range changes {
		if c.Mark != ' ' {
			marked = append(marked, string(c.Mark)+strings.TrimSpace(c.Text))
		}
	}
	g.Expect(marked).To(Equal([]string{"-<Say>One</Say>", "+<Say>Two</Say>", "+flow      Hangup"}))
}
