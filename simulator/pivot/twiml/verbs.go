package twiml

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// Finding is a mistake in a document that can be read.
type Finding struct {
	Position

	Verb, Attribute string
	// Rule says what is wrong and what is right; Hint offers the nearest right spelling, or is "".
	Rule, Hint string
	// Kazoo says what a real Kazoo does with it, or is "".
	Kazoo string
	// Quirk is the catalogue's id where Kazoo crashes over it, or "".
	Quirk string
}

// String is the whole of it, in one line.
func (f Finding) String() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Sentence())
}

// Sentence is the whole of it but for its place.
func (f Finding) Sentence() string {
	if f.Kazoo == "" {
		return f.Rule + f.Hint
	}
	return suggest.Then(f.Rule+f.Hint, "Kazoo: "+f.Kazoo)
}

// kind is what the value of an attribute is to be.
type kind int

const (
	free     kind = iota // any text
	number               // any number
	positive             // 1 or more
	endless              // 0 or more
	flag                 // true or false
	method
	key      // one key, or none
	voice    // one of four
	language // one of six
	reason   // one of two
	size     // 3 to 40
	ignored  // read by no code
	faulty   // Kazoo ends the document when it is given
)

// Verbs are the elements that may stand in a Response.
func Verbs() []string {
	return []string{"Say", "Play", "Gather", "Record", "Dial", "Redirect", "Pause", "Set", "Hangup", "Reject"}
}

// attributes of an element, by name; nil is for an element that is none of TwiML's.
func attributes(element string) map[string]kind {
	switch element {
	case "Say":
		return map[string]kind{"voice": voice, "language": language, "engine": free, "loop": endless, "terminators": free}
	case "Play":
		return map[string]kind{"loop": endless, "terminators": free}
	case "Gather":
		return map[string]kind{"numDigits": positive, "timeout": positive, "finishOnKey": key, "action": free, "method": method}
	case "Record":
		return map[string]kind{
			"timeout": positive, "finishOnKey": free, "maxLength": positive, "playBeep": flag, "recordingUrl": faulty, "action": free, "method": method,
		}
	case "Dial":
		return map[string]kind{
			"callerId": free, "timeout": positive, "timeLimit": number, "record": flag, "hangupOn": key, "hangupOnStar": ignored, "strategy": faulty,
			"continueOnFail": flag, "collect_dtmf": flag, "action": free, "method": method,
		}
	case "Redirect":
		return map[string]kind{"method": method}
	case "Pause":
		return map[string]kind{"length": positive}
	case "Set", "Hangup", "Queue", "Device", "User", "Sip", "Response":
		return map[string]kind{}
	case "Reject":
		return map[string]kind{"reason": reason, "prompt": free}
	case "Variable":
		return map[string]kind{"key": free, "value": free}
	case "Number":
		return map[string]kind{"sendDigits": ignored, "url": ignored, "method": ignored}
	case "Conference":
		return map[string]kind{
			"startConferenceOnEnter": flag, "muted": flag, "deaf": flag, "play_name": flag, "play_entry_prompt": flag, "beep": flag,
			"maxParticipants": size, "endConferenceOnExit": flag, "waitUrl": free, "announceCount": number, "callerControls": free,
			"moderatorControls": free, "callerIdName": free, "callerIdNumber": free, "comfortNoise": number, "energyLevel": number,
			"interval": number, "rate": number, "engine": free, "voice": voice, "method": method,
		}
	}
	return nil
}

// inside are the elements that may stand within another.
func inside(element string) []string {
	switch element {
	case "Response", "Gather":
		return Verbs()
	case "Dial":
		return []string{"Number", "Conference", "Queue", "Device", "User", "Sip"}
	case "Set", "Redirect":
		return []string{"Variable"}
	}
	return nil
}

// MaxFindings is how many Check tells of, but for a last one that says how many more there are.
const MaxFindings = 100

// Check finds what Kazoo would stumble over, or pass over, in a document: in document order.
func Check(root *Node) []Finding {
	c := &checker{}
	c.check(root)
	if c.more > 0 {
		return append(c.found, Finding{Position: c.next, Rule: fmt.Sprintf("from here on there are %d more findings, which are not told", c.more)})
	}
	return c.found
}

