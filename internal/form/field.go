package form

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Scalar is a plain value with rules of its own. Both methods are a pointer's.
type Scalar interface {
	// Parse reads the value. The error says what is wrong and how to write it.
	Parse(text string) error
	// Keywords are those of JSON Schema that hold beside the type, which is string.
	Keywords() jobj.Object
}

// NamePattern is what names in a Named look like.
const NamePattern = `^[A-Za-z][A-Za-z0-9_-]{0,63}$`

// Named is a mapping whose keys are names that the file gives, in its order.
type Named[T any] []Entry[T]

// Entry is one member of a Named.
type Entry[T any] struct {
	Name  string
	Value T
}

func (Named[T]) named() {}

// named is what every Named is.
type named interface{ named() }

// Field describes a member of a mapping.
type Field struct {
	Name, Doc, Default string
	Example            string // YAML
	Required           bool
	One                bool // of those so marked there is exactly one
	Short              bool // a mapping may be written as this value alone
	Choices            []string
	Min, Max           string // "" is no bound
	Type               reflect.Type

	index int
}

// Fields lists those of a struct type, or of what it points to.
func Fields(t reflect.Type) []Field {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var fields []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		name := sf.Tag.Get("yaml")
		if name == "" || name == "-" {
			continue
		}
		is := strings.Fields(sf.Tag.Get("is"))
		f := Field{
			Name: name, Doc: sf.Tag.Get("doc"), Default: sf.Tag.Get("default"), Example: sf.Tag.Get("eg"),
			Min: sf.Tag.Get("min"), Max: sf.Tag.Get("max"), Type: sf.Type, index: i,
		}
		for _, word := range is {
			switch word {
			case "required":
				f.Required = true
			case "one":
				f.One = true
			case "short":
				f.Short = true
			}
		}
		if of := sf.Tag.Get("of"); of != "" {
			f.Choices = strings.Split(of, "|")
		}
		fields = append(fields, f)
	}
	return fields
}

// Of is the field's value in a struct of its type.
func (f Field) Of(v reflect.Value) reflect.Value { return v.Field(f.index) }

func names(fields []Field, which func(Field) bool) []string {
	var all []string
	for _, f := range fields {
		if which(f) {
			all = append(all, f.Name)
		}
	}
	return all
}

// isScalar tells whether a pointer to the type is a Scalar.
func isScalar(t reflect.Type) bool { return reflect.PointerTo(t).Implements(reflect.TypeFor[Scalar]()) }

func isNamed(t reflect.Type) bool { return t.Implements(reflect.TypeFor[named]()) }

// isFree tells whether anything may stand there.
func isFree(t reflect.Type) bool {
	return t == reflect.TypeFor[any]() || t == reflect.TypeFor[jobj.Object]()
}

// Kind says in words what a value of the type is.
func Kind(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case isScalar(t) || t.Kind() == reflect.String:
		return "text"
	case t == reflect.TypeFor[jobj.Object]():
		return "a mapping"
	case isFree(t):
		return "any value"
	case isNamed(t):
		return "a mapping of names"
	}
	switch t.Kind() { //nolint:exhaustive // others are no fields
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "a mapping"
	}
	return fmt.Sprintf("a %s", t.Kind())
}
