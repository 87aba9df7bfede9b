package twiml

import (
	"fmt"
	"strconv"
	"strings"
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
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Rule)
}

// Parse reads a document, whose root must be Response. What stands after the root is ignored, as
// xmerl_scan:string/1 does. A document type may stand before it as long as it declares no entity;
// nothing outside of the document is ever read. The error is a *SyntaxError.
func Parse(data []byte) (*Node, error) {
	p := &parser{rest: strings.TrimPrefix(string(data), "\ufeff"), at: Position{1, 1}}
	if len(data) > MaxSize {
		return nil, p.fault("the document is longer than %d bytes", MaxSize)
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
}

func (p *parser) fault(format string, args ...any) *SyntaxError {
	return &SyntaxError{Position: p.at, Rule: fmt.Sprintf(format, args...)}
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

func (p *parser) document() (*Node, error) {
	for i := range p.rest {
		if c := p.rest[i]; c < ' ' && !strings.ContainsRune(blanks, rune(c)) {
			p.skip(i)
			return nil, p.fault("byte %d may not stand in XML", c)
		}
	}
	if p.sees("<?xml") && len(p.rest) > 5 && strings.IndexByte(blanks, p.rest[5]) >= 0 {
		if err := p.declaration(); err != nil {
			return nil, err
		}
	}
	if err := p.prolog(); err != nil {
		return nil, err
	}
	if !p.sees("<") {
		return nil, p.fault("XML begins with an element; here stands %s", p.excerpt())
	}
	return p.element(1)
}

func (p *parser) excerpt() string {
	if p.rest == "" {
		return "nothing"
	}
	text := []rune(p.rest)
	return strconv.Quote(string(text[:min(len(text), 20)]))
}

// declaration is <?xml …?>. Its encoding is ignored, as Kazoo does: the body is read as UTF-8.
func (p *parser) declaration() error {
	p.skip(len("<?xml"))
	seen := 0
	for p.blank(); !p.sees("?>"); p.blank() {
		a, err := p.attribute()
		if err != nil {
			return err
		}
		seen++
		if seen == 1 && a.Name != "version" {
			return &SyntaxError{Position: a.Position, Rule: "the XML declaration begins with version"}
		}
	}
	if seen == 0 {
		return p.fault("the XML declaration begins with version")
	}
	p.skip(2)
	return nil
}

// prolog is what may stand before the root.
func (p *parser) prolog() error {
	for {
		p.blank()
		var err error
		switch {
		case p.sees("<?xml ") || p.sees("<?xml?"):
			return p.fault("the XML declaration stands at the very start of the document, or nowhere")
		case p.sees("<?"):
			_, err = p.instruction()
		case p.sees("<!--"):
			_, err = p.comment()
		case p.sees("<!DOCTYPE"):
			err = p.doctype()
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// doctype passes over a document type. An entity in it is refused: Kazoo would read files of the
// server for it.
func (p *parser) doctype() error {
	p.skip(len("<!DOCTYPE"))
	for open := false; ; {
		n := strings.IndexAny(p.rest, `"'<>[]`)
		if n < 0 {
			return p.fault("the document type does not end: > is missing")
		}
		p.skip(n)
		switch c := p.rest[0]; {
		case p.sees("<!ENTITY"):
			err := p.fault("a document type with an entity is refused: nothing is read from the disk for a document")
			err.Entity = true
			return err
		case p.sees("<!--"):
			if _, err := p.comment(); err != nil {
				return err
			}
		case p.sees("<?"):
			if _, err := p.instruction(); err != nil {
				return err
			}
		case c == '"' || c == '\'':
			p.skip(1)
			if _, err := p.until(string(c), "a quoted text"); err != nil {
				return err
			}
		case c == '[' || c == ']':
			open = c == '['
			p.skip(1)
		case c == '>' && !open:
			p.skip(1)
			return nil
		default:
			p.skip(1)
		}
	}
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
	if strings.EqualFold(name, "xml") {
		return nil, p.fault("the XML declaration stands at the very start of the document, or nowhere")
	}
	n.Name = name
	n.Text, err = p.until("?>", "the processing instruction")
	return n, err
}

func nameByte(r rune, first bool) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == ':', r >= 0x80:
		return true
	case '0' <= r && r <= '9', r == '-', r == '.':
		return !first
	}
	return false
}

func (p *parser) name(what string) (string, error) {
	n := 0
	for i, r := range p.rest {
		if !nameByte(r, i == 0) {
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
		b.WriteString(spaced(p.skip(n)))
		switch {
		case p.sees("<"):
			return a, p.fault("< may not stand in the value of an attribute: write &lt;")
		case p.sees("&"):
			text, err := p.reference()
			if err != nil {
				return a, err
			}
			b.WriteString(text)
		}
	}
	a.Value = b.String()
	return a, nil
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
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return "", false
	}
	if v < ' ' && v != '\t' && v != '\n' && v != '\r' || v == 0xfffe || v == 0xffff {
		return "", false
	}
	return string(rune(v)), true
}

// element reads one, depth deep, with all that is in it.
func (p *parser) element(depth int) (*Node, error) {
	n := &Node{Position: p.at}
	if depth > MaxDepth {
		return nil, p.fault("elements nest deeper than %d", MaxDepth)
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
			return nil, p.fault("<%s> has more than %d attributes", name, MaxAttributes)
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

func (p *parser) content(n *Node, depth int) error {
	var text *Node        // that is being read
	var b strings.Builder // what it holds so far
	end := func() {
		if text != nil {
			text.Text = b.String()
		}
		text = nil
		b.Reset()
	}
	defer end()
	write := func(s string, kind Kind, at Position) {
		if s == "" {
			return
		}
		if text == nil {
			text = &Node{Kind: kind, Position: at}
			n.Children = append(n.Children, text)
		}
		b.WriteString(s)
	}
	add := func(child *Node, err error) error {
		if err == nil {
			end()
			n.Children = append(n.Children, child)
		}
		return err
	}
	for {
		at := p.at
		var err error
		switch {
		case p.rest == "":
			return &SyntaxError{Position: n.Position, Rule: fmt.Sprintf("<%s> has no </%s>", n.Name, n.Name)}
		case p.sees("</"):
			return p.close(n)
		case p.sees("<!--"):
			err = add(p.comment())
		case p.sees("<![CDATA["):
			p.skip(len("<![CDATA["))
			var s string
			if s, err = p.until("]]>", "the CDATA section"); err == nil {
				if text == nil { // one that begins counts for nothing, and what follows is a text of its own
					write(s, CData, at)
					end()
				} else {
					write(s, Text, at)
				}
			}
		case p.sees("<?"):
			err = add(p.instruction())
		case p.sees("<"):
			err = add(p.element(depth + 1))
		case p.sees("&"):
			var s string
			if s, err = p.reference(); err == nil {
				write(s, Text, at)
			}
		case p.sees("]]>"):
			err = p.fault("]]> may not stand in a text")
		default:
			i := strings.IndexAny(p.rest[1:], "<&]") + 1
			if i == 0 {
				i = len(p.rest)
			}
			write(strings.ReplaceAll(p.skip(i), "\r\n", "\n"), Text, at)
		}
		if err != nil {
			return err
		}
	}
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

// spaced has a blank for each end of a line or tab in the value of an attribute.
func spaced(text string) string {
	if !strings.ContainsAny(text, "\r\n\t") {
		return text
	}
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ", "\r", " ").Replace(text)
}