// checker goes through a document.
type checker struct {
	found []Finding
	more  int      // that are only counted
	next  Position // of the first of them
}

func (c *checker) full() bool { return len(c.found) >= MaxFindings }

func (c *checker) add(f Finding) {
	if !c.full() {
		c.found = append(c.found, f)
		return
	}
	if c.more++; c.more == 1 {
		c.next = f.Position
	}
}

// hint is what somebody probably meant, where it is told.
func (c *checker) hint(word string, known []string) string {
	if c.full() {
		return ""
	}
	return suggest.Hint(word, known)
}

func (c *checker) check(n *Node) {
	var known map[string]kind
	if len(n.Attrs) > 0 {
		known = attributes(n.Name)
	}
	for _, a := range n.Attrs {
		if f, wrong := c.checkAttribute(n, known, a); wrong {
			c.add(f)
		}
	}
	c.checkContent(n)
	may := inside(n.Name)
	for _, e := range n.Elements() {
		if slices.Contains(may, e.Name) {
			c.check(e)
			continue
		}
		f := Finding{Position: e.Position, Verb: e.Name}
		switch {
		case n.Name == "Response" || n.Name == "Gather":
			f.Rule = fmt.Sprintf("<%s> is no verb", e.Name)
			f.Hint = c.hint(e.Name, may)
			f.Kazoo = "the document ends here, and the call is hung up"
			if n.Name == "Gather" {
				f.Kazoo = "the prompts of the Gather end here"
			}
		case may == nil:
			f.Rule = fmt.Sprintf("<%s> may not stand in <%s>", e.Name, n.Name)
			f.Kazoo = "it is passed over"
		default:
			f.Rule = fmt.Sprintf("<%s> may not stand in <%s>", e.Name, n.Name)
			f.Hint = c.hint(e.Name, may)
			f.Kazoo = "it is passed over"
		}
		c.add(f)
	}
}

// checkText finds text where only verbs are done.
func (c *checker) checkText(n *Node) {
	i := slices.IndexFunc(n.Children, func(child *Node) bool { return written(child) && strings.TrimSpace(child.Text) != "" })
	if i < 0 {
		return
	}
	text, at := n.Children[i].Text, n.Children[i].Position
	for _, r := range text[:len(text)-len(strings.TrimLeftFunc(text, unicode.IsSpace))] {
		if at.Column++; r == '\n' {
			at = Position{at.Line + 1, 1}
		}
	}
	c.add(Finding{
		Position: at, Verb: n.Name,
		Rule: fmt.Sprintf("text in <%s> is not spoken: put it into a <Say>", n.Name), Kazoo: "the text is passed over",
	})
}

// checkContent holds an element to what must, or must not, be in it.
func (c *checker) checkContent(n *Node) {
	add := func(rule, kazoo, quirk string) {
		c.add(Finding{Position: n.Position, Verb: n.Name, Rule: rule, Kazoo: kazoo, Quirk: quirk})
	}
	const ends = "the document ends here, and the call is hung up"
	switch n.Name {
	case "Response":
		c.checkText(n)
	case "Record", "Pause", "Reject", "Hangup":
		if len(n.Children) > 0 {
			add(fmt.Sprintf("<%s> has no content at all, not even a blank or a line break: write <%s/>", n.Name, n.Name), ends, "")
		}
		if n.Name == "Hangup" && len(n.Attrs) > 0 {
			add("<Hangup> has no attributes", ends, "")
		}
	case "Say":
		if n.OwnText() == "" {
			add("<Say> needs a text; one in CDATA counts only after other text", ends, "attribute-crash")
		}
	case "Play":
		if n.OwnText() == "" {
			add("<Play> needs a URL or the name of media", ends, "")
		}
	case "Gather":
		c.checkText(n)
		if len(n.Children) == 0 {
			add("<Gather> without any content", "the first digit ends the document, and a timeout asks the app without Digits", "gather-empty-crash")
		}
	case "Set":
		switch named := variables(n); {
		case named == 0:
			add("<Set> without a <Variable>", "the caller is left in silence", "set-variable-crash")
		case named > 1:
			add("<Set> with more than one <Variable>: use a <Set> for each", ends, "set-variable-crash")
		}
	case "Redirect":
		if variables(n) > 0 {
			add("a <Variable> in a <Redirect>: put it into a <Set> before it", ends, "set-variable-crash")
		}
	case "Queue":
		add("<Queue> is not implemented in Kazoo", ends, "")
	}
}

