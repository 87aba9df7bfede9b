package twiml

import (
	"fmt"
	"slices"
	"strings"
)

// document reads the root with what stands before it, and the comments and instructions after it.
func (p *parser) document() (*Node, error) {
	if p.sees("<?xml") && len(p.rest) > 5 && strings.IndexByte(blanks, p.rest[5]) >= 0 {
		if err := p.declaration(); err != nil {
			return nil, err
		}
	}
	start := *p
	root, err := p.parts()
	bad := strings.IndexFunc(start.rest, illegal)
	if bad < 0 || len(start.rest)-len(p.rest) < bad || err == nil && len(start.rest)-len(p.rest) == bad {
		return root, err // of what follows the root nothing is read
	}
	start.skip(bad)
	return nil, start.fault("the character %s may not stand in XML", start.excerpt())
}

func (p *parser) parts() (*Node, error) {
	if err := p.prolog(); err != nil {
		return nil, err
	}
	if !p.sees("<") {
		return nil, p.fault("XML begins with an element; here stands %s", p.excerpt())
	}
	root, err := p.element(1)
	if err != nil {
		return nil, err
	}
	return root, p.between()
}

// illegal is what may not stand in XML (xmerl_lib:is_char/1).
func illegal(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// between passes over what may stand before and after the root.
func (p *parser) between() error {
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
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// prolog is what may stand before the root: one document type, with comments and instructions around.
func (p *parser) prolog() error {
	if err := p.between(); err != nil || !p.sees("<!DOCTYPE") {
		return err
	}
	if err := p.doctype(); err != nil {
		return err
	}
	return p.between()
}

// declaration is <?xml …?>: version, then encoding and standalone, each of which may be absent.
func (p *parser) declaration() error {
	if err := p.declarations(); err != nil {
		return err
	}
	if p.then != nil {
		p.rest = p.then(p.rest)
	}
	return nil
}

// Garbled is the XML declaration of a document in UTF-8 whose encoding has Parse read other text than is
// meant, "" where it is read as it stands.
func Garbled(document []byte) string {
	text := string(document)
	p := &parser{rest: text, at: Position{1, 1}}
	if !p.sees("<?xml") || p.declarations() != nil || p.then == nil || p.then(p.rest) == p.rest {
		return ""
	}
	return text[:len(text)-len(p.rest)]
}

func (p *parser) declarations() error {
	p.skip(len("<?xml"))
	p.blank()
	if !p.sees("version") {
		return p.fault("the XML declaration begins with version")
	}
	version, err := p.attribute()
	if err != nil {
		return err
	}
	if version.Name != "version" {
		return &SyntaxError{Position: version.Position, Rule: "the XML declaration begins with version"}
	}
	if strings.Trim(version.Value, letters+"0123456789_.:-") != "" {
		return &SyntaxError{Position: version.Position, Rule: fmt.Sprintf("%q is no version of XML: write 1.0", version.Value)}
	}
	apart := p.blank()
	for _, name := range []string{"encoding", "standalone"} {
		if !p.sees(name) {
			continue
		}
		if !apart {
			return p.fault("the parts of the XML declaration stand apart by blanks")
		}
		a, err := p.attribute()
		if err != nil {
			return err
		}
		if a.Name != name {
			return &SyntaxError{Position: a.Position, Rule: fmt.Sprintf("the XML declaration has no %s", a.Name)}
		}
		if err := p.declared(a); err != nil {
			return err
		}
		apart = p.blank()
	}
	if !p.take("?>") {
		return p.fault("the XML declaration holds version, encoding and standalone, in this order, and ends with ?>; here stands %s", p.excerpt())
	}
	return nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// declared checks a part of the declaration, and has what follows read in the encoding that it names.
func (p *parser) declared(a Attribute) error {
	if a.Name == "standalone" {
		if a.Value != "yes" && a.Value != "no" {
			return &SyntaxError{Position: a.Position, Rule: "standalone is yes or no"}
		}
		return nil
	}
	name := strings.ToLower(a.Value)
	latin9 := name == "iso-8859-15" || name == "iso_8859-15" || name == "latin9"
	switch {
	case name == "utf-8" || p.heedless && name != "":
	case latin9 || slices.Contains(strings.Fields(singleBytes), name):
		p.then = func(text string) string { return bytewise(text, latin9) }
	default:
		return &SyntaxError{Position: a.Position, Rule: fmt.Sprintf("Kazoo reads no encoding %q of a document: write UTF-8, or leave it out", a.Value)}
	}
	return nil
}

// singleBytes are the names of encodings of which Kazoo takes each byte for a character, though the
// answer is UTF-8 (xmerl_ucs:to_unicode/2).
const singleBytes = `ansi_x3.4-1968 iso-ir-6 ansi_x3.4-1986 iso_646.irv:1991 ascii iso646-us us-ascii us ibm367 cp367 csascii
iso-10646-utf-1 csiso10646utf1 iso_646.basic:1983 ref csiso646basic1983
iso_8859-1:1987 iso-ir-100 iso_8859-1 iso-8859-1 latin1 l1 ibm819 cp819 csisolatin1`

// bytewise takes each byte of a text for a character of ISO 8859-1, or of ISO 8859-15.
func bytewise(text string, latin9 bool) string {
	out := make([]rune, len(text))
	for i := range len(text) {
		out[i] = rune(text[i])
	}
	if !latin9 {
		return string(out)
	}
	return strings.NewReplacer("\u00a4", "€", "\u00a6", "Š", "\u00a8", "š", "\u00b4", "Ž", "\u00b8", "ž", "\u00bc", "Œ", "\u00bd", "œ",
		"\u00be", "Ÿ").Replace(string(out))
}

// doctype passes over a document type. What it would have read from elsewhere is refused, and so is
// an entity: Kazoo would read files of the server for it.
func (p *parser) doctype() error {
	at := p.at
	p.skip(len("<!DOCTYPE"))
	if !p.blank() {
		return p.fault("the name of the document type stands apart by a blank")
	}
	if _, err := p.name("a document type"); err != nil {
		return err
	}
	p.blank()
	if err := p.external(at); err != nil {
		return err
	}
	if p.take("[") {
		if err := p.subset(); err != nil {
			return err
		}
		p.blank()
	}
	if p.rest == "" {
		return p.fault("the document type does not end: > is missing")
	}
	if !p.take(">") {
		return p.fault("the document type ends with >; here stands %s", p.excerpt())
	}
	return nil
}

// external is where the rest of a document type is to be read from. Nothing is: an address by http
// Kazoo passes over, any other names a file of the server, which it wants to find.
func (p *parser) external(at Position) error {
	literals := 1
	switch {
	case p.take("SYSTEM"):
	case p.take("PUBLIC"):
		literals = 2
	default:
		return nil
	}
	address := ""
	for range literals {
		if !p.blank() {
			return p.fault("the address of the document type is missing")
		}
		if !p.sees(`"`) && !p.sees("'") {
			return p.fault("the address of the document type stands in quotes")
		}
		var err error
		if address, err = p.until(p.skip(1), "a quoted text"); err != nil {
			return err
		}
	}
	p.blank()
	// What stands in brackets is looked at first: an entity there is the graver fault.
	if p.sees("[") && strings.Contains(p.rest, "<!ENTITY") {
		return nil
	}
	if address != "" && !strings.HasPrefix(address, "http:") {
		return &SyntaxError{Position: at, Rule: "a document type of another file is refused: nothing is read from the disk for a document"}
	}
	return nil
}

// subset is what stands in brackets in a document type.
func (p *parser) subset() error {
	for {
		p.blank()
		var err error
		switch {
		case p.take("]"):
			return nil
		case p.rest == "":
			return p.fault("the document type does not end: ] is missing")
		case p.sees("<!ENTITY"):
			fault := p.fault("a document type with an entity is refused: nothing is read from the disk for a document")
			fault.Entity = true
			return fault
		case p.sees("<!--"):
			_, err = p.comment()
		case p.sees("<?"):
			_, err = p.instruction()
		case p.sees("<!ELEMENT"), p.sees("<!ATTLIST"), p.sees("<!NOTATION"):
			err = p.declares()
		default:
			return p.fault("a document type declares elements, attributes and notations; here stands %s", p.excerpt())
		}
		if err != nil {
			return err
		}
	}
}

// declares passes over one declaration of a document type.
func (p *parser) declares() error {
	at := p.at
	for {
		n := strings.IndexAny(p.rest, `"'>`)
		if n < 0 {
			return &SyntaxError{Position: at, Rule: "the declaration does not end: > is missing"}
		}
		p.skip(n)
		quote := p.skip(1)
		if quote == ">" {
			return nil
		}
		if _, err := p.until(quote, "a quoted text"); err != nil {
			return err
		}
	}
}
