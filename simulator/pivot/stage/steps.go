package stage

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// steps makes entries of what the Pivot engine does.
func (k *call) steps(s pivot.Step) {
	switch s.Kind {
	case pivot.Asked, pivot.Reported:
		k.asks(s)
	case pivot.Answered:
		k.answers(s)
	case pivot.ReportAnswered:
		k.add(&session.Entry{Kind: session.Answers, Answer: answerOf(s, k.reports[s.Request])})
	case pivot.Judged, pivot.Emptied:
		k.add(&session.Entry{Kind: session.Takes, Text: s.Text})
	case pivot.Found:
		k.finds(session.Mistakes, s)
	case pivot.Noted:
		k.finds(session.Notes, s)
	case pivot.VerbBegan:
		k.add(&session.Entry{Kind: session.Begins, Text: fmt.Sprintf("<%s> of line %d", s.Verb, s.Position.Line)})
		k.asksCaller(s)
	case pivot.VerbEnded:
		k.add(&session.Entry{Kind: session.Goes, Text: strings.NewReplacer("<"+s.Verb+">", s.Verb).Replace(s.Text)})
	case pivot.Failed:
		k.Failed = s.Text
		k.add(&session.Entry{Kind: session.Fails, Text: suggest.Then(k.Failed, s.Kazoo)})
	case pivot.Ended:
		k.add(&session.Entry{Kind: session.Goes, Text: cmp.Or(s.Text, "Pivot is done with the call")})
	case pivot.Said, pivot.Heard, pivot.Stored: // which the switch tells, too
	}
}

// finds notes a mistake, or a quirk.
func (k *call) finds(kind session.Kind, s pivot.Step) {
	f := session.Finding{Line: s.Position.Line, Column: s.Position.Column, Rule: s.Text, Quirk: s.Quirk}
	k.add(&session.Entry{Kind: kind, Text: f.Rule, Findings: []session.Finding{f}})
}

func (k *call) asks(s pivot.Step) {
	k.requests++
	r := &session.Request{Number: k.requests}
	if s.Request != nil {
		r.Method, r.URL, r.Header, r.Params, r.Body = s.Request.Method, s.Request.URL, s.Request.Header, s.Request.Params, s.Request.Body
	}
	if s.Kind == pivot.Reported {
		r.Report = true
		k.reports[s.Request] = r.Number
	}
	k.add(&session.Entry{Kind: session.Asks, Request: r, Text: s.Text})
}

func (k *call) answers(s pivot.Step) {
	if s.Answer != nil {
		k.Failed, k.hungUp = "", ""
		k.document, _ = twiml.Parse(s.Answer.Body) // a mistake is the engine's to tell
	}
	k.add(&session.Entry{Kind: session.Answers, Answer: answerOf(s, k.requests)})
}

// answerOf is what became of the request of a number.
func answerOf(s pivot.Step, number int) *session.Answer {
	a := &session.Answer{Number: number, Report: s.Kind == pivot.ReportAnswered}
	if s.Answer == nil {
		a.Failed = cmp.Or(s.Text, "there is no answer")
	} else {
		a.Status, a.Header, a.Body = s.Answer.Status, s.Answer.Header, string(s.Answer.Body)
	}
	return a
}

// asksCaller notes that a verb waits for the caller.
func (k *call) asksCaller(s pivot.Step) {
	n := find(k.document, s.Position)
	if n == nil {
		return
	}
	switch s.Verb {
	case "Gather":
		q := caller.Question{By: s.Verb, Finish: "#"}
		if most, ok := n.Int("numDigits"); ok && most > 0 {
			q.Most = int(most)
		}
		if finish, ok := n.Attr("finishOnKey"); ok && (finish == "" || twiml.IsKey(finish)) {
			q.Finish = finish
		}
		k.question(q)
	case "Record":
		k.question(caller.Question{By: s.Verb, Speech: true})
	}
}

// question tells whoever calls what is waited for.
func (k *call) question(q caller.Question) {
	k.add(&session.Entry{Kind: session.Waits, Question: &q, Text: asked(q)})
	k.line.After(0, func() { k.driver.Waits(q) })
}

