package scenario

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
)

// SchemaName is the name of the schema's file, beside the scenarios that name it.
const SchemaName = "scenario.schema.json"

// Schema is the JSON Schema of scenario files, for editors.
func Schema() ([]byte, error) {
	o := form.Schema(reflect.TypeFor[File](), "kazoolab scenario",
		"A story of calls, and what hooks and sockets must get of it. See docs/scenarios.md.")
	var text bytes.Buffer
	if err := json.Indent(&text, jobj.Append(nil, o), "", "  "); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}
