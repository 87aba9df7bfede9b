package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

// Of an answer of megabytes a page is shown, in no more time than a page takes: if each line or each
// mistake cost as much as the whole answer, this would take minutes.
func TestALargeAnswerIsCutBeforeItIsShown(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	for name, body := range map[string]string{
		"JSON":        `{"module":"tts","data":{"text":"` + strings.Repeat("é", size/2) + `"}}`,
		"JSON, deep":  strings.Repeat(`{"children":`, size/12),
		"XML":         "<Response>" + strings.Repeat("<Sey>Hello</Sey>", size/16) + "</Response>",
		"XML, lines":  "<Response>\n" + strings.Repeat("\t<Sey>Hello</Sey>\r\n", size/19) + "</Response>\n",
		"binary data": strings.Repeat("\x00", size),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var shown bytes.Buffer
			p := &tracer{app: &app{State: State{Stdout: &shown}}, trace: traceBrief}
			for range 20 {
				p.entry(&session.Entry{Kind: session.Asks, Request: &session.Request{Number: 1, Method: "GET", URL: "http://h/"}})
				p.entry(&session.Entry{Kind: session.Answers, Answer: &session.Answer{Number: 1, Status: 200, Body: body}})
			}
			g.Expect(shown.Len()).To(BeNumerically("<", 20*20_000))
			if name != "binary data" { // which takes more than a page once it can be read
				g.Expect(shown.String()).To(MatchRegexp(`… and \d{7} bytes more`))
			}
			for i := range 5000 {
				p.entry(&session.Entry{Kind: session.Mistakes, Findings: []session.Finding{{Line: 1, Column: 1 + 100*i, Rule: "wrong"}}})
			}
		})
	}
}

func TestAnAnswerIsShownInLines(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(bodyLines("")).To(BeEmpty())
	g.Expect(bodyLines(`{"module":"user"}`)).To(Equal([]string{"{", `  "module": "user"`, "}"}))
	g.Expect(bodyLines("<a>\r\n\t<b/>\r\n</a>\r\n")).To(Equal([]string{"<a>", "    <b/>", "</a>"}))
	lines := bodyLines(strings.Repeat("x\n", mostLines+7))
	g.Expect(lines).To(HaveLen(mostLines + 1))
	g.Expect(lines[mostLines]).To(Equal("… and 7 lines more"))
	g.Expect(folded([]string{"abcdefghijklmnop", "", "xy"}, 8)).To(Equal([]string{"abcdefgh", "    ijkl", "    mnop", "", "xy"}))
	g.Expect(folded([]string{strings.Repeat("x", 10_000)}, 8)).To(HaveLen(2*mostLines + 1))
}

// The report of the end of a call is shown with what became of it, beside the moment it was made.
func TestTheReportOfACallIsShownWithItsAnswer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var shown bytes.Buffer
	p := &tracer{app: &app{State: State{Stdout: &shown}}, trace: traceBrief}
	at := func(seconds int) session.Span { return session.Span(seconds * 1e9) }
	p.entry(&session.Entry{At: at(7), Kind: session.Asks, Request: &session.Request{
		Number: 2, Method: "POST", URL: "http://h/cdr", Report: true, Params: jobj.Object{},
	}})
	p.entry(&session.Entry{At: at(8), Kind: session.Answers, Answer: &session.Answer{Number: 2, Status: 204, Report: true}})
	p.entry(&session.Entry{At: at(9), Kind: session.Asks, Request: &session.Request{Number: 3, Method: "POST", URL: "http://h/next"}})
	p.flush()
	g.Expect(shown.String()).To(MatchRegexp(`8.00s  request 2: POST http://h/cdr +\| answer: 204\n`))
	g.Expect(shown.String()).To(MatchRegexp(fmt.Sprintf(`%s  request 3: POST http://h/next +\| answer: no answer\n`, "9.00s")))
}
