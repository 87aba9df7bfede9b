package report

import (
	_ "embed"
	"encoding/json"
	"io"

	"github.com/kazoolab/kazoolab/conformance/results"
)

//go:embed results.schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of what JSON prints.
func Schema() []byte { return []byte(schema) }

// JSON prints the whole tree.
func JSON(w io.Writer, r *results.Results) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
