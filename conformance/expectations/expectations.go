// Package expectations holds the file in which a project writes down what its deployment is
// known to fail, each line with its reason. It owns the file's form, its errors and its
// rewriting; what came of a requirement it is told. It opens no file.
package expectations

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// The two lists of a file.
const (
	// KnownFailing are requirements that fail. One that passes makes its line stale.
	KnownFailing = "known-failing"
	// KnownFlaky are requirements that fail now and then. Neither outcome is a fault.
	KnownFlaky = "known-flaky"
)

// Line is what a file says of one requirement.
type Line struct {
	ID string
	// Reason is for people: why it fails, and until when.
	Reason string
	// Link leads to where it is being mended; it may be empty.
	Link string
	// Dialect restricts the line to one; "" is all.
	Dialect string
	Flaky   bool
	// At is the number of the line in the file on which it begins, from 1.
	At int

	last int // number of its last line
	deep int // how far its dash is indented
}

// File is a file of expectations.
type File struct {
	// Name is told in errors.
	Name  string
	Lines []Line

	ids   []string       // of all requirements
	text  []string       // its lines
	lists map[string]int // number of the line of each list's name
}

// Empty is a file that is not there yet. ids are those of all requirements.
func Empty(name string, ids []string) *File {
	return &File{Name: name, ids: ids, lists: map[string]int{}}
}

// Parse reads a file. ids are those of all requirements. The error tells everything that is
// wrong, each with its line.
func Parse(name string, data []byte, ids []string) (*File, error) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			return nil, fmt.Errorf("%s:%d: %s", name, syntax.GetToken().Position.Line, syntax.GetMessage())
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{File: Empty(name, ids)}
	r.text = strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(data) == 0 {
		r.text = nil
	}
	for i, doc := range tree.Docs {
		if i > 0 {
			r.wrong(doc.Body, "a file holds one document")
			break
		}
		r.document(doc.Body)
	}
	if len(r.errs)+len(r.lists) == 0 && slices.ContainsFunc(r.text, said) {
		r.wrong(nil, "a file of expectations has the lists %s and %s", KnownFailing, KnownFlaky)
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	r.ends()
	return r.File, nil
}

// said tells whether a line is more than a comment.
func said(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && !strings.HasPrefix(line, "#")
}

// Find returns what the file says of a requirement in a dialect. A line for that dialect
// goes before one for all.
func (f *File) Find(id, dialect string) (Line, bool) {
	var general Line
	for _, l := range f.Lines {
		switch {
		case l.ID != id:
		case l.Dialect == dialect:
			return l, true
		case l.Dialect == "":
			general = l
		}
	}
	return general, general.ID != ""
}

type reader struct {
	*File
	errs []error
}

func (r *reader) wrong(at ast.Node, format string, args ...any) {
	where := r.Name
	if at != nil && at.GetToken() != nil {
		where = fmt.Sprintf("%s:%d", r.Name, at.GetToken().Position.Line)
	}
	r.errs = append(r.errs, fmt.Errorf(where+": "+format, args...))
}

func (r *reader) document(body ast.Node) {
	mapping, is := body.(*ast.MappingNode)
	if !is {
		return // a comment, or nothing that has a list
	}
	if mapping.IsFlowStyle {
		r.wrong(mapping, "the lists are written in block style, a line for each member")
		return
	}
	for _, member := range mapping.Values {
		r.list(member)
	}
}

func (r *reader) list(member *ast.MappingValueNode) {
	name := member.Key.String()
	if known := []string{KnownFailing, KnownFlaky}; !slices.Contains(known, name) {
		r.wrong(member.Key, "%q is no list: there are %s and %s%s", name, KnownFailing, KnownFlaky, suggest.Hint(name, known))
		return
	}
	r.lists[name] = member.Key.GetToken().Position.Line
	switch value := member.Value.(type) {
	case *ast.NullNode:
	case *ast.SequenceNode:
		if value.IsFlowStyle {
			if len(value.Values) > 0 {
				r.wrong(value, "%s is written in block style, `- id: …` on a line of its own", name)
			}
			return
		}
		for _, entry := range value.Entries {
			r.line(entry, name)
		}
	default:
		r.wrong(value, "%s is a list of {id, reason, link, dialect}", name)
	}
}

func (r *reader) line(entry *ast.SequenceEntryNode, list string) {
	item := entry.Value
	mapping, is := item.(*ast.MappingNode)
	if !is {
		r.wrong(item, "%s is a list of {id, reason, link, dialect}; %q is none", list, fmt.Sprint(item))
		return
	}
	dash := entry.Start.Position
	l := Line{Flaky: list == KnownFlaky, At: dash.Line, deep: dash.Column - 1}
	fields := map[string]*string{"id": &l.ID, "reason": &l.Reason, "link": &l.Link, "dialect": &l.Dialect}
	readable := true
	for _, member := range mapping.Values {
		name := member.Key.String()
		field, known := fields[name]
		if !known {
			r.wrong(member.Key, "%q is no member of a line: there are id, reason, link and dialect", name)
			continue
		}
		text, ok := text(member.Value)
		if !ok {
			r.wrong(member.Key, "%s is a text", name)
			readable = false
			continue
		}
		*field = strings.TrimSpace(text)
	}
	if readable {
		r.judge(item, l)
	}
}

func text(value ast.Node) (string, bool) {
	switch value := value.(type) {
	case *ast.StringNode:
		return value.Value, true
	case *ast.LiteralNode:
		return value.Value.Value, true
	case *ast.FloatNode: // dialect: 5.0
		return value.GetToken().Value, true
	}
	return "", false
}

func (r *reader) judge(item ast.Node, l Line) {
	switch {
	case l.ID == "":
		r.wrong(item, "a line has the id of a requirement")
		return
	case !slices.Contains(r.ids, l.ID):
		r.wrong(item, "%s is no requirement%s", l.ID, suggest.Hint(l.ID, r.ids))
	case l.Reason == "":
		r.wrong(item, "%s has no reason: say why it fails", l.ID)
	}
	if dialects := []string{"", "talk", "5.0", "4.3"}; !slices.Contains(dialects, l.Dialect) {
		r.wrong(item, "%s: %q is no dialect: there are talk, 5.0 and 4.3", l.ID, l.Dialect)
	}
	for _, other := range r.Lines {
		if other.ID == l.ID && (other.Dialect == l.Dialect) {
			r.wrong(item, "%s stands in line %d already", l.ID, other.At)
		}
	}
	r.Lines = append(r.Lines, l)
}

// ends finds the last line of each: up to the next that is indented no deeper than its
// dash, or a comment or an empty line before that.
func (r *reader) ends() {
	for i := range r.Lines {
		l := &r.Lines[i]
		l.last = l.At
		for n := l.At + 1; n <= len(r.text); n++ {
			line := r.text[n-1]
			bare := strings.TrimLeft(line, " ")
			if bare == "" || strings.HasPrefix(bare, "#") && len(line)-len(bare) <= l.deep {
				continue
			}
			if len(line)-len(bare) <= l.deep {
				break
			}
			l.last = n
		}
	}
}
