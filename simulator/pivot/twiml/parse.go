package twiml

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxDepth bounds how deep elements of a document nest; deeper ones are refused.
const MaxDepth = 64

// MaxAttributes bounds how many an element has.
const MaxAttributes = 256

// MaxSize bounds the bytes of a document.
const MaxSize = 2 << 20

// SyntaxError says where a document stops being TwiML, and why.
type SyntaxError struct {
	Position

	// Rule is what XML, or TwiML, asks for at that place: a whole sentence.
	Rule string
	// Entity is set when a document type declares an entity: never read here (quirk xml-entities).
	Entity bool
	// Ours is set where a limit of this package is exceeded, which Kazoo does not have.
	Ours bool
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Rule)
}

// Parse reads a document, whose root must be Response. What stands after the root is ignored but for
// comments and instructions, as xmerl_scan:string/1 does. A document type may stand before it as long
// as it declares no entity; nothing outside of the document is ever read. Of an encoding that the
// document declares and that is not UTF-8 each byte is taken for a character, or it is refused (quirk
// utf8-only). The error is a *SyntaxError.
func Parse(data []byte) (*Node, error) { return parse(data, false) }

// ParseUTF8 is Parse for a document that is UTF-8 whatever encoding it declares.
func ParseUTF8(data []byte) (*Node, error) { return parse(data, true) }

func parse(data []byte, heedless bool) (*Node, error) {
	text, marked := strings.CutPrefix(string(data), "\ufeff")
	p := &parser{rest: text, at: Position{1, 1}, heedless: heedless || marked}
	if len(data) > MaxSize {
		return nil, p.limit("the document is longer than %d bytes", MaxSize)
	}
	for i, r := range p.rest {
		if r == utf8.RuneError && !strings.HasPrefix(p.rest[i:], "\ufffd") {
			p.skip(i)
			return nil, p.fault("the document is to be UTF-8; here stands a byte that is not")
		}
	}
	root, err := p.document()
	if err != nil {
		return nil, err
	}
	if root.Name != "Response" {
		return nil, &SyntaxError{Position: root.Position, Rule: fmt.Sprintf(
			"the root is <%s>; TwiML has <Response>, spelt so and without a prefix", root.Name)}
	}
	return root, nil
}

type parser struct {
	rest string
	at   Position
	// heedless is whether the declared encoding counts for nothing, as after a byte order mark.
	heedless bool
	then     func(string) string // what follows the declaration, as its encoding has it
}

func (p *parser) fault(format string, args ...any) *SyntaxError {
	return &SyntaxError{Position: p.at, Rule: fmt.Sprintf(format, args...)}
}

// limit is a fault by a limit of this package.
func (p *parser) limit(format string, args ...any) *SyntaxError {
	fault := p.fault(format, args...)
	fault.Ours = true
	return fault
}

// skip moves on by n bytes.
func (p *parser) skip(n int) string {
	part := p.rest[:n]
	p.rest = p.rest[n:]
	if lines := strings.Count(part, "\n"); lines > 0 {
		p.at.Line += lines
		p.at.Column = 1 + utf8.RuneCountInString(part[strings.LastIndexByte(part, '\n')+1:])
	} else {
		p.at.Column += utf8.RuneCountInString(part)
	}
	return part
}

func (p *parser) sees(text string) bool { return strings.HasPrefix(p.rest, text) }

func (p *parser) take(text string) bool {
	if !p.sees(text) {
		return false
	}
	p.skip(len(text))
	return true
}

const blanks = " \t\r\n"

func (p *parser) blank() bool {
	n := len(p.rest) - len(strings.TrimLeft(p.rest, blanks))
	p.skip(n)
	return n > 0
}

// until takes all up to a mark, and the mark.
func (p *parser) until(mark, what string) (string, error) {
	n := strings.Index(p.rest, mark)
	if n < 0 {
		return "", p.fault("%s does not end: %s is missing", what, mark)
	}
	text := p.skip(n)
	p.skip(len(mark))
	return text, nil
}

func (p *parser) excerpt() string {
	if p.rest == "" {
		return "nothing"
	}
	text := []rune(p.rest)
	return strconv.Quote(string(text[:min(len(text), 20)]))
}

