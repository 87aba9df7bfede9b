package form

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// members calls do for each member of a mapping whose key is plain and new.
func (r *reader) members(path string, node ast.Node, do func(key, below string, value ast.Node)) {
	values := []*ast.MappingValueNode{}
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = append(values, n)
	}
	seen := map[string]bool{}
	for _, member := range values {
		key, ok := member.Key.(ast.ScalarNode)
		switch {
		case member.Key.IsMergeKey():
			r.wrong(placeOf(member), path, "merging by << is not understood; write the members out")
			continue
		case !ok:
			r.wrong(placeOf(member), path, "the name of a member must be plain text")
			continue
		}
		name := key.GetToken().Value
		below := name
		if path != "" {
			below = path + "." + name
		}
		if seen[name] {
			r.wrong(placeOf(member), below, "stands twice; leave one of them out")
			continue
		}
		seen[name] = true
		r.keys[below] = placeOf(member)
		do(name, below, member.Value)
	}
}

// mapping reads a struct.
func (r *reader) mapping(path string, node ast.Node, into reflect.Value) {
	fields := Fields(into.Type())
	if !isMapping(node) {
		if i := slices.IndexFunc(fields, func(f Field) bool { return f.Short }); i >= 0 {
			r.value(path, node, fields[i].Of(into), fields[i])
			r.missing(path, fields, []string{fields[i].Name})
			return
		}
		r.Wrong(path, "must be a mapping, not %s", nodeKind(node))
		return
	}
	known := names(fields, func(Field) bool { return true })
	var there []string
	strange := 0
	r.members(path, node, func(key, below string, value ast.Node) {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == key })
		if i < 0 {
			r.WrongKey(below, "there is no %q here%s", key, knownHint(key, known))
			strange++
			return
		}
		there = append(there, key)
		r.value(below, value, fields[i].Of(into), fields[i])
	})
	r.missing(path, fields, there)
	r.contradicting(path, fields, there, strange)
}

// knownHint offers what could be meant: the nearest, else all, if they are few.
func knownHint(key string, known []string) string {
	if hint := suggest.Hint(key, known); hint != "" {
		return hint
	}
	return "; there is " + strings.Join(known, ", ")
}

// missing notes what should be there.
func (r *reader) missing(path string, fields []Field, there []string) {
	for _, f := range fields {
		if f.Required && !slices.Contains(there, f.Name) {
			r.WrongKey(path, "lacks %q%s", f.Name, example(f))
		}
	}
}

// contradicting notes what should not be there together. Where there is something
// strange as well, that was meant to be there.
func (r *reader) contradicting(path string, fields []Field, there []string, strange int) {
	ones := names(fields, func(f Field) bool { return f.One })
	if len(ones) == 0 {
		return
	}
	had := slices.DeleteFunc(slices.Clone(there), func(name string) bool { return !slices.Contains(ones, name) })
	switch len(had) {
	case 0:
		if strange > 0 {
			return
		}
		r.WrongKey(path, "says nothing to do; write one of %s", strings.Join(ones, ", "))
	case 1:
	default:
		below := had[1]
		if path != "" {
			below = path + "." + had[1]
		}
		r.WrongKey(below, "stands beside %q; there can be one of them", had[0])
	}
}

func example(f Field) string {
	if f.Example == "" {
		return ": " + f.Doc
	}
	return ", as in " + f.Name + ": " + f.Example
}

// named reads a mapping of names.
func (r *reader) named(path string, node ast.Node, into reflect.Value) {
	if !isMapping(node) {
		r.Wrong(path, "must be a mapping of names, not %s", nodeKind(node))
		return
	}
	name := regexp.MustCompile(NamePattern)
	list := reflect.MakeSlice(into.Type(), 0, 4)
	r.members(path, node, func(key, below string, value ast.Node) {
		if !name.MatchString(key) {
			r.WrongKey(below, "%q is no name; it begins with a letter, and has letters, digits, - and _", key)
			return
		}
		entry := reflect.New(into.Type().Elem()).Elem()
		entry.FieldByName("Name").SetString(key)
		r.value(below, value, entry.FieldByName("Value"), Field{})
		list = reflect.Append(list, entry)
	})
	into.Set(list)
}