func variables(n *Node) int {
	count := 0
	for _, c := range n.Elements() {
		if c.Name == "Variable" {
			count++
		}
	}
	return count
}

// checkAttribute holds an attribute to what Kazoo foresees.
func (c *checker) checkAttribute(n *Node, known map[string]kind, a Attribute) (f Finding, wrong bool) {
	if known == nil || n.Name == "Response" || n.Name == "Hangup" {
		return f, false
	}
	f = Finding{Position: a.Position, Verb: n.Name, Attribute: a.Name, Quirk: "attribute-crash", Kazoo: "the document ends here, and the call is hung up"}
	k, ok := known[a.Name]
	if !ok {
		names := make([]string, 0, len(known))
		for name := range known {
			names = append(names, name)
		}
		slices.Sort(names)
		f.Rule, f.Hint, f.Quirk = fmt.Sprintf("<%s> has no attribute %s", n.Name, a.Name), c.hint(a.Name, names), ""
		f.Kazoo = "it is passed over"
		return f, true
	}
	rule := c.held(&f, k, n.Name, a)
	if rule == "" {
		return f, false
	}
	f.Rule = fmt.Sprintf("<%s> has %s=%q: %s", n.Name, a.Name, a.Value, rule)
	return f, true
}

// held holds a value to its kind: what it is to be, "" when it is that. What Kazoo does is noted where it does
// not end the document.
func (c *checker) held(f *Finding, k kind, element string, a Attribute) string {
	benign := func(kazoo string) { f.Quirk, f.Kazoo = "", kazoo }
	switch k {
	case number, positive, endless, size:
		v, isNumber := Integer(a.Value)
		if !isNumber {
			benign("it counts as absent")
			return "it is to be a number, such as 5"
		}
		return bounded(k, v)
	case flag:
		if a.Value != "true" && a.Value != "false" {
			benign("it counts as false")
			return "it is to be true or false"
		}
	case method:
		if !strings.EqualFold(a.Value, "get") && !strings.EqualFold(a.Value, "post") && a.Value != "undefined" {
			f.Quirk, f.Kazoo = "known-method-crash", "it counts as POST, or ends the document, as its runtime has met the word"
			return "it is to be GET or POST"
		}
	case key:
		if a.Value != "" && !IsKey(a.Value) {
			if element == "Dial" {
				benign("it is passed over")
			}
			return "it is to be one of 0-9 * #"
		}
	case voice, language, reason:
		return c.oneOf(f, k, a.Value)
	case ignored:
		benign("it is read, and has no effect")
		return "it has no effect"
	case faulty:
		if a.Value != "" || a.Name != "recordingUrl" {
			f.Quirk = map[string]string{"recordingUrl": "recording-url-crash", "strategy": "strategy-crash"}[a.Name]
			return "leave it out"
		}
	case free:
	}
	return ""
}

func bounded(k kind, v int64) string {
	switch {
	case k == positive && v < 1:
		return "it is to be 1 or more"
	case k == endless && v < 0:
		return "it is to be 0 or more"
	case k == size && v < 3:
		return "it is to be 3 or more"
	case k == size && v > 40:
		return "it is to be 40 or less"
	}
	return ""
}

// oneOf holds a word to those that there are.
func (c *checker) oneOf(f *Finding, k kind, value string) string {
	all := []string{"man", "male", "woman", "female"}
	switch k {
	case language:
		all = []string{"en", "en-gb", "es", "fr", "de", "it"}
	case reason:
		all = []string{"rejected", "busy"}
	default:
	}
	if slices.Contains(all, value) {
		return ""
	}
	f.Hint = c.hint(value, all)
	if k == language {
		f.Hint = ""
		if near := strings.ToLower(value); len(near) > 1 && slices.Contains(all, near[:2]) {
			f.Hint = suggest.Offer([]string{near[:2]})
		}
	}
	return "it is to be one of " + strings.Join(all, ", ")
}
