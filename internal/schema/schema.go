package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Schema is a JSON Schema (draft 4), ready to be checked against. Safe for
// concurrent use.
type Schema struct {
	name     string
	tree     map[string]any
	patterns map[string]*regexp.Regexp
	set      *Set
}

// Set is schemas that refer to each other by name, as the reference keeps them in
// one database.
type Set struct {
	schemas map[string]*Schema
	// refused says why an address may not be a client's; "" when it may.
	refused func(address string) string
}

// NewSet reads the files NAME.json of a directory. refused is asked for addresses in
// documents; nil lets all pass. The error names the schema that is broken, or that
// refers to one that is not there.
func NewSet(files fs.FS, dir string, refused func(address string) string) (*Set, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	s := &Set{schemas: make(map[string]*Schema, len(entries)), refused: refused}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok {
			continue
		}
		text, err := fs.ReadFile(files, path.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		if s.schemas[name], err = compileIn(s, name, text); err != nil {
			return nil, err
		}
	}
	for name, one := range s.schemas {
		if err := one.eachNode(one.tree, one.resolves); err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
	}
	return s, nil
}

// Get returns the schema of a name.
func (s *Set) Get(name string) (*Schema, bool) {
	got, ok := s.schemas[name]
	return got, ok
}

// Names lists the schemas, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.schemas)) }

// Compile reads a schema that stands alone: it may not refer to others. Its keywords
// must be among those that Check knows.
func Compile(name string, text []byte) (*Schema, error) {
	one, err := compileIn(&Set{}, name, text)
	if err != nil {
		return nil, err
	}
	if err := one.eachNode(one.tree, one.resolves); err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	return one, nil
}

func compileIn(set *Set, name string, text []byte) (*Schema, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	one := &Schema{name: name, set: set, patterns: map[string]*regexp.Regexp{}}
	if err := decoder.Decode(&one.tree); err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	if err := one.eachNode(one.tree, one.compile); err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	return one, nil
}

// Tree is the schema as a document.
func (s *Schema) Tree() jobj.Object {
	object, _ := ordered(s.tree).(jobj.Object)
	return object
}

// WithEnum returns the schema with the enumeration of one top-level property
// replaced, as Kazoo writes the loaded hooks into its own when it starts.
func (s *Schema) WithEnum(property string, words []string) (*Schema, error) {
	out := *s
	out.tree = maps.Clone(s.tree)
	properties, _ := out.tree["properties"].(map[string]any)
	properties = maps.Clone(properties)
	entry, ok := properties[property].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("schema %s has no property %s", s.name, property)
	}
	entry = maps.Clone(entry)
	values := make([]any, len(words))
	for i, word := range slices.Sorted(slices.Values(words)) {
		values[i] = word
	}
	entry["enum"] = values
	properties[property] = entry
	out.tree["properties"] = properties
	return &out, nil
}

// Check returns the document with its defaults filled in and its values cast, and
// what is wrong with it. A document with violations must not be stored.
func (s *Schema) Check(doc any) (any, []Violation) { return s.check(&checker{casts: true}, doc) }

// CheckStrict is Check without casts, as Pivot checks a flow: "3" is no integer.
func (s *Schema) CheckStrict(doc any) (any, []Violation) { return s.check(&checker{}, doc) }

func (s *Schema) check(c *checker, doc any) (any, []Violation) {
	doc = c.check(node{s, s.tree, nil}, doc, nil)
	slices.SortStableFunc(c.found, func(a, b Violation) int { return strings.Compare(a.Key(), b.Key()) })
	return doc, c.found
}

// eachNode visits a schema and those inside it.
func (s *Schema) eachNode(tree map[string]any, visit func(map[string]any) error) error {
	if err := visit(tree); err != nil {
		return err
	}
	for _, keyword := range slices.Sorted(maps.Keys(tree)) {
		var inner []any
		switch value := tree[keyword].(type) {
		case map[string]any:
			switch keyword {
			case "properties", "patternProperties":
				for _, name := range slices.Sorted(maps.Keys(value)) {
					inner = append(inner, value[name])
				}
			case "items", "additionalProperties":
				inner = []any{value}
			}
		case []any:
			if keyword == "oneOf" || keyword == "anyOf" {
				inner = value
			}
		}
		for _, one := range inner {
			object, ok := one.(map[string]any)
			if !ok {
				return fmt.Errorf("%s: %v is no schema", keyword, one)
			}
			if err := s.eachNode(object, visit); err != nil {
				return fmt.Errorf("%s: %w", keyword, err)
			}
		}
	}
	return nil
}

// compile makes sure that nothing in a schema is passed over, and prepares its
// expressions.
func (s *Schema) compile(tree map[string]any) error {
	for keyword, value := range tree {
		switch keyword {
		case "$schema", "_id", "id", "$ref", "name", "title", "description", "support_level", "stability_level", "default", "type",
			"properties", "additionalProperties", "items", "required", "minimum", "maximum",
			"minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "minProperties", "enum", "format",
			"oneOf", "anyOf", "kazoo-validation", "kazoo-regexp":
		case "pattern":
			text, _ := value.(string)
			if err := s.expression(text); err != nil {
				return err
			}
		case "patternProperties":
			of, _ := value.(map[string]any)
			for pattern := range of {
				if err := s.expression(pattern); err != nil {
					return err
				}
			}
		default:
			return fmt.Errorf("keyword %s is not known here", keyword)
		}
	}
	return nil
}

func (s *Schema) expression(text string) error {
	compiled, err := regexp.Compile(text)
	if err != nil {
		return fmt.Errorf("pattern %s: %w", text, err)
	}
	s.patterns[text] = compiled
	return nil
}

func (s *Schema) resolves(tree map[string]any) error {
	name, ok := tree["$ref"].(string)
	if _, found := s.set.schemas[name]; ok && !found {
		return fmt.Errorf("refers to %s, which is not there", name)
	}
	return nil
}
