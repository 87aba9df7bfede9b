package config

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

// entry is one scalar of a file.
type entry struct {
	path, text string
	line       int
}

// readFile lists the scalars of a YAML document. Scalars keep the text they are
// written with, so that seed: 5.0 stays "5.0".
func readFile(name string, data []byte) ([]entry, Problems) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, Problems{syntaxProblem(name, err)}
	}
	r := fileReader{name: name}
	for i, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 {
			r.problem(doc.Body, "a second document; put everything into one")
			continue
		}
		r.walk("", doc.Body)
	}
	return r.entries, r.problems
}

func syntaxProblem(name string, err error) Problem {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		return Problem{fmt.Sprintf("%s:%d", name, syntax.Token.Position.Line), syntax.Message}
	}
	return Problem{name, err.Error()}
}

type fileReader struct {
	name     string
	entries  []entry
	problems Problems
}

func (r *fileReader) problem(node ast.Node, what string) {
	r.problems = append(r.problems, Problem{r.where(line(node)), what})
}

func (r *fileReader) where(line int) string { return fmt.Sprintf("%s:%d", r.name, line) }

func line(node ast.Node) int {
	if t := node.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

func (r *fileReader) walk(path string, node ast.Node) {
	switch node := node.(type) {
	case *ast.MappingNode:
		for _, member := range node.Values {
			r.member(path, member)
		}
	case *ast.MappingValueNode: // a mapping of one member
		r.member(path, node)
	case *ast.NullNode, *ast.CommentGroupNode:
		if path != "" {
			r.problem(node, path+" has no value")
		}
	case *ast.StringNode:
		r.scalar(path, node.Value, node)
	case *ast.LiteralNode:
		r.scalar(path, node.Value.Value, node)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		r.scalar(path, node.GetToken().Value, node)
	default:
		r.problem(node, strings.TrimSpace(path+" must be a plain value"))
	}
}

func (r *fileReader) member(path string, member *ast.MappingValueNode) {
	key, ok := member.Key.(ast.Node).(ast.ScalarNode)
	if !ok {
		r.problem(member, "a key must be plain text")
		return
	}
	name := key.GetToken().Value
	if path != "" {
		name = path + "." + name
	}
	r.walk(name, member.Value)
}

func (r *fileReader) scalar(path, text string, node ast.Node) {
	if path == "" {
		r.problem(node, "settings are written as name: value")
		return
	}
	known := paths(Settings())
	if slices.Contains(known, path) {
		r.entries = append(r.entries, entry{path, text, line(node)})
		return
	}
	r.problem(node, "unknown setting "+path+suggest.Hint(path, known))
}
