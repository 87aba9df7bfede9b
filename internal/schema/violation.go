package schema

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Violation is one thing wrong with a document, in Kazoo's words
// (kz_json_schema:error_to_jobj/2).
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

func (c *checker) add(n node, rule, message string, more ...jobj.Member) {
	c.found = append(c.found, Violation{
		Path: slices.Clip(n.path), Rule: rule,
		Details: append(jobj.Object{{Key: "message", Value: message}}, more...),
	})
}

func member(key string, value any) jobj.Member { return jobj.Member{Key: key, Value: value} }

func target(value any) jobj.Member  { return member("target", value) }
func cause(value any) jobj.Member   { return member("cause", value) }
func valueOf(value any) jobj.Member { return member("value", value) }

func (b bound) member() jobj.Member { return target(json.Number(b.text)) }
