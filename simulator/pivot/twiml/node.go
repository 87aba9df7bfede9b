// Package twiml reads TwiML answers of a Pivot app as Kazoo does: documents into nodes that know
// their line and column, the values of attributes, and what is wrong with a document, in sentences
// for whoever wrote it. It is pure: it runs no verb, and asks nobody.
package twiml

import "strings"

// Kind is what a node is.
type Kind int

// Kinds of nodes.
const (
	Element Kind = iota
	Text
	// CData is a CDATA section that stands for itself: one that continues a text belongs to it.
	CData
	Comment
	Instruction
)

// Position is where something begins in a document: lines and columns from 1, columns in characters.
type Position struct{ Line, Column int }

// Attribute is one of an element, in document order.
type Attribute struct {
	Name, Value string
	Position
}

// Node is a part of a document.
type Node struct {
	Kind Kind
	// Name is an element's or an instruction's.
	Name  string
	Attrs []Attribute
	// Text is the content of what is no element.
	Text     string
	Children []*Node
	Position
}

// Attr is the value of an attribute. Names are case-sensitive.
func (n *Node) Attr(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// BeyondLatin1 is whether a text has a character that ISO 8859-1 lacks.
func BeyondLatin1(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r > 0xff })
}

// Elements are the children that are elements.
func (n *Node) Elements() []*Node {
	var out []*Node
	for _, c := range n.Children {
		if c.Kind == Element {
			out = append(out, c)
		}
	}
	return out
}

// Content is what an element has as Response and Dial see it: without texts that are exactly one
// blank (kz_xml:filter_empty_text/1).
func (n *Node) Content() []*Node {
	var out []*Node
	for _, c := range n.Children {
		if c.Kind != Text || c.Text != " " {
			out = append(out, c)
		}
	}
	return out
}

// OwnText is the element's own text nodes, joined and stripped at both ends of line feeds, blanks,
// line feeds and blanks, in this order; tabs stay (kz_xml:texts_to_binary/1).
func (n *Node) OwnText() string {
	var b strings.Builder
	for _, c := range n.Children {
		if c.Kind == Text {
			b.WriteString(c.Text)
		}
	}
	text := b.String()
	for _, cut := range []string{"\n", " ", "\n", " "} {
		text = strings.Trim(text, cut)
	}
	return text
}
