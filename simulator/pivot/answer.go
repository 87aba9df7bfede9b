package pivot

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// answered takes what the app said, or why it said nothing.
func (w *worker) answered(a client.Answer, err error) {
	w.notes(a.Notes)
	if err != nil {
		w.tell(Step{Kind: Answered, Text: fmt.Sprintf("the app has given no answer: %v", err)})
		kazoo := ""
		failure, ok := errors.AsType[*client.Error](err)
		if ok {
			kazoo = map[client.Kind]string{
				client.TooLarge: "Kazoo has no bound", client.TooManyRedirects: kazooFails,
			}[failure.Kind]
		}
		if !w.connected(w.uri) && (!ok || failure.Silent()) {
			kazoo = kazooWaits
			w.note(silentTransport, "the action fails at once. Kazoo waits without a word: on the first request its callflow goes on after 10 s, later the caller hears silence")
		}
		w.fail(fmt.Sprintf("no answer from %s: %v", request.Shown(w.uri), err), kazoo, nil)
		return
	}
	w.tell(Step{Kind: Answered, Answer: &a, Text: fmt.Sprintf("the app answers %d, %s, %d bytes", a.Status, orNone(contentType(a)), len(a.Body))})
	if a.Status != 200 && a.Status != 206 {
		kazoo := kazooFails
		if a.Status >= 600 {
			kazoo = kazooWaits
			w.note(silentTransport, "a status of 600 or more fails at once. Kazoo waits without a word")
		}
		w.fail(fmt.Sprintf("status %d: only 200 and 206 count, so the answer is not looked at", a.Status), kazoo, func() { w.storeAnswer(a, false) })
		return
	}
	w.storeAnswer(a, true)
	if len(a.Body) > MaxBody {
		w.fail(fmt.Sprintf("the answer has %d bytes, and %d are the most", len(a.Body), MaxBody), "Kazoo has no bound", nil)
		return
	}
	w.judge(a)
}

func contentType(a client.Answer) string { return header(a, "content-type") }

