package form

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

// reader walks the nodes of a file.
type reader struct {
	*Reading

	anchors map[string]ast.Node
	depth   int
	count   int
}

// value reads a node into a value. f is the field that it is of.
func (r *reader) value(path string, node ast.Node, into reflect.Value, f Field) {
	r.depth++
	defer func() { r.depth-- }()
	r.values[path] = placeOf(node)
	if r.count++; r.depth > maxDepth || r.count > maxValues {
		if r.count <= maxValues+1 {
			r.Wrong(path, "there is too much within one another")
		}
		r.count = max(r.count, maxValues+1) // and no more of it
		return
	}
	if node = r.meant(path, node); node == nil {
		return
	}
	r.values[path] = placeOf(node)
	t := into.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		into.Set(reflect.New(t.Elem()))
		r.value(path, node, into.Elem(), f)
	case isScalar(t):
		r.scalar(path, node, into)
	case isFree(t):
		r.free(path, node, into)
	case isNamed(t):
		r.named(path, node, into)
	case t.Kind() == reflect.Struct:
		r.mapping(path, node, into)
	case t.Kind() == reflect.Slice:
		r.list(path, node, into, f)
	default:
		r.plain(path, node, into, f)
	}
}

// meant is the node that an anchor or an alias stands for; nil where that is wrong, or
// where nothing stands.
func (r *reader) meant(path string, node ast.Node) ast.Node {
	for range maxDepth {
		switch n := node.(type) {
		case *ast.AnchorNode:
			r.anchors[n.Name.GetToken().Value] = n.Value
			node = n.Value
		case *ast.AliasNode:
			name := n.Value.GetToken().Value
			target, ok := r.anchors[name]
			if !ok {
				r.Wrong(path, "*%s is nothing: no &%[1]s stands above", name)
				return nil
			}
			node = target
		case *ast.TagNode:
			r.Wrong(path, "tags such as %s are not understood; leave it out", n.GetToken().Value)
			return nil
		case nil:
			return nil
		case *ast.NullNode, *ast.CommentGroupNode:
			r.WrongKey(path, "has no value; write one, or leave it out")
			return nil
		default:
			return node
		}
	}
	r.Wrong(path, "there is too much within one another")
	return nil
}

// text is a plain value as it is written.
func text(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	}
	return "", false
}

// scalar reads a value that has rules of its own.
func (r *reader) scalar(path string, node ast.Node, into reflect.Value) {
	s, ok := text(node)
	var isNumber bool
	if !ok {
		if s, isNumber = number(node); !isNumber {
			r.Wrong(path, "must be text, not %s", nodeKind(node))
			return
		}
	}
	scalar, _ := reflect.TypeAssert[Scalar](into.Addr())
	switch err := scalar.Parse(s); {
	case err != nil:
		r.Wrong(path, "%s", err)
	case isNumber:
		r.quote(path, s)
	}
}

func (r *reader) quote(path, text string) {
	r.Wrong(path, "must be text, and YAML takes it for a number; write it in quotes: %q", text)
}

func number(node ast.Node) (string, bool) {
	switch node.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return strings.TrimSpace(node.GetToken().Value), true
	}
	return "", false
}

// plain reads text, a switch or a number.
func (r *reader) plain(path string, node ast.Node, into reflect.Value, f Field) {
	switch into.Kind() {
	case reflect.String:
		s, ok := text(node)
		if !ok {
			if n, isNumber := number(node); isNumber {
				r.quote(path, n)
				return
			}
			r.Wrong(path, "must be text, not %s", nodeKind(node))
			return
		}
		if len(f.Choices) > 0 && !slices.Contains(f.Choices, s) {
			r.Wrong(path, "cannot be %q; use %s%s", s, strings.Join(f.Choices, ", "), suggest.Hint(s, f.Choices))
			return
		}
		into.SetString(s)
	case reflect.Bool:
		b, ok := node.(*ast.BoolNode)
		if !ok {
			r.Wrong(path, "must be true or false, not %s", nodeKind(node))
			return
		}
		into.SetBool(b.Value)
	default:
		r.number(path, node, into, f)
	}
}

func (r *reader) number(path string, node ast.Node, into reflect.Value, f Field) {
	s, ok := number(node)
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case !ok || err != nil:
		r.Wrong(path, "must be %s, not %s", Kind(into.Type()), nodeKind(node))
	case into.Kind() == reflect.Int && n != float64(int(n)):
		r.Wrong(path, "must be a whole number, not %s", s)
	case f.Min != "" && n < bound(f.Min), f.Max != "" && n > bound(f.Max):
		r.Wrong(path, "%s is out of bounds: %s", s, bounds(f))
	case into.Kind() == reflect.Int:
		into.SetInt(int64(n))
	default:
		into.SetFloat(n)
	}
}

func bound(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}

func bounds(f Field) string {
	switch {
	case f.Max == "":
		return "it is at least " + f.Min
	case f.Min == "":
		return "it is at most " + f.Max
	}
	return fmt.Sprintf("it is from %s to %s", f.Min, f.Max)
}

// list reads a list; a single value counts as a list of one, if it is plain.
func (r *reader) list(path string, node ast.Node, into reflect.Value, f Field) {
	sequence, ok := node.(*ast.SequenceNode)
	element := into.Type().Elem()
	if !ok {
		if element.Kind() == reflect.String && !isMapping(node) {
			into.Set(reflect.MakeSlice(into.Type(), 1, 1))
			r.value(path, node, into.Index(0), f)
			return
		}
		r.Wrong(path, "must be a list, not %s", nodeKind(node))
		return
	}
	if len(sequence.Values) == 0 {
		r.WrongKey(path, "is an empty list; write something into it, or leave it out")
		return
	}
	list := reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values))
	for i, n := range sequence.Values {
		r.value(fmt.Sprintf("%s[%d]", path, i), n, list.Index(i), f)
	}
	into.Set(list)
}

func isMapping(node ast.Node) bool {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// nodeKind says in words what a node is.
func nodeKind(node ast.Node) string {
	switch n := node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return node.GetToken().Value
	case *ast.StringNode:
		return strconv.Quote(n.Value)
	}
	return "this"
}

// free reads what is not described.
func (r *reader) free(path string, node ast.Node, into reflect.Value) {
	if into.Type() == reflect.TypeFor[jobj.Object]() && !isMapping(node) {
		r.Wrong(path, "must be a mapping, not %s", nodeKind(node))
		return
	}
	if v := r.json(path, node); v != nil {
		into.Set(reflect.ValueOf(v))
	}
}

// json is a node as a JSON value.
func (r *reader) json(path string, node ast.Node) any {
	switch n := node.(type) {
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		s, _ := number(node)
		if json.Valid([]byte(s)) {
			return json.Number(s)
		}
		return s // as +1 or 0x1f
	case *ast.SequenceNode:
		list := make([]any, len(n.Values))
		for i, v := range n.Values {
			r.value(fmt.Sprintf("%s[%d]", path, i), v, reflect.ValueOf(&list[i]).Elem(), Field{})
		}
		return list
	case *ast.MappingNode, *ast.MappingValueNode:
		var o jobj.Object
		r.members(path, node, func(key, below string, value ast.Node) {
			var v any
			r.value(below, value, reflect.ValueOf(&v).Elem(), Field{})
			o = append(o, jobj.Member{Key: key, Value: v})
		})
		return o
	}
	if s, ok := text(node); ok {
		return s
	}
	r.Wrong(path, "%s is no value", nodeKind(node))
	return nil
}