// asked is a question in words.
func asked(q caller.Question) string {
	switch {
	case q.Speech:
		return q.By + " waits for a message"
	case q.Most == 1:
		return q.By + " waits for a digit"
	case q.Most > 0:
		return fmt.Sprintf("%s waits for %d digits", q.By, q.Most)
	case q.Finish != "":
		return q.By + " waits for digits, and " + strings.Join(strings.Split(q.Finish, ""), " or ")
	}
	return q.By + " waits for digits"
}

// find is the element at a place of a document.
func find(n *twiml.Node, at twiml.Position) *twiml.Node {
	if n == nil || n.Kind == twiml.Element && n.Position == at {
		return n
	}
	for _, c := range n.Children {
		if found := find(c, at); found != nil {
			return found
		}
	}
	return nil
}

// flows makes entries of what the callflow application does. The action that brought the call to
// the app is none of the app's.
func (k *call) flows(s callflow.Step) {
	own := s.FlowID != "" && s.Module == "pivot"
	switch s.What {
	case callflow.Entered:
		if own {
			return
		}
		k.add(&session.Entry{Kind: session.Begins, Text: place(s)})
		k.moduleAsks(s)
	case callflow.Went:
		k.add(&session.Entry{Kind: session.Goes, Text: s.Module + ": " + s.Next, Why: s.Why})
	case callflow.Branched:
		k.add(&session.Entry{Kind: session.Goes, Text: s.Module + ": into flow " + s.Next, Why: s.Why})
	case callflow.Replaced:
		k.add(&session.Entry{Kind: session.Goes, Text: "the callflow runs the answer", Why: s.Why})
	case callflow.Noted:
		k.add(&session.Entry{Kind: session.Notes, Text: s.Module + ": " + s.Why})
	case callflow.Ended:
		text := s.Module + ": the flow ends"
		if own {
			text = "the callflow ends"
		}
		k.add(&session.Entry{Kind: session.Goes, Text: text, Why: s.Why})
	case callflow.Returned, callflow.Waits:
		if !own {
			k.add(&session.Entry{Kind: session.Goes, Text: s.Module + ": " + s.What, Why: s.Why})
		}
	}
}

// What flows may run and ask in one call, before that is taken for a loop. Documents of TwiML are
// bounded by the engine, likewise.
const (
	mostNodes    = 10_000
	mostRequests = 1000
)

// bound counts a node of a flow, and says why there may be no other in this call.
func (k *call) bound(string) string {
	k.nodes++
	var did string
	switch {
	case k.requests >= mostRequests:
		did = fmt.Sprintf("the call has made %d requests", k.requests)
	case k.nodes > mostNodes:
		did = fmt.Sprintf("the call has run %d nodes", mostNodes)
	default:
		return ""
	}
	k.Failed = did + ": that is a loop, and the end. In a real Kazoo each node takes 5 of the account's 100 tokens, of which 10 a second come back; " +
		"when they run out the call is hung up"
	k.add(&session.Entry{Kind: session.Fails, Text: k.Failed})
	return k.Failed
}

func place(s callflow.Step) string {
	if s.Path == "" {
		return s.Module
	}
	return s.Module + " at " + s.Path
}

// moduleAsks notes that a module waits for the caller.
func (k *call) moduleAsks(s callflow.Step) {
	switch s.Module {
	case "collect_dtmf":
		q := caller.Question{By: s.Module, Most: 1, Finish: "#"}
		if value, ok := s.Data.Get("max_digits"); ok {
			if most, ok := jobj.Integer(value); ok && most > 0 {
				q.Most = int(most)
			}
		}
		if finish := s.Data.String("terminator"); finish != "" {
			q.Finish = finish
		}
		k.question(q)
	case "menu":
		q := caller.Question{By: s.Module, Finish: "#"}
		for _, m := range k.node(s.Path).Object("children") {
			if _, err := strconv.Atoi(m.Key); err == nil || m.Key == "*" {
				q.Offers = append(q.Offers, m.Key)
			}
		}
		k.question(q)
	case "record_caller":
		k.question(caller.Question{By: s.Module, Speech: true})
	}
}

// node is the one at a path of the flow that was answered last.
func (k *call) node(path string) jobj.Object {
	node := k.flow
	for key := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if key != "" {
			node = node.Object("children", key)
		}
	}
	return node
}