func (p *parser) comment() (*Node, error) {
	n := &Node{Kind: Comment, Position: p.at}
	p.skip(len("<!--"))
	text, err := p.until("--", "the comment")
	if err != nil {
		return nil, err
	}
	if !p.take(">") {
		return nil, p.fault("-- may not stand within a comment")
	}
	p.blank() // blanks after a comment belong to nothing
	n.Text = text
	return n, nil
}

func (p *parser) instruction() (*Node, error) {
	n := &Node{Kind: Instruction, Position: p.at}
	p.skip(2)
	name, err := p.name("a processing instruction")
	if err != nil {
		return nil, err
	}
	if rest := name[min(len(name), 3):]; strings.EqualFold(name[:len(name)-len(rest)], "xml") && rest != "-stylesheet" {
		return nil, p.fault("no instruction but xml-stylesheet begins with xml; the XML declaration stands at the very start of the document, or nowhere")
	}
	n.Name = name
	if !p.blank() && !p.sees("?>") {
		return nil, p.fault("what follows the name of an instruction stands apart by a blank; here stands %s", p.excerpt())
	}
	n.Text, err = p.until("?>", "the processing instruction")
	return n, err
}

// nameRune is whether a character may stand in a name (xmerl_lib:is_namechar/1).
func nameRune(r rune, first bool) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == ':':
		return true
	case '0' <= r && r <= '9', r == '-', r == '.', r == '·':
		return !first
	case r < 0xc0, r == '×', r == '÷', r > 0xffff:
		return false
	case r < 0x100, unicode.IsLetter(r):
		return true
	}
	return !first && unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd)
}

func (p *parser) name(what string) (string, error) {
	n := 0
	for i, r := range p.rest {
		if !nameRune(r, i == 0) {
			break
		}
		n = i + utf8.RuneLen(r)
	}
	if n == 0 {
		return "", p.fault("%s needs a name; here stands %s", what, p.excerpt())
	}
	return p.skip(n), nil
}

func (p *parser) attribute() (Attribute, error) {
	a := Attribute{Position: p.at}
	name, err := p.name("an attribute")
	if err != nil {
		return a, err
	}
	a.Name = name
	p.blank()
	if !p.take("=") {
		return a, p.fault("attribute %s has no value: XML wants %s=\"…\"", name, name)
	}
	p.blank()
	if !p.sees(`"`) && !p.sees("'") {
		return a, p.fault("the value of attribute %s stands in quotes", name)
	}
	quote := p.skip(1)
	var b strings.Builder
	for !p.take(quote) {
		n := strings.IndexAny(p.rest, quote+"<&")
		if n < 0 {
			return a, p.fault("the value of attribute %s does not end: %s is missing", name, quote)
		}
		b.WriteString(strings.Map(func(r rune) rune {
			if strings.ContainsRune(blanks, r) {
				return ' '
			}
			return r
		}, p.skip(n)))
		switch {
		case p.sees("<"):
			return a, p.fault("< may not stand in the value of an attribute: write &lt;")
		case p.sees("&"):
			named := !p.sees("&#")
			text, err := p.reference()
			if err != nil {
				return a, err
			}
			b.WriteString(text)
			if !named && strings.Contains(blanks, text) {
				p.blanksAfter()
			}
		}
	}
	a.Value = b.String()
	return a, nil
}

// blanksAfter passes over the blanks after a blank that is written as a reference, however they are
// written.
func (p *parser) blanksAfter() {
	for {
		p.blank()
		before := *p
		if text, err := p.reference(); !before.sees("&#") || err != nil || !strings.Contains(blanks, text) {
			*p = before
			return
		}
	}
}

// reference is &…; of which XML itself has five, and characters by number.
func (p *parser) reference() (string, error) {
	n := strings.IndexByte(p.rest, ';')
	if n < 0 || n > 12 || strings.ContainsAny(p.rest[1:n], blanks+"&<>\"'") {
		return "", p.fault("a bare & may not stand in XML: write &amp;")
	}
	name := p.rest[1:n]
	text, ok := "", true
	switch name {
	case "amp":
		text = "&"
	case "lt":
		text = "<"
	case "gt":
		text = ">"
	case "quot":
		text = `"`
	case "apos":
		text = "'"
	default:
		if ok = strings.HasPrefix(name, "#"); ok {
			text, ok = character(name[1:])
		}
	}
	if !ok {
		return "", p.fault("XML knows no entity &%s; write the character itself, or its number", name+";")
	}
	p.skip(n + 1)
	return text, nil
}

