package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Schema is a compiled JSON Schema. Safe for concurrent use.
type Schema struct {
	tree     map[string]any // the schema as it was written, for casts and defaults
	compiled *jsonschema.Schema
}

// Compile reads a schema. Its keywords must be among those that Check can put
// into words, and it may not refer to others.
func Compile(name string, text []byte) (*Schema, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	tree, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("schema %s: not an object", name)
	}
	return compile(name, tree)
}

func compile(name string, tree map[string]any) (*Schema, error) {
	location := name + ".json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4)
	if err := compiler.AddResource(location, tree); err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	compiled, err := compiler.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	return &Schema{tree: tree, compiled: compiled}, nil
}

// WithEnum returns the schema with the enumeration of one top-level property
// replaced, as Kazoo writes the loaded hooks into its own when it starts.
func (s *Schema) WithEnum(property string, words []string) (*Schema, error) {
	tree := maps.Clone(s.tree)
	properties, _ := tree["properties"].(map[string]any)
	properties = maps.Clone(properties)
	entry, ok := properties[property].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("schema has no property %s", property)
	}
	entry = maps.Clone(entry)
	values := make([]any, len(words))
	for i, word := range slices.Sorted(slices.Values(words)) {
		values[i] = word
	}
	entry["enum"] = values
	properties[property] = entry
	tree["properties"] = properties
	return compile("with-enum", tree)
}

// plain is a document as the validator takes it. It reckons exactly, and so for
// ever with 1e999999: numbers with an exponent are given to it as floats.
func plain(value any) any {
	switch value := value.(type) {
	case jobj.Object:
		out := make(map[string]any, len(value))
		for _, m := range value {
			out[m.Key] = plain(m.Value)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = plain(element)
		}
		return out
	case json.Number:
		if strings.ContainsAny(value.String(), "eE") {
			float, _ := value.Float64() // infinite beyond every float
			float = max(-math.MaxFloat64, min(math.MaxFloat64, float))
			return json.Number(strconv.FormatFloat(float, 'g', -1, 64))
		}
	}
	return value
}

// Check returns the document with its defaults filled in and its values cast, and
// what is wrong with it. A document with violations must not be stored.
func (s *Schema) Check(doc any) (any, []Violation) {
	doc = fit(s.tree, doc)
	err := s.compiled.Validate(plain(doc))
	if err == nil {
		return doc, nil
	}
	return doc, explain(doc, err)
}
