package form

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const (
	// maxBytes is far beyond any file that people write.
	maxBytes = 256 << 10
	// maxValues bounds what aliases can make of it.
	maxValues = 50_000
	// maxDepth is that of mappings and lists in one another.
	maxDepth = 40
)

// Reading is a file that was read: where its values stand, and what is wrong with it.
type Reading struct {
	name     string
	text     string
	problems []Problem
	values   map[string]Place
	keys     map[string]Place
}

// Read reads YAML into a struct that into points to. It reads on after a problem, so
// that all are known; what is wrong is left as it was.
func Read(name string, text []byte, into any) *Reading {
	r := &Reading{name: name, text: string(text), values: map[string]Place{}, keys: map[string]Place{}}
	body := r.parse(text)
	if body == nil {
		return r
	}
	rd := &reader{Reading: r, anchors: map[string]ast.Node{}}
	rd.value("", body, reflect.ValueOf(into).Elem(), Field{})
	return r
}

// Value is where the value at a path stands, or, where there is none, the nearest above.
func (r *Reading) Value(path string) Place { return r.find(r.values, path) }

// Key is where the name of the member at a path stands.
func (r *Reading) Key(path string) Place {
	if at, ok := r.keys[path]; ok {
		return at
	}
	return r.find(r.values, path)
}

// Has tells whether there is a member at a path, known or not.
func (r *Reading) Has(path string) bool {
	_, there := r.keys[path]
	return there
}

func (r *Reading) find(places map[string]Place, path string) Place {
	for {
		if at, ok := places[path]; ok {
			return at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return places[""]
		}
		path = path[:cut]
	}
}

// Wrong notes a problem with the value at a path.
func (r *Reading) Wrong(path, format string, args ...any) {
	r.wrong(r.Value(path), path, format, args...)
}

// WrongKey notes a problem with the name of a member, or for want of one in it.
func (r *Reading) WrongKey(path, format string, args ...any) {
	r.wrong(r.Key(path), path, format, args...)
}

func (r *Reading) wrong(at Place, path, format string, args ...any) {
	r.problems = append(r.problems, Problem{at, path, fmt.Sprintf(format, args...)})
}

// Err is a *FileError with all that is wrong, or nil.
func (r *Reading) Err() error {
	if len(r.problems) == 0 {
		return nil
	}
	text := strings.ReplaceAll(r.text, "\r\n", "\n")
	return &FileError{File: r.name, List: sorted(r.problems), lines: strings.Split(text, "\n")}
}

// parse returns the file's mapping, nil where there is none.
func (r *Reading) parse(text []byte) (body ast.Node) {
	switch {
	case len(text) > maxBytes:
		r.wrong(Place{}, "", "is larger than %d KiB, which is no file that people write", maxBytes>>10)
		return nil
	case !utf8.Valid(text):
		r.wrong(Place{}, "", "is no text in UTF-8")
		return nil
	}
	defer func() {
		if recover() != nil { // the parser gives up on some texts
			body = nil
			r.wrong(Place{Line: 1, Column: 1, Width: 1}, "", "is no YAML that can be read")
		}
	}()
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case body != nil:
			r.wrong(placeOf(doc.Body), "", "a second document begins; a file holds one")
		default:
			body = doc.Body
		}
	}
	if body == nil {
		r.wrong(Place{Line: 1, Column: 1, Width: 1}, "", "is empty")
	}
	return body
}

func (r *Reading) syntax(err error) {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		p := syntax.Token.Position
		if strings.Contains(syntax.Message, "character '\t'") {
			r.wrong(Place{p.Line, p.Column, 1}, "", "this is no YAML: a tab stands where a line begins; indent by blanks")
			return
		}
		r.wrong(Place{p.Line, p.Column, utf8.RuneCountInString(syntax.Token.Value)}, "", "this is no YAML: %s", syntax.Message)
		return
	}
	r.wrong(Place{Line: 1, Column: 1, Width: 1}, "", "this is no YAML: %s", err)
}

// placeOf is where a node begins.
func placeOf(node ast.Node) Place {
	if m, ok := node.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		node = m.Values[0]
	}
	if m, ok := node.(*ast.MappingValueNode); ok { // its own token is the colon
		node = m.Key
	}
	tk := node.GetToken()
	if tk == nil || tk.Position == nil {
		return Place{}
	}
	width := utf8.RuneCountInString(strings.TrimSpace(tk.Origin))
	if line, _, more := strings.Cut(strings.TrimSpace(tk.Origin), "\n"); more {
		width = utf8.RuneCountInString(line)
	}
	return Place{tk.Position.Line, tk.Position.Column, max(width, 1)}
}