func character(number string) (string, bool) {
	base := 10
	if strings.HasPrefix(number, "x") {
		number, base = number[1:], 16
	}
	v, err := strconv.ParseUint(number, base, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) || illegal(rune(v)) {
		return "", false
	}
	return string(rune(v)), true
}

// element reads one, depth deep, with all that is in it.
func (p *parser) element(depth int) (*Node, error) {
	n := &Node{Position: p.at}
	if depth > MaxDepth {
		return nil, p.limit("elements nest deeper than %d", MaxDepth)
	}
	p.skip(1)
	name, err := p.name("an element")
	if err != nil {
		return nil, err
	}
	n.Name = name
	for {
		apart := p.blank()
		switch {
		case p.take("/>"):
			return n, nil
		case p.take(">"):
			return n, p.content(n, depth)
		case p.rest == "":
			return nil, p.fault("element <%s> does not end", name)
		case !apart:
			return nil, p.fault("here stands %s: attributes of <%s> stand apart by blanks", p.excerpt(), name)
		}
		if len(n.Attrs) == MaxAttributes {
			return nil, p.limit("<%s> has more than %d attributes", name, MaxAttributes)
		}
		a, err := p.attribute()
		if err != nil {
			return nil, err
		}
		if _, twice := n.Attr(a.Name); twice {
			return nil, &SyntaxError{Position: a.Position, Rule: fmt.Sprintf("<%s> has attribute %s twice", name, a.Name)}
		}
		n.Attrs = append(n.Attrs, a)
	}
}

// lines are the ends of lines in a text.
func lines(text string) string { return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text) }

func (p *parser) content(n *Node, depth int) error {
	// Texts and sections are one as long as nothing else has been in the element: what begins it says
	// whether they count.
	var more strings.Builder
	settle := func() {
		if more.Len() > 0 {
			n.Children[0].Text += more.String()
			more.Reset()
		}
	}
	defer settle()
	for {
		at := p.at
		var child *Node
		var err error
		switch {
		case p.rest == "":
			return &SyntaxError{Position: n.Position, Rule: fmt.Sprintf("<%s> has no </%s>", n.Name, n.Name)}
		case p.sees("</"):
			return p.close(n)
		case p.sees("<!--"):
			child, err = p.comment()
		case p.sees("<![CDATA["):
			p.skip(len("<![CDATA["))
			child = &Node{Kind: CData, Position: at}
			child.Text, err = p.until("]]>", "the CDATA section")
		case p.sees("<?"):
			child, err = p.instruction()
		case p.sees("<"):
			child, err = p.element(depth + 1)
		default:
			child = &Node{Kind: Text, Position: at}
			child.Text, err = p.text()
		}
		if err != nil {
			return err
		}
		if first := n.Children; len(first) == 1 && written(first[0]) && written(child) {
			more.WriteString(child.Text)
			continue
		}
		settle()
		n.Children = append(n.Children, child)
	}
}

func written(n *Node) bool { return n.Kind == Text || n.Kind == CData }

// text reads up to the next mark-up or reference, which may begin it.
func (p *parser) text() (string, error) {
	var b strings.Builder
	for p.rest != "" && !p.sees("<") && (b.Len() == 0 || !p.sees("&")) {
		switch {
		case p.sees("&"):
			s, err := p.reference()
			if err != nil {
				return "", err
			}
			if s == "\r" { // an end of a line, with a line feed that follows
				s = "\n"
				p.take("\n")
			}
			b.WriteString(s)
		case p.sees("]]>"):
			return "", p.fault("]]> may not stand in a text")
		default:
			i := strings.IndexAny(p.rest[1:], "<&]") + 1
			if i == 0 {
				i = len(p.rest)
			}
			b.WriteString(lines(p.skip(i)))
		}
	}
	return b.String(), nil
}

// close reads the end of an element.
func (p *parser) close(n *Node) error {
	at := p.at
	p.skip(2)
	name, err := p.name("the end of an element")
	if err != nil {
		return err
	}
	p.blank()
	if name != n.Name || !p.take(">") {
		return &SyntaxError{Position: at, Rule: fmt.Sprintf("</%s> does not end <%s> of line %d, column %d",
			name, n.Name, n.Line, n.Column)}
	}
	return nil
}
