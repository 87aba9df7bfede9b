package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Violation is one thing wrong with a document.
type Violation struct {
	Path    []string    // to the offending member
	Rule    string      // required, type, enum …
	Details jobj.Object // message, and target, cause or value as the rule has them
}

// Key is the path as error answers write it: joined by dots, a dot within a key as %2E.
func (v Violation) Key() string {
	parts := make([]string, len(v.Path))
	for i, part := range v.Path {
		parts[i] = strings.ReplaceAll(part, ".", "%2E")
	}
	return strings.Join(parts, ".")
}

// explain puts the validator's findings into Kazoo's words
// (kz_json_schema:error_to_jobj/2).
func explain(doc any, err error) []Violation {
	var found *jsonschema.ValidationError
	if !errors.As(err, &found) {
		return []Violation{violation(nil, "error", err.Error())}
	}
	var all []Violation
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		switch e.ErrorKind.(type) {
		case *kind.Schema, *kind.Group, *kind.Reference:
			for _, cause := range e.Causes {
				walk(cause)
			}
		default:
			all = append(all, words(doc, e.InstanceLocation, e.ErrorKind)...)
		}
	}
	walk(found)
	slices.SortStableFunc(all, func(a, b Violation) int { return strings.Compare(a.Key(), b.Key()) })
	return all
}

func words(doc any, path []string, found jsonschema.ErrorKind) []Violation {
	value := at(doc, path)
	one := func(rule, message string, more ...jobj.Member) []Violation {
		return []Violation{violation(path, rule, message, append(more, jobj.Member{Key: "value", Value: value})...)}
	}
	target := func(v any) jobj.Member { return jobj.Member{Key: "target", Value: v} }
	cause := jobj.Member{Key: "cause", Value: value}
	switch found := found.(type) {
	case *kind.Required:
		return each(path, found.Missing, func(name string) (string, string, any) {
			return "required", "Field is required but missing", name
		})
	case *kind.AdditionalProperties:
		return each(path, found.Properties, func(string) (string, string, any) {
			return "additionalProperties", "Strict checking of data is enabled; only include schema-defined properties", value
		})
	case *kind.AdditionalItems:
		return one("additionalItems", "Strict checking of data is enabled; only include schema-defined items")
	case *kind.Type:
		types := strings.Join(found.Want, ", ")
		return one("type", "Value did not match type(s): "+types, target(types))
	case *kind.Enum:
		return one("enum", "Value not found in enumerated list of values", target(found.Want))
	case *kind.MinLength:
		return one("minLength", fmt.Sprintf("String must be at least %d characters", found.Want), target(found.Want), cause)
	case *kind.MaxLength:
		return one("maxLength", fmt.Sprintf("String must not be more than %d characters", found.Want), target(found.Want), cause)
	case *kind.Minimum:
		return one("minimum", "Value must be at least "+number(found.Want).String(), target(number(found.Want)))
	case *kind.Maximum:
		return one("maximum", "Value must be at most "+number(found.Want).String(), target(number(found.Want)))
	case *kind.MinItems:
		return one("minItems", fmt.Sprintf("The list must have at least %d items", found.Want), target(found.Want))
	case *kind.MaxItems:
		return one("maxItems", fmt.Sprintf("The list is more than %d items", found.Want), target(found.Want))
	case *kind.MinProperties:
		return one("minProperties", fmt.Sprintf("The object must have at least %d keys", found.Want), target(found.Want))
	case *kind.UniqueItems:
		return one("uniqueItems", "List of items is not unique")
	case *kind.Pattern:
		return one("pattern", "Failed to match pattern '"+found.Want+"'", target(found.Want))
	case *kind.Dependency:
		return one("dependencies", "Dependencies were not validated")
	}
	return one("failed", "failed to validate")
}

// each makes a violation for every name, which stand under path.
func each(path, names []string, say func(name string) (rule, message string, value any)) []Violation {
	all := make([]Violation, 0, len(names))
	for _, name := range names {
		rule, message, value := say(name)
		all = append(all, violation(append(slices.Clone(path), name), rule, message,
			jobj.Member{Key: "value", Value: value}))
	}
	return all
}

func violation(path []string, rule, message string, more ...jobj.Member) Violation {
	return Violation{
		Path: path, Rule: rule,
		Details: append(jobj.Object{{Key: "message", Value: message}}, more...),
	}
}

func number(r *big.Rat) json.Number {
	if r.IsInt() {
		return json.Number(r.Num().String())
	}
	f, _ := r.Float64()
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
}

func at(value any, path []string) any {
	for _, part := range path {
		switch container := value.(type) {
		case jobj.Object:
			value, _ = container.Get(part)
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}