func header(a client.Answer, name string) string {
	for _, h := range a.Header {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

func hasContentType(a client.Answer) bool {
	for _, h := range a.Header {
		if strings.EqualFold(h[0], "content-type") {
			return true
		}
	}
	return false
}

func orNone(text string) string {
	if text == "" {
		return "no Content-Type"
	}
	return text
}

// language is what a body is taken for, and why (kzt_translator:find_candidate_translators/1).
type language struct {
	twiml, json bool
	why         string
}

// mistyped is what to send an answer as that begins like one of the other language; "" for none.
func (l language) mistyped(body []byte) string {
	switch begin := bytes.TrimSpace(body); {
	case l.twiml && !l.json && bytes.HasPrefix(begin, []byte("{")):
		return "It begins as JSON does: send a callflow as application/json"
	case l.json && !l.twiml && bytes.HasPrefix(begin, []byte("<")):
		return "It begins as XML does: send TwiML as text/xml"
	}
	return ""
}

func (w *worker) languageOf(a client.Answer) language {
	if !hasContentType(a) {
		return language{twiml: true, why: "without a Content-Type an answer is TwiML"}
	}
	name, _, _ := strings.Cut(contentType(a), ";")
	name = strings.Trim(name, " ")
	known := name
	if w.e.corrected() {
		known = strings.ToLower(name)
	}
	switch known {
	case "text/xml", "application/xml":
		return language{twiml: true, why: name + " is TwiML"}
	case "application/json":
		return language{json: true, why: name + " is a JSON callflow"}
	}
	w.note(typeGuess, fmt.Sprintf("Content-Type %q says neither TwiML (text/xml, application/xml) nor JSON (application/json), spelt in lower case: "+
		"both are tried, TwiML first", name))
	return language{twiml: true, json: true, why: fmt.Sprintf("%q says nothing: TwiML is tried, then JSON", name)}
}

// judge finds out what an answer is, and has it done.
func (w *worker) judge(a client.Answer) {
	body := a.Body
	if !utf8.Valid(body) {
		converted, ok := decode(body, contentType(a))
		if !w.e.corrected() || !ok {
			w.note(utf8Only, "the body is not UTF-8, whatever it declares: the action fails")
			text := "the answer is not UTF-8, the only encoding that Kazoo reads"
			if coding := header(a, "content-encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
				text = "the answer has Content-Encoding " + coding + ", which Kazoo did not ask for and does not undo: send it as it is"
			}
			w.fail(text, kazooFails, nil)
			return
		}
		body = converted
	}
	if len(body) == 0 {
		w.tell(Step{Kind: Emptied, Text: "an empty answer is the end: the call is hung up, and the callflow hears neither processing nor failed", Kazoo: "So it is in Kazoo"})
		w.end("the answer is empty")
		return
	}
	lang := w.languageOf(a)
	var fault error
	var broken flow.Result
	if lang.twiml {
		parse := twiml.Parse
		if w.e.corrected() {
			parse = twiml.ParseUTF8
		}
		root, err := parse(body)
		if err == nil {
			if declaration := twiml.Garbled(body); declaration != "" && !w.e.corrected() {
				w.note(utf8Only, fmt.Sprintf("the document is UTF-8, yet declares another encoding (%s): each byte beyond ASCII is read as a character, as in Kazoo. "+
					"Declare UTF-8, or nothing", declaration))
			}
			w.tell(Step{Kind: Judged, Text: lang.why})
			w.run(root)
			return
		}
		fault = err
	}
	if lang.json {
		r := w.e.Flows.Check(body, w.e.Compat)
		if !r.Broken {
			w.tell(Step{Kind: Judged, Text: lang.why})
			w.pivot(body, r)
			return
		}
		broken = r
	}
	w.tell(Step{Kind: Judged, Text: lang.why})
	if fault != nil {
		w.unreadable(fault)
	}
	w.explain(broken)
	w.result("failed", w.unread(fault, broken))
	kazoo := kazooEnds
	if beyondOurs(fault) || broken.Ours {
		kazoo = kazooBounds
	}
	w.tell(Step{Kind: Failed, Text: suggest.Then(misread(fault, broken), lang.mistyped(body)), Kazoo: kazoo})
	w.answerCallflow("failed", "pivot")
	w.end("the answer cannot be read")
}

// unread is why an answer can be read as neither, for a program.
func (w *worker) unread(err error, broken flow.Result) []any {
	problems := flowProblems(broken)
	if fault, ok := errors.AsType[*twiml.SyntaxError](err); ok {
		problems = append(problems, problem(fault.Line, fault.Column, fault.Rule))
	}
	return problems
}

// misread is why an answer cannot be read, in a line.
func misread(err error, broken flow.Result) string {
	var all []string
	if fault, ok := errors.AsType[*twiml.SyntaxError](err); ok {
		what := "is no TwiML"
		if fault.Ours {
			what = "is not read"
		}
		all = append(all, fmt.Sprintf("the answer %s: line %d, column %d: %s", what, fault.Line, fault.Column, fault.Rule))
	}
	if len(broken.Findings) > 0 {
		f := broken.Findings[0]
		all = append(all, strings.Replace(f.Text, "the answer is no JSON", fmt.Sprintf("the answer is no JSON: line %d, column %d", f.Line, f.Column), 1))
	}
	return strings.Join(all, "; ")
}

// beyondOurs tells a document that exceeds a limit of this program.
func beyondOurs(err error) bool {
	fault, ok := errors.AsType[*twiml.SyntaxError](err)
	return ok && fault.Ours
}

// unreadable tells why a document is no TwiML, and where.
func (w *worker) unreadable(err error) {
	fault, ok := errors.AsType[*twiml.SyntaxError](err)
	if !ok {
		return
	}
	if fault.Entity {
		w.note(xmlEntities, "the document declares an entity: it is refused. Kazoo would read whatever file or address the entity names, and speak it")
	}
	text := suggest.Then("the answer is no TwiML: "+fault.Rule, "Kazoo says failed, and hangs the caller up")
	if fault.Ours {
		text = suggest.Then("the answer is not read: "+fault.Rule, kazooBounds)
	}
	w.tell(Step{Kind: Found, Position: fault.Position, Text: text})
}

// run has a TwiML document done.
func (w *worker) run(root *twiml.Node) {
	w.answerCallflow("processing", "translator")
	w.begun = true
	found := twiml.Check(root)
	w.found = found
	w.result("processing", documentProblems(found))
	for _, f := range found {
		w.tell(Step{Kind: Found, Position: f.Position, Verb: f.Verb, Text: f.Sentence(), Quirk: f.Quirk})
	}
	if len(root.Content()) == 0 {
		w.tell(Step{Kind: Emptied, Text: "a Response without any verb is the end: the call is hung up", Kazoo: kazooLeft})
		w.note(emptyResponseCrash, "an empty Response is the end: the call is hung up. Kazoo crashes over it, and leaves the caller in silence")
		w.end("the document is empty")
		return
	}
	p := w.begin()
	p.exec(root.Children, func(r outcome) {
		p.kill()
		switch r {
		case asks:
			w.call, w.state = p.call, p.state
			w.ask(p.nextURI, p.nextMethod)
		case ok:
			w.end("the document has come to its end")
		case stops:
			w.end("a verb has ended the document")
		case errs:
			if w.undone != "" { // else the call was over, which is no fault of the answer
				w.tell(Step{Kind: Failed, Text: w.undone, Kazoo: kazooEnds})
			}
			w.end("a verb could not be done")
		}
	})
}

// handOver gives the callflow a flow (kzt_kazoo:exec/2).
func (w *worker) handOver(text string) {
	s := dialplan.Sender{CallID: w.callID, Node: w.e.Node, MsgID: w.sender().MsgID}
	w.publish(kapi.ExchangeCallEvents, kapi.CallEventKey("CHANNEL_PIVOT", w.callID), s.As("translator", "4.0.0", "call_event", "CHANNEL_PIVOT",
		jobj.Member{Key: "Application-Data", Value: text}, jobj.Member{Key: "Call-ID", Value: w.callID}))
	w.stop("the callflow has taken over, with the flow of the answer")
}
