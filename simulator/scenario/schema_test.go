package scenario_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

const shipped = "../../scenarios/"

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := scenario.Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(scenario.SchemaName, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(scenario.SchemaName)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// verdict is what the schema says of a file, as an editor would ask it.
func verdict(schema *jsonschema.Schema, text []byte) string {
	value, err := jsonOf(text)
	switch {
	case err != nil:
		return "cannot be asked"
	case schema.Validate(value) != nil:
		return "refuses it, too"
	}
	return "accepts it"
}

func jsonOf(text []byte) (any, error) {
	document, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(document))
}

func TestTheSchemaInTheTreeIsThatOfTheTypes(t *testing.T) {
	now, err := scenario.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if golden(t, shipped+scenario.SchemaName, string(now)) != string(now) {
		t.Errorf("%s is not what the types say; write it anew with -update", scenario.SchemaName)
	}
}

func TestTheSchemaSaysWhatEachFieldIs(t *testing.T) {
	text, err := scenario.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		o, ok := value.(map[string]any)
		if !ok {
			return
		}
		properties, _ := o["properties"].(map[string]any)
		for name, property := range properties {
			if about, _ := property.(map[string]any)["description"].(string); !strings.HasSuffix(about, ".") {
				t.Errorf("%s.%s has no description", path, name)
			}
		}
		for name, inner := range o {
			walk(path+"."+name, inner)
		}
		for _, name := range []string{"anyOf", "oneOf"} {
			list, _ := o[name].([]any)
			for _, inner := range list {
				walk(path+"."+name, inner)
			}
		}
	}
	walk("", schema)
}

func TestTheSchemaAcceptsWhatIsShipped(t *testing.T) {
	schema := compiledSchema(t)
	files, err := filepath.Glob(shipped + "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonOf(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Examples are shown by editors, and in problems.
func TestEveryFieldIsDescribed(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
			if entry, ok := entryOf(typ); ok {
				typ = entry
			}
		}
		if typ.Kind() != reflect.Struct || seen[typ] || !strings.HasSuffix(typ.PkgPath(), "simulator/scenario") {
			return
		}
		seen[typ] = true
		for _, f := range form.Fields(typ) {
			walk(f.Type)
			if f.Doc == "" || strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s.%s: what is said of it is %q, which must be something, without a full stop", typ.Name(), f.Name, f.Doc)
			}
			if f.Required && f.Example == "" && f.Type.Kind() == reflect.String {
				t.Errorf("%s.%s is required, and has no example", typ.Name(), f.Name)
			}
		}
	}
	walk(reflect.TypeFor[scenario.File]())
	if len(seen) < 30 {
		t.Errorf("only %d types were seen", len(seen))
	}
}

func entryOf(typ reflect.Type) (reflect.Type, bool) {
	if typ.Kind() != reflect.Struct || !strings.HasPrefix(typ.Name(), "Entry[") {
		return nil, false
	}
	value, ok := typ.FieldByName("Value")
	return value.Type, ok
}
