package caller_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/caller"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the tables of docs/pivot.md anew")
	flag.Parse()
	os.Exit(m.Run())
}

// The tables of docs/pivot.md are those of the types.
func TestThePageListsTheFieldsThatThereAre(t *testing.T) {
	const path, from, to = "../../docs/pivot.md", "-update -->\n", "<!-- end of fields -->\n"
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
	table(&tables, reflect.TypeFor[caller.File](), "A script", map[reflect.Type]bool{})
	now := before + from + tables.String() + "\n" + to + after
	if now == string(page) {
		return
	}
	if flag.Lookup("update").Value.String() != "true" {
		t.Fatalf("%s is not what the types say; write it anew with -update", path)
	}
	if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
		t.Fatal(err)
	}
}

// table writes the fields of a type, and then those of the types of its fields.
func table(w *strings.Builder, typ reflect.Type, title string, seen map[reflect.Type]bool) {
	if seen[typ] {
		return
	}
	seen[typ] = true
	fmt.Fprintf(w, "\n### %s\n\n| field | is | what it says |\n|---|---|---|\n", title)
	for _, f := range form.Fields(typ) {
		about := strings.ToUpper(f.Doc[:1]) + f.Doc[1:] + "."
		if f.Default != "" {
			about += " Default: " + f.Default + "."
		}
		if len(f.Choices) > 0 {
			about += " One of `" + strings.Join(f.Choices, "`, `") + "`."
		}
		kind := form.Kind(f.Type)
		for _, mark := range []struct {
			is   bool
			word string
		}{{f.Required, "required"}, {f.One, "one"}, {f.Short, "short"}} {
			if mark.is {
				kind += ", *" + mark.word + "*"
			}
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", f.Name, kind, strings.ReplaceAll(about, "|", `\|`))
	}
	for _, f := range form.Fields(typ) {
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
			if inner.Kind() == reflect.Struct && strings.HasPrefix(inner.Name(), "Entry[") { // of names
				value, _ := inner.FieldByName("Value")
				inner = value.Type
			}
		}
		if inner.Kind() == reflect.Struct && len(form.Fields(inner)) > 0 {
			table(w, inner, "`"+f.Name+"`", seen)
		}
	}
}
