package pivot

import (
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// outcome is how a verb, or a document, ends.
type outcome int

const (
	ok    outcome = iota // the next verb follows
	asks                 // the app is asked for what is next
	stops                // the document ends
	errs                 // the same, because of a fault
)

func (o outcome) String() string {
	return [...]string{"done", "the app is asked", "the document ends", "it cannot be done, and the document ends"}[o]
}

// exec does nodes one after the other; texts, comments and the like between verbs are nothing.
func (p *process) exec(nodes []*twiml.Node, then func(outcome)) {
	next := 0
	var run func()
	run = func() {
		for next < len(nodes) {
			n := nodes[next]
			next++
			if n.Kind != twiml.Element {
				continue
			}
			var result outcome
			returned, direct := false, true
			p.verb(n, func(r outcome) {
				if direct { // nothing was waited for: the loop goes on, so that no stack grows
					result, returned = r, true
					return
				}
				if r == ok {
					run()
					return
				}
				then(r)
			})
			direct = false
			switch {
			case !returned:
				return
			case result != ok:
				then(result)
				return
			}
		}
		then(ok)
	}
	run()
}

// verb does one.
func (p *process) verb(n *twiml.Node, then func(outcome)) {
	if p.gone {
		return
	}
	p.w.tell(Step{Kind: VerbBegan, Verb: n.Name, Position: n.Position, Text: "<" + n.Name + ">"})
	done := func(r outcome) {
		if p.gone {
			return
		}
		p.w.tell(Step{Kind: VerbEnded, Verb: n.Name, Position: n.Position, Text: "<" + n.Name + ">: " + r.String()})
		if r == errs && p.parent == nil && !p.w.destroyed { // a Gather goes on without a prompt
			p.w.undone = fmt.Sprintf("<%s> of line %d could not be done%s: the document ends, and the call is hung up", n.Name, n.Line, p.because(n))
		}
		then(r)
	}
	bare := len(n.Children) == 0
	switch {
	case n.Name == "Say":
		p.say(n, done)
	case n.Name == "Play":
		p.play(n, done)
	case n.Name == "Gather":
		p.gather(n, done)
	case n.Name == "Dial":
		p.dial(n, done)
	case n.Name == "Redirect":
		p.redirect(n, done)
	case n.Name == "Set":
		p.setVariables(n, done)
	case n.Name == "Record" && bare:
		p.record(n, done)
	case n.Name == "Pause" && bare:
		p.pause(n, done)
	case n.Name == "Hangup" && bare && len(n.Attrs) == 0:
		p.hangup(done)
	case n.Name == "Reject" && bare:
		p.reject(n, done)
	default: // twiml.Check has told what is wrong with it
		done(errs)
	}
}

// because is why an element could not be done, in brackets: what has ended it, else what was found wrong
// with it as a whole. An attribute ends none.
func (p *process) because(n *twiml.Node) string {
	if p.why != "" {
		return " (" + p.why + ")"
	}
	for _, f := range p.w.found {
		if f.Position == n.Position && f.Verb == n.Name {
			return " (" + f.Rule + f.Hint + ")"
		}
	}
	return ""
}

// bad tells that an attribute's value is none that Kazoo foresees, and what is done with it.
func (p *process) bad(n *twiml.Node, attr, what string) {
	v, _ := n.Attr(attr)
	p.w.note(attributeCrash, fmt.Sprintf("<%s> of line %d: %s=%q %s. Kazoo crashes over it, and ends the document", n.Name, n.Line, attr, v, what))
}

// text is the value of an attribute. One beyond Latin-1 counts as absent, as nothing can be made of it
// in Kazoo (props:get_binary_value/3).
func (p *process) text(n *twiml.Node, attr string) (string, bool) {
	v, given := n.Attr(attr)
	if !given || p.w.e.corrected() || !twiml.BeyondLatin1(v) {
		return v, given
	}
	p.w.note(latin1Attributes, fmt.Sprintf("<%s> of line %d: %s=%q has a character beyond Latin-1: the attribute counts as absent", n.Name, n.Line, attr, v))
	return "", false
}

// method reads the method of the next request.
func (p *process) method(n *twiml.Node) string {
	method, known := n.Method()
	if !known {
		v, _ := n.Attr("method")
		p.w.note(knownMethodCrash, fmt.Sprintf("<%s> of line %d: method=%q is neither GET nor POST: POST is taken. Kazoo does the same with a word "+
			"that its runtime has never met, and ends the document over one that it has, such as put", n.Name, n.Line, v))
	}
	return method
}

// resolve is the address of an action, from the document's own.
func (p *process) resolve(n *twiml.Node, ref string) string {
	next, notes, err := request.Resolve(p.w.uri, ref, p.w.e.Compat)
	p.w.notes(notes)
	if err != nil {
		p.w.tell(Step{Kind: Found, Verb: n.Name, Position: n.Position, Text: err.Error()})
		return p.w.uri
	}
	return next
}

// action is the address that the attribute names; without it the document's own.
func (p *process) action(n *twiml.Node) string {
	ref, ok := p.text(n, "action")
	if !ok {
		return p.w.uri
	}
	return p.resolve(n, ref)
}

// next has the app asked when the document gives up its turn.
func (p *process) next(uri, method string) outcome {
	p.nextURI, p.nextMethod = uri, method
	p.set(keyMethod, method)
	return asks
}

func (p *process) redirect(n *twiml.Node, then func(outcome)) {
	p.command(p.sender().Answer())
	if variables := elementsNamed(n, "Variable"); len(variables) > 0 {
		p.command(p.sender().Answer()) // as each Variable does
		p.w.note(setVariableCrash, "a Variable in a Redirect is set, and the app is asked. Kazoo ends the document over it")
		p.store(variables)
	}
	uri := p.resolve(n, n.OwnText())
	then(p.next(uri, p.method(n)))
}

func elementsNamed(n *twiml.Node, name string) []*twiml.Node {
	var out []*twiml.Node
	for _, c := range n.Elements() {
		if c.Name == name {
			out = append(out, c)
		}
	}
	return out
}

func (p *process) setVariables(n *twiml.Node, then func(outcome)) {
	variables := elementsNamed(n, "Variable")
	if len(variables) > 0 {
		p.command(p.sender().Answer())
	}
	switch len(variables) {
	case 0:
		p.w.note(setVariableCrash, "a Set without a Variable sets nothing. Kazoo crashes over it, and leaves the caller in silence")
	case 1:
	default:
		p.w.note(setVariableCrash, "all Variables of the Set are set. Kazoo ends the document over more than one")
	}
	p.store(variables)
	then(ok)
}

// maxSeconds bounds Pause's length and timeouts.
const maxSeconds = 3600

// seconds reads an attribute that counts at least one and at most an hour.
func (p *process) seconds(n *twiml.Node, attr string, otherwise int64) int64 {
	v, given := n.Int(attr)
	switch {
	case !given:
		return otherwise
	case v <= 0:
		p.bad(n, attr, "is below 1: 1 is taken")
		return 1
	}
	return min(v, maxSeconds)
}

func (p *process) pause(n *twiml.Node, then func(outcome)) {
	p.command(p.sender().Answer())
	p.sleep(time.Duration(p.seconds(n, "length", 1))*time.Second, func() { then(ok) })
}

// hangup answers first (quirk hangup-answers).
func (p *process) hangup(then func(outcome)) {
	if !p.w.e.corrected() {
		p.w.note(hangupAnswers, "Hangup answers a call first that is not answered yet; Reject does not")
		p.command(p.sender().Answer())
	}
	p.set(request.KeyCallStatus, statusCompleted)
	p.command(p.sender().Hangup())
	then(stops)
}

func (p *process) reject(n *twiml.Node, then func(outcome)) {
	reason, given := p.text(n, "reason")
	code, status := "503", statusNoAnswer
	switch {
	case !given, reason == "rejected":
		reason = "rejected"
	case reason == "busy":
		code, status = "486", statusBusy
	default:
		p.bad(n, "reason", "is neither rejected nor busy: rejected is taken")
		reason = "rejected"
	}
	prompt, prompted := p.text(n, "prompt")
	p.set(request.KeyCallStatus, status)
	command, _ := p.sender().Respond(code, reason, prompt, prompted)
	p.command(command)
	then(stops)
}
