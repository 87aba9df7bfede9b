package scenario_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// The tables of docs/scenarios.md are those of the types.
func TestThePageListsTheFieldsThatThereAre(t *testing.T) {
	const path, from, to = "../../docs/scenarios.md", "-update -->\n", "<!-- end of fields -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), from)
	_, after, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatal("the page has no place for the tables")
	}
	var tables strings.Builder
	table(&tables, reflect.TypeFor[scenario.File](), "A scenario", map[reflect.Type]bool{})
	if now := before + from + tables.String() + "\n" + to + after; golden(t, path, now) != now {
		t.Errorf("%s is not what the types say; write it anew with -update", path)
	}
}

// table writes the fields of a type, and then those of the types of its fields.
func table(w *strings.Builder, typ reflect.Type, title string, seen map[reflect.Type]bool) {
	if seen[typ] {
		return
	}
	seen[typ] = true
	fields := form.Fields(typ)
	fmt.Fprintf(w, "\n### %s\n\n| field | is | what it says |\n|---|---|---|\n", title)
	for _, f := range fields {
		about := strings.ToUpper(f.Doc[:1]) + f.Doc[1:] + "."
		if f.Default != "" {
			about += " Default: " + f.Default + "."
		}
		if len(f.Choices) > 0 {
			about += " One of `" + strings.Join(f.Choices, "`, `") + "`."
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", f.Name, kind(f), strings.ReplaceAll(about, "|", `\|`))
	}
	for _, f := range fields {
		if inner, ok := below(f.Type); ok {
			table(w, inner, "`"+f.Name+"`", seen)
		}
	}
}

func kind(f form.Field) string {
	text := form.Kind(f.Type)
	for _, mark := range []struct {
		is   bool
		word string
	}{{f.Required, "required"}, {f.One, "one"}, {f.Short, "short"}} {
		if mark.is {
			text += ", *" + mark.word + "*"
		}
	}
	return text
}

// below is the struct that a field's values are made of.
func below(typ reflect.Type) (reflect.Type, bool) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
		if entry, ok := entryOf(typ); ok {
			typ = entry
		}
	}
	return typ, typ.Kind() == reflect.Struct && len(form.Fields(typ)) > 0
}
